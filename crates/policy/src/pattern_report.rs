//! Parts of the report that are about identity patterns on paper.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::verdict::Verdict;

/// One pair of patterns that decides who may sign, or one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatternReport {
    /// What it belongs to, such as `artifact manifests` or `command line`.
    pub name: String,
    /// Pattern over the issuer, in Go's syntax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Pattern over the certificate's name, in Go's syntax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_pattern: Option<String>,
    /// `Verified`: it lets in those who may sign and nobody else, as far as that was asked.
    pub verdict: Verdict,
    /// Names of the signers that it was measured by; none when nobody said who may sign.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signers: Vec<String>,
    /// The issuer pattern that would let in those and nobody else, when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested_issuer: Option<String>,
    /// The same for the certificate's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested_subject_pattern: Option<String>,
    /// Complaints.
    #[serde(default)]
    pub findings: Vec<Finding>,
}
