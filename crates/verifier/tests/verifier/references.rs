//! References that lead to nothing, or to something else than an artifact.

use sealwright_devstack::sigstore::Mint;
use sealwright_policy::{Code, Verdict};
use serde_json::json;

use crate::world::*;

#[test]
fn what_is_not_there_is_refused_and_says_what_is_missing() {
    let world = World::start();
    world.push_signed("healthy");
    let host = world.registry.address();
    let nothing = format!("sha256:{}", "0".repeat(64));
    for (reference, message) in [
        (format!("{host}/{REPOSITORY}:v1"), format!("there is no tag v1 in {host}/{REPOSITORY}")),
        (
            format!("{host}/{REPOSITORY}@{nothing}"),
            format!("there is no manifest {nothing} in {host}/{REPOSITORY}"),
        ),
        (format!("{host}/acme/proven"), format!("there is no repository {host}/acme/proven")),
    ] {
        let (report, exit) = answer(&mut world.verifier(&reference));
        assert_eq!((report.verdict, exit), (Verdict::Refused, 1), "{reference}");
        assert_eq!(codes(&report), [Code::ArtifactAbsent], "{reference}");
        assert_eq!(report.artifacts[0].findings[0].message, message);
    }
    assert_eq!(world.judge(&[]).1, 0, "what is there");
}

#[test]
fn a_missing_tag_names_those_that_are_there() {
    let world = World::start();
    world.push_signed("healthy");
    let reference = world.reference().replace(":latest", ":lastest");
    let output = world.verifier(&reference).output().unwrap();
    snapshots().bind(|| insta::assert_snapshot!(settle(&output.stdout, &world)));
}

#[test]
fn what_is_no_artifact_is_refused() {
    let world = World::start();
    let digest = world.push("healthy");
    let bundle = mint(&Mint::new(statement(&digest, SIGNATURE)));
    let referrer = world.attach(&digest, &bundle);
    let entry = descriptor(OCI_MANIFEST, &digest, 100);
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]});
    let index = world.manifest(None, OCI_INDEX, &index);
    let empty = world.manifest(None, OCI_MANIFEST, &json!({"schemaVersion": 2}));
    for (digest, code, why) in [
        (index, Code::ArtifactIsIndex, "an index"),
        (referrer, Code::ArtifactIsNotManifest, "the signature of the artifact"),
        (empty, Code::ArtifactIsNotManifest, "a manifest of nothing"),
    ] {
        let reference = format!("{}/{REPOSITORY}@{digest}", world.registry.address());
        let (report, exit) = answer(&mut world.verifier(&reference));
        assert_eq!((exit, codes(&report)), (1, vec![code]), "{why}");
        assert_eq!(report.artifacts[0].digest, Some(digest), "{why}");
    }
    assert_eq!(world.judge(&[]).1, 0, "the artifact itself");
}
