//! What was seen in the registry, in a file: written by `--record`, predicted from by `--replay`.

use camino::Utf8Path;
use sealwright_evidence::Evidence;
use sealwright_flux::Seen;
use sealwright_registry::limits::FLUX_BYTES_MAX;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::file;

/// Largest recording that is read: answers and evidence at their limits, in base64.
const RECORDING_BYTES_MAX: u64 = 4 * FLUX_BYTES_MAX;

/// As the controller sees it, and as our judge does.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Recording {
    pub(super) seen: Seen,
    pub(super) evidence: Vec<Evidence>,
}

impl Recording {
    pub(super) fn read(path: &Utf8Path) -> Result<Self, Failure> {
        serde_json::from_slice(&file::read(path, RECORDING_BYTES_MAX)?).map_err(|error| {
            Failure::data(format!(
                "{path} is no recording of `predict`: {error}\nmake one with predict --record"
            ))
        })
    }

    pub(super) fn write(&self, path: &Utf8Path) -> Result<(), Failure> {
        file::write_json(path, self)
    }
}
