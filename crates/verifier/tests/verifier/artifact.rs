//! Verified, and what is refused beside it.

use sealwright_devstack::registry::{Kind, RegistryOptions};
use sealwright_devstack::sigstore::{
    LogVersion, Mint, Sigstore, SigstoreOptions, Situation, TokenRequest,
};
use sealwright_policy::{Code, Verdict};
use serde_json::json;

use crate::world::*;

#[test]
fn a_signed_artifact_is_verified_with_four_requests() {
    let world = World::start();
    let digest = world.push_signed("healthy");
    let output = world.verifier(&world.reference()).output().unwrap();
    snapshots().bind(|| insta::assert_snapshot!(settle(&output.stdout, &world)));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "no news is good news");
    let kinds: Vec<Kind> = world.registry.requests().iter().map(|request| request.kind).collect();
    assert_eq!(kinds, [Kind::Tag, Kind::Referrers, Kind::Manifest, Kind::Blob]);
    let (report, _) = world.judge(&[]);
    assert_eq!(report.artifacts[0].digest.as_deref(), Some(digest.as_str()));
    assert_eq!(report.artifacts[0].requirements[0].signer.as_deref(), Some("cd"));
}

#[test]
fn both_logs_and_both_ways_of_listing_are_read() {
    for log in [LogVersion::V1, LogVersion::V2] {
        for referrers_api in [true, false] {
            let world =
                World::with(RegistryOptions { referrers_api, ..RegistryOptions::default() });
            let digest = world.push("healthy");
            let bundle = mint(&Mint::new(statement(&digest, SIGNATURE)).log(log));
            let referrer = world.referrer(&digest, &bundle);
            let listed = world.manifest(None, OCI_MANIFEST, &referrer);
            if !referrers_api {
                let mut entry = descriptor(OCI_MANIFEST, &listed, referrer.to_string().len());
                entry["artifactType"] = json!(BUNDLE);
                let index =
                    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]});
                world.manifest(Some(&digest.replace(':', "-")), OCI_INDEX, &index);
            }
            let (report, code) = world.judge(&[]);
            assert_eq!((report.verdict, code), (Verdict::Verified, 0), "{log:?} {referrers_api}");
        }
    }
}

#[test]
fn what_is_wrong_with_the_only_signature_refuses_the_artifact() {
    use Situation::*;
    for (situation, code, why) in [
        (OtherIssuer, Code::IdentityMismatch, "another issuer"),
        (TwoSans, Code::IdentityAbsent, "a second name beside the expected one"),
        (TamperedPayload, Code::SignatureInvalid, "changed after signing"),
        (NotLogged, Code::LogEntryInvalid, "not logged"),
        (ForeignLog, Code::LogForeign, "logged by nobody known"),
        (ForeignAuthority, Code::CertificateInvalid, "certified by nobody known"),
        (SignedAfterExpiry, Code::CertificateInvalid, "signed too late"),
        (NoTime, Code::TimeUnproven, "signed at no proven time"),
    ] {
        let world = World::start();
        let digest = world.push("neighbour");
        let healthy = Mint::new(statement(&digest, SIGNATURE));
        world.attach(&digest, &mint(&healthy.clone().situation(situation)));
        let (report, exit) = world.judge(&[]);
        assert_eq!((report.verdict, exit), (Verdict::Refused, 1), "{why}");
        assert!(codes(&report).contains(&code), "{why}: {:?}", codes(&report));
        world.attach(&digest, &mint(&healthy));
        let (report, exit) = world.judge(&[]);
        assert_eq!((report.verdict, exit), (Verdict::Verified, 0), "{why}, beside a healthy one");
    }
}

#[test]
fn only_the_expected_run_may_sign() {
    let run = TokenRequest::default;
    for (run, expected, why) in [
        (run(), Verdict::Verified, "the release"),
        (
            TokenRequest { git_ref: "refs/heads/next".into(), ..run() },
            Verdict::Refused,
            "another branch",
        ),
        (
            TokenRequest { git_ref: "refs/tags/main".into(), ..run() },
            Verdict::Refused,
            "a tag of the same name",
        ),
        (
            TokenRequest { workflow: "ci.yaml".into(), ..run() },
            Verdict::Refused,
            "another workflow",
        ),
        (
            TokenRequest { repository: "acme/platform2".into(), ..run() },
            Verdict::Refused,
            "a name that begins alike",
        ),
        (TokenRequest { repository: "evil/platform".into(), ..run() }, Verdict::Refused, "a fork"),
        (
            TokenRequest {
                repository: "evil/caller".into(),
                workflow_repository: Some("acme/platform".into()),
                workflow_ref: Some("refs/heads/main".into()),
                ..run()
            },
            Verdict::Refused,
            "our workflow, called by a stranger",
        ),
    ] {
        let world = World::start();
        let digest = world.push("identity");
        world.attach(&digest, &mint(&Mint::new(statement(&digest, SIGNATURE)).run(run)));
        let (report, _) = world.judge(&[]);
        assert_eq!(report.verdict, expected, "{why}: {:?}", codes(&report));
    }
}

#[test]
fn a_refusal_says_who_signed_and_who_should_have() {
    let world = World::start();
    let digest = world.push("identity");
    let run = TokenRequest { repository: "evil/platform".into(), ..TokenRequest::default() };
    world.attach(&digest, &mint(&Mint::new(statement(&digest, SIGNATURE)).run(run)));
    let output = world.verifier(&world.reference()).output().unwrap();
    snapshots().bind(|| insta::assert_snapshot!(settle(&output.stdout, &world)));
}

#[test]
fn evidence_of_one_thing_never_stands_for_another() {
    let world = World::start();
    let other = world.push_signed("another artifact");
    let digest = world.push("this artifact");
    let (report, _) = world.judge(&[]);
    assert_eq!(codes(&report), [Code::NothingAttached], "unsigned");

    world.attach(&digest, &mint(&Mint::new(statement(&other, SIGNATURE))));
    let (report, _) = world.judge(&[]);
    assert_eq!(report.verdict, Verdict::Refused, "a signature of another artifact, moved over");

    world.attach(&digest, &mint(&Mint::new(statement(&digest, PROVENANCE))));
    let (report, _) = world.judge(&[]);
    assert_eq!(report.verdict, Verdict::Refused, "an attestation for a signature");
    assert!(codes(&report).contains(&Code::AttestationIsNoSignature), "{:?}", codes(&report));

    world.attach(&digest, &mint(&Mint::new(statement(&digest, SIGNATURE))));
    assert_eq!(world.judge(&[]).1, 0, "with its own signature");
    let (report, exit) = world.judge(&["--artifact", "proven"]);
    assert_eq!(exit, 0, "signature and provenance: {:?}", codes(&report));
}

#[test]
fn a_part_of_the_required_set_is_not_enough() {
    let world = World::start();
    world.push_signed("half proven");
    let (report, exit) = world.judge(&["--artifact", "proven"]);
    assert_eq!(exit, 1);
    let answers: Vec<Verdict> =
        report.artifacts[0].requirements.iter().map(|requirement| requirement.verdict).collect();
    assert_eq!(answers, [Verdict::Verified, Verdict::Refused]);
}

#[test]
fn another_trusted_root_refuses_everything() {
    let world = World::start();
    world.push_signed("healthy");
    let stranger = Sigstore::start(SigstoreOptions::default()).unwrap();
    let (report, exit) = world.judge(&[]);
    assert_eq!(exit, 0, "{:?}", codes(&report));
    let reference = world.reference();
    for trust in [stranger.trust_folder().as_str(), "public-embedded"] {
        let mut command = world.command();
        command.args(["artifact", &reference, "--artifact", "manifests", "--trust", trust]);
        command.args(["--github-issuer", sigstore().issuer_url()]);
        assert_eq!(answer(&mut command).1, 1, "{trust}");
    }
}

#[test]
fn the_last_of_a_hundred_referrers_suffices() {
    let world = World::start();
    let digest = world.push("crowded");
    for number in 0..99 {
        world.attach(&digest, format!("{{\"rubbish\": {number}}}").as_bytes());
    }
    assert_eq!(world.judge(&[]).1, 1, "rubbish only");
    world.attach(&digest, &mint(&Mint::new(statement(&digest, SIGNATURE))));
    world.registry.clear_requests();
    assert_eq!(world.judge(&[]).1, 0);
    assert_eq!(world.registry.requests().len(), 2 + 100 + 100);
}

#[test]
fn evidence_under_a_digest_is_found_whatever_the_tag_does() {
    let world = World::start();
    let digest = world.push_signed("old");
    world.push("new and unsigned");
    let by_digest = format!("{}/{REPOSITORY}@{digest}", world.registry.address());
    assert_eq!(answer(&mut world.verifier(&by_digest)).1, 0, "the old one by digest");
    assert_eq!(world.judge(&[]).1, 1, "the tag leads to the new one");
    let both = format!("{}/{REPOSITORY}:latest@{digest}", world.registry.address());
    assert_eq!(answer(&mut world.verifier(&both)).1, 0, "the digest wins");
}

#[test]
fn a_stand_in_registry_is_used_for_the_configured_name() {
    let world = World::start();
    world.push_signed("healthy");
    for reference in
        ["ghcr.io/acme/platform/manifests:latest", "oci://ghcr.io/acme/platform/manifests"]
    {
        let (report, exit) = answer(&mut world.verifier(reference));
        assert_eq!(exit, 0, "{reference}");
        assert_eq!(report.artifacts[0].reference, reference, "as it was typed");
    }
}
