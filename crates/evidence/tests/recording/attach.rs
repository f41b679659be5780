//! Evidence made of parts: an artifact with bundles attached to it.

use sealwright_evidence::descriptor::{BUNDLE_V03, Descriptor, OCI_MANIFEST};
use sealwright_evidence::referrer::referrer_manifest;
use sealwright_evidence::{Blob, Digest, Evidence, Referrer, ReferrersFrom};

pub fn blob(media_type: &str, bytes: &[u8]) -> Blob {
    Blob {
        digest: Digest::of(bytes).to_string(),
        media_type: media_type.to_owned(),
        bytes: bytes.to_vec(),
    }
}

/// A referrer of the artifact that carries this bundle, labelled as provenance.
pub fn referrer(artifact: &[u8], bundle: &[u8]) -> Referrer {
    let artifact = Descriptor::of(OCI_MANIFEST, artifact);
    let label = "https://slsa.dev/provenance/v1";
    let manifest = referrer_manifest(&artifact, bundle, label, "2026-01-01T00:00:00Z");
    Referrer {
        manifest: blob(OCI_MANIFEST, &manifest.bytes),
        bundles: vec![blob(BUNDLE_V03, bundle)],
    }
}

/// The artifact with one referrer for each bundle.
pub fn attached(artifact: &[u8], bundles: &[&[u8]]) -> Evidence {
    Evidence {
        repository: "ghcr.io/acme/platform/manifests".to_owned(),
        artifact: blob(OCI_MANIFEST, artifact),
        referrers_from: ReferrersFrom::Api,
        referrers: bundles.iter().map(|bundle| referrer(artifact, bundle)).collect(),
        legacy: None,
        gaps: vec![],
    }
}
