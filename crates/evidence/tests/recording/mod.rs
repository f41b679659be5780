//! Recordings: real evidence with its trusted root and what must be said about it. The format is
//! described in `tests/data/recorded/README.md`.
#![allow(dead_code, reason = "each test uses its part")]

pub mod attach;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sealwright_evidence::{Evidence, TrustedRoot};
use sealwright_policy::{EvidenceKind, ExpectedSigner, Requirements, SanPattern, Verdict};
use serde::Deserialize;

/// One folder.
pub struct Recording {
    pub name: String,
    pub evidence: Evidence,
    pub root_json: Vec<u8>,
    pub expectations: Expectations,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expectations {
    pub source: String,
    pub now: jiff::Timestamp,
    pub cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    pub why: String,
    requirements: CaseRequirements,
    pub verdict: Verdict,
    pub findings: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CaseRequirements {
    evidence: BTreeSet<EvidenceKind>,
    signers: Vec<CaseSigner>,
    #[serde(default)]
    accept_legacy_signature: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CaseSigner {
    name: String,
    issuer: String,
    san: String,
    #[serde(default)]
    source_repositories: Vec<String>,
}

impl Recording {
    /// Every recording there is.
    pub fn all() -> Vec<Recording> {
        let folders = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
        let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders.iter().map(|folder| Recording::read(folder)).collect()
    }

    /// The recording of this name.
    pub fn named(name: &str) -> Recording {
        Recording::read(&folder().join(name))
    }

    fn read(folder: &Path) -> Recording {
        let read = |file: &str| {
            let path = folder.join(file);
            std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        };
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        Recording {
            evidence: serde_json::from_slice(&read("evidence.json"))
                .unwrap_or_else(|e| panic!("{name}/evidence.json: {e}")),
            root_json: read("trusted_root.json"),
            expectations: serde_json::from_slice(&read("expectations.json"))
                .unwrap_or_else(|e| panic!("{name}/expectations.json: {e}")),
            name,
        }
    }

    pub fn root(&self) -> TrustedRoot {
        TrustedRoot::parse(&self.root_json).unwrap()
    }

    /// The requirements of the first case that is verified: a good start for mutants.
    pub fn satisfied_requirements(&self) -> Requirements {
        let mut cases = self.expectations.cases.iter();
        cases.find(|case| case.verdict == Verdict::Verified).unwrap().requirements()
    }

    /// The bytes of the first bundle.
    pub fn bundle(&self) -> Vec<u8> {
        self.evidence.referrers[0].bundles[0].bytes.clone()
    }
}

impl Case {
    pub fn requirements(&self) -> Requirements {
        let signer = |signer: &CaseSigner| ExpectedSigner {
            name: signer.name.clone(),
            issuer: signer.issuer.clone(),
            san: SanPattern::exact(&signer.san),
            source_repositories: signer.source_repositories.clone(),
        };
        Requirements {
            artifact: "platform".to_owned(),
            evidence: self.requirements.evidence.clone(),
            signers: self.requirements.signers.iter().map(signer).collect(),
            accept_legacy_signature: self.requirements.accept_legacy_signature,
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recorded")
}
