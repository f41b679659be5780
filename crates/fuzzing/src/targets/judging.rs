//! On the way to a verdict.

use std::sync::LazyLock;

use jiff::Timestamp;
use sealwright_evidence::descriptor::{BUNDLE_V03, Descriptor, OCI_MANIFEST};
use sealwright_evidence::limits::STATEMENT_SUBJECTS_COUNT_MAX;
use sealwright_evidence::referrer::referrer_manifest;
use sealwright_evidence::{
    Blob, Digest, Evidence, Referrer, ReferrersFrom, Statement, TrustedRoot, certificate, judge,
};
use sealwright_policy::{
    EvidenceKind, ExpectedSigner, Requirements, SanPattern, Verdict, verdict_of,
};

const ARTIFACT: &[u8] = b"{}";

static ROOT: LazyLock<TrustedRoot> = LazyLock::new(|| {
    let json =
        include_bytes!("../../../evidence/tests/data/recorded/public-rekor-v1/trusted_root.json");
    TrustedRoot::parse(json).expect("the recorded root is usable")
});

fn blob(media_type: &str, bytes: &[u8]) -> Blob {
    let digest = Digest::of(bytes).to_string();
    Blob { digest, media_type: media_type.to_owned(), bytes: bytes.to_vec() }
}

fn requirements(issuer: &str, san: &str) -> Requirements {
    Requirements {
        artifact: "platform".to_owned(),
        evidence: EvidenceKind::ALL.into(),
        signers: vec![ExpectedSigner {
            name: "cd".to_owned(),
            issuer: issuer.to_owned(),
            san: SanPattern::exact(san),
            source_repositories: vec![],
        }],
        accept_legacy_signature: true,
    }
}

/// Any bytes as a bundle, attached to an artifact: nothing made up is verified.
pub fn bundle(bundle: &[u8]) {
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
    let san = "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main";
    let requirements = requirements("https://token.actions.githubusercontent.com", san);
    let judgement = judge(&evidence, &ROOT, &requirements, Timestamp::UNIX_EPOCH);
    assert_eq!(judgement.verdict, Verdict::Refused);
}

/// Any recording, judged for a signer that signs nowhere.
pub fn evidence(json: &[u8]) {
    let Ok(evidence) = serde_json::from_slice::<Evidence>(json) else { return };
    let now: Timestamp = "2026-11-25T12:00:00Z".parse().expect("a time");
    let requirements = requirements("https://issuer.acme.example", "nobody");
    let judgement = judge(&evidence, &ROOT, &requirements, now);
    assert_ne!(judgement.verdict, Verdict::Verified);
    assert_eq!(verdict_of(&judgement.findings), judgement.verdict);
}

/// Any bytes as a statement, a certificate and a trusted root.
pub fn statement(bytes: &[u8]) {
    if let Ok(statement) = Statement::parse(bytes) {
        assert!(statement.statement_subjects.len() <= STATEMENT_SUBJECTS_COUNT_MAX);
        let written = statement.to_bytes();
        assert_eq!(Statement::parse(&written).as_ref(), Ok(&statement));
        let _ = statement.is_about(&Digest::of(bytes));
    }
    let _ = certificate::read(bytes);
    let _ = TrustedRoot::parse(bytes);
}
