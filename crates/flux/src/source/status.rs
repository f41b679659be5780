//! What the controller has written about an object so far: it decides whether it verifies again.

use serde::Deserialize;

/// `status` of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// Generation that was reconciled last; -1 before the first time.
    pub observed_generation: i64,
    /// Conditions.
    pub conditions: Vec<StatusCondition>,
    /// What is served.
    pub artifact: Option<ServedArtifact>,
    /// Fingerprint of the Secrets that verification used. From source-controller 1.10 on.
    pub source_verification_fingerprint: Option<String>,
}

/// `status.artifact`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServedArtifact {
    /// `tag@sha256:…`, `sha256:…`; for a chart its version.
    pub revision: String,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusCondition {
    /// Such as `Ready`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Such as `VerificationError`.
    pub reason: String,
    /// The controller's words.
    pub message: String,
    /// Generation that it is about.
    pub observed_generation: i64,
}

impl Status {
    /// The condition of this type.
    pub fn condition(&self, kind: &str) -> Option<&StatusCondition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }
}
