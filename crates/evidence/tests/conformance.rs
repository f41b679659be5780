//! The 70 bundle cases of the Sigstore client conformance suite, through our own core.
//!
//! The cases are not part of the project: they are read from `../shared/vectors` beside the
//! workspace (or below `SEALWRIGHT_SHARED`); without them the test says "not run".
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test reads files, and may fail"
)]

use std::path::{Path, PathBuf};

use sealwright_evidence::bundle::Bundle;
use sealwright_evidence::crypto::{Signed, SignedBy, verify_core};
use sealwright_evidence::{Digest, Refusal, TrustedRoot, certificate};
use sealwright_policy::{Code, ExpectedSigner, Finding, SanPattern};
use serde_json::Value;
use sigstore_crypto::KeyPair;
use sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;
use sigstore_types::DerPublicKey;

const CASES_COUNT: usize = 70;
const BEACON: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const BEACON_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Why each bad case is refused. Six are refused for something else than what their name says,
/// because it comes first; what they name is tried here below and in `mutants.rs`.
const REASONS: &[(&str, Code)] = &[
    ("bundle-empty-certificate-chain_fail", Code::LogEntryInvalid),
    ("bundle-from-wrong-instance_fail", Code::LogForeign),
    ("bundle-invalid-base64-signature_fail", Code::BundleUnreadable),
    ("bundle-malformed-json_fail", Code::BundleUnreadable),
    ("bundle-negative-log-index_fail", Code::BundleUnreadable),
    ("bundle-unknown-version_fail", Code::BundleUnreadable),
    ("bundle-with-root-cert_fail", Code::BundleForm),
    ("checkpoint-bad-keyhint_fail", Code::LogEntryInvalid),
    ("checkpoint-wrong-roothash_fail", Code::LogEntryInvalid),
    ("dsse-invalid-sig_fail", Code::SignatureInvalid),
    ("dsse-mismatch-envelope_fail", Code::LogEntryMismatch),
    ("dsse-mismatch-sig_fail", Code::LogEntryMismatch),
    ("inclusion-proof-corrupted-hash_fail", Code::LogEntryInvalid),
    ("incorrect-public-key_fail", Code::LogEntryInvalid),
    ("integrated-time-in-future_fail", Code::CertificateInvalid),
    ("intoto-expired-certificate_fail", Code::CertificateInvalid),
    ("intoto-log-entry-mismatch_fail", Code::LogEntryInvalid),
    ("intoto-missing-inclusion-proof_fail", Code::LogEntryInvalid),
    ("intoto-set-outside-signing-cert-validity_fail", Code::CertificateInvalid),
    ("intoto-tsa-timestamp-outside-cert-validity_fail", Code::CertificateInvalid),
    ("invalid-checkpoint-signature_fail", Code::LogEntryInvalid),
    ("invalid-ct-key_fail", Code::CertificateUnlogged),
    ("invalid-inclusion-proof_fail", Code::LogEntryInvalid),
    ("managed-key-no-key_fail", Code::BundleUnreadable),
    ("managed-key-wrong-key_fail", Code::SignatureInvalid),
    ("message-digest-mismatch_fail", Code::ArtifactNotNamed),
    ("rekor2-checkpoint-missing-log-signature_fail", Code::BundleUnreadable),
    ("rekor2-checkpoint-missing-origin_fail", Code::BundleUnreadable),
    ("rekor2-checkpoint-missing-root-hash_fail", Code::BundleUnreadable),
    ("rekor2-checkpoint-missing-size_fail", Code::BundleUnreadable),
    ("rekor2-checkpoint-no-matching-signature_fail", Code::LogForeign),
    ("rekor2-dsse-invalid-sig_fail", Code::SignatureInvalid),
    ("rekor2-dsse-mismatch-envelope_fail", Code::ArtifactNotNamed),
    ("rekor2-dsse-mismatch-sig_fail", Code::LogEntryMismatch),
    ("rekor2-no-inclusion-proof_fail", Code::LogEntryInvalid),
    ("rekor2-no-timestamp_fail", Code::TimeUnproven),
    ("rekor2-timestamp-outside-trust-root-tsa-validity_fail", Code::TimeUnproven),
    ("rekor2-timestamp-outside-tsa-cert-validity_fail", Code::TimeUnproven),
    ("rekor2-timestamp-payload-mismatch_fail", Code::TimeUnproven),
    ("rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", Code::TimeUnproven),
    ("rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail", Code::TimeUnproven),
    ("rekor2-timestamp-with-incorrect-time_fail", Code::BundleUnreadable),
    ("set-invalid-signature_fail", Code::LogEntryInvalid),
    ("signature-mismatch_fail", Code::SignatureInvalid),
    ("trust-root-tlog-missing-validity-start_fail", Code::TrustUnavailable),
    ("wrong-hashedrekord-artifact_fail", Code::ArtifactNotNamed),
    ("wrong-hashedrekord-cert-and-sig_fail", Code::LogEntryMismatch),
    ("wrong-hashedrekord-entry_fail", Code::ArtifactNotNamed),
    ("wrong-material_fail", Code::ArtifactNotNamed),
];

fn shared() -> PathBuf {
    match std::env::var_os("SEALWRIGHT_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    }
}

/// One folder of the suite.
struct Case {
    name: String,
    folder: PathBuf,
}

impl Case {
    fn all() -> Option<Vec<Case>> {
        let folder = shared().join("vectors/sigstore-conformance");
        let entries = std::fs::read_dir(&folder).ok()?;
        let folders = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
        let mut cases: Vec<Case> = folders
            .map(|folder| Case {
                name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
                folder,
            })
            .collect();
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        Some(cases)
    }

    fn named(name: &str) -> Option<Case> {
        Case::all()?.into_iter().find(|case| case.name == name)
    }

    fn must_be_refused(&self) -> bool {
        self.name.ends_with("_fail")
    }

    fn read(&self, file: &str) -> Option<Vec<u8>> {
        std::fs::read(self.folder.join(file)).ok()
    }

    fn text(&self, file: &str) -> Option<String> {
        self.read(file).map(|bytes| String::from_utf8(bytes).unwrap().trim().to_owned())
    }

    fn artifact(&self) -> Vec<u8> {
        self.read("artifact")
            .unwrap_or_else(|| std::fs::read(self.folder.join("../a.txt")).unwrap())
    }

    fn signer(&self) -> ExpectedSigner {
        ExpectedSigner {
            name: "case".to_owned(),
            issuer: self.text("issuer").unwrap_or_else(|| BEACON_ISSUER.to_owned()),
            san: SanPattern::exact(self.text("identity").unwrap_or_else(|| BEACON.to_owned())),
            source_repositories: vec![],
        }
    }

    /// What a client does with the case.
    fn verify(&self, by_digest: bool) -> Result<(), Refusal> {
        let refuse = |code, message: String| Box::new(Finding::new(code, message));
        let root = self
            .read("trusted_root.json")
            .unwrap_or_else(|| SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes().to_vec());
        let root = TrustedRoot::parse_for_any_use(&root)
            .map_err(|e| refuse(Code::TrustUnavailable, e.to_string()))?;
        let bundle = Bundle::parse(&self.read("bundle.sigstore.json").unwrap())?;
        let artifact = self.artifact();
        let digest = Digest::of(&artifact);
        let signed = if by_digest { Signed::Digest(&digest) } else { Signed::Bytes(&artifact) };
        let now = jiff::Timestamp::now();
        if let Some(pem) = self.text("key.pub") {
            let key = DerPublicKey::from_pem(&pem)
                .map_err(|e| refuse(Code::SignatureInvalid, e.to_string()))?;
            return verify_core(&bundle, signed, SignedBy::Key(&key), &root, now).map(|_| ());
        }
        verify_core(&bundle, signed, SignedBy::AnyCertificate, &root, now)?;
        let claims = certificate::claims(bundle.certificate().unwrap()).unwrap();
        self.signer().check(&claims).map_err(|all| {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            refuse(Code::IdentityMismatch, all.join("; "))
        })
    }
}

#[test]
fn every_case_is_answered_as_the_suite_says() {
    let Some(cases) = Case::all() else { return not_run() };
    assert_eq!(cases.len(), CASES_COUNT, "the suite is complete");
    let mut deviations = Vec::new();
    for case in &cases {
        for by_digest in [false, true] {
            let reason = case.verify(by_digest).err().map(|refusal| refusal.code);
            let expected = REASONS.iter().find(|(name, _)| *name == case.name).map(|row| row.1);
            if reason.is_some() != case.must_be_refused() || reason != expected {
                deviations.push(format!("{} (by digest: {by_digest}): {reason:?}", case.name));
            }
        }
    }
    assert!(deviations.is_empty(), "deviations:\n{}", deviations.join("\n"));
}

/// We leave upstream's check of log entries out and make our own: it must not accept more.
#[test]
fn what_we_accept_the_upstream_verifier_accepts_in_full() {
    let Some(cases) = Case::all() else { return not_run() };
    let mut count = 0;
    for case in
        cases.iter().filter(|case| !case.must_be_refused() && case.read("key.pub").is_none())
    {
        let root = case.text("trusted_root.json");
        let root = root.as_deref().unwrap_or(SIGSTORE_PRODUCTION_TRUSTED_ROOT);
        let root = sigstore_trust_root::TrustedRoot::from_json(root).unwrap();
        let bundle = case.text("bundle.sigstore.json").unwrap();
        let bundle = sigstore_types::Bundle::from_json(&bundle).unwrap();
        let policy = sigstore_verify::VerificationPolicy::any_identity();
        let artifact = case.artifact();
        let answer = sigstore_verify::verify(artifact.as_slice(), &bundle, &policy, &root);
        assert!(answer.is_ok_and(|proven| proven.tlog_verified()), "{}", case.name);
        count += 1;
    }
    assert!(count > 10);
}

/// `managed-key-wrong-key` names a key that is no key; this is one.
#[test]
fn a_bundle_signed_with_another_key_is_refused() {
    let Some(case) = Case::named("managed-key-happy-path") else { return not_run() };
    let bundle = Bundle::parse(&case.read("bundle.sigstore.json").unwrap()).unwrap();
    let root = TrustedRoot::parse(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes()).unwrap();
    let artifact = case.artifact();
    let verify = |key: &DerPublicKey| {
        let now = jiff::Timestamp::now();
        verify_core(&bundle, Signed::Bytes(&artifact), SignedBy::Key(key), &root, now)
    };
    let own = DerPublicKey::from_pem(&case.text("key.pub").unwrap()).unwrap();
    assert!(verify(&own).is_ok(), "the neighbour");
    let other = KeyPair::generate_ecdsa_p256().unwrap().public_key_der().unwrap();
    assert_eq!(verify(&other).unwrap_err().code, Code::SignatureInvalid);
    assert!(
        verify_core(
            &bundle,
            Signed::Bytes(&artifact),
            SignedBy::AnyCertificate,
            &root,
            jiff::Timestamp::now()
        )
        .is_err(),
        "a key is no certificate"
    );
}

/// `bundle-with-root-cert` and `bundle-empty-certificate-chain`, with nothing else the matter.
#[test]
fn a_chain_is_neither_empty_nor_holds_a_root() {
    let Some(case) = Case::named("happy-path-v0.2") else { return not_run() };
    let trust: Value = serde_json::from_str(SIGSTORE_PRODUCTION_TRUSTED_ROOT).unwrap();
    let authority = &trust["certificateAuthorities"][1]["certChain"]["certificates"];
    let bundle: Value =
        serde_json::from_slice(&case.read("bundle.sigstore.json").unwrap()).unwrap();
    let chain = |bundle: &Value| {
        bundle["verificationMaterial"]["x509CertificateChain"]["certificates"].clone()
    };
    let leaf = chain(&bundle)[0].clone();
    let verify = |certificates: Vec<Value>| {
        let mut bundle = bundle.clone();
        bundle["verificationMaterial"]["x509CertificateChain"]["certificates"] =
            certificates.into();
        let root = TrustedRoot::parse(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes()).unwrap();
        let artifact = case.artifact();
        let signed = Signed::Bytes(&artifact);
        let bundle = Bundle::parse(bundle.to_string().as_bytes())?;
        verify_core(&bundle, signed, SignedBy::AnyCertificate, &root, jiff::Timestamp::now())
    };
    let code = |certificates| verify(certificates).err().map(|refusal| refusal.code);
    assert_eq!(code(vec![leaf.clone()]), None, "the neighbour");
    assert_eq!(code(vec![leaf.clone(), authority[0].clone()]), None, "an intermediate is fine");
    assert_eq!(code(vec![leaf, authority[1].clone()]), Some(Code::BundleForm), "a root");
    assert_eq!(code(vec![]), Some(Code::BundleUnreadable), "nobody");
}

fn not_run() {
    eprintln!("not run: no conformance vectors at {}", shared().display());
}
