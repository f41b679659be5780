//! What the command line weakens is spelled out in the report.

use sealwright_devstack::sigstore::{LegacyMint, LegacySituation};
use sealwright_policy::{Code, Verdict};
use serde_json::{Map, Value, json};

use crate::world::*;

/// Puts a signature as cosign made them before bundles under the `.sig` tag.
fn sign_legacy(world: &World, digest: &str, situation: LegacySituation) {
    let signature = sigstore()
        .mint_legacy(&LegacyMint {
            situation,
            ..LegacyMint::new(format!("ghcr.io/{REPOSITORY}"), digest)
        })
        .expect("it is minted");
    let annotations: Map<String, Value> = signature
        .annotations()
        .into_iter()
        .map(|(key, value)| (key.to_owned(), Value::from(value)))
        .collect();
    let layer = world.blob(&signature.payload);
    let payload = "application/vnd.dev.cosign.simplesigning.v1+json";
    let mut layer = descriptor(payload, &layer, signature.payload.len());
    layer["annotations"] = Value::Object(annotations);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", &world.blob(b"{}"), 2),
        "layers": [layer],
    });
    world.manifest(Some(&format!("{}.sig", digest.replace(':', "-"))), OCI_MANIFEST, &manifest);
}

#[test]
fn a_legacy_signature_counts_only_when_asked_for_and_is_warned_of() {
    let world = World::start();
    let digest = world.push("legacy");
    sign_legacy(&world, &digest, LegacySituation::Healthy);
    let (report, exit) = world.judge(&[]);
    assert_eq!(exit, 1, "not asked for: {:?}", codes(&report));
    let (report, exit) = world.judge(&["--accept-legacy-signature"]);
    assert_eq!((report.verdict, exit), (Verdict::Verified, 0));
    assert_eq!(codes(&report), [Code::LegacySignatureAccepted, Code::LegacySignatureAllowed]);
    sign_legacy(&world, &digest, LegacySituation::OtherDigest);
    assert_eq!(world.judge(&["--accept-legacy-signature"]).1, 1, "of another artifact");
}

#[test]
fn the_flag_is_told_even_where_it_changed_nothing() {
    let world = World::start();
    world.push_signed("healthy");
    let (report, exit) = world.judge(&["--accept-legacy-signature"]);
    assert_eq!((exit, codes(&report)), (0, vec![Code::LegacySignatureAllowed]));
    assert_eq!(codes(&world.judge(&[]).0), [], "without the flag");
}

#[test]
fn another_time_is_told_and_decides() {
    let world = World::start();
    world.push_signed("healthy");
    let (report, exit) = world.judge(&["--at", "2099-01-01T00:00:00Z"]);
    assert_eq!((exit, codes(&report)), (0, vec![Code::JudgedAtAnotherTime]), "later");
    let (report, exit) = world.judge(&["--at", "2020-01-01T00:00:00Z"]);
    assert_eq!(exit, 1, "signed in what was the future: {:?}", codes(&report));
    assert!(codes(&report).contains(&Code::JudgedAtAnotherTime));
}
