//! Get and list.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::route::{Query, Target};
use super::status::Refusal;
use super::store::{Key, Store};

/// Where the next page begins, and as of which version.
#[derive(Serialize, Deserialize)]
struct Continue {
    version: u64,
    namespace: String,
    name: String,
}

pub(crate) fn get(store: &Store, target: &Target) -> Result<Arc<Value>, Refusal> {
    let key = target.key("");
    store.get(&key).ok_or_else(|| Refusal::not_found(key.kind, &key.name))
}

/// A list, or a page of it.
pub(crate) fn list(store: &Store, target: &Target, query: &Query) -> Result<Value, Refusal> {
    let selector = query.selector()?;
    let begin = query.get("continue").map(Continue::read).transpose()?;
    let at = begin.as_ref().map(|begin| begin.version);
    let (version, objects) = store.list(target.kind, target.namespace.as_deref(), at)?;
    let is_later = |key: &Key| {
        begin
            .as_ref()
            .is_none_or(|begin| (&key.namespace, &key.name) > (&begin.namespace, &begin.name))
    };
    let mut wanted = objects
        .into_iter()
        .filter(|(key, object)| is_later(key) && selector.matches(object))
        .peekable();
    let limit = query.limit()?.unwrap_or(usize::MAX);
    let page: Vec<(Key, Arc<Value>)> = wanted.by_ref().take(limit).collect();
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if let (Some(_), Some((last, _))) = (wanted.peek(), page.last()) {
        let (namespace, name) = (last.namespace.clone(), last.name.clone());
        metadata["continue"] = json!(Continue { version, namespace, name }.write());
        if selector.is_empty() {
            metadata["remainingItemCount"] = json!(wanted.count());
        }
    }
    Ok(json!({
        "apiVersion": target.kind.api_version(),
        "kind": format!("{}List", target.kind.name),
        "metadata": metadata,
        "items": page.iter().map(|(_, object)| &**object).collect::<Vec<_>>(),
    }))
}

impl Continue {
    fn read(text: &str) -> Result<Self, Refusal> {
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        serde_json::from_slice(&bytes)
            .map_err(|_| Refusal::malformed("continue key is not valid: it is none of ours"))
    }

    fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(json!(self).to_string())
    }
}
