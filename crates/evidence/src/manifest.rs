//! OCI manifests as others wrote them: what the judge reads from a referrer or a legacy image.

use std::collections::BTreeMap;

use sealwright_policy::Code;
use serde::Deserialize;

use crate::descriptor::{DOCKER_MANIFEST, Descriptor, OCI_MANIFEST};
use crate::limits::MANIFEST_BYTES_MAX;
use crate::refusal::{Refusal, mismatch, refuse};
use crate::{Blob, Digest, strict_json};

/// The fields that matter to evidence.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    media_type: Option<String>,
    #[serde(default)]
    pub(crate) layers: Vec<Descriptor>,
    #[serde(rename = "subject")]
    pub(crate) subject_descriptor: Option<Descriptor>,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads a manifest after comparing its bytes with the digest they were asked for under.
    pub(crate) fn parse(blob: &Blob) -> Result<Self, Refusal> {
        check_digest(blob)?;
        let unreadable = |e: &dyn std::fmt::Display| {
            refuse(Code::ReferrerUnreadable, format!("the manifest cannot be read: {e}"))
        };
        if blob.bytes.len() > MANIFEST_BYTES_MAX {
            let (bytes, max) = (blob.bytes.len(), MANIFEST_BYTES_MAX);
            let message = format!("the manifest has {bytes} bytes, more than {max}");
            return Err(refuse(Code::EvidenceLimit, message));
        }
        strict_json::check(&blob.bytes).map_err(|e| unreadable(&e))?;
        let manifest: Self = serde_json::from_slice(&blob.bytes).map_err(|e| unreadable(&e))?;
        // A manifest may leave its media type out, but what it says must not contradict how it is
        // served: clients that go by one see another document than those that go by the other.
        let declared = manifest.media_type.as_deref().unwrap_or(&blob.media_type);
        if ![OCI_MANIFEST, DOCKER_MANIFEST].contains(&declared) || declared != blob.media_type {
            return Err(mismatch(
                Code::ReferrerUnreadable,
                "this is not an image manifest",
                OCI_MANIFEST,
                crate::quote(&format!("{declared}, served as {}", blob.media_type)),
            ));
        }
        Ok(manifest)
    }

    /// Checks that a layer describes this blob, and that the bytes are what it describes.
    pub(crate) fn check_layer(&self, blob: &Blob) -> Result<Digest, Refusal> {
        let digest = check_digest(blob)?;
        let layer =
            self.layers.iter().find(|layer| layer.digest == blob.digest).ok_or_else(|| {
                refuse(Code::EvidenceBytes, "the manifest has no layer with this digest")
            })?;
        if layer.size != blob.bytes.len() as u64 {
            return Err(mismatch(
                Code::EvidenceBytes,
                "the manifest lies about the size of a layer",
                format!("{} bytes", layer.size),
                format!("{} bytes", blob.bytes.len()),
            ));
        }
        Ok(digest)
    }
}

/// Compares bytes with the digest that they were asked for under.
pub(crate) fn check_digest(blob: &Blob) -> Result<Digest, Refusal> {
    let found = Digest::of(&blob.bytes);
    if found.to_string() == blob.digest {
        return Ok(found);
    }
    let message = "the bytes are not those of the digest";
    Err(mismatch(Code::EvidenceBytes, message, crate::quote(&blob.digest), found.to_string()))
}
