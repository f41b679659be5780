//! The good artifact: its manifest, and what vouches for it.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::Value;

use super::evidence::Run;
use super::store::Repository;

/// Largest blob or manifest that is read: a layer of a usual artifact has less.
pub(super) const BLOB_BYTES_MAX: usize = 64 << 20;

pub(super) struct Original {
    pub(super) manifest: Value,
    pub(super) media_type: String,
    pub(super) bundles: Vec<Bundle>,
}

/// One bundle, taken apart as far as needed.
pub(super) struct Bundle {
    /// The exact text.
    pub(super) json: String,
    pub(super) statement: Value,
    pub(super) predicate_type: String,
    /// DER.
    certificate: Vec<u8>,
    in_log_v1: bool,
}

impl Original {
    pub(super) async fn read(repository: &Repository, digest: &str) -> Result<Self, String> {
        let (bytes, media_type) = repository
            .manifest(digest)
            .await?
            .ok_or_else(|| "the registry has no such manifest".to_owned())?;
        let manifest: Value = serde_json::from_slice(&bytes)
            .map_err(|error| format!("its manifest is no JSON: {error}"))?;
        if !manifest["layers"].is_array() {
            return Err("its manifest has no layers".to_owned());
        }
        let mut bundles = Vec::new();
        for referrer in repository.referrers(digest).await? {
            bundles.extend(read_bundle(repository, &referrer).await?);
        }
        if bundles.is_empty() {
            return Err("no bundle vouches for it; publish it first".to_owned());
        }
        Ok(Self { manifest, media_type, bundles })
    }

    /// Who signed it. All bundles of a publication are by one run; the signature counts.
    pub(super) fn run(&self, issuer: &str) -> Result<Run, String> {
        let signature =
            self.bundles.iter().find(|one| one.predicate_type == super::evidence::SIGNATURE);
        let signature = signature.ok_or_else(|| "no bundle is a signature".to_owned())?;
        Run::of(&signature.certificate, issuer)
    }

    /// The log that its evidence is in.
    pub(super) fn log(&self) -> &'static str {
        if self.bundles.iter().any(|bundle| bundle.in_log_v1) { "v1" } else { "v2" }
    }

    /// Digests of config and layers.
    pub(super) fn blobs(&self) -> Vec<String> {
        let layers = self.manifest["layers"].as_array().into_iter().flatten();
        let all = std::iter::once(&self.manifest["config"]).chain(layers);
        all.filter_map(|blob| Some(blob["digest"].as_str()?.to_owned())).collect()
    }
}

/// `None` when the referrer is something else.
async fn read_bundle(repository: &Repository, referrer: &str) -> Result<Option<Bundle>, String> {
    let Some((bytes, _)) = repository.manifest(referrer).await? else { return Ok(None) };
    let manifest: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let layer = &manifest["layers"][0];
    let is_bundle = layer["mediaType"]
        .as_str()
        .is_some_and(|kind| kind.starts_with("application/vnd.dev.sigstore.bundle"));
    let Some(digest) = layer["digest"].as_str().filter(|_| is_bundle) else { return Ok(None) };
    let json = String::from_utf8_lossy(&repository.blob(digest).await?).into_owned();
    let bundle: Value = serde_json::from_str(&json)
        .map_err(|error| format!("its bundle {digest} is no JSON: {error}"))?;
    let decoded = |field: &Value| BASE64.decode(field.as_str()?).ok();
    let payload = decoded(&bundle["dsseEnvelope"]["payload"]);
    let certificate = decoded(&bundle["verificationMaterial"]["certificate"]["rawBytes"]);
    let (Some(payload), Some(certificate)) = (payload, certificate) else { return Ok(None) };
    let statement: Value = serde_json::from_slice(&payload).unwrap_or_default();
    let predicate_type = statement["predicateType"].as_str().unwrap_or_default().to_owned();
    let entry = &bundle["verificationMaterial"]["tlogEntries"][0];
    let in_log_v1 = entry["inclusionPromise"].is_object();
    Ok(Some(Bundle { json, statement, predicate_type, certificate, in_log_v1 }))
}
