//! stage: blobs and manifest into the registry, under a tag that nobody follows.
//!
//! A crash leaves blobs that the registry collects, or the manifest under a staging tag, which
//! `prune-staging` removes. Run again, it finds the manifest by its digest and puts nothing twice.

use bytes::Bytes;
use sealwright_evidence::Digest;
use sealwright_policy::{EvidenceKind, Verdict};
use sealwright_registry::{BlobSource, Expected, Lookup, Target};

use super::admitted::{Admission, Admitted};
use super::artifact::{Artifact, CONFIG_BYTES};
use super::packed::Packed;
use super::stopped::Stopped;
use super::talk::Step;
use super::world::World;
use super::{look, staging};
use crate::source::Source;

/// An artifact that is in the registry, and the kinds of evidence that it still lacks.
pub(super) struct Staged {
    pub(super) artifact: Artifact,
    pub(super) missing: Vec<EvidenceKind>,
    pub(super) packed: Packed,
    pub(super) admission: Admission,
    pub(super) source: Source,
    _made_by_stage: (),
}

pub(super) async fn stage(world: &World, admitted: Admitted) -> Result<Staged, Stopped> {
    world.begin(Step::Stage, "pushing the artifact under a staging tag");
    let Admitted { packed, admission, source, artifact, .. } = admitted;
    let target = Target::Digest(artifact.digest);
    // Both at once: where the manifest is there already, so are its blobs, and none is sent.
    let (found, blobs) = futures::future::join(
        world.writer.manifest(&world.repository, &target),
        push_blobs(world, &packed),
    )
    .await;
    let found = found.map_err(|error| Stopped::unread(&artifact.digest.to_string(), &error))?;
    blobs?;
    let missing = match found {
        Lookup::Found(_) => {
            let missing = lacking(world, &artifact).await?;
            world.done(Step::Stage, format!("{} is in the registry already", artifact.digest));
            missing
        }
        Lookup::Absent => {
            let tag = push_manifest(world, &artifact).await?;
            world.done(Step::Stage, format!("{} under {tag}", artifact.digest));
            world.requirements.evidence.iter().copied().collect()
        }
    };
    Ok(Staged { artifact, missing, packed, admission, source, _made_by_stage: () })
}

/// What an earlier, interrupted publication has not attached. What cannot be told is made again:
/// one referrer more is harmless.
async fn lacking(world: &World, artifact: &Artifact) -> Result<Vec<EvidenceKind>, Stopped> {
    let judgement = look::judge(world, artifact, &Expected::default()).await?.judgement;
    let lacking = world.requirements.evidence.iter().copied().filter(|kind| {
        let answer = judgement.requirements.iter().find(|one| one.evidence == kind.name());
        answer.is_none_or(|answer| answer.verdict != Verdict::Verified)
    });
    Ok(lacking.collect())
}

async fn push_blobs(world: &World, packed: &Packed) -> Result<(), Stopped> {
    let repository = &world.repository;
    let config = Bytes::from_static(CONFIG_BYTES);
    let (config_digest, config_size) = (Digest::of(&config), config.len() as u64);
    let layer = camino::Utf8Path::from_path(&packed.layer).ok_or_else(|| {
        Stopped::from(
            crate::contents::ContentsError::Archive {
                source: std::io::Error::other("the temporary folder's path is not UTF-8"),
            }
            .finding(),
        )
    })?;
    let layer = BlobSource::File(layer.to_owned());
    let contents = &packed.contents;
    let config =
        world.writer.push_blob(repository, &config_digest, config_size, BlobSource::Bytes(config));
    let layer = world.writer.push_blob(repository, &contents.layer, contents.layer_bytes, layer);
    let pushed = futures::future::try_join(config, layer).await;
    pushed.map(drop).map_err(|error| Stopped::unwritten("a blob", &error))
}

/// Goes last: a registry refuses a manifest whose blobs it does not have.
async fn push_manifest(world: &World, artifact: &Artifact) -> Result<String, Stopped> {
    let tag = staging::tag_for(&artifact.digest);
    let Artifact { manifest, .. } = artifact;
    let (target, bytes) = (Target::Tag(tag.clone()), manifest.bytes.clone());
    let pushed =
        world.writer.push_manifest(&world.repository, &target, &manifest.media_type, bytes).await;
    pushed.map_err(|error| Stopped::unwritten("the manifest", &error))?;
    Ok(tag)
}
