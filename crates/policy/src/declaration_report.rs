//! Parts of the report that are about a repository on paper: who may sign what, and what nobody checks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Place};
use crate::source_report::IdentityPatternReport;
use crate::verdict::Verdict;

/// One place that says who may sign, or one source that nobody guards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeclarationReport {
    /// Who reads it, such as `source-controller` or `Kyverno`.
    pub consumer: String,
    /// The object or the first words of the command, such as `OCIRepository flux-system/flux-system`.
    pub object: String,
    /// Where it stands.
    pub place: Place,
    /// What it guards: URLs or patterns of images, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<String>,
    /// Name of its artifact in `sealwright.yaml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// Who may sign, in plain words, such as `acme/platform cd.yaml on main`.
    pub who: String,
    /// The matchers as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<IdentityPatternReport>,
    /// What it comes to.
    pub state: DeclarationState,
    /// Answer for this place.
    pub verdict: Verdict,
    /// Identities that really signed what it guards, when the registry was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<String>,
    /// The matcher that would let in those who may sign and nobody else, when it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested: Option<IdentityPatternReport>,
    /// Complaints.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// What a declaration comes to, the worst first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DeclarationState {
    /// Somebody who should not can sign.
    Open,
    /// It stands where nobody reads it, or is switched off.
    Unread,
    /// What fails is told and let in.
    Warns,
    /// Nothing verifies what the source pulls.
    Unverified,
    /// Nobody, or not everybody who should, can sign: delivery stops.
    Stuck,
    /// It could not be found out.
    Undecided,
    /// A template or an encrypted value: not judged.
    NotJudged,
    /// Not verified, by an exception with a reason and an end.
    Excepted,
    /// Written with slips by which nobody comes in: the one who vouches knows no such name.
    Slips,
    /// A key decides, and no identity.
    Keyed,
    /// No slip was found; nobody said who may sign.
    NoSlip,
    /// It lets in those who may sign, and nobody else.
    Closed,
}

impl DeclarationState {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            DeclarationState::Open => "OPEN",
            DeclarationState::Unread => "NOBODY READS IT",
            DeclarationState::Warns => "ONLY WARNS",
            DeclarationState::Unverified => "not verified",
            DeclarationState::Stuck => "STOPS DELIVERY",
            DeclarationState::Undecided => "undecided",
            DeclarationState::NotJudged => "not judged",
            DeclarationState::Excepted => "excepted",
            DeclarationState::Slips => "slips, harmless",
            DeclarationState::Keyed => "by key",
            DeclarationState::NoSlip => "no slip found",
            DeclarationState::Closed => "closed",
        }
    }
}

/// How many of the sources of one kind, or of one part of the organisation, are guarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CoverageReport {
    /// `OCIRepository`, or an organisation's `oci://ghcr.io/acme/*`.
    pub scope: String,
    /// Sources found.
    pub found: usize,
    /// Of them, those with a verification that is read by its consumer.
    pub guarded: usize,
    /// Of them, those with an exception in the configuration.
    pub excepted: usize,
    /// How many there were when the baseline was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<usize>,
}
