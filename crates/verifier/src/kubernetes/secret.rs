//! What a Secret holds. What is wrong with one is said without a word of what is in it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealwright_flux::Secret;
use serde_json::Value;

/// What a Secret holds; `stringData` goes before `data`, as the API server has it.
pub(crate) fn secret(object: &Value) -> Secret {
    if object.get("sops").is_some() {
        return Secret::Unreadable("it is encrypted with SOPS".to_owned());
    }
    let mut entries = BTreeMap::new();
    for (key, value) in object["data"].as_object().into_iter().flatten() {
        let decoded = value.as_str().and_then(|text| {
            let text: String = text.split_ascii_whitespace().collect();
            STANDARD.decode(text).ok()
        });
        let Some(bytes) = decoded else {
            return Secret::Unreadable(format!("`data.{key}` is not base64"));
        };
        entries.insert(key.clone(), bytes);
    }
    for (key, value) in object["stringData"].as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        entries.insert(key.clone(), text.as_bytes().to_vec());
    }
    Secret::Found(entries)
}
