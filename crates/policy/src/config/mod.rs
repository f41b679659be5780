//! `sealwright.yaml`: who may sign what, from where, with which evidence. The one source of truth.

mod node;

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::identity::ExpectedSigner;
use crate::requirements::{EvidenceKind, Issuers, Requirements};

/// A whole configuration, read and checked: every name that is used is defined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// Always [`crate::API_VERSION`].
    pub api_version: String,
    /// Always `SupplyChain`.
    pub kind: String,
    /// Who may sign, by a name of your choice.
    pub signers: BTreeMap<String, Signer>,
    /// What is published, by a name of your choice.
    pub artifacts: BTreeMap<String, Artifact>,
    /// Helm charts that are allowed without a signature.
    #[serde(default)]
    pub charts: Vec<ChartException>,
    /// Where it runs.
    #[serde(default)]
    pub environments: BTreeMap<String, Environment>,
}

/// One signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Signer {
    /// A GitHub Actions workflow.
    pub github: GithubSigner,
    /// For a reusable workflow: the repositories (`owner/name`) whose runs may call it. The
    /// certificate names the called workflow, so this is checked against its source repository.
    #[serde(default)]
    pub called_from: Vec<String>,
}

/// A GitHub Actions workflow: the file that signs, and from which refs or commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GithubSigner {
    /// `owner/name` of the repository that holds the workflow file.
    pub repository: String,
    /// File name below `.github/workflows`.
    pub workflow: String,
    /// Full refs such as `refs/heads/main`; a `*` stands for one path segment. Either this or `commit`.
    #[serde(default)]
    pub refs: Vec<String>,
    /// Which commits of the workflow may sign, when it is called pinned by commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
}

/// Commits of a called workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Commit {
    /// Any commit: 40 hexadecimal digits.
    Any(AnyCommit),
    /// One of these, each 40 hexadecimal digits.
    OneOf(Vec<String>),
}

/// The word `any`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnyCommit {
    /// Any commit.
    Any,
}

/// One published artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Artifact {
    /// `registry/path`, without tag or digest.
    pub repository: String,
    /// Folder that is packed, relative to the configuration; absent when something else pushes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<String>,
    /// Names of the signers that may sign it; any one of them suffices for a kind of evidence.
    pub signers: Vec<String>,
    /// The kinds of evidence that are required, all of them.
    pub evidence: Vec<EvidenceKind>,
}

/// Charts that are used although nobody signs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartException {
    /// `oci://` URL; a `*` stands for one path segment.
    pub url: String,
    /// Why, and until when.
    pub unsigned: Exception,
}

/// A weakening, with its reason and its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exception {
    /// Why it is needed.
    pub reason: String,
    /// Last day on which it holds.
    pub until: Date,
}

/// A place where artifacts run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Environment {
    /// Whose signatures count there.
    pub trust: Trust,
    /// Context of the kubeconfig.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Flux version, such as `2.9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flux: Option<String>,
    /// `namespace/name` of the sources that pull our artifacts.
    #[serde(default)]
    pub sources: Vec<String>,
    /// `oci://` URLs of what belongs to the organisation; a `*` stands for one path segment.
    #[serde(default)]
    pub organisation: Vec<String>,
}

/// Whose signatures count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// The public Sigstore.
    Public,
    /// The dev stack on this machine.
    Devstack,
}

impl std::fmt::Display for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Trust::Public => "public",
            Trust::Devstack => "devstack",
        })
    }
}

/// All that is wrong with a configuration, in the order of the file. Its `Display` is for people:
/// each with file, line, column, the snippet, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rendered}")]
pub struct ConfigErrors {
    /// One for each mistake.
    pub findings: Vec<Finding>,
    pub(crate) rendered: String,
}

impl Config {
    /// Reads and checks a configuration. `file` is only for messages; `today` decides whether an
    /// exception has ended.
    ///
    /// # Errors
    /// Everything that is wrong with it, not only the first thing.
    pub fn parse(file: &str, text: &str, today: Date) -> Result<Self, ConfigErrors> {
        let _ = (node::parse(text).is_ok(), today);
        Err(ConfigErrors { findings: Vec::new(), rendered: format!("{file}: not read yet") })
    }

    /// The same with another registry in front of every repository: `ghcr.io/acme/x` becomes
    /// `127.0.0.1:5000/acme/x`. For the dev stack and for mirrors.
    pub fn with_registry(&self, registry: &str) -> Self {
        let mut config = self.clone();
        for artifact in config.artifacts.values_mut() {
            if let Some((_, path)) = artifact.repository.split_once('/') {
                artifact.repository = format!("{registry}/{path}");
            }
        }
        config
    }

    /// The signer of this name in the form that matchers are derived from; `None` when there is none.
    pub fn expected_signer(&self, name: &str, issuers: &Issuers) -> Option<ExpectedSigner> {
        let _ = (self.signers.get(name)?, issuers);
        None
    }

    /// What must hold for the artifact of this name; `None` when there is none.
    pub fn requirements(&self, artifact: &str, issuers: &Issuers) -> Option<Requirements> {
        let found = self.artifacts.get(artifact)?;
        Some(Requirements {
            artifact: artifact.to_owned(),
            evidence: found.evidence.iter().copied().collect(),
            signers: found
                .signers
                .iter()
                .filter_map(|signer| self.expected_signer(signer, issuers))
                .collect(),
            accept_legacy_signature: false,
        })
    }

    /// The artifact whose repository this is (`registry/path`), with its name.
    pub fn artifact_for_repository(&self, repository: &str) -> Option<(&str, &Artifact)> {
        self.artifacts
            .iter()
            .find(|(_, artifact)| artifact.repository == repository)
            .map(|(name, artifact)| (name.as_str(), artifact))
    }
}
