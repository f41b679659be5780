//! Label selectors, as the API server matches them (`k8s.io/apimachinery`, `labels`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::list;

/// Whether something with these labels is selected. A selector that says nothing selects everything; what
/// cannot be understood selects nothing, so that nobody counts on it.
pub(super) fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let wanted = selector.get("matchLabels").and_then(Value::as_object);
    let has =
        |(key, value): (&String, &Value)| labels.get(key).map(String::as_str) == value.as_str();
    wanted.into_iter().flatten().all(has)
        && list(selector, "/matchExpressions").iter().all(|one| holds(one, labels))
}

/// Whether a selector says anything.
pub(super) fn is_open(selector: &Value) -> bool {
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    labels.is_none_or(|labels| labels.is_empty()) && list(selector, "/matchExpressions").is_empty()
}

fn holds(expression: &Value, labels: &BTreeMap<String, String>) -> bool {
    let key = expression.get("key").and_then(Value::as_str).unwrap_or_default();
    let value = labels.get(key);
    let is_listed =
        value.is_some_and(|value| list(expression, "/values").iter().any(|one| *one == **value));
    match expression.get("operator").and_then(Value::as_str) {
        Some("In") => is_listed,
        Some("NotIn") => !is_listed,
        Some("Exists") => value.is_some(),
        Some("DoesNotExist") => value.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn namespaces_are_selected_by_their_labels() {
        let labels = BTreeMap::from([("team".to_owned(), "shop".to_owned())]);
        let with = |key: &str, operator: &str, values: Value| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        for (selector, expected, why) in [
            (json!({}), true, "nothing is asked"),
            (json!(null), true, "nor here"),
            (json!({"matchLabels": {"team": "shop"}}), true, "it has the label"),
            (json!({"matchLabels": {"team": "bank"}}), false, "with another value"),
            (json!({"matchLabels": {"tier": "shop"}}), false, "another label"),
            (with("team", "In", json!(["shop", "bank"])), true, "one of several"),
            (with("team", "In", json!(["bank"])), false, "none of them"),
            (with("team", "NotIn", json!(["bank"])), true, "not that one"),
            (with("team", "NotIn", json!(["shop"])), false, "left out"),
            (with("tier", "NotIn", json!(["shop"])), true, "what has no label has no such value"),
            (with("team", "Exists", json!(null)), true, "any value"),
            (with("tier", "Exists", json!(null)), false, "no such label"),
            (with("tier", "DoesNotExist", json!(null)), true, "it has none"),
            (with("team", "DoesNotExist", json!(null)), false, "it has one"),
            (with("team", "Gt", json!(["1"])), false, "nobody knows that"),
        ] {
            assert_eq!(selects(&selector, &labels), expected, "{why}");
        }
    }
}
