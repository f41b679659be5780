//! Identities: what a certificate says (`Claims`), and which of them may sign (`ExpectedSigner`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::san::{SanPattern, Segment};

/// Everything a Fulcio certificate says about its holder, as found, unjudged.
///
/// Source: <https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md>, arc 1.3.6.1.4.1.57264.1.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Claims {
    /// OIDC issuer (.1.8, else the deprecated .1.1).
    pub issuer: Option<String>,
    /// Every subject alternative name, in certificate order.
    pub sans: Vec<String>,
    /// .1.9: the workflow that signed, with its ref or commit.
    pub build_signer_uri: Option<String>,
    /// .1.10: commit of that workflow.
    pub build_signer_digest: Option<String>,
    /// .1.11: `github-hosted` or `self-hosted`.
    pub runner_environment: Option<String>,
    /// .1.12: repository whose run it was (the caller, for a reusable workflow).
    pub source_repository_uri: Option<String>,
    /// .1.13: commit the run was for.
    pub source_repository_digest: Option<String>,
    /// .1.14: ref the run was for.
    pub source_repository_ref: Option<String>,
    /// .1.15: immutable id of that repository.
    pub source_repository_identifier: Option<String>,
    /// .1.16: its owner.
    pub source_repository_owner_uri: Option<String>,
    /// .1.17: immutable id of the owner.
    pub source_repository_owner_identifier: Option<String>,
    /// .1.18: the top-level workflow.
    pub build_config_uri: Option<String>,
    /// .1.19: its commit.
    pub build_config_digest: Option<String>,
    /// .1.20: the event, such as `push`.
    pub build_trigger: Option<String>,
    /// .1.21: URL of the run.
    pub run_invocation_uri: Option<String>,
    /// .1.22: `public`, `private` or `internal` at signing time.
    pub source_repository_visibility_at_signing: Option<String>,
    /// .1.23: deployment environment of the job, when it has one.
    pub deployment_environment: Option<String>,
    /// Any further extension of the arc, by its dotted id; the value as text, or in hex.
    pub other: std::collections::BTreeMap<String, String>,
}

/// One signer of one artifact, in the form every consumer derives its own matcher from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedSigner {
    /// Name in `sealwright.yaml`, such as `cd`.
    pub name: String,
    /// Exact OIDC issuer URL.
    pub issuer: String,
    /// The certificate's one subject alternative name.
    pub san: SanPattern,
    /// Where the run must belong, as `https://github.com/owner/repository`; empty: wherever the SAN allows.
    pub source_repositories: Vec<String>,
}

/// One respect in which an identity is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Which field, such as `san` or `issuer`.
    pub field: &'static str,
    /// What the policy wants, literally.
    pub expected: String,
    /// What is there; `(absent)` when nothing is.
    pub found: String,
}

impl Mismatch {
    fn new(field: &'static str, expected: impl Into<String>, found: Option<&str>) -> Self {
        let found = found.filter(|text| !text.is_empty()).unwrap_or("(absent)");
        Self { field, expected: expected.into(), found: found.to_owned() }
    }
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: expected {}, found {}", self.field, self.expected, self.found)
    }
}

impl ExpectedSigner {
    /// Whether the holder of these claims is this signer.
    ///
    /// A certificate with no SAN, with more than one, or without an issuer names nobody, whatever
    /// the pattern would say about its parts.
    ///
    /// # Errors
    /// Every respect in which the claims differ.
    pub fn check(&self, claims: &Claims) -> Result<(), Vec<Mismatch>> {
        let mismatches: Vec<Mismatch> =
            [self.check_issuer(claims), self.check_san(claims), self.check_source(claims)]
                .into_iter()
                .flatten()
                .collect();
        if mismatches.is_empty() { Ok(()) } else { Err(mismatches) }
    }

    fn check_issuer(&self, claims: &Claims) -> Option<Mismatch> {
        let found = claims.issuer.as_deref();
        let holds = found.is_some_and(|issuer| !issuer.is_empty() && issuer == self.issuer);
        (!holds).then(|| Mismatch::new("issuer", &self.issuer, found))
    }

    fn check_san(&self, claims: &Claims) -> Option<Mismatch> {
        match claims.sans.as_slice() {
            [san] if !san.is_empty() && self.san.matches(san) => None,
            [] => Some(Mismatch::new("san", self.san.to_string(), None)),
            [san] => Some(Mismatch::new("san", self.san.to_string(), Some(san))),
            many => {
                let found = format!("{} names: {}", many.len(), many.join(", "));
                Some(Mismatch::new("san", format!("only {}", self.san), Some(&found)))
            }
        }
    }

    fn check_source(&self, claims: &Claims) -> Option<Mismatch> {
        let found = claims.source_repository_uri.as_deref();
        let holds = self.source_repositories.is_empty()
            || found.is_some_and(|uri| self.source_repositories.iter().any(|own| own == uri));
        (!holds).then(|| {
            Mismatch::new("sourceRepositoryUri", self.source_repositories.join(" or "), found)
        })
    }
}
