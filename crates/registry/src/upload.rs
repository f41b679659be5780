//! Uploading blobs (distribution specification 1.1, "Pushing blobs").

use bytes::Bytes;
use camino::Utf8PathBuf;
use sealwright_evidence::Digest;

use crate::client::Client;
use crate::error::{Fault, RegistryError};
use crate::reference::Repository;

/// What to upload.
#[derive(Debug, Clone)]
pub enum BlobSource {
    /// From memory.
    Bytes(Bytes),
    /// From a file, which must not change meanwhile; read as it is sent.
    File(Utf8PathBuf),
}

/// What became of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It was sent.
    Uploaded,
    /// The repository had it.
    AlreadyThere,
}

impl Client {
    /// Puts a blob into the repository, unless it is there.
    pub async fn push_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        source: BlobSource,
    ) -> Result<Pushed, RegistryError> {
        let _ = (size, source);
        Err(RegistryError::new(format!("{repository}@{digest}"), Fault::Absent))
    }
}
