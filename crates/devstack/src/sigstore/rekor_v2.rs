//! Rekor v2: a log of tiles that takes `hashedrekord` and `dsse` and promises nothing but inclusion.
//!
//! Source: rekor-tiles `CLIENTS.md` and its OpenAPI document; tiles as in C2SP `tlog-tiles`.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use camino::Utf8Path;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::World;
use super::canonical_json::canonical_json;
use super::dsse::Envelope;
use super::keys::{KeyKind, SigningKey};
use super::log::Log;
use super::log_entry::LogEntry;
use super::merkle::hash_leaf;
use super::note;
use super::public_key::PublicKey;
use super::tiles;
use crate::DevStackError;

/// The log: an Ed25519 key, the host that names it, and what was appended.
pub(crate) struct RekorV2 {
    pub(crate) key: SigningKey,
    pub(crate) origin: String,
    log: Mutex<Log>,
}

/// What goes into the log.
pub(crate) struct Body {
    pub(crate) kind: &'static str,
    pub(crate) bytes: Vec<u8>,
}

impl RekorV2 {
    pub(crate) fn load(folder: Option<&Utf8Path>, origin: String) -> Result<Self, DevStackError> {
        let key = SigningKey::load_or_create(folder, "rekor-v2.key", KeyKind::Ed25519)?;
        Ok(Self { key, origin, log: Mutex::new(Log::open(folder, "rekor-v2")?) })
    }

    /// The full key id of the checkpoint's signer: clients look the log up by it.
    pub(crate) fn log_id(&self) -> Vec<u8> {
        note::key_id(&self.origin, &self.key).to_vec()
    }

    /// Appends and answers with a checkpoint that already includes the entry.
    pub(crate) fn append(&self, body: Body) -> Result<LogEntry, DevStackError> {
        let place = self.lock().append(0, body.bytes.clone())?;
        let checkpoint = self.checkpoint(place.size, &place.root)?;
        Ok(LogEntry {
            kind: body.kind,
            version: "0.0.2",
            log_id: self.log_id(),
            body: body.bytes,
            integrated_time: 0,
            promise: None,
            place,
            checkpoint,
        })
    }

    pub(crate) fn checkpoint(&self, size: usize, root: &[u8; 32]) -> Result<String, DevStackError> {
        note::checkpoint(&self.origin, &self.origin, size, root, &self.key)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The body of a `hashedrekord`: a digest, the signature over it, and what verifies the signature.
pub(crate) fn hashedrekord(
    digest: &[u8],
    signature: &[u8],
    verifier: &Value,
    digest_name: &str,
) -> Body {
    let body = json!({
        "apiVersion": "0.0.2",
        "kind": "hashedrekord",
        "spec": {"hashedRekordV002": {
            "data": {"algorithm": digest_name, "digest": BASE64.encode(digest)},
            "signature": {"content": BASE64.encode(signature), "verifier": verifier},
        }},
    });
    Body { kind: "hashedrekord", bytes: canonical_json(&body) }
}

/// A verifier in the JSON of requests and bodies alike.
pub(crate) fn certificate_verifier(certificate: &[u8], key_details: &str) -> Value {
    json!({"keyDetails": key_details, "x509Certificate": {"rawBytes": BASE64.encode(certificate)}})
}

/// The same for a signer without a certificate.
pub(crate) fn key_verifier(spki: &[u8], key_details: &str) -> Value {
    json!({"keyDetails": key_details, "publicKey": {"rawBytes": BASE64.encode(spki)}})
}

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/api/v2/log/entries", post(create_entry))
        .route("/api/v2/checkpoint", get(read_checkpoint))
        .route("/api/v2/tile/{*tile}", get(read_tile))
}

/// `CreateEntryRequest` of rekor-tiles' protobuf, in its JSON form.
#[derive(Deserialize)]
enum CreateEntryRequest {
    #[serde(rename = "hashedRekordRequestV002")]
    HashedRekord { digest: String, signature: RequestSignature },
    #[serde(rename = "dsseRequestV002")]
    Dsse { envelope: Envelope, verifiers: Vec<Verifier> },
}

#[derive(Deserialize)]
struct RequestSignature {
    content: String,
    verifier: Verifier,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verifier {
    key_details: String,
    x509_certificate: Option<RawBytes>,
    public_key: Option<RawBytes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBytes {
    raw_bytes: String,
}

impl Verifier {
    fn key(&self) -> Result<PublicKey, String> {
        let key = match (&self.x509_certificate, &self.public_key) {
            (Some(certificate), None) => {
                PublicKey::from_certificate(&decoded(&certificate.raw_bytes)?)?
            }
            (None, Some(key)) => PublicKey::from_spki(&decoded(&key.raw_bytes)?)?,
            _ => return Err("give either a public key or a certificate".to_owned()),
        };
        if key.key_details() != self.key_details {
            return Err(format!("the key is {}, not {}", key.key_details(), self.key_details));
        }
        Ok(key)
    }

    fn to_json(&self) -> Value {
        let mut verifier = json!({"keyDetails": self.key_details});
        if let Some(certificate) = &self.x509_certificate {
            verifier["x509Certificate"] = json!({"rawBytes": certificate.raw_bytes});
        }
        if let Some(key) = &self.public_key {
            verifier["publicKey"] = json!({"rawBytes": key.raw_bytes});
        }
        verifier
    }
}

/// Checks the request as the real log does and makes the body of it.
fn body_of(request: &CreateEntryRequest) -> Result<Body, String> {
    match request {
        CreateEntryRequest::HashedRekord { digest, signature } => {
            let key = signature.verifier.key()?;
            let (digest, content) = (decoded(digest)?, decoded(&signature.content)?);
            if !key.verifies_digest(&digest, &content) {
                return Err("the signature does not verify over the digest".to_owned());
            }
            Ok(hashedrekord(&digest, &content, &signature.verifier.to_json(), key.digest_name()))
        }
        CreateEntryRequest::Dsse { envelope, verifiers } => dsse_body(envelope, verifiers),
    }
}

fn dsse_body(envelope: &Envelope, verifiers: &[Verifier]) -> Result<Body, String> {
    let [verifier] = verifiers else {
        return Err(format!("expected one verifier, found {}", verifiers.len()));
    };
    let (signed, signature) = envelope.signed()?;
    if !verifier.key()?.verifies(&signed, &signature) {
        return Err("the signature does not verify over the envelope".to_owned());
    }
    let payload_hash = Sha256::digest(envelope.payload_bytes()?);
    let body = json!({
        "apiVersion": "0.0.2",
        "kind": "dsse",
        "spec": {"dsseV002": {
            "payloadHash": {"algorithm": "SHA2_256", "digest": BASE64.encode(payload_hash)},
            "signatures": [{"content": BASE64.encode(signature), "verifier": verifier.to_json()}],
        }},
    });
    Ok(Body { kind: "dsse", bytes: canonical_json(&body) })
}

fn decoded(base64: &str) -> Result<Vec<u8>, String> {
    BASE64.decode(base64).map_err(|_| "a field is not base64".to_owned())
}

async fn create_entry(State(world): State<Arc<World>>, request: String) -> Response {
    let body = serde_json::from_str(&request)
        .map_err(|error| error.to_string())
        .and_then(|request| body_of(&request));
    let body = match body {
        Ok(body) => body,
        Err(problem) => return refuse(StatusCode::BAD_REQUEST, 3, problem),
    };
    let known = world.ours.rekor_v2.lock().find(&hash_leaf(&body.bytes));
    if let Some(index) = known {
        let refusal =
            refuse(StatusCode::CONFLICT, 6, format!("an equal entry stands at index {index}"));
        return ([("x-log-index", index.to_string())], refusal).into_response();
    }
    match world.ours.rekor_v2.append(body) {
        Ok(entry) => (StatusCode::CREATED, Json(entry.to_json())).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, 13, error.to_string()),
    }
}

async fn read_checkpoint(State(world): State<Arc<World>>) -> Response {
    let (size, root) = {
        let log = world.ours.rekor_v2.lock();
        (log.tree.len(), log.tree.root())
    };
    match world.ours.rekor_v2.checkpoint(size, &root) {
        Ok(checkpoint) => checkpoint.into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, 13, error.to_string()),
    }
}

async fn read_tile(State(world): State<Arc<World>>, Path(path): Path<String>) -> Response {
    match tiles::read(&world.ours.rekor_v2.lock(), &path) {
        Some(bytes) => bytes.into_response(),
        None => refuse(StatusCode::NOT_FOUND, 5, format!("there is no tile `{path}`")),
    }
}

fn refuse(status: StatusCode, code: u8, message: String) -> Response {
    (status, Json(json!({"code": code, "message": message, "details": []}))).into_response()
}
