//! plan: what `publish` would do. Reads only: the folder, the token if there is one, the registry.

use sealwright_policy::{API_VERSION, Code};
use serde::Serialize;

use super::admitted::admission;
use super::artifact::Artifact;
use super::packed::{self, Packing};
use super::receipt::{Identity, Tagged};
use super::stopped::Stopped;
use super::survey::{self, Survey, survey};
use super::world::World;
use crate::source::Source;

/// What would happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Everything is published and proven.
    Nothing,
    /// The artifact is published and proven; some tags are missing.
    Promote,
    /// It would be staged, signed, proven and promoted.
    Publish,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Always [`API_VERSION`].
    pub api_version: &'static str,
    /// Always `Plan`.
    pub kind: &'static str,
    /// What would happen.
    pub action: Action,
    /// Name in the configuration.
    pub artifact: String,
    /// `registry/path`.
    pub repository: String,
    /// Digest that the tags would name; absent when it depends on a token that is not here.
    pub digest: Option<String>,
    /// Digest of the packed contents before compression.
    pub contents: String,
    /// Files in them.
    pub files: usize,
    /// Things that the manifests pull.
    pub pulls: usize,
    /// The final tags and what they name now.
    pub tags: Vec<Tagged>,
    /// Where the contents come from. Without a token, only what flags say.
    pub source: Source,
    /// Who would sign; absent when there is no token here, so that it is not known.
    pub identity: Option<Identity>,
    /// The kinds of evidence that would be made.
    pub evidence: Vec<&'static str>,
}

/// Says what [`super::publish`] would do.
///
/// # Errors
/// What `publish` would refuse: contents, identity, a registry that cannot be read. A missing token
/// is no refusal here: a pull request has none.
pub async fn plan(world: &World, packing: &Packing) -> Result<Plan, Stopped> {
    let packed = packed::pack(world, packing).await?;
    let admission = match admission(world).await {
        Ok(admission) => Some(admission),
        Err(stopped) if stopped.is(Code::TokenMissing) => {
            stopped.findings.iter().for_each(|finding| world.remark(&finding.clone().as_note()));
            None
        }
        Err(stopped) => return Err(stopped),
    };
    let claims = admission.as_ref().map(|admission| admission.token.claims());
    let source = Source::find(&packing.source, claims, &packing.contents);
    let survey = survey(world).await?;
    let proven = survey::published_already(world, &survey, &packed.contents).await?;
    let (action, digest) = match &proven {
        Some(proven) if survey.all_name(&proven.artifact().digest) => {
            (Action::Nothing, Some(proven.artifact().digest))
        }
        Some(proven) => (Action::Promote, Some(proven.artifact().digest)),
        None if admission.is_none() => (Action::Publish, None),
        None => (Action::Publish, Some(Artifact::build(&packed.contents, &source)?.digest)),
    };
    let kinds = world.requirements.evidence.iter().map(|kind| kind.name());
    Ok(Plan {
        api_version: API_VERSION,
        kind: "Plan",
        action,
        artifact: world.name.clone(),
        repository: world.repository.to_string(),
        digest: digest.map(|digest| digest.to_string()),
        contents: packed.contents.tarball.to_string(),
        files: packed.contents.files_count,
        pulls: packed.inventory.pulled().len(),
        tags: tagged(&survey),
        source,
        identity: admission.map(|admission| Identity {
            signer: admission.signer,
            issuer: admission.claims.issuer,
            san: admission.claims.sans.first().cloned(),
        }),
        evidence: if action == Action::Publish { kinds.collect() } else { vec![] },
    })
}

fn tagged(survey: &Survey) -> Vec<Tagged> {
    let tags = survey.digests().map(|(tag, digest)| Tagged {
        tag: tag.to_owned(),
        digest: digest.map(|digest| digest.to_string()),
    });
    tags.collect()
}
