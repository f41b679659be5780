//! `sealwright.yaml`: who may sign what, from where, with which evidence. The one source of truth.

mod mistake;
mod node;
mod read;
mod reader;
mod shape;

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

pub use self::node::{CONFIG_BYTES_MAX, CONFIG_DEPTH_MAX, CONFIG_NODES_MAX};
use self::reader::{At, Reader};
use crate::finding::Finding;
use crate::identity::ExpectedSigner;
use crate::report::API_VERSION;
use crate::requirements::{EvidenceKind, Issuers, Requirements};
use crate::san::{SanPattern, Segment};

/// `kind` of a configuration.
pub const KIND: &str = "SupplyChain";

/// Where GitHub's certificates say that workflows live, whichever issuer certified them.
const GITHUB: &str = "https://github.com";

/// A whole configuration, read and checked: every name that is used is defined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// Always `sealwright.dev/v1alpha1`.
    #[schemars(extend("const" = API_VERSION))]
    pub api_version: String,
    /// Always `SupplyChain`.
    #[schemars(extend("const" = KIND))]
    pub kind: String,
    /// Who may sign, by a name of your choice.
    #[schemars(extend("minProperties" = 1, "propertyNames" = {"pattern": shape::NAME.pattern}))]
    pub signers: BTreeMap<String, Signer>,
    /// What is published, by a name of your choice.
    #[schemars(extend("minProperties" = 1, "propertyNames" = {"pattern": shape::NAME.pattern}))]
    pub artifacts: BTreeMap<String, Artifact>,
    /// Helm charts that are allowed without a signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<ChartException>,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"pattern": shape::NAME.pattern}))]
    pub environments: BTreeMap<String, Environment>,
}

/// One signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend(
    "if" = {"properties": {"github": {"required": ["commit"]}}},
    "then" = {"required": ["calledFrom"]},
))]
pub struct Signer {
    /// A GitHub Actions workflow.
    pub github: GithubSigner,
    /// For a reusable workflow: the repositories (`owner/name`) whose runs may call it. The
    /// certificate names the called workflow, so this is checked against its source repository.
    /// Left out, only runs of the workflow's own repository count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), inner(regex(pattern = shape::GITHUB_REPOSITORY.pattern)))]
    #[schemars(extend("uniqueItems" = true))]
    pub called_from: Vec<String>,
}

/// A GitHub Actions workflow: the file that signs, and from which refs or commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["refs"]}, {"required": ["commit"]}]))]
pub struct GithubSigner {
    /// `owner/name` of the repository that holds the workflow file.
    #[schemars(regex(pattern = shape::GITHUB_REPOSITORY.pattern))]
    pub repository: String,
    /// File name below `.github/workflows`.
    #[schemars(regex(pattern = shape::WORKFLOW.pattern))]
    pub workflow: String,
    /// Full refs such as `refs/heads/main`; a `*` stands for one path segment. Either this or `commit`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), inner(regex(pattern = shape::GIT_REF.pattern)))]
    #[schemars(extend("uniqueItems" = true))]
    pub refs: Vec<String>,
    /// Which commits of the workflow may sign, when it is called pinned by commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Commit")]
    pub commit: Option<Commit>,
}

impl GithubSigner {
    /// What stands behind the `@` of the certificate's name.
    fn version(&self) -> Segment {
        match &self.commit {
            Some(Commit::Any(AnyCommit::Any)) => Segment::Commit,
            Some(Commit::OneOf(commits)) => Segment::OneOf(commits.clone()),
            None => Segment::AnyOf(self.refs.iter().map(|git_ref| ref_pattern(git_ref)).collect()),
        }
    }
}

/// `refs/heads/release/*` as a pattern.
fn ref_pattern(git_ref: &str) -> SanPattern {
    let mut pieces = git_ref.split('*');
    let first = pieces.next().unwrap_or_default().to_owned();
    let mut segments = vec![Segment::Literal(first)];
    for piece in pieces {
        segments.push(Segment::RefSegment);
        segments.push(Segment::Literal(piece.to_owned()));
    }
    segments.retain(|segment| *segment != Segment::Literal(String::new()));
    SanPattern::new(segments)
}

/// Commits of a called workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Commit {
    /// Any commit: 40 hexadecimal digits.
    Any(AnyCommit),
    /// One of these, each 40 hexadecimal digits.
    OneOf(
        #[schemars(length(min = 1), inner(regex(pattern = shape::COMMIT.pattern)))]
        #[schemars(extend("uniqueItems" = true))]
        Vec<String>,
    ),
}

/// The word `any`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnyCommit {
    /// Any commit.
    Any,
}

/// One published artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Artifact {
    /// `registry/path`, without tag or digest.
    #[schemars(regex(pattern = shape::OCI_REPOSITORY.pattern))]
    pub repository: String,
    /// Folder that is packed, relative to the configuration; absent when something else pushes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = shape::FOLDER.pattern))]
    pub contents: Option<String>,
    /// Names of the signers that may sign it; any one of them suffices for a kind of evidence.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub signers: Vec<String>,
    /// The kinds of evidence that are required, all of them.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub evidence: Vec<EvidenceKind>,
}

/// Charts that are used although nobody signs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartException {
    /// `oci://` URL; a `*` stands for one path segment.
    #[schemars(regex(pattern = shape::OCI_URL.pattern))]
    pub url: String,
    /// Why, and until when.
    pub unsigned: Exception,
}

/// A weakening, with its reason and its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exception {
    /// Why it is needed.
    #[schemars(regex(pattern = shape::REASON.pattern))]
    pub reason: String,
    /// Last day on which it holds.
    pub until: Date,
}

/// A place where artifacts run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Environment {
    /// Whose signatures count there.
    pub trust: Trust,
    /// Context of the kubeconfig.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = shape::CONTEXT.pattern))]
    pub context: Option<String>,
    /// Flux version, such as `2.9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = shape::FLUX_VERSION.pattern))]
    pub flux: Option<String>,
    /// Secret with the certificate authorities of a private registry, which every source names as
    /// `certSecretRef`. Without it a source trusts only the authorities that everybody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = shape::SECRET.pattern))]
    pub certificates: Option<String>,
    /// `namespace/name` of the sources that pull our artifacts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = shape::KUBERNETES_OBJECT.pattern)))]
    #[schemars(extend("uniqueItems" = true))]
    pub sources: Vec<String>,
    /// `oci://` URLs of what belongs to the organisation; a `*` stands for one path segment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = shape::OCI_URL.pattern)))]
    #[schemars(extend("uniqueItems" = true))]
    pub organisation: Vec<String>,
}

/// Whose signatures count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
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
        let tree = match node::parse(text) {
            Ok(tree) => tree,
            Err(not_yaml) => return Err(ConfigErrors::new(file, text, vec![not_yaml.into()])),
        };
        let mut reader = Reader::default();
        let config = read::config(&mut reader, &At::top(&tree), today);
        match config {
            Some(config) if reader.mistakes.is_empty() => Ok(config),
            _ => Err(ConfigErrors::new(file, text, reader.mistakes)),
        }
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
        let signer = self.signers.get(name)?;
        let GithubSigner { repository, workflow, .. } = &signer.github;
        let file = format!("{GITHUB}/{repository}/.github/workflows/{workflow}@");
        let callers = match signer.called_from.as_slice() {
            [] => std::slice::from_ref(repository),
            callers => callers,
        };
        Some(ExpectedSigner {
            name: name.to_owned(),
            issuer: issuers.github.clone(),
            san: SanPattern::new(vec![Segment::Literal(file), signer.github.version()]),
            source_repositories: callers
                .iter()
                .map(|caller| format!("{GITHUB}/{caller}"))
                .collect(),
        })
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
