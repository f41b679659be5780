//! The canonical JSON of RFC 8785, as far as log entries need it: sorted keys, no white space.
//!
//! Everything that logs canonicalise is ASCII text, whole numbers, lists and objects, where serde_json's
//! writing already agrees with the RFC.

use serde_json::{Map, Value};

/// The canonical bytes of a value.
pub(crate) fn canonical_json(value: &Value) -> Vec<u8> {
    sorted(value).to_string().into_bytes()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by(|one, other| one.0.encode_utf16().cmp(other.0.encode_utf16()));
            Value::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| (name.clone(), sorted(value)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(values) => Value::Array(values.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth_and_lists_keep_their_order() {
        let value = serde_json::json!({"b": [{"z": 1, "a": 2}, 1], "a": {"d": "x", "c": null}});
        assert_eq!(canonical_json(&value), br#"{"a":{"c":null,"d":"x"},"b":[{"a":2,"z":1},1]}"#);
    }
}
