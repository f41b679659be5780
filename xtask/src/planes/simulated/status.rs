//! The status that source-controller would write, made of a predicted outcome.

use serde_json::{Value, json};

use super::due::requested;
use super::{API_VERSION, KIND, named};

/// What stands for the errors of the single signatures in a predicted message.
const ERRORS: &str = "{errors}";

/// The object to apply after a reconciliation with this outcome.
pub(super) fn after(source: &Value, outcome: &Value) -> Value {
    let errors: Vec<&str> =
        outcome["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let predicted = outcome["conditions"].as_array().into_iter().flatten();
    let conditions: Vec<Value> = predicted
        .map(|condition| {
            let message = condition["message"].as_str().unwrap_or_default();
            let message = message.replace(ERRORS, &errors.join("\n"));
            stamped(source, condition, &message)
        })
        .collect();
    let mut status = json!({"conditions": conditions});
    let generation = &source["metadata"]["generation"];
    let before = &source["status"];
    // While it retries, the controller has not come to terms with this generation.
    let settled = outcome["then"] != "retries";
    put(
        &mut status,
        "observedGeneration",
        if settled { generation } else { &before["observedGeneration"] },
    );
    put(&mut status, "lastHandledReconcileAt", requested(source));
    match outcome["revision"].as_str() {
        Some(revision) if before["artifact"]["revision"] != revision => {
            status["artifact"] = artifact(source, revision);
        }
        // What was fetched before is served on, also while the new one is refused.
        _ => put(&mut status, "artifact", &before["artifact"]),
    }
    object(source, status)
}

/// The object to apply when nothing could be predicted: neither ready nor refused.
pub(super) fn unknown(source: &Value, why: &str) -> Value {
    let condition = json!({"type": "Ready", "status": "Unknown", "reason": "Simulated"});
    let message = format!("the simulated controller cannot predict this source: {why}");
    let mut status = json!({"conditions": [stamped(source, &condition, &message)]});
    put(&mut status, "observedGeneration", &source["status"]["observedGeneration"]);
    put(&mut status, "artifact", &source["status"]["artifact"]);
    object(source, status)
}

fn object(source: &Value, status: Value) -> Value {
    let metadata = &source["metadata"];
    json!({
        "apiVersion": API_VERSION, "kind": KIND, "status": status,
        "metadata": {"namespace": metadata["namespace"], "name": metadata["name"]},
    })
}

fn put(status: &mut Value, field: &str, value: &Value) {
    if !value.is_null() {
        status[field] = value.clone();
    }
}

/// A condition as the API has it; the time is that of its last change.
fn stamped(source: &Value, condition: &Value, message: &str) -> Value {
    let before = source.pointer("/status/conditions").and_then(Value::as_array);
    let before = before.into_iter().flatten().find(|one| one["type"] == condition["type"]);
    let since = before.filter(|one| one["status"] == condition["status"]);
    let since = since.and_then(|one| one["lastTransitionTime"].as_str()).map(str::to_owned);
    json!({
        "type": condition["type"], "status": condition["status"], "reason": condition["reason"],
        "message": message, "observedGeneration": source["metadata"]["generation"],
        "lastTransitionTime": since.unwrap_or_else(now),
    })
}

/// Nothing was stored: the digest is the manifest's, and the address leads nowhere.
fn artifact(source: &Value, revision: &str) -> Value {
    let digest = revision.rsplit('@').next().unwrap_or(revision);
    let path = format!("ocirepository/{}/{digest}.tar.gz", named(source));
    json!({
        "revision": revision, "digest": digest, "lastUpdateTime": now(),
        "url": format!("http://simulated.invalid/{path}"), "path": path,
    })
}

/// Now, as Kubernetes writes times.
fn now() -> String {
    format!("{:.0}", jiff::Timestamp::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "2020-01-01T00:00:00Z";

    fn source(status: Value) -> Value {
        json!({"metadata": {"namespace": "acme", "name": "app", "generation": 3}, "status": status})
    }

    fn ready(status: &str, message: &str) -> Value {
        json!({"type": "Ready", "status": status, "reason": "R", "message": message})
    }

    #[test]
    fn a_good_artifact_is_served_and_this_generation_is_settled() {
        let outcome = json!({"then": "waits", "revision": "latest@sha256:ab", "conditions": [ready("True", "m")]});
        let written = after(&source(Value::Null), &outcome);
        let status = &written["status"];
        assert_eq!(status["observedGeneration"], 3);
        assert_eq!(status["conditions"][0]["observedGeneration"], 3);
        assert_eq!(
            (&status["artifact"]["revision"], &status["artifact"]["digest"]),
            (&json!("latest@sha256:ab"), &json!("sha256:ab"))
        );
        assert_eq!(written["metadata"], json!({"namespace": "acme", "name": "app"}));
    }

    #[test]
    fn what_is_refused_leaves_the_artifact_before_and_the_generation_unsettled() {
        let before = json!({"observedGeneration": 2, "artifact": {"revision": "latest@sha256:ab"},
            "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": OLD}]});
        let outcome = json!({"then": "retries", "errors": ["one", "two"],
            "conditions": [ready("False", "no: {errors}")]});
        let status = after(&source(before.clone()), &outcome)["status"].take();
        assert_eq!(status["observedGeneration"], 2);
        assert_eq!(status["artifact"], before["artifact"]);
        assert_eq!(status["conditions"][0]["message"], "no: one\ntwo");
        assert_eq!(status["conditions"][0]["lastTransitionTime"], OLD, "it was False before");
    }

    #[test]
    fn what_cannot_be_predicted_is_neither_ready_nor_refused() {
        let written =
            unknown(&source(json!({"artifact": {"revision": "r"}})), "the registry is away");
        let status = &written["status"];
        assert_eq!(status["conditions"][0]["status"], "Unknown");
        assert!(status["conditions"][0]["message"].as_str().unwrap().contains("simulated"));
        assert_eq!(
            (&status["artifact"]["revision"], status.get("observedGeneration")),
            (&json!("r"), None)
        );
    }
}
