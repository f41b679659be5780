//! What was seen in the registry, in a file: written by `--record`, predicted from by `--replay`.

use std::io::Read as _;

use camino::Utf8Path;
use sealwright_evidence::Evidence;
use sealwright_flux::Seen;
use sealwright_registry::limits::FLUX_BYTES_MAX;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

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
        let why = |why: std::io::Error| Failure::file(path, "read", why);
        let file = std::fs::File::open(path).map_err(why)?;
        let mut bytes = Vec::new();
        file.take(RECORDING_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(why)?;
        if bytes.len() as u64 > RECORDING_BYTES_MAX {
            return Err(Failure::data(format!("{path} has more than {RECORDING_BYTES_MAX} bytes")));
        }
        serde_json::from_slice(&bytes).map_err(|error| {
            Failure::data(format!(
                "{path} is no recording of `predict`: {error}\nmake one with predict --record"
            ))
        })
    }

    pub(super) fn write(&self, path: &Utf8Path) -> Result<(), Failure> {
        let why = |why: std::io::Error| Failure::file(path, "write", why);
        let json = serde_json::to_vec(self).map_err(|error| why(error.into()))?;
        std::fs::write(path, json).map_err(why)
    }
}
