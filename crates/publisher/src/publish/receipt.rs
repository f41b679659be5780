//! The receipt: what was published, what proves it, and what the tags named before. A serialised
//! promise to strangers.

use jiff::Timestamp;
use sealwright_evidence::artifact::{CREATED, REVISION, SOURCE};
use sealwright_policy::API_VERSION;
use sealwright_policy::report::{RequirementReport, TrustNote};
use sealwright_registry::CredentialSource;
use serde::Serialize;

use super::confirmed::Confirmed;
use super::foreseen::Foreseen;
use super::talk::Note;
use super::world::World;
use crate::source::Source;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The tags have moved.
    Published,
    /// Everything was there already; nothing was written and nothing signed.
    Unchanged,
    /// A statement was signed and attached; no tag moved.
    Signed,
}

impl Outcome {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Published => "published",
            Outcome::Unchanged => "unchanged",
            Outcome::Signed => "signed",
        }
    }
}

/// The receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Always [`API_VERSION`].
    pub api_version: &'static str,
    /// Always `Receipt`.
    pub kind: &'static str,
    /// Which program at which version.
    pub tool: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Name in the configuration.
    pub artifact: String,
    /// `registry/path`.
    pub repository: String,
    /// Digest of the manifest.
    pub digest: String,
    /// The final tags, all of which name it; none when no tag was meant to move.
    pub tags: Vec<String>,
    /// What they named before.
    pub previous: Vec<Tagged>,
    /// Where the contents come from, as the artifact says.
    pub source: Source,
    /// Who signed.
    pub identity: Option<Identity>,
    /// The required kinds of evidence and what satisfies each.
    pub evidence: Vec<RequirementReport>,
    /// What the Flux of the environments will say, as far as their trust is at hand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub predictions: Vec<Foreseen>,
    /// Against which trusted root it was proven.
    pub trust: TrustNote,
    /// As whom it was proven.
    pub proven_as: ProvenAs,
    /// When the receipt was written.
    pub published_at: Timestamp,
    /// What was done.
    pub steps: Vec<Note>,
    /// Requests to the registry.
    pub registry_requests: u64,
}

/// As whom the evidence was read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProvenAs {
    /// Without credentials.
    Stranger,
    /// With credentials, because `--stranger-credentials ambient` said so: a weakening.
    ReaderWithCredentials,
}

/// A tag and what it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tagged {
    /// The tag.
    pub tag: String,
    /// `null` when it is absent.
    pub digest: Option<String>,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Name in the configuration.
    pub signer: String,
    /// OIDC issuer.
    pub issuer: Option<String>,
    /// Subject alternative name of the certificate.
    pub san: Option<String>,
}

impl Receipt {
    pub(super) fn new(world: &World, outcome: Outcome, confirmed: Confirmed) -> Self {
        let Confirmed { artifact, looked, previous, .. } = confirmed;
        let annotation = |key: &str| artifact.annotations.get(key).cloned();
        let source = Source {
            url: annotation(SOURCE),
            revision: annotation(REVISION),
            created: annotation(CREATED).and_then(|text| text.parse().ok()),
        };
        let tags = if outcome == Outcome::Signed { vec![] } else { world.tags.clone() };
        let previous = previous.into_iter().map(|(tag, digest)| {
            let digest = digest.map(|digest| digest.to_string());
            Tagged { tag, digest }
        });
        Self {
            api_version: API_VERSION,
            kind: "Receipt",
            tool: concat!("sealwright-publisher ", env!("CARGO_PKG_VERSION")).to_owned(),
            outcome,
            artifact: world.name.clone(),
            repository: world.repository.to_string(),
            digest: artifact.digest.to_string(),
            tags,
            previous: previous.collect(),
            source,
            identity: identity(&looked.judgement),
            evidence: looked.judgement.requirements,
            predictions: looked.foreseen,
            trust: looked.trust,
            proven_as: match world.stranger.credentials {
                CredentialSource::Anonymous => ProvenAs::Stranger,
                _ => ProvenAs::ReaderWithCredentials,
            },
            published_at: Timestamp::now(),
            steps: world.notes(),
            registry_requests: world.request_count(),
        }
    }
}

/// The holder of the certificate behind the first requirement that is satisfied.
fn identity(judgement: &sealwright_evidence::Judgement) -> Option<Identity> {
    let satisfied = judgement.requirements.iter().find_map(|one| one.bundle.as_ref())?;
    let piece = judgement.evidence.iter().find(|piece| piece.digest == *satisfied)?;
    Some(Identity {
        signer: piece.signer.clone()?,
        issuer: piece.claims.issuer.clone(),
        san: piece.claims.sans.first().cloned(),
    })
}
