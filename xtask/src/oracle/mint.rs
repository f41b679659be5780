//! Minting at the dev stack's control endpoint.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::evidence::{Bundle, Signature};
use super::shelves::Shelves;
use super::situation::Content;
use crate::failure::{Context as _, Failure, Outcome};

/// Keys that situations name.
const KEYS: [&str; 2] = ["alpha", "beta"];

/// The dev stack, as a maker of evidence.
pub(super) struct Mint {
    agent: ureq::Agent,
    url: String,
    pub(super) issuer: String,
    proxy: String,
    trusted_root: Value,
    keys: BTreeMap<&'static str, String>,
}

impl Mint {
    pub(super) fn at(shelves: &Shelves) -> Outcome<Mint> {
        let endpoints = shelves.sigstore()?.endpoints();
        let path = endpoints.trust.join("trusted_root.json");
        let text = std::fs::read(&path).context(|| path.to_string())?;
        let mut mint = Mint {
            agent: shelves.agent.clone(),
            url: format!("{}/_mint", endpoints.issuer),
            issuer: endpoints.issuer.clone(),
            proxy: shelves.proxy.clone(),
            trusted_root: serde_json::from_slice(&text)?,
            keys: BTreeMap::new(),
        };
        for name in KEYS {
            let answer = mint.ask(&json!({"statement": "{}", "key": name}))?;
            let key = answer["publicKey"].as_str().unwrap_or_default().to_owned();
            mint.keys.insert(name, key);
        }
        Ok(mint)
    }

    /// A bundle about the artifact of this digest.
    pub(super) fn bundle(&self, bundle: &Bundle, digest: &str) -> Outcome<Value> {
        let mut request = json!({
            "form": "bundle", "statement": bundle.statement.about(digest),
            "situation": bundle.matter, "log": bundle.log, "run": bundle.run.request(),
        });
        if let Some(key) = bundle.key {
            request["key"] = key.into();
        }
        Ok(self.ask(&request)?["bundle"].take())
    }

    /// Payload and annotations of an older signature.
    pub(super) fn signature(
        &self,
        signature: &Signature,
        repository: &str,
        digest: &str,
    ) -> Outcome<(String, Map<String, Value>)> {
        let mut request = json!({
            "form": "legacy", "repository": repository, "digest": digest,
            "situation": signature.matter, "run": signature.run.request(),
        });
        if let Some(key) = signature.key {
            request["key"] = key.into();
        }
        let mut minted = self.ask(&request)?;
        match (minted["payload"].take(), minted["annotations"].take()) {
            (Value::String(payload), Value::Object(annotations)) => Ok((payload, annotations)),
            _ => Err(Failure::new(format!("{}: no signature in the answer", self.url))),
        }
    }

    /// What stands in a Secret.
    pub(super) fn content(&self, content: &Content) -> String {
        match content {
            Content::Text(text) => (*text).to_owned(),
            Content::PublicKey(name) => self.keys.get(name).cloned().unwrap_or_default(),
            Content::Proxy => self.proxy.clone(),
            Content::TrustedRoot(edits) => {
                let mut root = self.trusted_root.clone();
                for (pointer, value) in edits {
                    edit(&mut root, pointer, value);
                }
                root.to_string()
            }
        }
    }

    /// The certificates of the authority as PEM, the issuing one first.
    pub(super) fn authorities(&self) -> Outcome<String> {
        let chain = self.trusted_root.pointer("/certificateAuthorities/0/certChain/certificates");
        let chain = chain.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        chain.iter().map(|certificate| pem("CERTIFICATE", &certificate["rawBytes"])).collect()
    }

    /// The public key of a log as PEM.
    pub(super) fn log_key(&self, pointer: &str) -> Outcome<String> {
        let key = self.trusted_root.pointer(&format!("{pointer}/publicKey/rawBytes"));
        pem("PUBLIC KEY", key.unwrap_or(&Value::Null))
    }

    fn ask(&self, request: &Value) -> Outcome<Value> {
        let answer = self.agent.post(&self.url).send_json(request);
        let mut answer = answer.context(|| self.url.clone())?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().context(|| self.url.clone())?;
        if status != 200 {
            return Err(Failure::new(format!("{} for {request}: {status}: {text}", self.url)));
        }
        Ok(serde_json::from_str(&text)?)
    }
}

fn pem(label: &str, base64: &Value) -> Outcome<String> {
    let base64 =
        base64.as_str().ok_or_else(|| Failure::new(format!("no {label} in the trusted root")))?;
    let lines: Vec<&str> =
        (0..base64.len()).step_by(64).map(|at| &base64[at..base64.len().min(at + 64)]).collect();
    Ok(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")))
}

/// Puts a value where a JSON pointer leads, or takes away what is there.
fn edit(document: &mut Value, pointer: &str, value: &Value) {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return };
    match document.pointer_mut(parent) {
        Some(Value::Object(fields)) => match value {
            Value::Null => drop(fields.remove(last)),
            value => drop(fields.insert(last.to_owned(), value.clone())),
        },
        Some(Value::Array(items)) => {
            if let Ok(at) = last.parse::<usize>()
                && at < items.len()
            {
                match value {
                    Value::Null => drop(items.remove(at)),
                    value => items[at] = value.clone(),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_edited_where_the_pointer_leads() {
        for (pointer, value, expected, reason) in [
            ("/a", json!(2), json!({"a": 2, "b": [1, 2]}), "a field is replaced"),
            ("/a", Value::Null, json!({"b": [1, 2]}), "a field is taken away"),
            ("/b/0", Value::Null, json!({"a": 1, "b": [2]}), "an item is taken away"),
            ("/b/1", json!(3), json!({"a": 1, "b": [1, 3]}), "an item is replaced"),
            ("/c", json!(1), json!({"a": 1, "b": [1, 2], "c": 1}), "a field is added"),
            ("/x/y", json!(1), json!({"a": 1, "b": [1, 2]}), "nothing is there"),
        ] {
            let mut document = json!({"a": 1, "b": [1, 2]});
            edit(&mut document, pointer, &value);
            assert_eq!(document, expected, "{reason}");
        }
    }
}
