//! Bytes to begin with, out of the repository itself.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealwright_evidence::Evidence;
use serde_json::Value;

use crate::targets::Seeds;

/// Folders with manifests, workflows, scripts, and tests that hold some as texts.
const TEXTS: [&str; 10] = [
    ".github",
    "README.md",
    "docs",
    "crates/manifests",
    "crates/pattern/tests",
    "crates/policy/tests/configs",
    "crates/verifier/deploy",
    "crates/verifier/tests/verifier",
    "crates/workflows",
    "crates/yaml",
];
const CONFIGS: [&str; 2] = ["crates/policy/tests/configs", "docs"];
const REPORTS: &str = "crates/docs/tests/reports";
const RECORDINGS: &str = "crates/evidence/tests/data/recorded";
/// Texts shorter than this say nothing.
const BYTES_MIN: usize = 8;
/// Longer ones would be cut.
const BYTES_MAX: u64 = 256 << 10;

/// What a target begins with; `root` is that of the repository.
pub fn seeds(root: &Path, kind: Seeds) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    match kind {
        Seeds::Texts => TEXTS.iter().for_each(|path| list(&root.join(path), &mut files)),
        Seeds::Recordings => list(&root.join(RECORDINGS), &mut files),
        Seeds::Configs => CONFIGS.iter().for_each(|path| list(&root.join(path), &mut files)),
        Seeds::Reports => list(&root.join(REPORTS), &mut files),
    }
    files.sort();
    let mut found: Vec<Vec<u8>> = files.iter().flat_map(|path| texts(path)).collect();
    let recorded: Vec<Vec<u8>> = found.iter().flat_map(|bytes| bundles(bytes)).collect();
    let within: Vec<Vec<u8>> = recorded.iter().flat_map(|bundle| parts(bundle)).collect();
    found.extend(recorded.into_iter().chain(within));
    found.retain(|bytes| bytes.len() >= BYTES_MIN);
    found
}

/// The bundles of a recording.
fn bundles(bytes: &[u8]) -> Vec<Vec<u8>> {
    let Ok(evidence) = serde_json::from_slice::<Evidence>(bytes) else { return Vec::new() };
    let bundles = evidence.referrers.into_iter().flat_map(|referrer| referrer.bundles);
    bundles.map(|bundle| bundle.bytes).collect()
}

/// The statement of a bundle, and its certificate.
fn parts(bundle: &[u8]) -> Vec<Vec<u8>> {
    let Ok(bundle) = serde_json::from_slice::<Value>(bundle) else { return Vec::new() };
    let paths = ["/dsseEnvelope/payload", "/verificationMaterial/certificate/rawBytes"];
    let texts = paths.iter().filter_map(|path| bundle.pointer(path)?.as_str());
    texts.filter_map(|text| STANDARD.decode(text).ok()).collect()
}

fn list(path: &Path, files: &mut Vec<PathBuf>) {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| list(&entry.path(), files)),
        Err(_) => {
            if fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= BYTES_MAX) {
                files.push(path.to_owned());
            }
        }
    }
}

/// A file, or the texts in one of Rust: the pieces between quotes, near enough.
fn texts(path: &Path) -> Vec<Vec<u8>> {
    let Ok(bytes) = fs::read(path) else { return Vec::new() };
    if path.extension().is_none_or(|extension| extension != "rs") {
        return vec![bytes];
    }
    let code = String::from_utf8_lossy(&bytes).replace("\\\"", "\u{1}");
    let plain = |text: &str| text.replace('\u{1}', "\"").replace("\\n", "\n").into_bytes();
    code.split('"').skip(1).step_by(2).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_some() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (kind, least, word) in [
            (Seeds::Texts, 500, "kind: OCIRepository"),
            (Seeds::Configs, 20, "signers:"),
            (Seeds::Reports, 3, "\"judgedAt\""),
            (Seeds::Recordings, 20, "\"dsseEnvelope\""),
            (Seeds::Recordings, 20, "{\"_type\":"),
        ] {
            let seeds = seeds(&root, kind);
            assert!(seeds.len() >= least, "{kind:?}: {}", seeds.len());
            let some = seeds.iter().any(|bytes| String::from_utf8_lossy(bytes).contains(word));
            assert!(some, "{kind:?}: one with {word}");
        }
    }
}
