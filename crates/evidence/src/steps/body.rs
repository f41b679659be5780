//! What a log recorded: the bodies of Rekor's entries.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The body of a log entry, as far as it can be compared with a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryBody {
    /// `hashedrekord`, `dsse`, `intoto` and so on.
    pub kind: String,
    /// `0.0.1` and so on.
    pub version: String,
    /// The recorded signature.
    pub signature: Vec<u8>,
    /// The recorded certificate or key: PEM for Rekor v1, DER for v2.
    pub verifier: Vec<u8>,
    /// SHA-256 in hex of what was signed (`hashedrekord`) or of the payload (`dsse`, `intoto`).
    pub digest: Option<String>,
}

impl EntryBody {
    /// Whether Rekor v2 wrote it.
    pub fn is_v2(&self) -> bool {
        self.kind == "hashedrekord" && self.version == "0.0.2"
    }

    /// DER of the recorded certificate or key.
    pub fn verifier_der(&self) -> Option<Vec<u8>> {
        if self.is_v2() {
            return Some(self.verifier.clone());
        }
        super::key::pem_block(&self.verifier).map(|(_, der)| der)
    }
}

/// Reads the body of an entry; `None` when it is of no kind that sigstore-go knows.
pub fn read_body(bytes: &[u8]) -> Option<EntryBody> {
    let body: Value = serde_json::from_slice(bytes).ok()?;
    let (kind, version) = (text(&body, "/kind")?, text(&body, "/apiVersion")?);
    let (signature, verifier, digest) = match (kind.as_str(), version.as_str()) {
        ("hashedrekord", "0.0.1") => (
            decoded(&body, "/spec/signature/content")?,
            decoded(&body, "/spec/signature/publicKey/content")?,
            text(&body, "/spec/data/hash/value"),
        ),
        ("hashedrekord", "0.0.2") => {
            let at = |part: &str| format!("/spec/hashedRekordV002/{part}");
            let verifier = ["x509Certificate", "publicKey"].iter().find_map(|one| {
                decoded(&body, &at(&format!("signature/verifier/{one}/rawBytes")))
            })?;
            let digest = decoded(&body, &at("data/digest")).map(hex::encode);
            (decoded(&body, &at("signature/content"))?, verifier, digest)
        }
        ("dsse", "0.0.1") => (
            decoded(&body, "/spec/signatures/0/signature")?,
            decoded(&body, "/spec/signatures/0/verifier")?,
            text(&body, "/spec/payloadHash/value"),
        ),
        ("intoto", "0.0.2") => (
            // The signature stands in base64 of its base64.
            STANDARD.decode(decoded(&body, "/spec/content/envelope/signatures/0/sig")?).ok()?,
            decoded(&body, "/spec/content/envelope/signatures/0/publicKey")?,
            text(&body, "/spec/content/payloadHash/value"),
        ),
        _ => return None,
    };
    Some(EntryBody { kind, version, signature, verifier, digest })
}

fn text(body: &Value, pointer: &str) -> Option<String> {
    body.pointer(pointer)?.as_str().map(str::to_owned)
}

fn decoded(body: &Value, pointer: &str) -> Option<Vec<u8>> {
    STANDARD.decode(body.pointer(pointer)?.as_str()?).ok()
}

/// Reads the annotation in which cosign keeps a log's promise beside a signature of the older form.
///
/// # Errors
/// Why it cannot be read.
pub fn read_legacy_entry(json: &str) -> Result<sigstore_types::TransparencyLogEntry, String> {
    crate::legacy::log_entry(json).map_err(|refusal| refusal.message.clone())
}
