//! Parts of the report that are about negative controls: known-bad artifacts that must be refused.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::source_report::{ObservationReport, PredictionReport};
use crate::verdict::Verdict;

/// One attempt to break in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ControlReport {
    /// Its name, such as `unsigned`.
    pub name: String,
    /// What is the matter with it, in one sentence.
    pub does: String,
    /// Name of the environment whose lock was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Name of the artifact in `sealwright.yaml` whose lock was tried.
    pub artifact: String,
    /// Where the bad artifact is, by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// `Verified`: the lock held everywhere it was tried. `Refused`: somebody accepted the control.
    /// `Unknown`: it could not be tried.
    pub verdict: Verdict,
    /// Who must refuse it: the judge, Flux, both, or neither by evidence. What only our judge can see (such as a
    /// missing signature beside a sound attestation) is not expected of Flux.
    pub refused_by: RefusedBy,
    /// What our judge said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Verdict>,
    /// What source-controller will say of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted: Option<PredictionReport>,
    /// What the live controller said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<ObservationReport>,
    /// Complaints.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// Who must refuse a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RefusedBy {
    /// Our judge alone: Flux accepts it by its own rules.
    Judge,
    /// Flux alone: the judge sees nothing wrong, such as a verify block that nobody reads.
    Flux,
    /// Both.
    Both,
    /// Neither by its evidence, which is sound: only who compares it with what was promoted last, or
    /// its layers with their digests.
    Comparison,
}
