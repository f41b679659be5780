//! The DSSE envelope: its JSON form and what its signature is made over.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};

/// The payload type of in-toto statements.
pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";

/// An envelope as it travels: payload and signatures in base64.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    pub(crate) payload: String,
    pub(crate) payload_type: String,
    pub(crate) signatures: Vec<Signature>,
}

/// One signature of an envelope.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Signature {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) keyid: String,
    pub(crate) sig: String,
}

impl Envelope {
    pub(crate) fn new(payload: &[u8], payload_type: &str, signature: &[u8]) -> Self {
        Self {
            payload: BASE64.encode(payload),
            payload_type: payload_type.to_owned(),
            signatures: vec![Signature { keyid: String::new(), sig: BASE64.encode(signature) }],
        }
    }

    /// The payload, decoded.
    pub(crate) fn payload_bytes(&self) -> Result<Vec<u8>, String> {
        BASE64.decode(&self.payload).map_err(|_| "the envelope's payload is not base64".to_owned())
    }

    /// The bytes that the first signature was made over, and the signature; logs take one signature only.
    pub(crate) fn signed(&self) -> Result<(Vec<u8>, Vec<u8>), String> {
        let [signature] = self.signatures.as_slice() else {
            return Err(format!("expected one signature, found {}", self.signatures.len()));
        };
        let signature =
            BASE64.decode(&signature.sig).map_err(|_| "the signature is not base64".to_owned())?;
        Ok((pre_authentication_encoding(&self.payload_type, &self.payload_bytes()?), signature))
    }
}

/// PAE of the DSSE protocol, version 1.
pub(crate) fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut encoded =
        format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    encoded.extend(payload);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_protocols_own_example() {
        let encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }
}
