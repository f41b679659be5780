//! What Flux says where keys are trusted, and where the order of keys or bundles is random.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test reads files and the clock, and may fail"
)]

mod world;

use sealwright_devstack::sigstore::{Identity, LegacyMint, LogVersion, Mint, Situation};
use sealwright_evidence::statement::sign_statement;
use serde_json::{Value, json};
use world::{REPOSITORY, SIGSTORE, World, keyless, predicted, ready_text, secrets, source};

fn by_key(name: &str) -> Identity {
    Identity { key: Some(name.to_owned()), ..Identity::default() }
}

fn bundle(signer: Identity) -> Vec<u8> {
    let statement = sign_statement(&World::new().artifact).to_bytes();
    SIGSTORE.mint(&Mint::new(statement).signer(signer)).unwrap()
}

fn keyed() -> Value {
    source(json!({"provider": "cosign", "secretRef": {"name": "keys"}}))
}

fn no_match() -> String {
    format!(
        "failed to verify the signature using provider 'cosign': no matching signatures were found for '{REPOSITORY}@{}'",
        World::new().artifact
    )
}

#[test]
fn one_key_that_verifies_is_enough_and_an_unreadable_one_may_come_first() {
    let (ours, other) =
        (SIGSTORE.public_key("ours").unwrap(), SIGSTORE.public_key("other").unwrap());
    let stored = format!("stored artifact for digest 'v1@{}'", World::new().artifact);
    let pem = "failed to verify the signature using provider 'cosign': PEM decoding failed";
    let world = World::new().with(&bundle(by_key("ours")));
    for (keys, expected, why) in [
        (vec![("cosign.pub", &*ours)], stored.clone(), "the key"),
        (vec![("a.pub", &*other)], no_match(), "another key"),
        (vec![("a.pub", &*other), ("b.pub", &*ours)], stored.clone(), "both"),
        (vec![("cosign.key", &*ours)], no_match(), "under a name that does not count"),
        (vec![], no_match(), "none"),
        (vec![("a.pub", "garbage")], pem.to_owned(), "no key"),
        (
            vec![("a.pub", "garbage"), ("b.pub", &*ours)],
            format!("{stored} OR {pem}"),
            "no key, before or after the right one",
        ),
        (
            vec![("a.pub", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")],
            "failed to verify the signature using provider 'cosign': unknown Public key PEM file type: CERTIFICATE. Are you passing the correct public key?".to_owned(),
            "a certificate",
        ),
    ] {
        let text = ready_text(&predicted(&keyed(), &world, &secrets(&keys), "1.9.6"));
        assert_eq!(text, expected, "{why}");
    }
}

#[test]
fn keys_ask_for_nothing_but_the_signature() {
    let ours = SIGSTORE.public_key("ours").unwrap();
    let secrets = secrets(&[("cosign.pub", &ours)]);
    let mint = |situation, log| {
        let statement = sign_statement(&World::new().artifact).to_bytes();
        let mint = Mint::new(statement).signer(by_key("ours")).situation(situation).log(log);
        SIGSTORE.mint(&mint).unwrap()
    };
    let other_artifact =
        Mint::new(sign_statement(&sealwright_evidence::Digest::of(b"other")).to_bytes());
    let other_artifact = SIGSTORE.mint(&other_artifact.signer(by_key("ours"))).unwrap();
    for (bundle, ready, why) in [
        (mint(Situation::NotLogged, LogVersion::V2), true, "no log"),
        (mint(Situation::ForeignLog, LogVersion::V2), true, "an unknown log"),
        (mint(Situation::NoTime, LogVersion::V1), true, "no time"),
        (mint(Situation::TamperedPayload, LogVersion::V2), false, "another payload"),
        (mint(Situation::MessageSignature, LogVersion::V2), false, "no envelope"),
        (bundle(Identity::default()), false, "a certificate"),
        (other_artifact, false, "another artifact"),
    ] {
        let prediction = predicted(&keyed(), &World::new().with(&bundle), &secrets, "1.9.6");
        assert_eq!(prediction.ready(), Some(ready), "{why}: {}", ready_text(&prediction));
    }
    for (signer, digest, ready, why) in [
        (by_key("ours"), World::new().artifact.to_string(), true, "an older signature"),
        (by_key("other"), World::new().artifact.to_string(), false, "by another key"),
        (by_key("ours"), format!("sha256:{}", "b".repeat(64)), true, "of another artifact"),
        (Identity::default(), World::new().artifact.to_string(), false, "by a certificate"),
    ] {
        let mint = LegacyMint { signer, ..LegacyMint::new(REPOSITORY, digest) };
        let world = World::new().signed(&[SIGSTORE.mint_legacy(&mint).unwrap()]);
        let prediction = predicted(&keyed(), &world, &secrets, "2.7");
        assert_eq!(prediction.ready(), Some(ready), "{why}: {}", ready_text(&prediction));
    }
}

#[test]
fn a_missing_secret_is_said_and_an_unseen_one_is_undecided() {
    let with = |name: &str| source(json!({"provider": "cosign", "secretRef": {"name": name}}));
    let text =
        |name: &str| ready_text(&predicted(&with(name), &World::new(), &secrets(&[]), "1.9.6"));
    assert_eq!(
        text("nowhere"),
        "failed to verify the signature using provider 'cosign': secrets \"nowhere\" not found"
    );
    assert!(text("unseen").starts_with("undecided: Secret `apps/unseen`"));
}

#[test]
fn bundles_of_both_logs_race() {
    let of = |log, situation| {
        let statement = sign_statement(&World::new().artifact).to_bytes();
        SIGSTORE.mint(&Mint::new(statement).log(log).situation(situation)).unwrap()
    };
    let subject = "acme/platform";
    let source = keyless(json!([{"issuer": "http", "subject": subject}]));
    let (v1, v2) = (LogVersion::V1, LogVersion::V2);
    let good = Situation::Healthy;
    let bad = Situation::NoSct;
    for (first, second, readies, why) in [
        ((v1, good), (v2, good), vec![true], "both good"),
        ((v1, bad), (v2, good), vec![true], "the newer one good"),
        ((v1, good), (v2, bad), vec![true, false], "the older one good, unless it comes later"),
        ((v1, good), (v1, bad), vec![true], "both of the older log"),
    ] {
        let world = World::new().with(&of(first.0, first.1)).with(&of(second.0, second.1));
        let prediction = predicted(&source, &world, &secrets(&[]), "1.9.6");
        let found: Vec<bool> =
            prediction.outcomes.iter().filter_map(|outcome| outcome.ready).collect();
        assert_eq!(found, readies, "{why}: {}", ready_text(&prediction));
        let said = prediction.because.iter().any(|rule| rule.name == "mixed-logs");
        assert_eq!(said, readies.len() > 1, "{why}");
    }
}
