//! A trusted root of a source's own, as sigstore-go reads it: protobuf JSON, which knows no unknown
//! fields.

use base64::Engine as _;
use sealwright_evidence::TrustedRoot;
use serde_json::{Map, Value};

use crate::inquiry::Stop;

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/// Fields of the objects in a trusted root, and what stands in them.
const FIELDS: &[(&str, &[(&str, &str)])] = &[
    (
        "root",
        &[
            ("mediaType", ""),
            ("tlogs", "log"),
            ("certificateAuthorities", "authority"),
            ("ctlogs", "log"),
            ("timestampAuthorities", "authority"),
        ],
    ),
    (
        "log",
        &[
            ("baseUrl", ""),
            ("hashAlgorithm", ""),
            ("publicKey", "key"),
            ("logId", "id"),
            ("checkpointKeyId", "id"),
            ("operator", ""),
        ],
    ),
    (
        "authority",
        &[
            ("subject", "name"),
            ("uri", ""),
            ("certChain", "chain"),
            ("validFor", "window"),
            ("operator", ""),
        ],
    ),
    ("key", &[("rawBytes", ""), ("keyDetails", ""), ("validFor", "window")]),
    ("id", &[("keyId", "")]),
    ("name", &[("organization", ""), ("commonName", "")]),
    ("chain", &[("certificates", "certificate")]),
    ("certificate", &[("rawBytes", "")]),
    ("window", &[("start", ""), ("end", "")]),
];

/// What the controller makes of it.
pub(crate) enum OwnRoot {
    Usable(Box<TrustedRoot>),
    /// Its words; either of them where the library words it in two ways.
    Refused(Vec<String>),
}

/// Reads it.
pub(crate) fn own_root(json: &[u8]) -> Result<OwnRoot, Stop> {
    let Ok(mut document) = serde_json::from_slice::<Value>(json) else {
        return match word_at_start(json) {
            Some((line, column, word)) => Ok(refused_by_protobuf(&format!(
                "syntax error (line {line}:{column}): invalid value {word}"
            ))),
            None => Err(Stop::Undecided(
                "the trusted root is no JSON: the controller refuses it with `unable to parse trusted root: …`"
                    .to_owned(),
            )),
        };
    };
    if let Some(words) = protobuf_fault(&document, json) {
        return Ok(refused_by_protobuf(&words));
    }
    if let Some(words) = fault(&document) {
        return Ok(OwnRoot::Refused(vec![format!("unable to parse trusted root: {words}")]));
    }
    let logs = list(&document, "tlogs");
    let extract = |words| format!("unable to extract Rekor URL from trusted root: {words}");
    let url_fault = if logs.is_empty() {
        Some(extract("no transparency log entries found in trusted root"))
    } else if logs.iter().all(|log| text(log, "/baseUrl").is_empty()) {
        Some(extract("no transparency log entry with a BaseURL found in trusted root"))
    } else {
        None
    };
    fill_in(&mut document);
    let filled = serde_json::to_vec(&document).unwrap_or_default();
    let root = TrustedRoot::parse_for_any_use(&filled).map_err(|error| {
        Stop::Undecided(format!("the trusted root cannot be used here: {error}"))
    })?;
    Ok(match url_fault {
        Some(words) => OwnRoot::Refused(vec![words]),
        None => OwnRoot::Usable(Box::new(root)),
    })
}

/// Fields that protobuf lets be left out, and our reader does not.
fn fill_in(document: &mut Value) {
    for (list, field) in
        [("tlogs", "baseUrl"), ("ctlogs", "baseUrl"), ("certificateAuthorities", "uri")]
    {
        for entry in document.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(entry) = entry.as_object_mut() {
                entry.entry(field).or_insert_with(|| "".into());
            }
        }
    }
}

/// Go's protobuf puts a space or a no-break space into its errors, by a coin that is thrown when the
/// controller is built, so that nobody relies on the words.
fn refused_by_protobuf(words: &str) -> OwnRoot {
    let said = |space| {
        format!(
            "unable to parse trusted root: failed to proto-json unmarshal trusted root: proto:{space}{words}"
        )
    };
    OwnRoot::Refused(vec![said(' '), said('\u{a0}')])
}

/// Line, column and text of a word at the start that is no JSON.
fn word_at_start(json: &[u8]) -> Option<(usize, usize, String)> {
    let text = std::str::from_utf8(json).ok()?;
    let start = text.find(|c: char| !c.is_ascii_whitespace())?;
    let is_of_word = |c: &char| c.is_ascii_alphanumeric() || "-+._".contains(*c);
    let word: String = text[start..].chars().take_while(is_of_word).take(32).collect();
    let is_json = ["true", "false", "null"].iter().any(|literal| word.starts_with(literal))
        || word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let (line, column) = position(json, start);
    (!word.is_empty() && !is_json).then_some((line, column, word))
}

/// The first thing that is not as the protobuf says.
fn protobuf_fault(document: &Value, json: &[u8]) -> Option<String> {
    if let Some(field) = document.as_object().and_then(|root| unknown_field(root, "root")) {
        let (line, column) = position(json, find(json, &format!("{field:?}")));
        return Some(format!("(line {line}:{column}): unknown field {field:?}"));
    }
    let (field, value) = bad_bytes(document)?;
    let (line, column) = position(json, find(json, &format!("{value:?}")));
    Some(format!("(line {line}:{column}): invalid value for bytes field {field}: {value:?}"))
}

/// Name and value of the first field that should hold base64 and does not.
fn bad_bytes(value: &Value) -> Option<(String, String)> {
    match value {
        Value::Array(items) => items.iter().find_map(bad_bytes),
        Value::Object(members) => members.iter().find_map(|(name, value)| match value.as_str() {
            Some(text) if ["rawBytes", "keyId"].contains(&name.as_str()) => {
                (!is_base64(text)).then(|| (name.clone(), text.to_owned()))
            }
            _ => bad_bytes(value),
        }),
        _ => None,
    }
}

/// Protobuf takes both alphabets, with or without padding.
fn is_base64(text: &str) -> bool {
    let text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    base64::engine::general_purpose::STANDARD_NO_PAD.decode(text).is_ok()
}

/// The first thing that sigstore-go does not take, in its words.
fn fault(document: &Value) -> Option<String> {
    let media_type = text(document, "/mediaType");
    if media_type != MEDIA_TYPE {
        return Some(format!("unsupported TrustedRoot media type: {media_type}"));
    }
    let log_fault = |list_name: &str| list(document, list_name).iter().find_map(log_fault);
    log_fault("tlogs").or_else(|| log_fault("ctlogs"))
}

fn log_fault(log: &Value) -> Option<String> {
    let algorithm = text(log, "/hashAlgorithm");
    if algorithm != "SHA2_256" {
        let algorithm = if algorithm.is_empty() { "HASH_ALGORITHM_UNSPECIFIED" } else { algorithm };
        return Some(format!("unsupported tlog hash algorithm: {algorithm}"));
    }
    [
        ("/logId", "tlog missing log ID"),
        ("/logId/keyId", "tlog missing log ID key ID"),
        ("/publicKey", "tlog missing public key"),
        ("/publicKey/rawBytes", "tlog missing public key raw bytes"),
    ]
    .iter()
    .find(|(pointer, _)| log.pointer(pointer).is_none_or(Value::is_null))
    .map(|(_, words)| (*words).to_owned())
}

/// The first field that the protobuf does not have, in the order of the text.
fn unknown_field(object: &Map<String, Value>, kind: &str) -> Option<String> {
    let (_, fields) = FIELDS.iter().find(|(name, _)| *name == kind)?;
    object.iter().find_map(|(name, value)| {
        let Some((_, inner)) = fields.iter().find(|(field, _)| spelt(field, name)) else {
            return Some(name.clone());
        };
        let objects = match value {
            Value::Array(items) => items.iter().collect(),
            other => vec![other],
        };
        objects.into_iter().filter_map(Value::as_object).find_map(|it| unknown_field(it, inner))
    })
}

/// Protobuf JSON takes `camelCase` and `snake_case`.
fn spelt(field: &str, name: &str) -> bool {
    let snake: String = field
        .chars()
        .flat_map(|c| match c.is_ascii_uppercase() {
            true => vec!['_', c.to_ascii_lowercase()],
            false => vec![c],
        })
        .collect();
    field == name || snake == name
}

fn find(json: &[u8], quoted: &str) -> usize {
    json.windows(quoted.len()).position(|window| window == quoted.as_bytes()).unwrap_or(0)
}

/// Line and column of a place, both from 1.
fn position(json: &[u8], at: usize) -> (usize, usize) {
    let before = &json[..at];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    (line, at - start + 1)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(json: &str) -> String {
        match own_root(json.as_bytes()) {
            Ok(OwnRoot::Refused(words)) => words.join("").replace('\u{a0}', " "),
            Ok(OwnRoot::Usable(_)) => "usable".to_owned(),
            Err(stop) => format!("{stop:?}"),
        }
    }

    #[test]
    fn a_root_is_refused_in_the_words_of_sigstore_go() {
        let typed = |rest: &str| format!("{{\"mediaType\":\"{MEDIA_TYPE}\"{rest}}}");
        let log = r#","tlogs":[{"hashAlgorithm":"SHA2_256","publicKey":{"rawBytes":"AA=="}}]"#;
        let protobuf =
            "unable to parse trusted root: failed to proto-json unmarshal trusted root: proto: ";
        for (json, expected, why) in [
            (
                "no JSON".to_owned(),
                format!("{protobuf}syntax error (line 1:1): invalid value no").repeat(2),
                "a word",
            ),
            (
                "{\n  \"acme\": 1}".to_owned(),
                format!("{protobuf}(line 2:3): unknown field \"acme\"").repeat(2),
                "a field that there is not",
            ),
            (
                "{\"tlogs\":[{\"publicKey\":{\"rawBytes\":\"*\"}}]}".to_owned(),
                format!("{protobuf}(line 1:36): invalid value for bytes field rawBytes: \"*\"").repeat(2),
                "no base64",
            ),
            (
                "{}".to_owned(),
                "unable to parse trusted root: unsupported TrustedRoot media type: ".to_owned(),
                "no type",
            ),
            (
                typed(""),
                "unable to extract Rekor URL from trusted root: no transparency log entries found in trusted root".to_owned(),
                "no logs",
            ),
            (
                typed(log),
                "unable to parse trusted root: tlog missing log ID".to_owned(),
                "a log without name",
            ),
        ] {
            assert_eq!(words(&json), expected, "{why}");
        }
        assert!(words("[").starts_with("Undecided"), "words that are not foretold");
    }
}
