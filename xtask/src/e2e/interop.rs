//! What one publishes the other accepts, both ways round.

use std::cell::LazyCell;

use super::cases::{Cases, again};
use super::cosign::{ATTESTATIONS, Cosign, predicate};
use super::instance::Instance;
use super::ours::Ours;
use super::world::{CD, World};
use crate::failure::{Failure, Outcome};

/// Our publication under cosign's eyes, then cosign's under ours.
pub(super) fn run(cases: &mut Cases, world: &World, instance: &Instance) {
    let cosign = Cosign { world, instance };
    let name = instance.name;
    let case = |what: &str| format!("{name}: {what}");

    // Made when the first case that is wanted asks for it.
    let published = LazyCell::new(|| Published::make(world, instance));
    let reference = || published.as_ref().map(|it| it.reference.as_str()).map_err(again);
    cases.run(&case("our publisher publishes, our verifier accepts"), name, || {
        let published = published.as_ref().map_err(again)?;
        published.ours.insist_verified(&published.reference)
    });
    cases.run(&case("cosign verify accepts what we published"), "cosign", || {
        cosign.verify(reference()?)
    });
    cases.run(&case("cosign verify refuses another identity for it"), "cosign", || {
        cosign.refuses_another(reference()?)
    });
    for kind in ATTESTATIONS {
        let what = format!("cosign verify-attestation accepts our {kind}");
        cases.run(&case(&what), "cosign", || cosign.verify_attestation(reference()?, kind));
    }
    cases.run(&case("our verifier accepts what cosign signed and attested"), "cosign", || {
        let ours = Ours::new(world, instance, &world.stack.endpoints().registry, "by-cosign")?;
        let reference = push_unsigned(world, &ours)?;
        cosign.sign(&reference, CD)?;
        for kind in ATTESTATIONS {
            cosign.attest(&reference, kind, &predicate(world, kind)?)?;
        }
        ours.insist_verified(&reference)
    });
}

/// What the first cases share.
struct Published<'a> {
    ours: Ours<'a>,
    reference: String,
}

impl<'a> Published<'a> {
    fn make(world: &'a World, instance: &Instance) -> Outcome<Published<'a>> {
        let ours = Ours::new(world, instance, &world.stack.endpoints().registry, "by-us")?;
        let reference = ours.at(&ours.publish()?.digest);
        Ok(Published { ours, reference })
    }
}

/// Pushes the example's contents with the library that `flux push artifact` uses; gives
/// `repository@digest`.
pub(super) fn push_unsigned(world: &World, ours: &Ours<'_>) -> Outcome<String> {
    let target = format!("{}:latest", ours.repository());
    let contents = world.contents.as_str();
    let said = world.tools.peer("fluxoci")?.args(["push", &target, contents]).run_ok()?;
    let said = String::from_utf8_lossy(&said);
    match said.trim().rsplit_once('@') {
        Some((_, digest)) => Ok(ours.at(digest)),
        None => Err(Failure::new(format!("fluxoci push named no digest: {said}"))),
    }
}
