//! OCI descriptors and the media types that evidence meets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Media type of an OCI image manifest (image specification 1.1, `manifest.md`).
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of an OCI image index (image specification 1.1, `image-index.md`).
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of a Docker schema 2 manifest: what KSail pushes and Flux takes.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Media type of a Docker manifest list.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Media type of the empty descriptor (image specification 1.1, "Guidance for an empty descriptor").
pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// The bytes behind [`OCI_EMPTY`].
pub const OCI_EMPTY_BYTES: &[u8] = b"{}";
/// Media type of a Sigstore bundle v0.3, as cosign writes it.
pub const BUNDLE_V03: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// How every bundle media type starts.
pub const BUNDLE_PREFIX: &str = "application/vnd.dev.sigstore.bundle";
/// Layer media type of a legacy `.sig` image (cosign, "simple signing").
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// A pointer at content: media type, digest, size (image specification 1.1, `descriptor.md`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Media type of the content.
    pub media_type: String,
    /// `algorithm:hex` of the exact bytes.
    pub digest: String,
    /// Size of the content in bytes.
    pub size: u64,
    /// `artifactType` of the manifest pointed at, in an index of referrers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// A plain descriptor.
    pub fn new(media_type: impl Into<String>, digest: impl Into<String>, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest: digest.into(),
            size,
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }

    /// The descriptor of these bytes.
    pub fn of(media_type: impl Into<String>, bytes: &[u8]) -> Self {
        Self::new(media_type, crate::Digest::of(bytes).to_string(), bytes.len() as u64)
    }

    /// The descriptor of the empty JSON object, used where a manifest must have a config.
    pub fn empty() -> Self {
        Self::of(OCI_EMPTY, OCI_EMPTY_BYTES)
    }
}

/// The manifest that we write: an OCI image manifest with the fields in the order of the
/// specification, so that equal inputs give equal bytes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WrittenManifest<'a> {
    pub(crate) schema_version: u8,
    pub(crate) media_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<&'a str>,
    pub(crate) config: &'a Descriptor,
    pub(crate) layers: [&'a Descriptor; 1],
    #[serde(rename = "subject", skip_serializing_if = "Option::is_none")]
    pub(crate) subject_descriptor: Option<&'a Descriptor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: &'a BTreeMap<String, String>,
}

impl WrittenManifest<'_> {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, numbers and string maps always serialise")
    }
}
