//! What must hold for one artifact: the set of predicate types, and who may sign them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::ExpectedSigner;

/// A kind of evidence, each with its own predicate type. One never stands in for another.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum EvidenceKind {
    /// That a signer vouches for the digest. What `cosign sign` makes.
    Signature,
    /// Where and how it was built: SLSA provenance v1.
    Provenance,
    /// What it pulls: CycloneDX.
    Sbom,
}

impl EvidenceKind {
    /// All kinds, in the order they are published.
    pub const ALL: [EvidenceKind; 3] =
        [EvidenceKind::Signature, EvidenceKind::Provenance, EvidenceKind::Sbom];

    /// The in-toto predicate type.
    pub fn predicate_type(self) -> &'static str {
        match self {
            EvidenceKind::Signature => "https://sigstore.dev/cosign/sign/v1",
            EvidenceKind::Provenance => "https://slsa.dev/provenance/v1",
            EvidenceKind::Sbom => "https://cyclonedx.org/bom",
        }
    }

    /// The name in the configuration and in reports.
    pub fn name(self) -> &'static str {
        match self {
            EvidenceKind::Signature => "signature",
            EvidenceKind::Provenance => "provenance",
            EvidenceKind::Sbom => "sbom",
        }
    }
}

/// All that must hold for one artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirements {
    /// Name of the artifact in the policy.
    pub artifact: String,
    /// Every kind in the set is needed; each from any of the signers.
    pub evidence: BTreeSet<EvidenceKind>,
    /// Who may sign.
    pub signers: Vec<ExpectedSigner>,
    /// Whether a legacy `.sig` signature satisfies [`EvidenceKind::Signature`] when no bundle does.
    pub accept_legacy_signature: bool,
}
