//! Looking as a stranger: no credentials, no connection and no trusted root from before.

use sealwright_evidence::{Evidence, Judgement, judge as judge_evidence};
use sealwright_keyless::{Trust, TrustSource, load_trust};
use sealwright_policy::report::TrustNote;
use sealwright_policy::{Code, Finding, Place, Verdict};
use sealwright_registry::{Client, Expected, GatherOptions, Lookup, Target};

use super::artifact::Artifact;
use super::foreseen::{self, Foreseen};
use super::stopped::Stopped;
use super::world::World;

/// What a stranger came to.
#[derive(Debug, Clone)]
pub(super) struct Looked {
    pub(super) judgement: Judgement,
    pub(super) trust: TrustNote,
    /// What the Flux of the environments will say; only where it was asked.
    pub(super) foreseen: Vec<Foreseen>,
    /// What the next one who looks may expect.
    pub(super) found: Expected,
}

/// The artifact behind the reference, with the publisher's credentials.
pub(super) async fn artifact(world: &World, target: &Target) -> Result<Artifact, Stopped> {
    let reference = world.repository.at(target.clone());
    let found = world.writer.manifest(&world.repository, target).await;
    match found.map_err(|error| Stopped::unread(&reference.to_string(), &error))? {
        Lookup::Found(manifest) => {
            Artifact::read(manifest).map_err(|stopped| stopped.at(&reference))
        }
        Lookup::Absent => Err(absent(&reference.to_string())),
    }
}

/// Gathers and judges everything there is for the artifact, as a stranger.
///
/// # Errors
/// Only when this machine is at fault, or the artifact itself is not to be had.
pub(super) async fn judge(
    world: &World,
    artifact: &Artifact,
    expected: &Expected,
) -> Result<Looked, Stopped> {
    let stranger = stranger(world)?;
    let looked = judge_with(world, &stranger, artifact, expected).await;
    world.count(&stranger);
    looked.map(|(looked, ..)| looked)
}

/// The same, and when it is verified, what the Flux of every environment will say.
pub(super) async fn judge_and_foresee(
    world: &World,
    artifact: &Artifact,
    expected: &Expected,
) -> Result<Looked, Stopped> {
    let stranger = stranger(world)?;
    let looked = foresee_with(world, &stranger, artifact, expected).await;
    world.count(&stranger);
    looked
}

async fn foresee_with(
    world: &World,
    stranger: &Client,
    artifact: &Artifact,
    expected: &Expected,
) -> Result<Looked, Stopped> {
    let ahead = foreseen::look_ahead(world, stranger, artifact);
    let judged = judge_with(world, stranger, artifact, expected);
    let (judged, seen) = futures::future::join(judged, ahead).await;
    let (mut looked, evidence, trust) = judged?;
    if looked.judgement.verdict == Verdict::Verified {
        let foresee = foreseen::foresee(world, stranger, artifact, &evidence, &trust, seen);
        looked.foreseen = foresee.await?;
    }
    Ok(looked)
}

async fn judge_with(
    world: &World,
    stranger: &Client,
    artifact: &Artifact,
    expected: &Expected,
) -> Result<(Looked, Evidence, Trust), Stopped> {
    let now = jiff::Timestamp::now();
    let trust = uncached(&world.trust);
    let evidence = gather(world, stranger, artifact, expected);
    let (root, evidence) = futures::future::join(load_trust(&trust, now), evidence).await;
    let root =
        root.map_err(|error| Stopped::from(Finding::new(error.code(), error.to_string())))?;
    let evidence = evidence?;
    let judgement = judge_evidence(&evidence, &root.root, &world.requirements, now);
    let (trust, found) = (root.note.clone(), Expected::again(&evidence));
    let looked = Looked { judgement, trust, foreseen: vec![], found };
    Ok((looked, evidence, root))
}

async fn gather(
    world: &World,
    stranger: &Client,
    artifact: &Artifact,
    expected: &Expected,
) -> Result<Evidence, Stopped> {
    let target = Target::Digest(artifact.digest);
    let reference = world.repository.at(target.clone()).to_string();
    // All at once, since referrers are asked for by digest. What is judged is the manifest that the
    // stranger was given.
    let known = artifact.manifest.clone();
    let (found, gathered) = futures::future::join(
        stranger.manifest(&world.repository, &target),
        stranger.gather_expected(&world.repository, known, GatherOptions::default(), expected),
    )
    .await;
    let found = found.map_err(|error| Stopped::unread(&reference, &error))?;
    let Lookup::Found(manifest) = found else { return Err(absent(&reference)) };
    let evidence = gathered
        .map_err(|error| Stopped::unread(&format!("the evidence for {reference}"), &error))?;
    Ok(Evidence { artifact: manifest, ..evidence })
}

/// A client that knows nothing yet.
pub(super) fn stranger(world: &World) -> Result<Client, Stopped> {
    Client::new(world.stranger.clone()).map_err(|error| Stopped::from(error.finding()))
}

/// A stranger has fetched nothing before.
fn uncached(trust: &TrustSource) -> TrustSource {
    match trust {
        TrustSource::Public { offline, .. } => {
            TrustSource::Public { cache: None, offline: *offline }
        }
        other => other.clone(),
    }
}

fn absent(reference: &str) -> Stopped {
    let message = "there is no such artifact in the registry";
    let finding = Finding::new(Code::PublicationArtifactAbsent, message);
    Stopped::from(finding.with_place(Place::object(reference)))
}
