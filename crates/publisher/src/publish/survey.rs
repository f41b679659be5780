//! What the final tags name now. Reads only.

use sealwright_evidence::Digest;
use sealwright_policy::Code;
use sealwright_registry::{Expected, Lookup, Target};

use super::artifact::Artifact;
use super::look;
use super::proven::{self, Proven};
use super::stopped::Stopped;
use super::talk::Step;
use super::world::World;
use crate::contents::Packed;

/// The final tags, each with what it named when the transaction looked.
#[derive(Debug, Clone)]
pub struct Survey {
    pub(super) tags: Vec<Seen>,
}

#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) tag: String,
    /// `None` when there was no such tag.
    pub(super) digest: Option<Digest>,
    /// What it named, if that is an artifact at all.
    pub(super) artifact: Option<Artifact>,
}

impl Survey {
    /// Whether every final tag names this digest.
    pub(crate) fn all_name(&self, digest: &Digest) -> bool {
        self.tags.iter().all(|seen| seen.digest.as_ref() == Some(digest))
    }

    /// The tags with their digests.
    pub fn digests(&self) -> impl Iterator<Item = (&str, Option<Digest>)> {
        self.tags.iter().map(|seen| (seen.tag.as_str(), seen.digest))
    }

    /// What the tags name, when they agree: tags that are absent do not disagree.
    pub(super) fn agreed(&self) -> Option<&Artifact> {
        let mut named = self.tags.iter().filter(|seen| seen.digest.is_some());
        let first = named.next()?.artifact.as_ref()?;
        named.all(|seen| seen.digest == Some(first.digest)).then_some(first)
    }
}

/// Looks at the final tags, with the publisher's credentials.
///
/// # Errors
/// One of them cannot be read: going on could move it backwards.
pub async fn survey(world: &World) -> Result<Survey, Stopped> {
    world.begin(Step::Look, "looking at the final tags");
    let looks = world.tags.iter().map(|tag| see(world, tag));
    let tags = futures::future::try_join_all(looks).await?;
    let named = tags.iter().map(|seen| match seen.digest {
        Some(digest) => format!("{} -> {digest}", seen.tag),
        None => format!("{} is absent", seen.tag),
    });
    world.done(Step::Look, named.collect::<Vec<_>>().join(", "));
    Ok(Survey { tags })
}

async fn see(world: &World, tag: &str) -> Result<Seen, Stopped> {
    let target = Target::Tag(tag.to_owned());
    let found = world.writer.manifest(&world.repository, &target).await;
    let found = found.map_err(|error| Stopped::unread(&format!("the tag {tag}"), &error))?;
    let Lookup::Found(manifest) = found else {
        return Ok(Seen { tag: tag.to_owned(), digest: None, artifact: None });
    };
    let digest = Digest::parse(&manifest.digest).ok();
    Ok(Seen { tag: tag.to_owned(), digest, artifact: Artifact::read(manifest).ok() })
}

/// What the tags name, if it holds these very contents and is proven as anything is: by the judge,
/// and by what the Flux of every environment will say today. If it is not, publishing goes on, and
/// will have to prove; a new artifact may be accepted where this one no longer is.
pub(super) async fn published_already(
    world: &World,
    survey: &Survey,
    packed: &Packed,
) -> Result<Option<Proven>, Stopped> {
    let Some(artifact) = survey.agreed().filter(|found| found.holds(packed)) else {
        return Ok(None);
    };
    let looked = match look::judge_and_foresee(world, artifact, &Expected::default()).await {
        Err(stopped) if stopped.is(Code::PublicationUnacceptable) => return Ok(None),
        looked => looked?,
    };
    Ok(proven::judged(world, artifact, looked).ok())
}
