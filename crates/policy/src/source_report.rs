//! Parts of the report that are about Flux sources: what is declared, what the controller will say, what it says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::report::ArtifactReport;
use crate::verdict::Verdict;

/// The cluster that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterNote {
    /// Name of the environment in `sealwright.yaml`, or the context's.
    pub environment: String,
    /// What the API server calls its version, such as `v1.37.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Whether the API server says that it only imitates one: nothing here was decided by Flux itself.
    #[serde(default)]
    pub simulated: bool,
    /// Version of source-controller that rules were taken from, and how it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// Which of its sources were looked at, when all were listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeReport>,
}

/// Which sources of a cluster were looked at, and what was left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScopeReport {
    /// `oci://` URLs; a `*` stands for one path segment.
    pub urls: Vec<String>,
    /// `namespace/name` of OCIRepositories that are looked at whatever their URL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Number of the OCIRepositories and HelmCharts that pull from elsewhere and were not judged.
    pub outside_count: u64,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outside: Vec<OutsideReport>,
}

/// A source that was not judged, since it pulls from outside the scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutsideReport {
    /// `OCIRepository` or `HelmChart`.
    pub kind: String,
    /// `namespace/name`.
    pub name: String,
    /// Where it pulls from: a URL, or the object that a chart comes from.
    pub url: String,
}

/// One Flux source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceReport {
    /// `OCIRepository`, `HelmChart` and so on.
    pub kind: String,
    /// `namespace/name`.
    pub name: String,
    /// Name of its environment in `sealwright.yaml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Name of its artifact in `sealwright.yaml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// `spec.url`.
    pub url: String,
    /// What it follows: `tag latest`, `semver >=1.0.0`, `digest sha256:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// Answer for this source.
    pub verdict: Verdict,
    /// Its verify block; absent when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<VerifyReport>,
    /// Who owns `spec.verify`, by the API server's record of managed fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// `tag@digest` that the controller has fetched and serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What the controller will say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted: Option<PredictionReport>,
    /// What the controller says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<ObservationReport>,
    /// What our judge says of the digest that runs (or, with no cluster, that it would fetch).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<ArtifactReport>,
    /// Complaints.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// A verify block as declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyReport {
    /// `cosign` or `notation`.
    pub provider: String,
    /// Accepted identities, as patterns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<IdentityPatternReport>,
    /// Name of the Secret with public keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Name of the Secret with a trusted root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_root_secret: Option<String>,
}

/// One entry of `matchOIDCIdentity`: Go regular expressions, not anchored unless they say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityPatternReport {
    /// Pattern over the issuer.
    pub issuer: String,
    /// Pattern over the certificate's name.
    pub subject_pattern: String,
}

/// What source-controller will say about a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PredictionReport {
    /// Such as `source-controller 1.9.6`, with the Flux versions it came in.
    pub controller: String,
    /// Everything that may come of it, the likeliest first. More than one when the controller's own
    /// order is not fixed; none when it could not be found out (`undecided` says why).
    pub outcomes: Vec<OutcomeReport>,
    /// Why nothing can be predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<String>,
    /// The rules that led there, in order.
    pub because: Vec<RuleReport>,
}

/// One thing that may come of a reconciliation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutcomeReport {
    /// Status of `Ready`: `True`, `False`, or absent when the controller does nothing (suspended).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,
    /// What the controller does next: `waits` (for the interval), `retries`, `stalls`, `nothing`.
    pub then: String,
    /// `tag@digest` that it will serve, when it fetched it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Conditions that it will set.
    pub conditions: Vec<ConditionReport>,
    /// Errors of the single signatures, which the controller joins in no fixed order into the
    /// message. With these, `message` of a condition holds `{errors}` in their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// A condition, as `kubectl` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionReport {
    /// Such as `Ready`, `SourceVerified`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Such as `VerificationError`.
    pub reason: String,
    /// The controller's words.
    pub message: String,
    /// Generation of the object that it is about, when observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// A rule of the controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleReport {
    /// Its name in `docs/concepts/flux.md`, which is the anchor there: `two-identities`.
    pub rule: String,
    /// The rule, in one sentence.
    pub says: String,
}

/// What a controller has said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObservationReport {
    /// `metadata.generation`.
    pub generation: i64,
    /// `status.observedGeneration`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// All conditions.
    pub conditions: Vec<ConditionReport>,
}
