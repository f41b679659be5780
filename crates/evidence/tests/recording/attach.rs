//! Evidence made of parts: an artifact with bundles attached to it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealwright_evidence::descriptor::{BUNDLE_V03, Descriptor, OCI_MANIFEST};
use sealwright_evidence::referrer::referrer_manifest;
use sealwright_evidence::{Blob, Digest, Evidence, Referrer, ReferrersFrom};
use serde_json::Value;

pub fn blob(media_type: &str, bytes: &[u8]) -> Blob {
    Blob {
        digest: Digest::of(bytes).to_string(),
        media_type: media_type.to_owned(),
        bytes: bytes.to_vec(),
    }
}

/// A referrer of the artifact that carries this bundle, labelled with what its statement says.
pub fn referrer(artifact: &[u8], bundle: &[u8]) -> Referrer {
    let artifact = Descriptor::of(OCI_MANIFEST, artifact);
    let label = predicate_type(bundle).unwrap_or_else(|| "https://slsa.dev/provenance/v1".into());
    let manifest = referrer_manifest(&artifact, bundle, &label, "2026-01-01T00:00:00Z");
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

fn predicate_type(bundle: &[u8]) -> Option<String> {
    let bundle: Value = serde_json::from_slice(bundle).ok()?;
    let payload = STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str()?).ok()?;
    let statement: Value = serde_json::from_slice(&payload).ok()?;
    Some(statement["predicateType"].as_str()?.to_owned())
}
