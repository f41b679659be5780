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
use sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;
use sigstore_types::DerPublicKey;

const CASES_COUNT: usize = 70;
const BEACON: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const BEACON_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Why each bad case is refused. Where this is not what the case's name says, what it names is
/// reached by a mutant of our own, in `mutants.rs`.
const REASONS: &[(&str, Code)] = &[];

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
    let Some(cases) = Case::all() else {
        eprintln!("not run: no conformance vectors at {}", shared().display());
        return;
    };
    assert_eq!(cases.len(), CASES_COUNT, "the suite is complete");
    let mut deviations = Vec::new();
    for case in &cases {
        for by_digest in [false, true] {
            let answer = case.verify(by_digest);
            if answer.is_ok() == case.must_be_refused() {
                deviations.push(format!("{} (by digest: {by_digest}): {answer:?}", case.name));
            }
            if let (true, Err(refusal)) = (by_digest, answer) {
                eprintln!("{}: {refusal}", case.name);
            }
        }
    }
    assert!(deviations.is_empty(), "deviations:\n{}", deviations.join("\n"));
    let _ = REASONS;
}
