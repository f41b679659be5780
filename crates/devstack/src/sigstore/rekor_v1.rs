//! Rekor v1: a log that answers at once with a signed promise, an inclusion proof and a checkpoint.
//!
//! Source: rekor's `openapi.yaml`. Entries of type `hashedrekord` and `dsse`, version 0.0.1.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use camino::Utf8Path;
use der::pem::LineEnding;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::World;
use super::canonical_json::canonical_json;
use super::keys::{KeyKind, SigningKey};
use super::log::Log;
use super::log_entry::LogEntry;
use super::merkle::hash_leaf;
use super::note;
use super::rekor_v1_entry::{Body, ProposedEntry};
use crate::DevStackError;

/// The log: a P-256 key, its host, the id of its tree, and what was appended.
pub(crate) struct RekorV1 {
    pub(crate) key: SigningKey,
    host: String,
    tree_id: u64,
    log: Mutex<Log>,
}

impl RekorV1 {
    pub(crate) fn load(folder: Option<&Utf8Path>, host: String) -> Result<Self, DevStackError> {
        let key = SigningKey::load_or_create(folder, "rekor-v1.key", KeyKind::P256)?;
        let mut tree_id = [0; 8];
        tree_id.copy_from_slice(&note::key_id(&host, &key)[..8]);
        // Tree ids are positive in Rekor; the key decides, so that a restart gives the same.
        let tree_id = u64::from_be_bytes(tree_id) >> 1;
        Ok(Self { key, host, tree_id, log: Mutex::new(Log::open(folder, "rekor-v1")?) })
    }

    /// SHA-256 of the key, as clients look the log up.
    pub(crate) fn log_id(&self) -> Vec<u8> {
        note::key_id(&self.host, &self.key).to_vec()
    }

    /// The first line of its checkpoints.
    pub(crate) fn origin(&self) -> String {
        format!("{} - {}", self.host, self.tree_id)
    }

    /// Appends at a given time.
    pub(crate) fn append(&self, body: Body, at: Timestamp) -> Result<LogEntry, DevStackError> {
        let place = self.lock().append(at.as_second(), body.bytes.clone())?;
        self.entry(place, body, at.as_second())
    }

    fn entry(
        &self,
        place: super::log::Appended,
        body: Body,
        integrated_time: i64,
    ) -> Result<LogEntry, DevStackError> {
        let promise = self.promise(&body.bytes, integrated_time, place.index)?;
        let checkpoint = self.checkpoint(place.size, &place.root)?;
        Ok(LogEntry {
            kind: body.kind,
            version: "0.0.1",
            log_id: self.log_id(),
            body: body.bytes,
            integrated_time,
            promise: Some(promise),
            place,
            checkpoint,
        })
    }

    pub(crate) fn checkpoint(&self, size: usize, root: &[u8; 32]) -> Result<String, DevStackError> {
        note::checkpoint(&self.origin(), &self.host, size, root, &self.key)
    }

    /// The signed entry timestamp: the log's signature over body, index, time and its own id.
    fn promise(
        &self,
        body: &[u8],
        integrated_time: i64,
        index: usize,
    ) -> Result<Vec<u8>, DevStackError> {
        self.key.sign(&canonical_json(&json!({
            "body": BASE64.encode(body),
            "integratedTime": integrated_time,
            "logID": hex::encode(self.log_id()),
            "logIndex": index,
        })))
    }

    /// Sixteen digits of tree id and the leaf's hash.
    fn uuid(&self, body: &[u8]) -> String {
        format!("{:016x}{}", self.tree_id, hex::encode(hash_leaf(body)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// An entry as the API gives it, with a proof against the present tree.
    fn stored(&self, index: usize) -> Result<Option<(String, Value)>, DevStackError> {
        let (place, body, integrated_time) = {
            let log = self.lock();
            let Some(entry) = log.entries.get(index) else { return Ok(None) };
            (log.prove(index), entry.body.clone(), entry.integrated_time)
        };
        let entry = self.entry(place, Body { kind: "", bytes: body }, integrated_time)?;
        Ok(Some((self.uuid(&entry.body), api_entry(&entry))))
    }

    fn index_of(&self, uuid: &str) -> Option<usize> {
        let leaf = uuid.get(uuid.len().checked_sub(64)?..)?;
        let leaf: [u8; 32] = hex::decode(leaf).ok()?.try_into().ok()?;
        self.lock().find(&leaf)
    }
}

/// `LogEntryAnon`: hexadecimal where bundles have base64.
fn api_entry(entry: &LogEntry) -> Value {
    let hashes: Vec<String> = entry.place.proof.iter().map(hex::encode).collect();
    json!({
        "body": BASE64.encode(&entry.body),
        "integratedTime": entry.integrated_time,
        "logID": hex::encode(&entry.log_id),
        "logIndex": entry.place.index,
        "verification": {
            "inclusionProof": {
                "checkpoint": entry.checkpoint,
                "hashes": hashes,
                "logIndex": entry.place.index,
                "rootHash": hex::encode(entry.place.root),
                "treeSize": entry.place.size,
            },
            "signedEntryTimestamp": entry.promise.as_ref().map(|promise| BASE64.encode(promise)),
        },
    })
}

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/api/v1/log", get(log_info))
        .route("/api/v1/log/publicKey", get(public_key))
        .route("/api/v1/log/entries", post(create_entry).get(entry_by_index))
        .route("/api/v1/log/entries/{uuid}", get(entry_by_uuid))
        .route("/api/v1/log/entries/retrieve", post(search))
}

async fn create_entry(State(world): State<Arc<World>>, request: String) -> Response {
    let body = serde_json::from_str::<ProposedEntry>(&request)
        .map_err(|error| error.to_string())
        .and_then(|entry| entry.body());
    let body = match body {
        Ok(body) => body,
        Err(problem) => return refuse(StatusCode::BAD_REQUEST, problem),
    };
    let rekor = &world.ours.rekor_v1;
    let uuid = rekor.uuid(&body.bytes);
    let location = format!("/api/v1/log/entries/{uuid}");
    if rekor.index_of(&uuid).is_some() {
        let refusal = refuse(StatusCode::CONFLICT, "an equivalent entry already exists".to_owned());
        return ([(header::LOCATION, location)], refusal).into_response();
    }
    match rekor.append(body, Timestamp::now()) {
        Ok(entry) => {
            let headers = [(header::LOCATION, location), (header::ETAG, uuid.clone())];
            (StatusCode::CREATED, headers, Json(json!({uuid: api_entry(&entry)}))).into_response()
        }
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ByIndex {
    log_index: usize,
}

async fn entry_by_index(State(world): State<Arc<World>>, Query(query): Query<ByIndex>) -> Response {
    answer(world.ours.rekor_v1.stored(query.log_index))
}

async fn entry_by_uuid(State(world): State<Arc<World>>, Path(uuid): Path<String>) -> Response {
    match world.ours.rekor_v1.index_of(&uuid) {
        Some(index) => answer(world.ours.rekor_v1.stored(index)),
        None => answer(Ok(None)),
    }
}

fn answer(entry: Result<Option<(String, Value)>, DevStackError>) -> Response {
    match entry {
        Ok(Some((uuid, entry))) => Json(json!({uuid: entry})).into_response(),
        Ok(None) => refuse(StatusCode::NOT_FOUND, "there is no such entry".to_owned()),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Search {
    #[serde(rename = "entryUUIDs")]
    entry_uuids: Vec<String>,
    log_indexes: Vec<usize>,
    entries: Vec<ProposedEntry>,
}

/// The real log takes at most ten things to look for.
const SEARCH_MAX: usize = 10;

async fn search(State(world): State<Arc<World>>, Json(search): Json<Search>) -> Response {
    if search.entry_uuids.len() + search.log_indexes.len() + search.entries.len() > SEARCH_MAX {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, format!("look for at most {SEARCH_MAX}"));
    }
    let rekor = &world.ours.rekor_v1;
    let mut indexes = search.log_indexes;
    indexes.extend(search.entry_uuids.iter().filter_map(|uuid| rekor.index_of(uuid)));
    for entry in search.entries {
        match entry.body() {
            Ok(body) => indexes.extend(rekor.index_of(&rekor.uuid(&body.bytes))),
            Err(problem) => return refuse(StatusCode::BAD_REQUEST, problem),
        }
    }
    let mut found = Vec::new();
    for index in indexes {
        match rekor.stored(index) {
            Ok(Some((uuid, entry))) => found.push(BTreeMap::from([(uuid, entry)])),
            Ok(None) => {}
            Err(error) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
    Json(found).into_response()
}

async fn log_info(State(world): State<Arc<World>>) -> Response {
    let rekor = &world.ours.rekor_v1;
    let (size, root) = {
        let log = rekor.lock();
        (log.tree.len(), log.tree.root())
    };
    match rekor.checkpoint(size, &root) {
        Ok(checkpoint) => Json(json!({
            "rootHash": hex::encode(root),
            "treeSize": size,
            "signedTreeHead": checkpoint,
            "treeID": rekor.tree_id.to_string(),
            "inactiveShards": [],
        }))
        .into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

async fn public_key(State(world): State<Arc<World>>) -> Response {
    match der::pem::encode_string("PUBLIC KEY", LineEnding::LF, world.ours.rekor_v1.key.spki()) {
        Ok(pem) => ([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn refuse(status: StatusCode, message: String) -> Response {
    (status, Json(json!({"code": status.as_u16(), "message": message}))).into_response()
}
