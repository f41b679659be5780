//! What the server sees to in every object, whoever writes it: identity, generation, known fields.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::kinds::Kind;
use super::shape;
use super::status::Refusal;
use super::store::Key;

/// Metadata that a writer cannot change.
const KEPT: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "resourceVersion",
    "uid",
];
/// Longest name of an object (RFC 1123 subdomain).
const NAME_BYTES_MAX: usize = 253;

/// Which part of an object a request writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All but the status, where that has a path of its own.
    Main,
    /// The status alone.
    Status,
}

/// Makes `new` what the store may keep in place of `live`.
pub(crate) fn settle(
    key: &Key,
    live: Option<&Value>,
    new: Value,
    part: Part,
    now: &str,
) -> Result<Value, Refusal> {
    let kind = key.kind;
    let mut object = match (part, live) {
        (Part::Status, Some(live)) => with_status_of(live, &new),
        _ => new,
    };
    if part == Part::Main && kind.status {
        put_or_remove(&mut object, "status", live.map(|live| &live["status"]));
    }
    if kind.plural == "secrets" {
        encode_string_data(&mut object);
    }
    object["apiVersion"] = json!(kind.api_version());
    object["kind"] = json!(kind.name);
    shape::prune(kind, &mut object);
    shape::fill_in(kind, &mut object);
    if let Some(why) = shape::complaint(kind, &object) {
        return Err(Refusal::invalid(kind, &key.name, &why));
    }
    identify(key, live, &mut object, now);
    if kind.plural == "namespaces" {
        object["metadata"]["labels"]["kubernetes.io/metadata.name"] = json!(key.name);
        object["status"] = json!({"phase": "Active"});
    }
    count_generation(kind, live, &mut object);
    Ok(object)
}

/// Puts in what clients like to leave out, and the identity that only the server gives.
fn identify(key: &Key, live: Option<&Value>, object: &mut Value, now: &str) {
    let metadata = &mut object["metadata"];
    metadata["name"] = json!(key.name);
    if key.kind.namespaced {
        metadata["namespace"] = json!(key.namespace);
    }
    for field in KEPT {
        put_or_remove(metadata, field, live.map(|live| &live["metadata"][*field]));
    }
    if live.is_none() {
        metadata["uid"] = json!(uid());
        metadata["creationTimestamp"] = json!(now);
    }
}

/// The generation rises with everything but metadata and status.
fn count_generation(kind: &Kind, live: Option<&Value>, object: &mut Value) {
    if !kind.status || kind.plural == "namespaces" {
        return;
    }
    let generation = live.map_or(0, |live| live["metadata"]["generation"].as_i64().unwrap_or(0));
    let same = live.is_some_and(|live| intent(live) == intent(object));
    object["metadata"]["generation"] = json!(if same { generation } else { generation + 1 });
}

/// An object without what belongs to server and controllers.
fn intent(object: &Value) -> Vec<(&String, &Value)> {
    let mut fields: Vec<_> = object.as_object().into_iter().flatten().collect();
    fields.retain(|(name, _)| !matches!(name.as_str(), "metadata" | "status"));
    fields.sort_by_key(|(name, _)| name.as_str());
    fields
}

fn with_status_of(live: &Value, new: &Value) -> Value {
    let mut object = live.clone();
    put_or_remove(&mut object, "status", Some(&new["status"]));
    // The record of owners is the one thing of the metadata that goes with a status.
    put_or_remove(&mut object["metadata"], "managedFields", new["metadata"].get("managedFields"));
    object
}

fn put_or_remove(object: &mut Value, field: &str, value: Option<&Value>) {
    match value.filter(|value| !value.is_null()) {
        Some(value) => object[field] = value.clone(),
        None => {
            if let Some(fields) = object.as_object_mut() {
                fields.shift_remove(field);
            }
        }
    }
}

/// A Secret's `stringData` is for writing only.
fn encode_string_data(secret: &mut Value) {
    let taken = secret.as_object_mut().and_then(|fields| fields.shift_remove("stringData"));
    for (name, value) in taken.iter().filter_map(Value::as_object).flatten() {
        secret["data"][name] = json!(STANDARD.encode(value.as_str().unwrap_or_default()));
    }
    if secret["type"].is_null() {
        secret["type"] = json!("Opaque");
    }
}

/// Whether it may be the name of an object.
pub(crate) fn is_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name.chars().all(|c| inner(c) || matches!(c, '-' | '.'))
        && name.starts_with(inner)
        && name.ends_with(inner)
}

/// A random UUID (version 4).
fn uid() -> String {
    let mut bytes = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has random numbers");
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let text = hex::encode(bytes);
    let (a, b, c, d, e) = (&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]);
    format!("{a}-{b}-{c}-{d}-{e}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::kinds::named;

    fn settled(live: Option<&Value>, new: Value, part: Part) -> Value {
        let kind = named("ocirepositories").unwrap();
        let key = Key { kind, namespace: "acme".into(), name: "a".into() };
        settle(&key, live, new, part, "2026-11-25T00:00:00Z").unwrap()
    }

    fn source(interval: &str) -> Value {
        json!({"spec": {"url": "oci://r/a", "interval": interval}})
    }

    #[test]
    fn the_generation_rises_with_the_spec_alone() {
        let first = settled(None, source("1m"), Part::Main);
        assert_eq!(first["metadata"]["generation"], 1);
        let mut labelled = first.clone();
        labelled["metadata"]["labels"] = json!({"a": "b"});
        labelled["metadata"]["generation"] = json!(7);
        labelled["status"] = json!({"observedGeneration": 1});
        let labelled = settled(Some(&first), labelled, Part::Main);
        assert_eq!(
            labelled["metadata"]["generation"], 1,
            "labels do not count, nor what a writer says"
        );
        assert_eq!(
            labelled["status"]["observedGeneration"], -1,
            "the status has a path of its own"
        );
        let ready = settled(Some(&labelled), json!({"status": {"x": 1}, "spec": {}}), Part::Status);
        assert_eq!((&ready["status"]["x"], &ready["spec"]), (&json!(1), &labelled["spec"]));
        assert_eq!(ready["metadata"]["generation"], 1);
        let edited = settled(Some(&ready), source("2m"), Part::Main);
        assert_eq!(edited["metadata"]["generation"], 2);
        assert_eq!(edited["status"]["x"], 1, "an edit leaves the status");
        assert_eq!(edited["metadata"]["uid"], first["metadata"]["uid"]);
    }

    #[test]
    fn a_secrets_text_is_encoded() {
        let key =
            Key { kind: named("secrets").unwrap(), namespace: "acme".into(), name: "a".into() };
        let secret = json!({"stringData": {"k": "v"}, "data": {"old": "eA=="}});
        let secret = settle(&key, None, secret, Part::Main, "now").unwrap();
        assert_eq!(secret["data"], json!({"old": "eA==", "k": "dg=="}));
        assert_eq!((secret.get("stringData"), &secret["type"]), (None, &json!("Opaque")));
        assert_eq!(secret["metadata"].get("generation"), None, "it has none");
    }

    #[test]
    fn names() {
        for (name, sound) in [
            ("a", true),
            ("a-b.c1", true),
            ("", false),
            ("A", false),
            ("-a", false),
            ("a/b", false),
        ] {
            assert_eq!(is_name(name), sound, "{name}");
        }
        assert!(!is_name(&"a".repeat(NAME_BYTES_MAX + 1)));
    }
}
