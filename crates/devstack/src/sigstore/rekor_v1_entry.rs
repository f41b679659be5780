//! Entries of Rekor v1: what a client proposes, checked, and the canonical body that the log keeps of it.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::canonical_json::canonical_json;
use super::dsse::Envelope;
use super::public_key::PublicKey;

/// What the log keeps.
#[derive(Clone)]
pub(crate) struct Body {
    pub(crate) kind: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// `ProposedEntry` of rekor's OpenAPI document, for the two types that are served.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum ProposedEntry {
    /// A digest and a signature over it.
    HashedRekord(Versioned<HashedRekord>),
    /// An envelope with the keys that verify it.
    Dsse(Versioned<ProposedDsse>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Versioned<T> {
    api_version: String,
    spec: T,
}

#[derive(Deserialize)]
pub(crate) struct HashedRekord {
    data: Data,
    signature: SignatureWithKey,
}

#[derive(Deserialize)]
struct Data {
    hash: Hash,
}

#[derive(Deserialize)]
struct Hash {
    algorithm: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignatureWithKey {
    content: String,
    public_key: Key,
}

#[derive(Deserialize)]
struct Key {
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProposedDsse {
    proposed_content: ProposedContent,
}

#[derive(Deserialize)]
struct ProposedContent {
    envelope: String,
    verifiers: Vec<String>,
}

impl ProposedEntry {
    /// The canonical body, after the signature was verified as the real log does.
    pub(crate) fn body(&self) -> Result<Body, String> {
        let version = match self {
            Self::HashedRekord(entry) => &entry.api_version,
            Self::Dsse(entry) => &entry.api_version,
        };
        if version != "0.0.1" {
            return Err(format!("entries of version {version} are not served, 0.0.1 is"));
        }
        match self {
            Self::HashedRekord(entry) => entry.spec.body(),
            Self::Dsse(entry) => entry.spec.proposed_content.body(),
        }
    }
}

impl HashedRekord {
    fn body(&self) -> Result<Body, String> {
        let Hash { algorithm, value } = &self.data.hash;
        let digest = hex::decode(value).map_err(|_| "the hash is not hexadecimal".to_owned())?;
        let (signature, verifier) =
            (decoded(&self.signature.content)?, decoded(&self.signature.public_key.content)?);
        if !PublicKey::from_pem(&verifier)?.verifies_digest(&digest, &signature) {
            return Err("the signature does not verify over the hash".to_owned());
        }
        Ok(hashedrekord(algorithm, &digest, &signature, &verifier))
    }
}

impl ProposedContent {
    fn body(&self) -> Result<Body, String> {
        let envelope: Envelope = serde_json::from_str(&self.envelope)
            .map_err(|error| format!("the envelope does not parse: {error}"))?;
        let [verifier] = self.verifiers.as_slice() else {
            return Err(format!("expected one verifier, found {}", self.verifiers.len()));
        };
        let verifier = decoded(verifier)?;
        let (signed, signature) = envelope.signed()?;
        if !PublicKey::from_pem(&verifier)?.verifies(&signed, &signature) {
            return Err("the signature does not verify over the envelope".to_owned());
        }
        let payload = envelope.payload_bytes()?;
        Ok(dsse(self.envelope.as_bytes(), &payload, &signature, &verifier))
    }
}

/// The body of a `hashedrekord`; the verifier is PEM.
pub(crate) fn hashedrekord(
    algorithm: &str,
    digest: &[u8],
    signature: &[u8],
    verifier: &[u8],
) -> Body {
    let body = json!({
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": {"hash": {"algorithm": algorithm, "value": hex::encode(digest)}},
            "signature": {
                "content": BASE64.encode(signature),
                "publicKey": {"content": BASE64.encode(verifier)},
            },
        },
    });
    Body { kind: "hashedrekord", bytes: canonical_json(&body) }
}

/// The body of a `dsse`; the envelope is hashed as it was sent, the verifier is PEM.
pub(crate) fn dsse(envelope: &[u8], payload: &[u8], signature: &[u8], verifier: &[u8]) -> Body {
    let body = json!({
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": {"algorithm": "sha256", "value": hex::encode(Sha256::digest(envelope))},
            "payloadHash": {"algorithm": "sha256", "value": hex::encode(Sha256::digest(payload))},
            "signatures": [
                {"signature": BASE64.encode(signature), "verifier": BASE64.encode(verifier)},
            ],
        },
    });
    Body { kind: "dsse", bytes: canonical_json(&body) }
}

fn decoded(base64: &str) -> Result<Vec<u8>, String> {
    BASE64.decode(base64).map_err(|_| "a field is not base64".to_owned())
}
