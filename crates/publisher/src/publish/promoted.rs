//! promote: the same bytes under the final tags, one after the other.
//!
//! A crash leaves each tag either as it was or at the artifact that has been proven; never anything
//! else, since a tag is put in one request.

use sealwright_evidence::Digest;
use sealwright_policy::{Code, Finding, Place};
use sealwright_registry::{Lookup, Target};

use super::artifact::Artifact;
use super::look::Looked;
use super::proven::Proven;
use super::stopped::Stopped;
use super::survey::{Seen, Survey};
use super::talk::Step;
use super::world::World;
use crate::source::git;

/// A proven artifact that the final tags name.
pub(super) struct Promoted {
    pub(super) artifact: Artifact,
    pub(super) looked: Looked,
    /// What the tags named before.
    pub(super) previous: Vec<(String, Option<Digest>)>,
    _made_by_promote: (),
}

pub(super) async fn promote(
    world: &World,
    survey: &Survey,
    proven: Proven,
) -> Result<Promoted, Stopped> {
    let (artifact, looked) = proven.into_parts();
    let moving = || survey.tags.iter().filter(|seen| seen.digest != Some(artifact.digest));
    if moving().next().is_some() {
        world.begin(Step::Promote, "moving the final tags");
    }
    // All checks of direction come before any tag moves.
    for seen in moving() {
        check_direction(world, seen, &artifact)?;
    }
    for seen in moving() {
        move_tag(world, seen, &artifact).await?;
    }
    let moved: Vec<&str> = moving().map(|seen| seen.tag.as_str()).collect();
    if !moved.is_empty() {
        world.done(Step::Promote, format!("{} -> {}", moved.join(", "), artifact.digest));
    }
    let previous = survey.tags.iter().map(|seen| (seen.tag.clone(), seen.digest)).collect();
    Ok(Promoted { artifact, looked, previous, _made_by_promote: () })
}

/// Compares the old digest first, to narrow the moment in which two publications could overwrite
/// each other; registries offer no way to close it.
async fn move_tag(world: &World, seen: &Seen, artifact: &Artifact) -> Result<(), Stopped> {
    let now = named(world, &seen.tag).await?;
    if now == Some(artifact.digest) {
        return Ok(());
    }
    if now != seen.digest {
        return Err(moved_meanwhile(world, seen, now));
    }
    let (target, manifest) = (Target::Tag(seen.tag.clone()), &artifact.manifest);
    let bytes = manifest.bytes.clone();
    let pushed =
        world.writer.push_manifest(&world.repository, &target, &manifest.media_type, bytes).await;
    let Err(error) = pushed else { return Ok(()) };
    // The answer says no, but it may have happened; the tag itself knows.
    match named(world, &seen.tag).await {
        Ok(Some(digest)) if digest == artifact.digest => Ok(()),
        _ => Err(Stopped::unwritten(&format!("the tag {}", seen.tag), &error)),
    }
}

async fn named(world: &World, tag: &str) -> Result<Option<Digest>, Stopped> {
    let reference = world.repository.at(Target::Tag(tag.to_owned()));
    let found = world.writer.resolve(&reference).await;
    match found.map_err(|error| Stopped::unread(&format!("the tag {tag}"), &error))? {
        Lookup::Absent => Ok(None),
        Lookup::Found(descriptor) => Ok(Digest::parse(&descriptor.digest).ok()),
    }
}

fn moved_meanwhile(world: &World, seen: &Seen, now: Option<Digest>) -> Stopped {
    let text = |digest: Option<Digest>| digest.map_or("(absent)".to_owned(), |d| d.to_string());
    let message = format!("somebody else moved the tag {} meanwhile", seen.tag);
    let place = Place::object(format!("{}:{}", world.repository, seen.tag));
    let finding = Finding::new(Code::TagMovedMeanwhile, message).with_place(place);
    finding.with_mismatch(text(seen.digest), text(now)).into()
}

/// An old run that finishes late must not roll the cluster back. Ancestry decides where the
/// checkout knows it, else the times of the commits; where neither is known, nobody can say.
fn check_direction(world: &World, seen: &Seen, artifact: &Artifact) -> Result<(), Stopped> {
    let Some(current) = &seen.artifact else { return Ok(()) };
    if world.allow_rollback || !is_older(world, artifact, current) {
        return Ok(());
    }
    let message = format!("the tag {} would move backwards", seen.tag);
    let place = Place::object(format!("{}:{}", world.repository, seen.tag));
    let finding = Finding::new(Code::PromotionBackwards, message).with_place(place);
    Err(finding.with_mismatch(describe(current) + " or newer", describe(artifact)).into())
}

fn is_older(world: &World, artifact: &Artifact, current: &Artifact) -> bool {
    let commits = artifact.commit().zip(current.commit());
    let ancestor = commits.filter(|(ours, theirs)| ours != theirs).and_then(|(ours, theirs)| {
        match git::is_ancestor(&world.checkout, ours, theirs)? {
            true => Some(true),
            // Not an ancestor may mean newer, or of another branch: only the former is an answer.
            false => git::is_ancestor(&world.checkout, theirs, ours)?.then_some(false),
        }
    });
    ancestor.unwrap_or_else(|| {
        let times = artifact.created().zip(current.created());
        times.is_some_and(|(ours, theirs)| ours < theirs)
    })
}

fn describe(artifact: &Artifact) -> String {
    let time = artifact.created().map(|created| created.to_string());
    let commit = artifact.commit().map(|commit| format!("commit {commit}"));
    let known: Vec<String> = commit.into_iter().chain(time).collect();
    if known.is_empty() { artifact.digest.to_string() } else { known.join(" of ") }
}
