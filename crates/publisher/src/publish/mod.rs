//! The transaction: from a folder to a tag that every stranger can prove.
//!
//! The order is the safety argument: the final tag moves last, and only to what a stranger has just
//! proven. Each state is a type that only its own step can make, so no step can be left out. The
//! registry is the journal: every step looks at what is there, and running it all again resumes it.

mod admitted;
mod artifact;
mod attested;
mod confirmed;
mod foreseen;
mod look;
mod packed;
mod plan;
mod promoted;
mod proven;
mod receipt;
mod signed;
mod staged;
mod staging;
mod stopped;
mod survey;
mod talk;
mod world;

pub use admitted::{Admission, admission};
pub use artifact::{Artifact, CONTENTS};
pub use foreseen::{Environments, Foreseen};
pub use packed::Packing;
pub use plan::{Action, Plan, plan};
pub use receipt::{Identity, Outcome, ProvenAs, Receipt, Tagged};
pub use staging::{Pruned, STAGING_PREFIX, prune};
pub use stopped::Stopped;
pub use survey::{Survey, survey};
pub use talk::{Note, Silent, Step, Talk};
pub use world::{Parts, TokenSource, World};

use sealwright_evidence::Statement;
use sealwright_registry::{Expected, Target};

/// Publishes a folder under the final tags.
///
/// Contents that are published and proven already are left as they are, whatever commit they were
/// packed from now: the artifact names the commit that last changed them, and no cluster is made to
/// reconcile for nothing.
///
/// # Errors
/// Why it stopped. The final tags then name what they named before, or what has been proven.
pub async fn publish(world: &World, packing: &Packing) -> Result<Receipt, Stopped> {
    let packed = packed::pack(world, packing).await?;
    let admitted = admitted::admit(world, packed, packing).await?;
    let survey = survey::survey(world).await?;
    if let Some(proven) =
        survey::published_already(world, &survey, &admitted.packed.contents).await?
    {
        return again(world, &survey, proven).await;
    }
    let (staged, services) =
        futures::future::join(staged::stage(world, admitted), signed::services(world)).await;
    let signed = signed::sign(world, staged?, services).await?;
    let attested = attested::attest(world, signed).await?;
    let proven = proven::prove(world, attested.artifact(), attested.expected()).await?;
    let promoted = promoted::promote(world, &survey, proven).await?;
    let confirmed = confirmed::confirm(world, promoted).await?;
    Ok(Receipt::new(world, Outcome::Published, confirmed))
}

/// Nothing to sign: only tags that are missing are put.
async fn again(world: &World, survey: &Survey, proven: proven::Proven) -> Result<Receipt, Stopped> {
    let complete = survey.all_name(&proven.artifact().digest);
    let outcome = if complete { Outcome::Unchanged } else { Outcome::Published };
    let promoted = promoted::promote(world, survey, proven).await?;
    let confirmed = match complete {
        true => confirmed::unchanged(world, promoted).await?,
        false => confirmed::confirm(world, promoted).await?,
    };
    Ok(Receipt::new(world, outcome, confirmed))
}

/// Moves the final tags to an artifact that is in the registry and whose evidence is complete.
///
/// # Errors
/// Why it stopped, as with [`publish`].
pub async fn promote(world: &World, target: &Target) -> Result<Receipt, Stopped> {
    let artifact = look::artifact(world, target).await?;
    let survey = survey::survey(world).await?;
    let proven = proven::prove(world, &artifact, &Expected::default()).await?;
    let complete = survey.all_name(&artifact.digest);
    let outcome = if complete { Outcome::Unchanged } else { Outcome::Published };
    let promoted = promoted::promote(world, &survey, proven).await?;
    let confirmed = confirmed::confirm(world, promoted).await?;
    Ok(Receipt::new(world, outcome, confirmed))
}

/// Signs one statement about an artifact that something else has pushed, attaches it, and reads it
/// back as a stranger. No tag moves.
///
/// # Errors
/// Why it stopped. A crash leaves at most a referrer more, which is harmless.
pub async fn sign_existing(
    world: &World,
    target: &Target,
    statement: impl FnOnce(&Artifact, &Admission) -> Statement,
) -> Result<Receipt, Stopped> {
    let admission = admitted::admission(world).await?;
    let artifact = look::artifact(world, target).await?;
    let statement = statement(&artifact, &admission);
    let bundle = signed::sign_one(world, admission, &statement).await?;
    let expected =
        attested::attach_one(world, &artifact, &statement.predicate_type, &bundle).await?;
    let confirmed = confirmed::read_back(world, artifact, &bundle.bytes, &expected).await?;
    Ok(Receipt::new(world, Outcome::Signed, confirmed))
}
