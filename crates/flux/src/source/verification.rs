//! The verify blocks.

use serde::Deserialize;

/// `spec.verify` of an OCIRepository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// `cosign` (the API's default) or `notation`.
    #[serde(default = "cosign")]
    pub provider: String,
    /// Secret with public keys (`*.pub`); with it, identities and trusted root count for nothing.
    pub secret_ref: Option<SecretName>,
    /// Accepted identities.
    #[serde(default, rename = "matchOIDCIdentity")]
    pub match_oidc_identity: Vec<IdentityMatch>,
    /// Secret with `trusted_root.json`. From source-controller 1.9 on; dropped by the API before.
    pub trusted_root_secret_ref: Option<SecretName>,
}

/// `spec.verify` of a HelmChart: no trusted root of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartVerification {
    /// `cosign` (the API's default) or `notation`.
    #[serde(default = "cosign")]
    pub provider: String,
    /// Secret with public keys (`*.pub`).
    pub secret_ref: Option<SecretName>,
    /// Accepted identities.
    #[serde(default, rename = "matchOIDCIdentity")]
    pub match_oidc_identity: Vec<IdentityMatch>,
}

/// `spec.chart.spec.verify` of a HelmRelease: no identities at all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateVerification {
    /// `cosign` (the API's default) or `notation`.
    #[serde(default = "cosign")]
    pub provider: String,
    /// Secret with public keys (`*.pub`).
    pub secret_ref: Option<SecretName>,
}

/// One accepted identity: Go regular expressions, not anchored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IdentityMatch {
    /// Pattern over the issuer.
    pub issuer: String,
    /// Pattern over the certificate's name.
    #[serde(rename = "subject")]
    pub subject_pattern: String,
}

/// A Secret in the namespace of the object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SecretName {
    /// Its name.
    pub name: String,
}

fn cosign() -> String {
    "cosign".to_owned()
}

/// The names in some optional fields.
pub(super) fn names<'a>(secrets: impl IntoIterator<Item = Option<&'a SecretName>>) -> Vec<&'a str> {
    secrets.into_iter().flatten().map(|secret| secret.name.as_str()).collect()
}
