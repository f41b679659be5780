//! confirm: another stranger follows the final tags and judges what they lead to.
//!
//! It writes nothing. When it fails, the tags name what has been proven a moment ago, or somebody
//! else has moved them.

use sealwright_evidence::Digest;
use sealwright_policy::{Code, Finding, Place, Verdict};
use sealwright_registry::{Client, Expected, Lookup, Target};

use super::artifact::Artifact;
use super::look::{self, Looked};
use super::promoted::Promoted;
use super::stopped::Stopped;
use super::talk::Step;
use super::world::World;

/// What strangers see.
pub(super) struct Confirmed {
    pub(super) artifact: Artifact,
    pub(super) looked: Looked,
    pub(super) previous: Vec<(String, Option<Digest>)>,
    _made_by_confirm: (),
}

pub(super) async fn confirm(world: &World, promoted: Promoted) -> Result<Confirmed, Stopped> {
    world.begin(Step::Confirm, "following the final tags as a stranger");
    let Promoted { artifact, looked: proven, previous, .. } = promoted;
    let follow = follow_all(world, &artifact);
    let judge = look::judge(world, &artifact, &proven.found);
    let (followed, looked) = futures::future::join(follow, judge).await;
    followed?;
    // What was foreseen is about the same digest.
    let looked = Looked { foreseen: proven.foreseen, ..looked? };
    if looked.judgement.verdict != Verdict::Verified {
        let message =
            format!("a stranger judges it {} after the tags moved", looked.judgement.verdict);
        let headline = unconfirmed(world, &artifact, message);
        return Err(Stopped::because(headline, looked.judgement.findings));
    }
    world.done(Step::Confirm, leads(world, &artifact));
    Ok(Confirmed { artifact, looked, previous, _made_by_confirm: () })
}

/// Nothing moved, and a stranger has judged the artifact a moment ago: what is left is to follow
/// the tags.
pub(super) async fn unchanged(world: &World, promoted: Promoted) -> Result<Confirmed, Stopped> {
    world.begin(Step::Confirm, "following the final tags as a stranger");
    let Promoted { artifact, looked, previous, .. } = promoted;
    follow_all(world, &artifact).await?;
    world.done(
        Step::Confirm,
        format!(
            "unchanged: {}; nothing was published, nothing was signed",
            leads(world, &artifact)
        ),
    );
    Ok(Confirmed { artifact, looked, previous, _made_by_confirm: () })
}

fn leads(world: &World, artifact: &Artifact) -> String {
    format!("{} -> {}", world.tags.join(", "), artifact.digest)
}

/// One bundle, by its bytes: it must hold by itself. What else the artifact needs is not asked.
pub(super) async fn read_back(
    world: &World,
    artifact: Artifact,
    bundle: &[u8],
    expected: &Expected,
) -> Result<Confirmed, Stopped> {
    world.begin(Step::Confirm, "reading it back as a stranger");
    let looked = look::judge(world, &artifact, expected).await?;
    let digest = Digest::of(bundle).to_string();
    let piece = looked.judgement.evidence.iter().find(|piece| piece.digest == digest);
    if piece.is_none_or(|piece| piece.verdict != Verdict::Verified) {
        let message = "what was attached does not hold for a stranger".to_owned();
        let headline = unconfirmed(world, &artifact, message);
        return Err(Stopped::because(headline, looked.judgement.findings));
    }
    world.done(Step::Confirm, format!("bundle {digest} holds"));
    Ok(Confirmed { artifact, looked, previous: vec![], _made_by_confirm: () })
}

async fn follow_all(world: &World, artifact: &Artifact) -> Result<(), Stopped> {
    let stranger = look::stranger(world)?;
    let follow = world.tags.iter().map(|tag| follow(world, &stranger, tag, artifact));
    let followed = futures::future::try_join_all(follow).await;
    world.count(&stranger);
    followed.map(drop)
}

async fn follow(
    world: &World,
    stranger: &Client,
    tag: &str,
    artifact: &Artifact,
) -> Result<(), Stopped> {
    let reference = world.repository.at(Target::Tag(tag.to_owned()));
    let mut waits = world.waits.iter();
    loop {
        let found = stranger.resolve(&reference).await;
        let found = found.map_err(|error| Stopped::unread(&reference.to_string(), &error))?;
        let digest = match found {
            Lookup::Found(descriptor) => descriptor.digest,
            Lookup::Absent => "(absent)".to_owned(),
        };
        if digest == artifact.digest.to_string() {
            return Ok(());
        }
        match waits.next() {
            Some(wait) => tokio::time::sleep(*wait).await,
            None => {
                let message = format!("the tag {tag} does not lead to what was promoted");
                let finding = unconfirmed(world, artifact, message);
                return Err(finding.with_mismatch(artifact.digest.to_string(), digest).into());
            }
        }
    }
}

fn unconfirmed(world: &World, artifact: &Artifact, message: String) -> Finding {
    let place =
        Place::object(world.repository.to_string()).with_digest(artifact.digest.to_string());
    Finding::new(Code::PublicationUnconfirmed, message).with_place(place)
}
