//! The Flux artifact: the manifest that source-controller and `flux pull artifact` understand.
//!
//! Shape and media types: fluxcd/pkg `oci` (`oci/client.go`, `oci/push.go`).

use std::collections::BTreeMap;

use crate::descriptor::{Descriptor, OCI_MANIFEST, WrittenManifest};

/// Media type of the config blob.
pub const FLUX_CONFIG: &str = "application/vnd.cncf.flux.config.v1+json";
/// Media type of the content layer: a gzip-compressed tarball.
pub const FLUX_LAYER: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";
/// When the artifact was made, RFC 3339. Flux shows it as the artifact's metadata.
pub const CREATED: &str = "org.opencontainers.image.created";
/// URL of the source repository. Flux calls it the origin source.
pub const SOURCE: &str = "org.opencontainers.image.source";
/// `ref@sha1:commit` of the source. Flux calls it the origin revision.
pub const REVISION: &str = "org.opencontainers.image.revision";

/// What goes into a Flux artifact's manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FluxArtifact {
    /// The config blob, of media type [`FLUX_CONFIG`].
    pub config: Descriptor,
    /// The content layer, of media type [`FLUX_LAYER`].
    pub layer: Descriptor,
    /// Manifest annotations; [`CREATED`], [`SOURCE`] and [`REVISION`] are the ones Flux reads.
    pub annotations: BTreeMap<String, String>,
}

impl FluxArtifact {
    /// An artifact of these blobs. Sizes are in bytes, digests in the form `sha256:<hex>`.
    pub fn new(config: (&str, u64), layer: (&str, u64)) -> Self {
        Self {
            config: Descriptor::new(FLUX_CONFIG, config.0, config.1),
            layer: Descriptor::new(FLUX_LAYER, layer.0, layer.1),
            annotations: BTreeMap::new(),
        }
    }

    /// The same, with an annotation; an empty value is left out, because Flux takes an
    /// annotation that is there for a value that is known.
    pub fn annotate(mut self, key: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.annotations.insert(key.to_owned(), value);
        }
        self
    }

    /// The manifest's exact bytes. Equal inputs give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let manifest = WrittenManifest {
            schema_version: 2,
            media_type: OCI_MANIFEST,
            artifact_type: None,
            config: &self.config,
            layers: [&self.layer],
            subject_descriptor: None,
            annotations: &self.annotations,
        };
        manifest.to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_has_the_shape_that_flux_reads() {
        let digest = crate::Digest::of(b"x").to_string();
        let artifact = FluxArtifact::new((&digest, 2), (&digest, 1))
            .annotate(SOURCE, "https://github.com/acme/platform")
            .annotate(REVISION, "main@sha1:0123")
            .annotate(CREATED, "");
        let manifest: serde_json::Value = serde_json::from_slice(&artifact.to_bytes()).unwrap();
        assert_eq!(manifest["schemaVersion"], 2);
        assert_eq!(manifest["mediaType"], OCI_MANIFEST);
        assert_eq!(manifest["config"]["mediaType"], FLUX_CONFIG);
        assert_eq!(manifest["layers"][0]["mediaType"], FLUX_LAYER);
        assert_eq!(manifest["layers"][0]["size"], 1);
        assert_eq!(manifest["annotations"][REVISION], "main@sha1:0123");
        assert!(manifest["annotations"].get(CREATED).is_none(), "an empty value is left out");
        assert!(manifest.get("subject").is_none(), "an artifact points at nothing");
    }

    #[test]
    fn equal_inputs_give_equal_bytes_whatever_the_order() {
        let digest = crate::Digest::of(b"x").to_string();
        let plain = FluxArtifact::new((&digest, 2), (&digest, 1));
        let one = plain.clone().annotate("a", "1").annotate("b", "2").to_bytes();
        assert_eq!(one, plain.clone().annotate("b", "2").annotate("a", "1").to_bytes());
        assert_ne!(one, plain.annotate("a", "1").to_bytes());
    }
}
