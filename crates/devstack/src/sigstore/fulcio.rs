//! The certificate authority's HTTP API, as Fulcio's v2 API answers it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use der::{Decode, Encode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use x509_cert::request::CertReq;

use super::World;
use super::authority::pem;
use super::claims::AUDIENCE;
use super::oidc::bearer;
use super::public_key::PublicKey;
use super::signer_certificate::{self, Certified};
use crate::DevStackError;

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/api/v2/signingCert", post(signing_certificate))
        .route("/api/v2/trustBundle", get(trust_bundle))
        .route("/api/v2/configuration", get(configuration))
        .route("/api/v1/rootCert", get(root_certificate))
}

/// `CreateSigningCertificateRequest` of Fulcio's protobuf, in its JSON form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SigningCertificateRequest {
    #[serde(default)]
    credentials: Credentials,
    public_key_request: Option<PublicKeyRequest>,
    certificate_signing_request: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    oidc_identity_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublicKeyRequest {
    public_key: PublicKeyContent,
    proof_of_possession: String,
}

#[derive(Deserialize)]
struct PublicKeyContent {
    content: String,
}

/// Why no certificate was issued, with the status codes of gRPC and HTTP that Fulcio answers.
struct Refused {
    status: StatusCode,
    code: u8,
    message: String,
}

impl Refused {
    fn argument(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: 3, message: message.into() }
    }

    fn credentials(message: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, code: 16, message: message.into() }
    }
}

impl From<DevStackError> for Refused {
    fn from(error: DevStackError) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: 13, message: error.to_string() }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({"code": self.code, "message": self.message, "details": []});
        (self.status, Json(body)).into_response()
    }
}

/// Token first, then the proof that the key is the caller's, then the certificate.
async fn signing_certificate(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: String,
) -> Result<Json<Value>, Refused> {
    let request: SigningCertificateRequest =
        serde_json::from_str(&body).map_err(|error| Refused::argument(error.to_string()))?;
    let now = Timestamp::now();
    let token = request
        .credentials
        .oidc_identity_token
        .as_deref()
        .or_else(|| bearer(&headers))
        .ok_or_else(|| Refused::credentials("there is no identity token"))?;
    let claims = world
        .tokens
        .verify(token, AUDIENCE, now)
        .map_err(|refused| Refused::credentials(refused.to_string()))?;
    let key = match (&request.public_key_request, &request.certificate_signing_request) {
        (Some(request), None) => possessed_key(request, &claims.sub)?,
        (None, Some(request)) => requested_key(request)?,
        _ => {
            return Err(Refused::argument(
                "give either publicKeyRequest or certificateSigningRequest",
            ));
        }
    };
    let certified = Certified::of_claims(&claims, &world.tokens.url);
    let certificate = signer_certificate::issue(
        &certified,
        key.spki(),
        &world.ours.signers,
        Some(&world.ours.ct_log),
        now,
    )?;
    let [intermediate, root] = world.ours.signers.chain();
    let chain = [pem(&certificate)?, pem(intermediate)?, pem(root)?];
    Ok(Json(json!({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}})))
}

/// The key whose holder signed the token's subject with it.
fn possessed_key(request: &PublicKeyRequest, token_subject: &str) -> Result<PublicKey, Refused> {
    let key =
        PublicKey::from_pem(request.public_key.content.as_bytes()).map_err(Refused::argument)?;
    let proof = BASE64
        .decode(&request.proof_of_possession)
        .map_err(|_| Refused::argument("the proof of possession is not base64"))?;
    if !key.verifies(token_subject.as_bytes(), &proof) {
        return Err(Refused::argument(
            "the proof of possession is not a signature of the token's subject by this key",
        ));
    }
    Ok(key)
}

/// The key of a PKCS#10 request, which is signed by that key.
fn requested_key(base64: &str) -> Result<PublicKey, Refused> {
    let pem = BASE64
        .decode(base64)
        .map_err(|_| Refused::argument("the certificate signing request is not base64"))?;
    let (_, der) = der::pem::decode_vec(pem.trim_ascii()).map_err(|error| {
        Refused::argument(format!("the certificate signing request is not PEM: {error}"))
    })?;
    let malformed = |error: der::Error| Refused::argument(error.to_string());
    let request = CertReq::from_der(&der).map_err(malformed)?;
    let key = PublicKey::from_spki(&request.info.public_key.to_der().map_err(malformed)?)
        .map_err(Refused::argument)?;
    if !key.verifies(&request.info.to_der().map_err(malformed)?, request.signature.raw_bytes()) {
        return Err(Refused::argument("the certificate signing request is not signed by its key"));
    }
    Ok(key)
}

async fn trust_bundle(State(world): State<Arc<World>>) -> Result<Json<Value>, Refused> {
    let [intermediate, root] = world.ours.signers.chain();
    Ok(Json(json!({"chains": [{"certificates": [pem(intermediate)?, pem(root)?]}]})))
}

async fn root_certificate(State(world): State<Arc<World>>) -> Result<String, Refused> {
    let [intermediate, root] = world.ours.signers.chain();
    Ok(pem(intermediate)? + &pem(root)?)
}

async fn configuration(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({"issuers": [{
        "issuerUrl": world.tokens.url,
        "audience": AUDIENCE,
        "challengeClaim": "sub",
        "spiffeTrustDomain": "",
        "issuerType": "ci-provider",
        "subjectDomain": "",
    }]}))
}
