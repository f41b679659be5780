//! Parts of the report that are about jobs that sign, on paper.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Place};
use crate::verdict::Verdict;

/// One job that signs, or holds what it takes to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowReport {
    /// File and job: `cd.yaml: publish`.
    pub job: String,
    /// Where the job stands.
    pub place: Place,
    /// What signs in it, such as `cosign sign`; none when nothing is known to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signs_with: Vec<SignsWith>,
    /// The names that its certificates carry, by what starts it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<JobIdentity>,
    /// The permissions that concern signing, such as `id-token: write`; `not said` where the caller
    /// or the settings of the repository decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rights: Vec<String>,
    /// Answer for this job.
    pub verdict: Verdict,
    /// Complaints.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// Something that signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignsWith {
    /// The command or action.
    pub tool: String,
    /// Whose name the signature carries.
    pub by: SignedBy,
    /// Why it is taken for something that signs.
    pub why: String,
    /// Where it stands.
    pub place: Place,
}

/// Whose name a signature carries.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SignedBy {
    /// The workflow's.
    Workflow,
    /// The workflow's, if it signs at all.
    PerhapsWorkflow,
    /// A key's: there is no name.
    Key,
    /// That of a token from elsewhere, or of another authority.
    Elsewhere,
}

/// The name in a certificate of a job, for one way of starting it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobIdentity {
    /// What starts the run, such as `push`.
    pub event: String,
    /// The jobs that call, the outermost first, as `cd.yaml: publish`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub called_by: Vec<String>,
    /// OIDC issuer.
    pub issuer: String,
    /// The name, with `*` or words in `<…>` where something is open.
    pub san: String,
    /// One such name as a certificate could have it, when the repository is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// Who accepts it: signers of the configuration, and declarations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_by: Vec<String>,
    /// Whether anybody in this repository says whom to accept; otherwise nothing is to be concluded
    /// from an empty `acceptedBy`.
    pub compared: bool,
}
