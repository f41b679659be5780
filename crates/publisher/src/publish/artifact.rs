//! The artifact that is published: its manifest, known by digest from here on.

use std::collections::BTreeMap;

use sealwright_evidence::artifact::{CREATED, FLUX_CONFIG, FluxArtifact, REVISION, SOURCE};
use sealwright_evidence::descriptor::OCI_MANIFEST;
use sealwright_evidence::{Blob, Descriptor, Digest};
use sealwright_policy::{Code, Finding, Place};
use serde::Deserialize;

use super::stopped::Stopped;
use crate::contents::Packed;
use crate::source::Source;

/// Annotation: digest of the tarball before compression. By it a later version, whose compressor
/// may write other bytes, still sees that the contents have not changed.
pub const CONTENTS: &str = "dev.sealwright.contents";

/// The config blob. Flux looks at its media type and never into it.
pub(super) const CONFIG_BYTES: &[u8] = b"{}";

/// A manifest and what is known from it.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Digest of the manifest: what evidence names.
    pub digest: Digest,
    /// The manifest's exact bytes and media type.
    pub manifest: Blob,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Digest of its one layer, when it has exactly one.
    layer: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct Layer {
    digest: String,
}

impl Artifact {
    /// The artifact that these contents of this source make. Equal inputs give equal bytes.
    pub(super) fn build(packed: &Packed, source: &Source) -> Result<Self, Stopped> {
        let (config, layer) = (Descriptor::of(FLUX_CONFIG, CONFIG_BYTES), packed.layer.to_string());
        let created = source.created.map(|created| created.to_string()).unwrap_or_default();
        let bytes = FluxArtifact::new((&config.digest, config.size), (&layer, packed.layer_bytes))
            .annotate(CREATED, created)
            .annotate(SOURCE, source.url.clone().unwrap_or_default())
            .annotate(REVISION, source.revision.clone().unwrap_or_default())
            .annotate(CONTENTS, packed.tarball.to_string())
            .to_bytes();
        let digest = Digest::of(&bytes).to_string();
        Self::read(Blob { digest, media_type: OCI_MANIFEST.to_owned(), bytes })
    }

    /// An artifact that a registry holds.
    pub(super) fn read(manifest: Blob) -> Result<Self, Stopped> {
        let refuse = |why: String| {
            let message = format!("what stands there is no artifact: {why}");
            let place = Place::digest(&manifest.digest);
            Stopped::from(Finding::new(Code::PublicationArtifactAbsent, message).with_place(place))
        };
        let digest = Digest::parse(&manifest.digest).map_err(|error| refuse(error.to_string()))?;
        if manifest.media_type.contains("index") || manifest.media_type.contains("manifest.list") {
            return Err(refuse(format!("it is an index ({})", manifest.media_type)));
        }
        // A derived reader would take a list for an object.
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&manifest.bytes).map_err(|error| refuse(error.to_string()))?;
        let read: Manifest =
            serde_json::from_value(object.into()).map_err(|error| refuse(error.to_string()))?;
        let layer = match read.layers.as_slice() {
            [only] => Some(only.digest.clone()),
            _ => None,
        };
        Ok(Self { digest, manifest, annotations: read.annotations.unwrap_or_default(), layer })
    }

    /// Whether it holds exactly what was packed.
    pub(super) fn holds(&self, packed: &Packed) -> bool {
        let tarball = self.annotations.get(CONTENTS);
        self.layer.as_deref() == Some(&packed.layer.to_string())
            || tarball == Some(&packed.tarball.to_string())
    }

    /// Digest of its one layer.
    pub(super) fn layer(&self) -> Option<&str> {
        self.layer.as_deref()
    }

    pub(super) fn descriptor(&self) -> Descriptor {
        let size = self.manifest.bytes.len() as u64;
        Descriptor::new(&self.manifest.media_type, self.digest.to_string(), size)
    }

    pub(super) fn created(&self) -> Option<jiff::Timestamp> {
        self.annotations.get(CREATED)?.parse().ok()
    }

    pub(super) fn commit(&self) -> Option<&str> {
        crate::source::commit_of(self.annotations.get(REVISION)?)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::publish) fn packed(text: &str) -> Packed {
        let digest = Digest::of(text.as_bytes());
        Packed {
            layer: digest,
            layer_bytes: 1,
            tarball: Digest::of(digest.to_string().as_bytes()),
            tarball_bytes: 1,
            files_count: 1,
        }
    }

    fn source(created: &str) -> Source {
        Source {
            url: Some("https://github.com/acme/platform".into()),
            revision: Some(format!("main@sha1:{}", "1".repeat(40))),
            created: created.parse().ok(),
        }
    }

    #[test]
    fn equal_contents_of_one_commit_give_equal_bytes() {
        let one = Artifact::build(&packed("a"), &source("2026-01-01T00:00:00Z")).unwrap();
        let two = Artifact::build(&packed("a"), &source("2026-01-01T00:00:00Z")).unwrap();
        assert_eq!(one.manifest, two.manifest);
        assert_eq!(one.commit(), Some("1".repeat(40).as_str()));
        assert_eq!(one.created(), "2026-01-01T00:00:00Z".parse().ok());
        let unknown = Artifact::build(&packed("a"), &Source::default()).unwrap();
        assert_eq!((unknown.created(), unknown.commit()), (None, None));
        assert_ne!(unknown.digest, one.digest);
    }

    #[test]
    fn contents_are_recognised_by_layer_or_by_tarball_and_by_nothing_else() {
        let artifact = Artifact::build(&packed("a"), &Source::default()).unwrap();
        assert!(artifact.holds(&packed("a")));
        let recompressed = Packed { layer: Digest::of(b"other bytes"), ..packed("a") };
        assert!(artifact.holds(&recompressed), "another compressor, the same files");
        assert!(!artifact.holds(&packed("b")));
    }

    #[test]
    fn what_is_no_artifact_is_refused() {
        let blob = |media_type: &str, bytes: &[u8]| Blob {
            digest: Digest::of(bytes).to_string(),
            media_type: media_type.to_owned(),
            bytes: bytes.to_vec(),
        };
        assert!(Artifact::read(blob(OCI_MANIFEST, b"{}")).is_ok(), "nothing in it is needed");
        for (media_type, bytes, why) in [
            ("application/vnd.oci.image.index.v1+json", &b"{}"[..], "an index"),
            ("application/vnd.docker.distribution.manifest.list.v2+json", b"{}", "a list"),
            (OCI_MANIFEST, b"[]", "not an object"),
            (OCI_MANIFEST, b"<html>", "not JSON"),
        ] {
            assert!(Artifact::read(blob(media_type, bytes)).is_err(), "{why}");
        }
    }
}
