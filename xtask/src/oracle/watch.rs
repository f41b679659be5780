//! Watches objects until the controller has had its say about each.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::compare::{condition, word};
use super::objects::NAMESPACE;
use crate::failure::Outcome;
use crate::planes::Api;

/// How long the controller may take for all objects together: hundreds of them, some with requests
/// that are repeated.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);
/// How often all objects are listed.
const LOOK_AGAIN: Duration = Duration::from_millis(300);
/// How long a suspended object is watched for a word that must not come.
const SILENT_FOR: Duration = Duration::from_secs(2);

/// The last state of each awaited object by kind and name, and whether it is settled.
pub(super) type Seen = BTreeMap<(String, String), (Value, bool)>;

/// What is awaited of an object.
#[derive(Debug, Clone, Default)]
pub(super) struct Awaited {
    pub(super) generation: i64,
    /// The request to reconcile that must have been handled.
    pub(super) request: Option<String>,
    /// Suspended: nothing is to come.
    pub(super) silent: bool,
    /// The object as the API server took it, with the status from before: what the controller was asked.
    pub(super) asked: Value,
}

/// Lists until everything awaited is there, twice the same.
pub(super) fn settle(
    api: &Api,
    api_version: &str,
    awaited: &BTreeMap<(String, String), Awaited>,
) -> Outcome<Seen> {
    let began = Instant::now();
    let mut seen: Seen = BTreeMap::new();
    loop {
        let quiet = began.elapsed() >= SILENT_FOR;
        for kind in ["OCIRepository", "HelmChart", "HelmRepository"] {
            for object in api.list(api_version, kind, Some(NAMESPACE))? {
                let name = object.pointer("/metadata/name").and_then(Value::as_str);
                let key = (kind.to_owned(), name.unwrap_or_default().to_owned());
                let Some(wanted) = awaited.get(&key) else { continue };
                let before = seen.get(&key);
                if before.is_some_and(|(_, settled)| *settled) {
                    continue;
                }
                let steady = before.is_some_and(|(before, _)| said(before) == said(&object));
                let settled =
                    steady && (if wanted.silent { quiet } else { has_spoken(&object, wanted) });
                seen.insert(key, (object, settled));
            }
        }
        let settled = seen.values().filter(|(_, settled)| *settled).count();
        if settled == awaited.len() || began.elapsed() > SETTLED_WITHIN {
            return Ok(seen);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Whether `Ready` is about what was asked, and no longer unknown.
fn has_spoken(object: &Value, wanted: &Awaited) -> bool {
    let handled = object.pointer("/status/lastHandledReconcileAt").and_then(Value::as_str);
    if wanted.request.is_some() && handled != wanted.request.as_deref() {
        return false;
    }
    let Some(ready) = condition(object, "Ready") else { return false };
    let current = ready["observedGeneration"].as_i64() == Some(wanted.generation);
    current && matches!(word(ready, "status"), "True" | "False")
}

/// What it says, without the times.
fn said(object: &Value) -> Vec<(&str, &str, &str, &str)> {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let mut said: Vec<_> = conditions
        .into_iter()
        .flatten()
        .filter(|condition| word(condition, "type") != "Reconciling")
        .map(|c| (word(c, "type"), word(c, "status"), word(c, "reason"), word(c, "message")))
        .collect();
    said.sort_unstable();
    said
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_word_counts_when_it_is_about_what_was_asked() {
        let object = |status: &str, generation: i64, handled: &str| {
            json!({"status": {"lastHandledReconcileAt": handled, "conditions": [
                {"type": "Ready", "status": status, "observedGeneration": generation},
            ]}})
        };
        let wanted = |request: Option<&str>| Awaited {
            generation: 2,
            request: request.map(str::to_owned),
            silent: false,
            asked: Value::Null,
        };
        for (object, wanted, spoken, reason) in [
            (object("True", 2, ""), wanted(None), true, "it is ready"),
            (object("False", 2, ""), wanted(None), true, "it is not"),
            (object("Unknown", 2, ""), wanted(None), false, "it does not know yet"),
            (object("True", 1, ""), wanted(None), false, "that was about the last generation"),
            (object("True", 2, ""), wanted(Some("1")), false, "the request is still open"),
            (object("True", 2, "1"), wanted(Some("1")), true, "the request is handled"),
            (json!({}), wanted(None), false, "nothing was said"),
        ] {
            assert_eq!(has_spoken(&object, &wanted), spoken, "{reason}");
        }
    }
}
