//! Attaching a bundle to an artifact: config, bundle, referrer manifest, and the fallback index
//! where the registry does not list referrers by itself.

use sealwright_evidence::{Descriptor, Digest};

use crate::client::Client;
use crate::error::{Fault, RegistryError};
use crate::reference::Repository;

/// An attached bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Digest of the referrer manifest.
    pub manifest_digest: Digest,
    /// Who lists it.
    pub listed_by: ListedBy,
}

/// Who lists a referrer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedBy {
    /// The registry's referrers API.
    Api,
    /// The index under the tag `sha256-<hex>`, which we wrote.
    FallbackTag,
}

impl Client {
    /// Attaches a bundle, so that it is listed as a referrer of the artifact.
    pub async fn attach(
        &self,
        repository: &Repository,
        artifact: &Descriptor,
        bundle: &[u8],
        predicate_type: &str,
        created: jiff::Timestamp,
    ) -> Result<Attached, RegistryError> {
        let _ = (artifact, bundle, predicate_type, created);
        Err(RegistryError::new(repository.to_string(), Fault::Absent))
    }
}
