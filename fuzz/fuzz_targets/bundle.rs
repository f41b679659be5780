//! Any bytes as a bundle, attached to an artifact.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sealwright_evidence::descriptor::{BUNDLE_V03, Descriptor, OCI_MANIFEST};
use sealwright_evidence::referrer::referrer_manifest;
use sealwright_evidence::{Blob, Digest, Evidence, Referrer, ReferrersFrom, TrustedRoot, judge};
use sealwright_policy::{EvidenceKind, ExpectedSigner, Requirements, SanPattern, Verdict};

const ARTIFACT: &[u8] = b"{}";

static ROOT: LazyLock<TrustedRoot> = LazyLock::new(|| {
    let json = include_bytes!("../../crates/evidence/tests/data/recorded/public-rekor-v1/trusted_root.json");
    TrustedRoot::parse(json).expect("the recorded root is usable")
});

fn blob(media_type: &str, bytes: &[u8]) -> Blob {
    let digest = Digest::of(bytes).to_string();
    Blob { digest, media_type: media_type.to_owned(), bytes: bytes.to_vec() }
}

fuzz_target!(|bundle: &[u8]| {
    let artifact = Descriptor::of(OCI_MANIFEST, ARTIFACT);
    let manifest = referrer_manifest(&artifact, bundle, "x", "2026-01-01T00:00:00Z");
    let evidence = Evidence {
        repository: "ghcr.io/acme/platform/manifests".to_owned(),
        artifact: blob(OCI_MANIFEST, ARTIFACT),
        referrers_from: ReferrersFrom::Api,
        referrers: vec![Referrer {
            manifest: blob(OCI_MANIFEST, &manifest.bytes),
            bundles: vec![blob(BUNDLE_V03, bundle)],
        }],
        legacy: None,
        gaps: vec![],
    };
    let requirements = Requirements {
        artifact: "platform".to_owned(),
        evidence: EvidenceKind::ALL.into(),
        signers: vec![ExpectedSigner {
            name: "cd".to_owned(),
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            san: SanPattern::exact("https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main"),
            source_repositories: vec![],
        }],
        accept_legacy_signature: true,
    };
    let now = jiff::Timestamp::UNIX_EPOCH;
    assert_eq!(judge(&evidence, &ROOT, &requirements, now).verdict, Verdict::Refused);
});
