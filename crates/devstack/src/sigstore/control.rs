//! Control from another process, only where it was asked for at start: `POST /_mint` gives evidence
//! in any [`Situation`], so that a program can meet what no honest Sigstore would issue.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::named_keys::public_pem;
use super::{
    Identity, LegacyMint, LegacySituation, LogVersion, Mint, Situation, TokenRequest, World,
    legacy, mint,
};
use crate::DevStackError;

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new().route("/_mint", post(answer))
}

/// Who signs, in every form; what is left out is as in [`Identity::default`].
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SignerRequest {
    run: TokenRequest,
    sans: Option<Vec<String>>,
    issuer: Option<String>,
    key: Option<String>,
    at: Option<Timestamp>,
}

/// A [`Mint`] in JSON; what is left out is as in [`Mint::new`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BundleRequest {
    statement: String,
    #[serde(default)]
    log: LogVersion,
    #[serde(default)]
    situation: Situation,
}

/// A [`LegacyMint`] in JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LegacyRequest {
    repository: String,
    digest: String,
    #[serde(default)]
    situation: LegacySituation,
}

/// The fields that every form has.
const SHARED_FIELDS: [&str; 6] = ["form", "run", "sans", "issuer", "key", "at"];
const BUNDLE_FIELDS: [&str; 3] = ["statement", "log", "situation"];
const LEGACY_FIELDS: [&str; 3] = ["repository", "digest", "situation"];

/// Why nothing was minted.
enum Refusal {
    /// The request is not one.
    Request(String),
    /// It cannot be done.
    Mint(DevStackError),
}

impl From<DevStackError> for Refusal {
    fn from(error: DevStackError) -> Self {
        Self::Mint(error)
    }
}

async fn answer(State(world): State<Arc<World>>, Json(request): Json<Value>) -> Response {
    match minted(&world, &request) {
        Ok(answer) => Json(answer).into_response(),
        Err(Refusal::Request(why)) => (StatusCode::UNPROCESSABLE_ENTITY, why).into_response(),
        Err(Refusal::Mint(error)) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

/// `{"bundle": …}` or `{"payload": "…", "annotations": {…}}`; with a key also `"publicKey": "PEM"`.
fn minted(world: &World, request: &Value) -> Result<Value, Refusal> {
    only_known_of_the_run(request)?;
    let who: SignerRequest = read(request)?;
    let SignerRequest { run, sans, issuer, key, at } = who;
    let signer = Identity { run, sans, issuer, key: key.clone() };
    let mut answer = match request.get("form").map_or(Some("bundle"), Value::as_str) {
        Some("bundle") => {
            only(request, &BUNDLE_FIELDS)?;
            let BundleRequest { statement, log, situation } = read(request)?;
            let wanted = Mint { log, situation, signer, at, ..Mint::new(statement) };
            json!({"bundle": mint::bundle(world, &wanted)?})
        }
        Some("legacy") => {
            only(request, &LEGACY_FIELDS)?;
            let LegacyRequest { repository, digest, situation } = read(request)?;
            legacy_answer(world, &LegacyMint { repository, digest, signer, situation, at })?
        }
        _ => return Err(Refusal::Request("`form` is `bundle` or `legacy`".to_owned())),
    };
    if let Some(name) = key {
        answer["publicKey"] = public_pem(&*world.named_keys.get(&name)?)?.into();
    }
    Ok(answer)
}

fn legacy_answer(world: &World, wanted: &LegacyMint) -> Result<Value, DevStackError> {
    let signature = legacy::legacy(world, wanted)?;
    let annotations: BTreeMap<_, _> = signature.annotations().into_iter().collect();
    let payload = String::from_utf8_lossy(&signature.payload);
    Ok(json!({"payload": payload, "annotations": annotations}))
}

fn read<T: serde::de::DeserializeOwned>(request: &Value) -> Result<T, Refusal> {
    serde_json::from_value(request.clone()).map_err(|error| Refusal::Request(error.to_string()))
}

/// A misspelt field would silently be a healthy one.
fn only(request: &Value, own: &[&str]) -> Result<(), Refusal> {
    let known: Vec<&str> = SHARED_FIELDS.iter().chain(own).copied().collect();
    only_known(request, &known)
}

fn only_known_of_the_run(request: &Value) -> Result<(), Refusal> {
    let default = serde_json::to_value(TokenRequest::default()).unwrap_or_default();
    let known = default.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    only_known(request.get("run").unwrap_or(&Value::Null), &known.collect::<Vec<_>>())
}

fn only_known(object: &Value, known: &[&str]) -> Result<(), Refusal> {
    let mut fields = object.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let Some(unknown) = fields.find(|name| !known.contains(name)) else { return Ok(()) };
    let known = known.join(", ");
    Err(Refusal::Request(format!("there is no field `{unknown}`; there are {known}")))
}
