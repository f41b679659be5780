//! Attaching a bundle to an artifact: config, bundle, referrer manifest, and the fallback index
//! where the registry does not list referrers by itself.

use bytes::Bytes;
use futures::future::try_join;

use sealwright_evidence::descriptor::{BUNDLE_V03, OCI_EMPTY_BYTES, OCI_INDEX, OCI_MANIFEST};
use sealwright_evidence::referrer::{ReferrerManifest, merge_into_index, referrer_manifest};
use sealwright_evidence::{Descriptor, Digest};

use crate::client::Client;
use crate::error::{Fault, RegistryError};
use crate::limits::INDEX_WRITES_COUNT_MAX;
use crate::reference::{Repository, Target};
use crate::referrers::fallback_tag;
use crate::upload::BlobSource;

/// An attached bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Digest of the referrer manifest.
    pub manifest_digest: Digest,
    /// The bundle in it.
    pub bundle: Descriptor,
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
    /// Attaches a bundle, so that it is listed as a referrer of the artifact. Attaching the same
    /// bundle with the same `created` again changes nothing.
    pub async fn attach(
        &self,
        repository: &Repository,
        artifact: &Descriptor,
        bundle: &[u8],
        predicate_type: &str,
        created: jiff::Timestamp,
    ) -> Result<Attached, RegistryError> {
        let artifact_digest = Digest::parse(&artifact.digest).map_err(|reason| {
            RegistryError::new(repository.to_string(), Fault::Reference { why: reason.to_string() })
        })?;
        let referrer = referrer_manifest(artifact, bundle, predicate_type, &created.to_string());
        // A crash leaves blobs that nothing points at; the registry collects them.
        let config = self.push_bytes_once(repository, OCI_EMPTY_BYTES);
        try_join(config, self.upload_bytes(repository, bundle)).await?;
        // A crash after this leaves a referrer that the API lists, or that nothing lists: it is
        // no evidence before it is listed.
        let manifest_digest = Digest::of(&referrer.bytes);
        let (target, bytes) = (Target::Digest(manifest_digest), referrer.bytes.clone());
        let pushed = self.push_manifest(repository, &target, OCI_MANIFEST, bytes).await?;
        let bundle = Descriptor::of(BUNDLE_V03, bundle);
        if pushed.subject_accepted {
            return Ok(Attached { manifest_digest, bundle, listed_by: ListedBy::Api });
        }
        self.list_under_fallback_tag(repository, artifact_digest, &referrer).await?;
        Ok(Attached { manifest_digest, bundle, listed_by: ListedBy::FallbackTag })
    }

    /// Read, merge, write, read again, until the entry is there. Registries have no
    /// compare-and-swap: a writer that read before our write and writes after our last look can
    /// still drop the entry, and only whoever proves the publication afterwards will see that.
    async fn list_under_fallback_tag(
        &self,
        repository: &Repository,
        artifact: Digest,
        referrer: &ReferrerManifest,
    ) -> Result<(), RegistryError> {
        let writer = self.index_writer(repository, artifact);
        let _alone = writer.lock().await;
        let tag = fallback_tag(artifact);
        let error = |why: String| {
            RegistryError::new(repository.at(tag.clone()).to_string(), Fault::FallbackIndex { why })
        };
        for attempt in 0..=INDEX_WRITES_COUNT_MAX {
            let existing = self.fallback_index(repository, artifact, self.call()).await?;
            let existing = existing.map(|index| index.bytes);
            let merged = merge_into_index(existing.as_deref(), &referrer.descriptor)
                .map_err(|reason| error(reason.to_string()))?;
            if existing.as_ref() == Some(&merged) {
                return Ok(());
            }
            if attempt > 0 {
                tokio::time::sleep(self.transport().backoff().after(attempt)).await;
            }
            if attempt < INDEX_WRITES_COUNT_MAX {
                self.push_manifest(repository, &tag, OCI_INDEX, merged).await?;
            }
        }
        let why = format!(
            "our entry {} was dropped by other writers {INDEX_WRITES_COUNT_MAX} times",
            referrer.descriptor.digest
        );
        Err(error(why))
    }

    async fn push_bytes_once(
        &self,
        repository: &Repository,
        bytes: &'static [u8],
    ) -> Result<(), RegistryError> {
        let (digest, size) = (Digest::of(bytes), bytes.len() as u64);
        let source = BlobSource::Bytes(Bytes::from_static(bytes));
        self.push_blob(repository, &digest, size, source).await?;
        Ok(())
    }

    /// Without looking first: a bundle was made a moment ago, so it is never there.
    async fn upload_bytes(
        &self,
        repository: &Repository,
        bytes: &[u8],
    ) -> Result<(), RegistryError> {
        let (digest, size) = (Digest::of(bytes), bytes.len() as u64);
        let source = BlobSource::Bytes(Bytes::copy_from_slice(bytes));
        self.upload_blob(repository, digest, size, source).await
    }
}
