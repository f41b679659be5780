//! The trusted root by way of TUF, as the public Sigstore gives it out: for programs that take their
//! trust from a mirror and no other way. One key signs every role.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::canonical_json::canonical_json;
use super::{World, trust};
use crate::DevStackError;

/// The target that clients ask for.
const TARGET: &str = "trusted_root.json";
/// Nothing is ever renewed: the keys are throw-away, and so is what they sign.
const EXPIRES: &str = "2099-01-01T00:00:00Z";
const SPECIFICATION: &str = "1.0.31";

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new().route("/tuf/{name}", get(metadata)).route("/tuf/targets/{name}", get(target))
}

async fn metadata(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    let document = match name.as_str() {
        "root.json" | "1.root.json" => root(&world),
        "timestamp.json" => timestamp(&world),
        "1.snapshot.json" => snapshot(&world),
        "1.targets.json" => targets(&world),
        // A client learns that the root is the newest one by not finding the next.
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    answer(document.map(|document| document.to_string().into_bytes()))
}

/// The target, under its name or with its digest in front.
async fn target(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    if name == TARGET || name.ends_with(&format!(".{TARGET}")) {
        return answer(trusted_root(&world));
    }
    StatusCode::NOT_FOUND.into_response()
}

fn answer(document: Result<Vec<u8>, DevStackError>) -> Response {
    match document {
        Ok(bytes) => ([(CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn trusted_root(world: &World) -> Result<Vec<u8>, DevStackError> {
    let [(_, document), ..] = trust::documents(world)?;
    Ok(document.to_string().into_bytes())
}

fn root(world: &World) -> Result<Value, DevStackError> {
    let (id, key) = key(world);
    let role = json!({"keyids": [id], "threshold": 1});
    let roles = json!({"root": role, "timestamp": role, "snapshot": role, "targets": role});
    signed(world, "root", json!({"consistent_snapshot": true, "keys": {id: key}, "roles": roles}))
}

fn timestamp(world: &World) -> Result<Value, DevStackError> {
    signed(world, "timestamp", json!({"meta": {"snapshot.json": {"version": 1}}}))
}

fn snapshot(world: &World) -> Result<Value, DevStackError> {
    signed(world, "snapshot", json!({"meta": {"targets.json": {"version": 1}}}))
}

fn targets(world: &World) -> Result<Value, DevStackError> {
    let bytes = trusted_root(world)?;
    let file =
        json!({"length": bytes.len(), "hashes": {"sha256": hex::encode(Sha256::digest(&bytes))}});
    signed(world, "targets", json!({"targets": {TARGET: file}}))
}

/// The key as TUF writes it, and its name, which is the digest of that.
fn key(world: &World) -> (String, Value) {
    let public = hex::encode(world.tuf.public_bits());
    let key = json!({"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public}});
    (hex::encode(Sha256::digest(canonical_json(&key))), key)
}

fn signed(world: &World, role: &str, mut body: Value) -> Result<Value, DevStackError> {
    for (name, value) in [
        ("_type", json!(role)),
        ("spec_version", json!(SPECIFICATION)),
        ("version", json!(1)),
        ("expires", json!(EXPIRES)),
    ] {
        body[name] = value;
    }
    let signature = hex::encode(world.tuf.sign(&canonical_json(&body))?);
    Ok(json!({"signed": body, "signatures": [{"keyid": key(world).0, "sig": signature}]}))
}
