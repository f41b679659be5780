//! Evidence in a file: written by `--record`, judged again by `--replay`.

use camino::Utf8Path;
use sealwright_evidence::Evidence;
use sealwright_registry::limits::EVIDENCE_BYTES_MAX;
use sealwright_registry::{Reference, Target};

use crate::failure::Failure;
use crate::file;

/// Largest recording that is read: manifests and bundles at their limits, in base64.
const RECORDING_BYTES_MAX: u64 = 4 * EVIDENCE_BYTES_MAX;

pub(crate) fn read(path: &Utf8Path) -> Result<Evidence, Failure> {
    serde_json::from_slice(&file::read(path, RECORDING_BYTES_MAX)?).map_err(|error| {
        Failure::data(format!(
            "{path} is not recorded evidence: {error}\nmake a recording with --record"
        ))
    })
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
