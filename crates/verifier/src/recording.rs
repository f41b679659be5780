//! Evidence in a file: written by `--record`, judged again by `--replay`.

use std::io::Read as _;

use camino::Utf8Path;
use sealwright_evidence::Evidence;
use sealwright_registry::limits::EVIDENCE_BYTES_MAX;
use sealwright_registry::{Reference, Target};

use crate::failure::Failure;

/// Largest recording that is read: manifests and bundles at their limits, in base64.
const RECORDING_BYTES_MAX: u64 = 4 * EVIDENCE_BYTES_MAX;

pub(crate) fn read(path: &Utf8Path) -> Result<Evidence, Failure> {
    let why = |why: std::io::Error| Failure::file(path, "read", why);
    let file = std::fs::File::open(path).map_err(why)?;
    let mut bytes = Vec::new();
    file.take(RECORDING_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(why)?;
    if bytes.len() as u64 > RECORDING_BYTES_MAX {
        return Err(Failure::data(format!("{path} has more than {RECORDING_BYTES_MAX} bytes")));
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::data(format!(
            "{path} is not recorded evidence: {error}\nmake a recording with --record"
        ))
    })
}

pub(crate) fn write(path: &Utf8Path, evidence: &Evidence) -> Result<(), Failure> {
    let why = |why: std::io::Error| Failure::file(path, "write", why);
    let mut json = serde_json::to_vec(evidence).map_err(|error| why(error.into()))?;
    json.push(b'\n');
    std::fs::write(path, json).map_err(why)
}

/// A reference beside a recording must be about the same thing. A tag says nothing by now.
pub(crate) fn agree(
    path: &Utf8Path,
    evidence: &Evidence,
    reference: Option<&Reference>,
) -> Result<(), Failure> {
    let Some(reference) = reference else { return Ok(()) };
    let recorded = format!("{}@{}", evidence.repository, evidence.artifact.digest);
    let same_digest = match &reference.target {
        Target::Digest(digest) => digest.to_string() == evidence.artifact.digest,
        Target::Tag(_) => true,
    };
    if same_digest && reference.repository.to_string() == evidence.repository {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{path} is a recording of {recorded}, not of {reference}\nleave the reference out, or record that one"
    )))
}
