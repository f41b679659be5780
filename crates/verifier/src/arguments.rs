//! The command line, as it was typed: nothing is looked at yet.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Says whether artifacts are what the release workflow published.
#[derive(Debug, Parser)]
#[command(
    name = "sealwright-verifier",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  sealwright-verifier artifact ghcr.io/acme/platform/manifests:latest
  sealwright-verifier artifact ghcr.io/acme/platform/manifests@sha256:… --format sarif --output report.sarif
  sealwright-verifier artifact 127.0.0.1:5000/acme/platform/manifests --trust .dev/trust --registry 127.0.0.1:5000
  sealwright-verifier explain SW4001

Exit codes: 0 Verified, 1 Refused, 2 Unknown (it could not be found out), 64 usage, 65 bad input,
74 file error."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judges one artifact: who signed it, from which commit, and whether that suffices.
    #[command(
        arg_required_else_help = true,
        after_help = "\
Examples:
  sealwright-verifier artifact ghcr.io/acme/platform/manifests:latest
  sealwright-verifier artifact ghcr.io/acme/platform/manifests:latest --record evidence.json
  sealwright-verifier artifact --replay evidence.json --format json"
    )]
    Artifact(Box<ArtifactArguments>),
    /// Says what a finding's code means; without a code, lists them all.
    Explain {
        /// Such as SW4001.
        code: Option<String>,
    },
}

/// How to judge one artifact.
#[derive(Debug, Args)]
pub struct ArtifactArguments {
    /// HOST/PATH, with `:TAG` or `@DIGEST`; without either, the tag `latest`.
    #[arg(value_name = "REF", required_unless_present = "replay")]
    pub reference: Option<String>,
    /// Who may sign what.
    #[arg(long, value_name = "FILE", default_value = "sealwright.yaml")]
    pub config: Utf8PathBuf,
    /// Name of the artifact in the configuration, when neither its repository nor its being the
    /// only one decides it.
    #[arg(long, value_name = "NAME")]
    pub artifact: Option<String>,
    /// Registry that stands in for the one in the configuration, as the dev stack's does.
    #[arg(long, value_name = "HOST:PORT")]
    pub registry: Option<String>,
    /// Whose signatures count: `public` (Sigstore's public instance), `public-embedded` (the same,
    /// as it was when this program was built), a folder with trusted_root.json, or that file.
    #[arg(long, value_name = "public|DIR|FILE", default_value = "public")]
    pub trust: String,
    /// OIDC issuer behind `github:` signers, when it is not GitHub's own.
    #[arg(long, value_name = "URL")]
    pub github_issuer: Option<String>,
    /// Form of the report on standard output or in --output.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: ReportForm,
    /// Where to write the report instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<Utf8PathBuf>,
    /// Seconds that resolving may take in all, and gathering after it, repetitions included.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub deadline: Option<u64>,
    /// PEM file with certificate authorities for registries, beside the operating system's.
    #[arg(long, value_name = "FILE")]
    pub ca_certificates: Option<Utf8PathBuf>,
    /// Host that is spoken to over plain HTTP; may be repeated. Loopback always is.
    #[arg(long, value_name = "HOST")]
    pub plain_http: Vec<String>,
    /// Send no credentials, even if there are some: see what a stranger sees.
    #[arg(long)]
    pub anonymous: bool,
    /// Weaker: let a legacy `.sig` signature stand for the signature where no bundle does.
    #[arg(long)]
    pub accept_legacy_signature: bool,
    /// Judge as of another time, RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::Timestamp>,
    /// Write the gathered evidence, unjudged, for --replay.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub record: Option<Utf8PathBuf>,
    /// Judge recorded evidence without any network.
    #[arg(long, value_name = "FILE")]
    pub replay: Option<Utf8PathBuf>,
    /// Say on standard error what is asked and why anything is asked again.
    #[arg(long, short)]
    pub verbose: bool,
}

/// A form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// For people.
    Text,
    /// The report itself; its JSON Schema is crates/policy/report.schema.json.
    Json,
    /// For code scanning.
    Sarif,
    /// For test reports.
    Junit,
}
