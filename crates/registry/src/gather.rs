//! Gathering evidence: everything that a registry lists for one artifact, within limits.

use sealwright_evidence::{Blob, Evidence};

use crate::client::Client;
use crate::error::{Fault, RegistryError};
use crate::reference::Repository;

/// What to gather beside referrers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GatherOptions {
    /// Also the legacy `sha256-<hex>.sig` tag.
    pub legacy: bool,
}

impl Client {
    /// All evidence for an artifact whose manifest is at hand.
    pub async fn gather(
        &self,
        repository: &Repository,
        artifact: Blob,
        options: GatherOptions,
    ) -> Result<Evidence, RegistryError> {
        let _ = (artifact, options);
        Err(RegistryError::new(repository.to_string(), Fault::Absent))
    }
}
