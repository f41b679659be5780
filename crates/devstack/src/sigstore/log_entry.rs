//! A log entry as a bundle carries it (`TransparencyLogEntry` of Sigstore's protobuf, in its JSON form).

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

use super::log::Appended;

/// One entry with everything that proves it.
pub(crate) struct LogEntry {
    pub(crate) kind: &'static str,
    pub(crate) version: &'static str,
    pub(crate) log_id: Vec<u8>,
    pub(crate) body: Vec<u8>,
    /// Unix seconds; 0 in Rekor v2.
    pub(crate) integrated_time: i64,
    /// The signed entry timestamp of Rekor v1.
    pub(crate) promise: Option<Vec<u8>>,
    pub(crate) place: Appended,
    pub(crate) checkpoint: String,
}

impl LogEntry {
    /// The JSON form; a default value is left out, as protobuf does.
    pub(crate) fn to_json(&self) -> Value {
        let hashes: Vec<String> = self.place.proof.iter().map(|hash| BASE64.encode(hash)).collect();
        let mut entry = json!({
            "logIndex": self.place.index.to_string(),
            "logId": {"keyId": BASE64.encode(&self.log_id)},
            "kindVersion": {"kind": self.kind, "version": self.version},
        });
        if self.integrated_time != 0 {
            entry["integratedTime"] = json!(self.integrated_time.to_string());
        }
        if let Some(promise) = &self.promise {
            entry["inclusionPromise"] = json!({"signedEntryTimestamp": BASE64.encode(promise)});
        }
        entry["inclusionProof"] = json!({
            "logIndex": self.place.index.to_string(),
            "rootHash": BASE64.encode(self.place.root),
            "treeSize": self.place.size.to_string(),
            "hashes": hashes,
            "checkpoint": {"envelope": self.checkpoint},
        });
        entry["canonicalizedBody"] = json!(BASE64.encode(&self.body));
        entry
    }
}
