//! attest: the signed statements become referrers of the artifact, side by side.
//!
//! A crash leaves some of them attached; each is evidence by itself and harmless. Run again, the
//! transaction finds them and makes only what is missing.

use futures::future::try_join_all;
use sealwright_keyless::SignedBundle;
use sealwright_registry::{Attached, Expected, ListedBy};

use super::artifact::Artifact;
use super::signed::Signed;
use super::stopped::Stopped;
use super::talk::Step;
use super::world::World;

/// An artifact whose evidence the registry has taken, and nobody has read back yet.
pub(super) struct Attested {
    artifact: Artifact,
    expected: Expected,
}

impl Attested {
    pub(super) fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// What a stranger will find listed.
    pub(super) fn expected(&self) -> &Expected {
        &self.expected
    }
}

pub(super) async fn attest(world: &World, signed: Signed) -> Result<Attested, Stopped> {
    let Signed { artifact, bundles, .. } = signed;
    if bundles.is_empty() {
        return Ok(Attested { artifact, expected: Expected::default() });
    }
    world.begin(Step::Attest, "attaching the evidence");
    let attaching = bundles
        .iter()
        .map(|(kind, bundle)| attach(world, &artifact, kind.predicate_type(), bundle));
    let attached = try_join_all(attaching).await?;
    let kinds: Vec<&str> = bundles.iter().map(|(kind, _)| kind.name()).collect();
    world.done(Step::Attest, format!("{}, {}", kinds.join(", "), by(&attached)));
    Ok(Attested { artifact, expected: Expected::attached(&attached) })
}

/// One bundle for something that is in the registry already.
pub(super) async fn attach_one(
    world: &World,
    artifact: &Artifact,
    predicate_type: &str,
    bundle: &SignedBundle,
) -> Result<Expected, Stopped> {
    world.begin(Step::Attest, "attaching the evidence");
    let attached = [attach(world, artifact, predicate_type, bundle).await?];
    world.done(Step::Attest, format!("{predicate_type}, {}", by(&attached)));
    Ok(Expected::attached(&attached))
}

async fn attach(
    world: &World,
    artifact: &Artifact,
    predicate_type: &str,
    bundle: &SignedBundle,
) -> Result<Attached, Stopped> {
    let (descriptor, now) = (artifact.descriptor(), jiff::Timestamp::now());
    let attached = world
        .writer
        .attach(&world.repository, &descriptor, &bundle.bytes, predicate_type, now)
        .await;
    attached.map_err(|error| Stopped::unwritten(&format!("the {predicate_type}"), &error))
}

fn by(attached: &[Attached]) -> &'static str {
    if attached.iter().any(|one| one.listed_by == ListedBy::FallbackTag) {
        "listed by the fallback tag"
    } else {
        "listed by the registry"
    }
}
