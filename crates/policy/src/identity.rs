//! Identities: what a certificate says (`Claims`), and which of them may sign (`ExpectedSigner`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// A pattern over a whole subject alternative name: literal text with a few closed gaps.
/// There is no way to write an open end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SanPattern(pub(crate) Vec<Segment>);

/// A piece of a [`SanPattern`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Exactly this text.
    Literal(String),
    /// One or more characters of one path segment of a git ref (no `/`): a `*` in `refs`.
    RefSegment,
    /// A git commit: 40 lower-case hexadecimal digits.
    Commit,
    /// One of these commits.
    OneOf(Vec<String>),
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
