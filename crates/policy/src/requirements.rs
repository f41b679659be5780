//! What must hold for one artifact: the set of predicate types, and who may sign them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{Claims, ExpectedSigner, Mismatch};
use crate::san::{anchored_alternation, escape};

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

/// Which OIDC issuers stand behind the short forms of the configuration, in one trust domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuers {
    /// Issuer of the tokens of `github:` signers.
    pub github: String,
}

impl Issuers {
    /// The issuers of the public Sigstore.
    pub fn public() -> Self {
        Self { github: "https://token.actions.githubusercontent.com".to_owned() }
    }
}

impl Requirements {
    /// The signer whose identity these claims are.
    ///
    /// # Errors
    /// For every signer its name and all that differs, in the order of the policy.
    pub fn signer_for(
        &self,
        claims: &Claims,
    ) -> Result<&ExpectedSigner, Vec<(String, Vec<Mismatch>)>> {
        let mut refusals = Vec::new();
        for signer in &self.signers {
            match signer.check(claims) {
                Ok(()) => return Ok(signer),
                Err(mismatches) => refusals.push((signer.name.clone(), mismatches)),
            }
        }
        Err(refusals)
    }

    /// The one subject matcher for Flux's `matchOIDCIdentity` and for
    /// `cosign --certificate-identity-regexp`: all signers in one anchored, escaped alternation.
    ///
    /// Several matchers would stop every artifact: the bundle verifier accepts one entry only.
    pub fn subject_pattern(&self) -> String {
        let mut pieces: Vec<String> =
            self.signers.iter().map(|signer| signer.san.regex_unanchored()).collect();
        remove_repeats(&mut pieces);
        anchored_alternation(pieces.into_iter())
    }

    /// The issuer matcher beside [`Requirements::subject_pattern`].
    ///
    /// With several issuers the pair is wider than the policy: it does not say which issuer may
    /// certify which name. Our own judge does.
    pub fn issuer_pattern(&self) -> String {
        let mut pieces: Vec<String> =
            self.signers.iter().map(|signer| escape(&signer.issuer)).collect();
        remove_repeats(&mut pieces);
        anchored_alternation(pieces.into_iter())
    }
}

/// Removes later repetitions, keeping the order.
fn remove_repeats(pieces: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    pieces.retain(|piece| seen.insert(piece.clone()));
}
