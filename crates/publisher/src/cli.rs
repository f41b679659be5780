//! The flags, as they are given: inert. `settings` and the commands validate them.

use std::num::NonZeroUsize;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Publishes manifests so that a cluster can tell who published them.
#[derive(Debug, Parser)]
#[command(
    name = "sealwright-publisher",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  sealwright-publisher publish --artifact manifests
  sealwright-publisher plan --artifact manifests --contents k8s
  sealwright-publisher whoami

Data goes to stdout, talk to stderr.
Exit codes: 0 done or unchanged, 1 refused, 2 could not be told, 64 usage, 65 bad input, 74 file error."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Tell every request to a registry.
    #[arg(long, global = true)]
    pub verbose: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one for a process")]
pub enum Command {
    /// Publishes a folder: pack, admit, stage, sign, attest, prove, promote, confirm.
    #[command(after_help = "\
Examples:
  sealwright-publisher publish
  sealwright-publisher publish --artifact manifests --tag latest --tag v1.4.0
  sealwright-publisher publish --registry 127.0.0.1:5000 --trust DIR --github-issuer URL

Running it again resumes what was interrupted. Contents that are published and proven already are left
as they are, whatever commit they are packed from: the outcome is then `unchanged`.")]
    Publish(PublishArguments),
    /// Says what `publish` would do, and touches nothing.
    Plan(PlanArguments),
    /// Signs an artifact that something else has pushed.
    #[command(after_help = "\
Example:
  sealwright-publisher sign ghcr.io/acme/shop/manifests@sha256:…")]
    Sign(SignArguments),
    /// Attaches a signed statement with a predicate of your own to an artifact.
    #[command(after_help = "\
Example:
  sealwright-publisher attest ghcr.io/acme/shop/manifests:v1 --type cyclonedx --predicate sbom.json")]
    Attest(AttestArguments),
    /// Moves tags to an artifact whose evidence is complete.
    #[command(after_help = "\
Example:
  sealwright-publisher promote ghcr.io/acme/platform/manifests@sha256:… --tag stable")]
    Promote(PromoteArguments),
    /// Says under which identity this process would sign, and which artifacts it may sign.
    Whoami(WhoamiArguments),
    /// Removes staging tags that interrupted publications have left.
    PruneStaging(PruneArguments),
    /// Packs a folder into a layer, without any registry, and prints its digest.
    #[command(after_help = "\
Example:
  sealwright-publisher pack --contents k8s --output manifests.tar.gz")]
    Pack(PackArguments),
}

/// Flags that all commands with a configuration share.
#[derive(Debug, Clone, Args)]
pub struct CommonArguments {
    /// Who may sign what.
    #[arg(long, value_name = "FILE", default_value = "sealwright.yaml")]
    pub config: Utf8PathBuf,
    /// Name of the artifact in the configuration; needed when nothing else decides it.
    #[arg(long, value_name = "NAME")]
    pub artifact: Option<String>,
    /// Registry that stands in for the one in the configuration, as the dev stack's does.
    #[arg(long, value_name = "HOST:PORT")]
    pub registry: Option<String>,
    /// Whom to trust: `public`, `public-embedded`, a folder with trusted_root.json and
    /// signing_config.json, or a trusted_root.json.
    #[arg(long, value_name = "public|DIR|FILE", default_value = "public")]
    pub trust: String,
    /// OIDC issuer behind `github:` signers, when it is not GitHub's own.
    #[arg(long, value_name = "URL")]
    pub github_issuer: Option<String>,
    /// How long one exchange with a service may take in all.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub deadline: Option<u64>,
    /// PEM file with certificate authorities to trust beside the system's.
    #[arg(long, value_name = "FILE")]
    pub ca_certificates: Option<Utf8PathBuf>,
    /// Registry host to speak plain HTTP to; loopback always is.
    #[arg(long, value_name = "HOST")]
    pub plain_http: Vec<String>,
}

/// Flags of commands that read as a stranger.
#[derive(Debug, Clone, Args)]
pub struct StrangerArguments {
    /// Credentials of the stranger who proves. `ambient` is a weakening, for private registries:
    /// what is proven then is what this job can see, not what everybody can.
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = StrangerCredentials::None)]
    pub stranger_credentials: StrangerCredentials,
}

/// Credentials of the stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StrangerCredentials {
    /// None.
    None,
    /// Those of this machine.
    Ambient,
}

/// Flags of commands that sign.
#[derive(Debug, Clone, Args)]
pub struct SigningArguments {
    /// File with the identity token (default: `SIGSTORE_ID_TOKEN`, else GitHub's token service).
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<Utf8PathBuf>,
    /// Version of the transparency log to use (default: the newest in the signing config).
    #[arg(long, value_name = "1|2")]
    pub rekor_version: Option<String>,
}

/// Flags about the contents.
#[derive(Debug, Clone, Args)]
pub struct ContentsArguments {
    /// Folder to publish (default: `contents` in the configuration).
    #[arg(long, value_name = "DIR")]
    pub contents: Option<Utf8PathBuf>,
    /// Final tag; may be repeated.
    #[arg(long, value_name = "TAG", default_value = "latest")]
    pub tag: Vec<String>,
    /// URL of the source repository (default: what the token says).
    #[arg(long, value_name = "URL")]
    pub source_url: Option<String>,
    /// Revision as Flux shows it, `ref@sha1:commit` (default: what the token says).
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,
    /// Time of the commit, RFC 3339 (default: `SOURCE_DATE_EPOCH`, else what the checkout says).
    #[arg(long, value_name = "TIME")]
    pub created: Option<jiff::Timestamp>,
    /// Limits and cores.
    #[command(flatten)]
    pub packing: PackingArguments,
}

/// How to pack.
#[derive(Debug, Clone, Args)]
pub struct PackingArguments {
    /// Most bytes of contents; Flux's extractors stop at 100 MiB by default.
    #[arg(long, value_name = "N", default_value_t = crate::contents::CONTENTS_BYTES_MAX)]
    pub contents_bytes_max: u64,
    /// Compressors (default: one for each core); the result does not depend on it.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

/// Flags of `publish`.
#[derive(Debug, Args)]
#[allow(missing_docs, reason = "groups of flags, documented above")]
pub struct PublishArguments {
    #[command(flatten)]
    pub common: CommonArguments,
    #[command(flatten)]
    pub contents: ContentsArguments,
    #[command(flatten)]
    pub signing: SigningArguments,
    #[command(flatten)]
    pub stranger: StrangerArguments,
    /// Let a tag move to an older commit.
    #[arg(long)]
    pub allow_rollback: bool,
    /// Also write the receipt to this file.
    #[arg(long, value_name = "FILE")]
    pub receipt: Option<Utf8PathBuf>,
}

/// Flags of `plan`.
#[derive(Debug, Args)]
#[allow(missing_docs, reason = "groups of flags, documented above")]
pub struct PlanArguments {
    #[command(flatten)]
    pub common: CommonArguments,
    #[command(flatten)]
    pub contents: ContentsArguments,
    #[command(flatten)]
    pub signing: SigningArguments,
    #[command(flatten)]
    pub stranger: StrangerArguments,
}

/// Flags of `sign`.
#[derive(Debug, Args)]
#[allow(missing_docs, reason = "groups of flags, documented above")]
pub struct SignArguments {
    /// What to sign; a tag is resolved once, and its digest is signed.
    #[arg(value_name = "REF")]
    pub reference: String,
    #[command(flatten)]
    pub common: CommonArguments,
    #[command(flatten)]
    pub signing: SigningArguments,
    #[command(flatten)]
    pub stranger: StrangerArguments,
}

/// Flags of `attest`.
#[derive(Debug, Args)]
#[allow(missing_docs, reason = "groups of flags, documented above")]
pub struct AttestArguments {
    /// What the statement is about.
    #[arg(value_name = "REF")]
    pub reference: String,
    /// Predicate type: `slsaprovenance1`, `cyclonedx`, or a URI.
    #[arg(long = "type", value_name = "TYPE")]
    pub predicate_type: String,
    /// JSON file with the predicate.
    #[arg(long, value_name = "FILE")]
    pub predicate: Utf8PathBuf,
    #[command(flatten)]
    pub common: CommonArguments,
    #[command(flatten)]
    pub signing: SigningArguments,
    #[command(flatten)]
    pub stranger: StrangerArguments,
}

/// Flags of `promote`.
#[derive(Debug, Args)]
#[allow(missing_docs, reason = "groups of flags, documented above")]
pub struct PromoteArguments {
    /// What the tags shall name.
    #[arg(value_name = "REF")]
    pub reference: String,
    /// Final tag; may be repeated.
    #[arg(long, value_name = "TAG", required = true)]
    pub tag: Vec<String>,
    #[command(flatten)]
    pub common: CommonArguments,
    #[command(flatten)]
    pub stranger: StrangerArguments,
    /// Let a tag move to an older commit.
    #[arg(long)]
    pub allow_rollback: bool,
}

/// Flags of `whoami`.
#[derive(Debug, Args)]
#[allow(missing_docs, reason = "groups of flags, documented above")]
pub struct WhoamiArguments {
    #[command(flatten)]
    pub common: CommonArguments,
    #[command(flatten)]
    pub signing: SigningArguments,
}

/// Flags of `prune-staging`.
#[derive(Debug, Args)]
#[allow(missing_docs, reason = "groups of flags, documented above")]
pub struct PruneArguments {
    #[command(flatten)]
    pub common: CommonArguments,
}

/// Flags of `pack`.
#[derive(Debug, Args)]
pub struct PackArguments {
    /// Folder to pack.
    #[arg(long, value_name = "DIR")]
    pub contents: Utf8PathBuf,
    /// File to write.
    #[arg(long, value_name = "FILE")]
    pub output: Utf8PathBuf,
    /// Limits and cores.
    #[command(flatten)]
    pub packing: PackingArguments,
}
