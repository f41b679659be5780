//! `OCIRepository`.

use serde::Deserialize;

use super::verification::names;
use super::{Metadata, SecretName, Status, Verification};

/// An OCIRepository, `v1` or `v1beta2`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OciRepository {
    /// What it is called.
    #[serde(default)]
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: OciRepositorySpec,
    /// What the controller says.
    #[serde(default)]
    pub status: Status,
}

/// `spec` of an OCIRepository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OciRepositorySpec {
    /// `oci://registry/repository`, without a tag.
    pub url: String,
    /// What to follow; the tag `latest` without it.
    #[serde(rename = "ref")]
    pub reference: Option<Reference>,
    /// Which layer to serve; the first one without it.
    pub layer_selector: Option<LayerSelector>,
    /// `generic`, `aws`, `azure` or `gcp`: whose credentials.
    pub provider: Option<String>,
    /// Secret with the registry's credentials.
    pub secret_ref: Option<SecretName>,
    /// Whose signature it must carry.
    pub verify: Option<Verification>,
    /// Service account whose pull Secrets and identity are used.
    pub service_account_name: Option<String>,
    /// Secret with a CA or client certificate for the registry.
    pub cert_secret_ref: Option<SecretName>,
    /// Secret with the address of a proxy.
    pub proxy_secret_ref: Option<SecretName>,
    /// Whether the registry has no TLS, or a certificate that nobody checks.
    #[serde(default)]
    pub insecure: bool,
    /// Whether the controller leaves it alone.
    #[serde(default)]
    pub suspend: bool,
}

/// `spec.ref`: the digest wins over the range, the range over the tag.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reference {
    /// `sha256:…`.
    pub digest: String,
    /// Range of versions among the tags.
    pub semver: String,
    /// Pattern, in Go's syntax, that a tag must match before its version counts.
    pub semver_filter: String,
    /// Tag.
    pub tag: String,
}

/// `spec.layerSelector`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LayerSelector {
    /// Media type of the layer; any when empty.
    pub media_type: String,
    /// `extract` (when empty) or `copy`.
    pub operation: String,
}

impl OciRepositorySpec {
    pub(super) fn secret_names(&self) -> Vec<&str> {
        let verify = self.verify.as_ref();
        names([
            verify.and_then(|verify| verify.trusted_root_secret_ref.as_ref()),
            verify.and_then(|verify| verify.secret_ref.as_ref()),
            self.secret_ref.as_ref(),
            self.cert_secret_ref.as_ref(),
            self.proxy_secret_ref.as_ref(),
        ])
    }

    /// What it follows, in one phrase: `tag latest`, `semver >=1.0.0`, `digest sha256:…`.
    pub fn follows(&self) -> String {
        match &self.reference {
            Some(reference) if !reference.digest.is_empty() => {
                format!("digest {}", reference.digest)
            }
            Some(reference) if !reference.semver.is_empty() => {
                format!("semver {}", reference.semver)
            }
            Some(reference) if !reference.tag.is_empty() => format!("tag {}", reference.tag),
            _ => "tag latest".to_owned(),
        }
    }
}
