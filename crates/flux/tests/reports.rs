//! What people ran into in public and a prediction answers, written again with names of our own: each
//! refused for its reason, and its mended form taken. What our own judge says of the same is tested
//! with the evidence: 15 in `only_expected_signers_count`, 23 in
//! `a_legacy_signature_counts_for_the_signature_and_only_where_accepted`, 25, 27 and 29 in
//! `what_is_attached_decides`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test reads files and the clock, and may fail"
)]

mod world;

use sealwright_devstack::sigstore::{Identity, LegacyMint, Mint, TokenRequest};
use sealwright_evidence::statement::sign_statement;
use sealwright_flux::Prediction;
use serde_json::{Value, json};
use world::{REPOSITORY, SIGSTORE, World, keyless, ready_text, secrets};

const NOTHING: &str = "no signatures found";
const NOBODY: &str = "no matching attestations";

/// As a controller of this version sees it.
fn predicted(world: &World, controller: &str) -> Prediction {
    let subject =
        "^https://github\\.com/acme/platform/\\.github/workflows/cd\\.yaml@refs/heads/main$";
    let ours = json!([{"issuer": format!("^{}$", SIGSTORE.issuer_url()), "subject": subject}]);
    world::predicted(&keyless(ours), world, &secrets(&[]), controller)
}

fn signed_by(world: &World, run: TokenRequest) -> Vec<u8> {
    SIGSTORE.mint(&Mint::new(sign_statement(&world.artifact).to_bytes()).run(run)).unwrap()
}

#[test]
fn what_people_reported_is_predicted() {
    let bare = World::new();
    let ours = signed_by(&bare, TokenRequest::default());
    let bundled = bare.clone().with(&ours);
    let mint = LegacyMint::new(REPOSITORY, bare.artifact.to_string());
    let older = bare.clone().signed(&[SIGSTORE.mint_legacy(&mint).unwrap()]);
    let twin =
        bare.clone().with(&signed_by(&bare, TokenRequest::new("acme-twin/platform", "cd.yaml")));
    for (number, (wrong, before), words, (right, now)) in [
        ("15: the same file of a stranger", (&twin, "1.9.6"), NOBODY, (&bundled, "1.9.6")),
        ("23: neither referrers nor tag", (&bare, "1.9.6"), NOTHING, (&older, "1.9.6")),
        ("27: evidence in the forge's store alone", (&bare, "1.9.6"), NOTHING, (&bundled, "1.9.6")),
        ("29, 33: a copy without referrers", (&bare, "2.9"), NOTHING, (&bundled, "2.9")),
    ] {
        let prediction = predicted(wrong, before);
        let text = ready_text(&prediction);
        assert_eq!(prediction.ready(), Some(false), "report {number}: {text}");
        assert!(text.contains(words), "report {number}: {text}");
        let prediction = predicted(right, now);
        let text = ready_text(&prediction);
        assert_eq!(prediction.ready(), Some(true), "report {number}, mended: {text}");
    }
}

/// Report 19: bundles alone, and a controller that does not know them. The advice says which side moves.
#[test]
fn a_controller_that_is_too_old_for_bundles_is_told_to_move() {
    let world = World::new();
    let signer = Identity { key: Some("ours".to_owned()), ..Identity::default() };
    let mint = Mint::new(sign_statement(&world.artifact).to_bytes()).signer(signer);
    let bundled = world.with(&SIGSTORE.mint(&mint).unwrap());
    let source = world::source(json!({"provider": "cosign", "secretRef": {"name": "keys"}}));
    let key = SIGSTORE.public_key("ours").unwrap();
    for (controller, ready) in [("1.7.2", false), ("1.8.0", true), ("1.9.6", true)] {
        let keys = secrets(&[("cosign.pub", &key)]);
        let prediction = world::predicted(&source, &bundled, &keys, controller);
        let text = ready_text(&prediction);
        assert_eq!(prediction.ready(), Some(ready), "{controller}: {text}");
        let advice = prediction.remedy().map(|remedy| remedy.advice);
        let expected = "update Flux to 2.8 or newer, which knows bundles";
        assert_eq!(advice, (!ready).then_some(expected), "{controller}: {text}");
    }
}

/// Report 25: what could not be read is never said to be unsigned.
#[test]
fn evidence_that_may_not_be_read_is_not_evidence_that_is_missing() {
    let world = World::new();
    let tag = format!("sha256-{}.sig", world.artifact.hex());
    for (status, absent) in [(401, false), (403, false), (404, true)] {
        let mut closed = world.clone();
        closed.faults.insert(tag.clone(), status);
        let text = ready_text(&predicted(&closed, "1.9.6"));
        assert_eq!(text.contains(NOTHING), absent, "{status}: {text}");
    }
}

/// Report 47: an empty block is one with the API's default, which nobody wrote.
#[test]
fn an_empty_block_is_no_missing_block() {
    let said = |verify: Value| {
        let world = World::new();
        let source = world::source(verify);
        ready_text(&world::predicted(&source, &world, &secrets(&[]), "1.9.6"))
    };
    assert_eq!(said(json!({})), said(json!({"provider": "cosign"})));
    assert_ne!(said(json!({})), said(Value::Null));
}
