//! Bundles: what is the matter with one, and with several.

use crate::oracle::evidence::{Layout, Run, Statement, bundle, signature};
use crate::oracle::situation::{Situation, situation};

use super::{by_cd, keyless};

const SLSA: &str = "https://slsa.dev/provenance/v1";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";

pub(super) fn situations() -> Vec<Situation> {
    [beside_legacy(), statements(), several(), layouts()]
        .concat()
        .into_iter()
        .map(|situation| situation.verify(by_cd()))
        .chain(without_entries())
        .collect()
}

fn beside_legacy() -> Vec<Situation> {
    let bad = || bundle().matter("tampered-payload");
    vec![
        situation("nothing-signed", "neither a bundle nor a signature"),
        situation("bundle-alone", "a bundle is enough").with(bundle()),
        situation("signature-alone", "a signature of the older form is enough").with(signature()),
        situation("bundle-and-signature", "both, both good").with(bundle()).with(signature()),
        situation("bad-bundle-and-signature", "a bundle that is found rules the signature out")
            .with(bad())
            .with(signature()),
        situation("bundle-and-bad-signature", "a bundle that is found rules the signature out")
            .with(bundle())
            .with(signature().matter("tampered-payload")),
        situation("stranger-bundle-and-signature", "also a bundle of somebody else")
            .with(bundle().run(Run::Evil))
            .with(signature()),
        situation("both-bad", "neither is good")
            .with(bad())
            .with(signature().matter("tampered-payload")),
    ]
}

fn statements() -> Vec<Situation> {
    let says = |name: &str, because: &str, statement| {
        situation(name, because).with(bundle().says(statement))
    };
    vec![
        says("provenance-alone", "any attestation counts", Statement::Attests(SLSA)),
        says("sbom-alone", "any attestation counts", Statement::Attests(CYCLONEDX)),
        says("empty-predicate-type", "whatever it attests", Statement::Attests("")),
        says("other-digest", "a statement about another artifact", Statement::Other),
        says("among-others", "one subject among several is enough", Statement::AmongOthers),
        says(
            "sha512-only",
            "a statement without the digest that is asked for",
            Statement::Sha512Only,
        ),
        says("no-subject", "a statement about nothing", Statement::Nobody),
        says("no-statement", "the payload is no JSON", Statement::NotJson),
    ]
}

fn several() -> Vec<Situation> {
    let evil = || bundle().run(Run::Evil);
    vec![
        situation("good-beside-stranger", "one good one is enough").with(evil()).with(bundle()),
        situation("good-beside-three-bad", "one good one is enough")
            .with(bundle().matter("no-sct"))
            .with(bundle().matter("foreign-authority"))
            .with(bundle().matter("not-logged"))
            .with(bundle()),
        situation("two-strangers", "the same complaint twice").with(evil()).with(evil()),
        situation("three-bad", "three complaints, in the order in which they come")
            .with(bundle().matter("no-sct"))
            .with(bundle().matter("foreign-authority"))
            .with(evil())
            .chance("bundles are checked side by side", 4),
        situation("two-good", "two good ones").with(bundle()).with(bundle()),
        situation("provenance-and-stranger", "an attestation makes up for the signature")
            .with(bundle().says(Statement::Attests(SLSA)))
            .with(evil()),
    ]
}

fn layouts() -> Vec<Situation> {
    let laid =
        |name: &str, because: &str, layout| situation(name, because).with(bundle().layout(layout));
    vec![
        laid("bundle-bare", "neither artifact type nor annotations are read", Layout::Bare),
        laid("bundle-in-two-layers", "only referrers with one layer count", Layout::Twice),
        laid("bundle-without-layer", "only referrers with one layer count", Layout::None),
        laid("bundle-garbage", "what cannot be read is skipped", Layout::Garbage),
        situation("bundle-garbage-and-signature", "what cannot be read rules nothing out")
            .with(bundle().layout(Layout::Garbage))
            .with(signature()),
        situation("bundle-type-older", "the older name of the type has the same beginning")
            .with(bundle().media_type("application/vnd.dev.sigstore.bundle+json;version=0.3")),
        situation("bundle-type-longer", "only the beginning of the type is read")
            .with(bundle().media_type("application/vnd.dev.sigstore.bundle-of-acme")),
        situation("bundle-type-other", "another type is no bundle")
            .with(bundle().media_type("application/vnd.in-toto+json")),
        situation("bundle-type-other-and-signature", "another type rules nothing out")
            .with(bundle().media_type("application/vnd.in-toto+json"))
            .with(signature()),
    ]
}

/// Verification without identities; what it says of each path.
fn without_entries() -> Vec<Situation> {
    vec![
        situation("bundle-no-entries", "no identity, no policy").with(bundle()),
        situation("signature-no-entries", "no identity, anybody").with(signature()),
        situation("stranger-signature-no-entries", "no identity, anybody at all")
            .with(signature().run(Run::Evil)),
        situation("nothing-no-entries", "nothing is nothing"),
    ]
    .into_iter()
    .map(|situation| situation.verify(keyless(&[])))
    .collect()
}
