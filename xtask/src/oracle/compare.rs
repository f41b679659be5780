//! Whether the controller said what was predicted.

use serde_json::Value;

/// Conditions that are compared both ways: one that is there and was not predicted is a disagreement, too.
/// Others (`Reconciling`, `ArtifactInStorage`, `ArtifactOutdated`) come and go while it works.
const DECISIVE: [&str; 6] =
    ["Ready", "SourceVerified", "Stalled", "FetchFailed", "BuildFailed", "StorageOperationFailed"];
/// What stands for the errors of the single signatures.
const ERRORS: &str = "{errors}";

/// The predicted outcome that fits what was observed, or why each does not.
pub(super) fn fitting<'a>(
    outcomes: &'a [Value],
    observed: &Value,
    fresh: bool,
) -> Result<&'a Value, String> {
    if outcomes.is_empty() {
        return Err("nothing was predicted".to_owned());
    }
    let mut complaints = Vec::new();
    for outcome in outcomes {
        match fits(outcome, observed, fresh) {
            Ok(()) => return Ok(outcome),
            Err(why) => complaints.push(why),
        }
    }
    complaints.dedup();
    Err(complaints.join("; or "))
}

fn fits(outcome: &Value, observed: &Value, fresh: bool) -> Result<(), String> {
    let ready = word(outcome, "ready");
    if ready.is_empty() && !fresh {
        // A source that is left alone keeps what was said before.
        return Ok(());
    }
    let seen = condition(observed, "Ready").map(|condition| word(condition, "status"));
    if seen.unwrap_or_default() != ready {
        return Err(format!("Ready {ready:?} predicted, {:?} observed", seen.unwrap_or_default()));
    }
    let errors: Vec<&str> = list(outcome, "errors").iter().filter_map(Value::as_str).collect();
    let predicted = list(outcome, "conditions");
    for condition in predicted {
        said(condition, observed, &errors)?;
    }
    for kind in DECISIVE {
        let expected = predicted.iter().any(|condition| word(condition, "type") == kind);
        // A suspended source keeps what was said before.
        if let (false, false, Some(condition)) =
            (expected, ready.is_empty(), self::condition(observed, kind))
        {
            return Err(format!(
                "{kind}={} was not predicted: {}",
                word(condition, "status"),
                word(condition, "message")
            ));
        }
    }
    serves(outcome, observed, fresh)
}

fn said(predicted: &Value, observed: &Value, errors: &[&str]) -> Result<(), String> {
    let kind = word(predicted, "type");
    let Some(seen) = condition(observed, kind) else {
        return Err(format!("{kind} was predicted and is not there"));
    };
    for field in ["status", "reason"] {
        let (expected, found) = (word(predicted, field), word(seen, field));
        if expected != found {
            return Err(format!("{kind}: {field} {expected:?} predicted, {found:?} observed"));
        }
    }
    let (expected, found) = (word(predicted, "message"), word(seen, "message"));
    if same_message(expected, errors, found) {
        return Ok(());
    }
    let with = if errors.is_empty() { String::new() } else { format!(" with {errors:?}") };
    Err(format!("{kind}: message {expected:?}{with} predicted, {found:?} observed"))
}

/// The same words, where the errors of the single signatures may stand in any order.
fn same_message(predicted: &str, errors: &[&str], observed: &str) -> bool {
    let Some((before, after)) = predicted.split_once(ERRORS) else {
        return predicted == observed;
    };
    let middle = observed.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    let mut expected = lines(&errors.join("\n"));
    let Some(mut found) = middle.map(lines) else { return false };
    expected.sort();
    found.sort();
    expected == found
}

fn serves(outcome: &Value, observed: &Value, fresh: bool) -> Result<(), String> {
    let served = observed.pointer("/status/artifact/revision").and_then(Value::as_str);
    match (outcome["revision"].as_str(), served) {
        (Some(expected), Some(found)) if expected == found => Ok(()),
        (Some(expected), found) => {
            Err(format!("revision {expected} predicted, {} observed", found.unwrap_or("none")))
        }
        // An object that was there before may go on with what it had.
        (None, Some(found)) if fresh && outcome["ready"] != Value::Null => {
            Err(format!("no revision predicted, {found} observed"))
        }
        (None, _) => Ok(()),
    }
}

/// A condition of an object.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| word(condition, "type") == kind)
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(message: &str) -> Value {
        json!({"type": "Ready", "status": "False", "reason": "VerificationError", "message": message})
    }

    fn object(conditions: Value) -> Value {
        json!({"status": {"conditions": conditions}})
    }

    fn outcome(message: &str, errors: &[&str]) -> Value {
        json!({"ready": "False", "conditions": [refused(message)], "errors": errors})
    }

    #[test]
    fn errors_may_stand_in_any_order_and_none_may_be_missing() {
        let observed = object(json!([refused("no matching attestations: b\na")]));
        for (message, errors, agrees, reason) in [
            ("no matching attestations: {errors}", &["a", "b"] as &[_], true, "another order"),
            ("no matching attestations: {errors}", &["a"], false, "one too few"),
            ("no matching attestations: {errors}", &["a", "b", "b"], false, "one too many"),
            ("no matching attestations: {errors}", &["a", "c"], false, "another one"),
            ("no matching attestations: b\na", &[], true, "word for word"),
            ("no matching signatures: {errors}", &["a", "b"], false, "another beginning"),
        ] {
            let fits = fits(&outcome(message, errors), &observed, true);
            assert_eq!(fits.is_ok(), agrees, "{reason}: {fits:?}");
        }
    }

    #[test]
    fn what_differs_is_a_disagreement() {
        let ready = |status: &str| json!({"type": "Ready", "status": status, "reason": "r", "message": "m"});
        let outcome = |status: &str| json!({"ready": status, "conditions": [ready(status)]});
        let stalled = json!({"type": "Stalled", "status": "True", "reason": "r", "message": "m"});
        for (outcome, observed, agrees, reason) in [
            (outcome("True"), object(json!([ready("True")])), true, "the same"),
            (outcome("True"), object(json!([ready("False")])), false, "another status"),
            (outcome("True"), object(json!([])), false, "nothing said"),
            (outcome("True"), object(json!([ready("True"), stalled])), false, "something more"),
            (json!({"conditions": []}), json!({}), true, "nothing predicted, nothing said"),
            (json!({"conditions": []}), object(json!([ready("True")])), false, "nothing predicted"),
        ] {
            assert_eq!(fits(&outcome, &observed, true).is_ok(), agrees, "{reason}");
        }
    }

    #[test]
    fn what_is_served_is_compared() {
        let object = |revision: Value| {
            json!({"status": {"artifact": {"revision": revision}, "conditions": [
                {"type": "Ready", "status": "True", "reason": "r", "message": "m"},
            ]}})
        };
        let outcome = |revision: Value| {
            json!({"ready": "True", "revision": revision, "conditions": [
                {"type": "Ready", "status": "True", "reason": "r", "message": "m"},
            ]})
        };
        for (predicted, served, fresh, agrees) in [
            (json!("v1@a"), json!("v1@a"), true, true),
            (json!("v1@a"), json!("v1@b"), true, false),
            (json!("v1@a"), Value::Null, true, false),
            (Value::Null, json!("v1@a"), true, false),
            (Value::Null, json!("v1@a"), false, true),
        ] {
            let fits = fits(&outcome(predicted), &object(served), fresh);
            assert_eq!(fits.is_ok(), agrees, "{fits:?}");
        }
    }

    #[test]
    fn one_of_several_outcomes_is_enough_and_none_is_not() {
        let observed = object(json!([refused("b")]));
        let both = [outcome("a", &[]), outcome("b", &[])];
        assert_eq!(fitting(&both, &observed, true).unwrap(), &both[1]);
        assert!(fitting(&both[..1], &observed, true).is_err());
        assert!(fitting(&[], &observed, true).is_err());
    }
}
