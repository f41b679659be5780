//! Any recording, judged for a signer that signs nowhere.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sealwright_evidence::{Evidence, TrustedRoot, judge};
use sealwright_policy::{EvidenceKind, ExpectedSigner, Requirements, SanPattern, Verdict, verdict_of};

static ROOT: LazyLock<TrustedRoot> = LazyLock::new(|| {
    let json = include_bytes!("../../crates/evidence/tests/data/recorded/public-rekor-v1/trusted_root.json");
    TrustedRoot::parse(json).expect("the recorded root is usable")
});

fuzz_target!(|json: &[u8]| {
    let Ok(evidence) = serde_json::from_slice::<Evidence>(json) else { return };
    let requirements = Requirements {
        artifact: "platform".to_owned(),
        evidence: EvidenceKind::ALL.into(),
        signers: vec![ExpectedSigner {
            name: "nobody".to_owned(),
            issuer: "https://issuer.acme.example".to_owned(),
            san: SanPattern::exact("nobody"),
            source_repositories: vec![],
        }],
        accept_legacy_signature: true,
    };
    let now: jiff::Timestamp = "2026-11-25T12:00:00Z".parse().expect("a time");
    let judgement = judge(&evidence, &ROOT, &requirements, now);
    assert_ne!(judgement.verdict, Verdict::Verified);
    assert_eq!(verdict_of(&judgement.findings), judgement.verdict);
});
