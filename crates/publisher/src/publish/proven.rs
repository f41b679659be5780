//! prove: a stranger reads everything back and judges it.
//!
//! It writes nothing, so a crash leaves what was there. `Proven` is never read from a disk: resuming
//! means proving again.

use sealwright_policy::{Code, Finding, Place, Verdict};
use sealwright_registry::Expected;

use super::artifact::Artifact;
use super::look::{self, Looked};
use super::stopped::Stopped;
use super::talk::Step;
use super::world::World;

/// An artifact that a stranger has just verified.
pub(super) struct Proven {
    artifact: Artifact,
    looked: Looked,
}

impl Proven {
    pub(super) fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    pub(super) fn into_parts(self) -> (Artifact, Looked) {
        (self.artifact, self.looked)
    }
}

pub(super) async fn prove(
    world: &World,
    artifact: &Artifact,
    expected: &Expected,
) -> Result<Proven, Stopped> {
    world.begin(Step::Prove, "reading everything back as a stranger");
    let mut waits = world.waits.iter();
    loop {
        let stopped = match look::judge_and_foresee(world, artifact, expected).await {
            Ok(looked) => match judged(world, artifact, looked) {
                Ok(proven) => return Ok(proven),
                Err(looked) => unproven(world, artifact, *looked),
            },
            Err(stopped) => stopped,
        };
        match waits.next() {
            Some(wait) => tokio::time::sleep(*wait).await,
            None => return Err(stopped),
        }
    }
}

/// The proof, when the judge says `Verified`; else what was looked at.
pub(super) fn judged(
    world: &World,
    artifact: &Artifact,
    looked: Looked,
) -> Result<Proven, Box<Looked>> {
    let judgement = &looked.judgement;
    if judgement.verdict != Verdict::Verified {
        return Err(Box::new(looked));
    }
    let signers = judgement
        .requirements
        .iter()
        .map(|one| format!("{} by {}", one.evidence, one.signer.as_deref().unwrap_or("nobody")));
    let signers: Vec<String> = signers.collect();
    let ready = looked.foreseen.iter().map(|one| format!("Ready in {}", one.environment));
    let facts: Vec<String> = signers.into_iter().chain(ready).collect();
    world.done(Step::Prove, format!("{}: {}", judgement.verdict, facts.join(", ")));
    Ok(Proven { artifact: artifact.clone(), looked })
}

fn unproven(world: &World, artifact: &Artifact, looked: Looked) -> Stopped {
    let (code, message) = match looked.judgement.verdict {
        Verdict::Unknown => (
            Code::PublicationStateUnknown,
            "a stranger cannot tell whether the evidence is complete; the tag has not moved",
        ),
        _ => (
            Code::PublicationUnproven,
            "the evidence does not prove the artifact; the tag has not moved",
        ),
    };
    let place =
        Place::object(world.repository.to_string()).with_digest(artifact.digest.to_string());
    Stopped::because(Finding::new(code, message).with_place(place), looked.judgement.findings)
}
