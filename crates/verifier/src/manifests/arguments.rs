//! Which repository is looked at, as it was typed.

use camino::Utf8PathBuf;
use clap::Args;

use crate::world::{ConfigArguments, ReportForm, WorldArguments, config_within};

/// Which repository, and what it is compared with.
#[derive(Debug, Clone, Args)]
pub struct ManifestsArguments {
    /// Folder with the manifests.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: Utf8PathBuf,
    /// Who may sign what. Without it DIR/sealwright.yaml; without that only slips are found, and no
    /// intentions.
    #[arg(long, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
    /// Findings that are known and counts that must not fall, as --write-baseline wrote them.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<Utf8PathBuf>,
    /// Where to write what is there now: these findings fail no more, new ones do.
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<Utf8PathBuf>,
    /// Ask the registries: each matcher must accept somebody who really signed.
    #[arg(long)]
    pub observe: bool,
    /// Show what would mend matchers and blocks where that is mechanical, as a diff on standard
    /// output; and on standard error what would be left.
    #[arg(long, conflicts_with_all = ["observe", "baseline", "write_baseline"])]
    pub fix: bool,
    /// With --fix, change the files; the report is on what is left.
    #[arg(long, requires = "fix")]
    pub write: bool,
    /// A folder in which nothing pulls or verifies anything is in order: plain workloads.
    #[arg(long)]
    pub may_be_empty: bool,
    /// With --observe, whose signatures count: `public`, `public-embedded`, a folder or a file.
    #[arg(long, value_name = "public|DIR|FILE", default_value = "public")]
    pub trust: String,
    /// Registry that stands in for the one in the configuration, as the dev stack's does.
    #[arg(long, value_name = "HOST:PORT")]
    pub registry: Option<String>,
    /// OIDC issuer behind `github:` signers, when it is not GitHub's own.
    #[arg(long, value_name = "URL")]
    pub github_issuer: Option<String>,
    /// Form of the report on standard output or in --output.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: ReportForm,
    /// Where to write the report instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<Utf8PathBuf>,
    /// With --observe, seconds that resolving may take in all, and gathering after it.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub deadline: Option<u64>,
    /// With --observe, PEM file with certificate authorities for registries.
    #[arg(long, value_name = "FILE")]
    pub ca_certificates: Option<Utf8PathBuf>,
    /// With --observe, host that is spoken to over plain HTTP. Loopback always is.
    #[arg(long, value_name = "HOST")]
    pub plain_http: Vec<String>,
    /// With --observe, send no credentials: see what a stranger sees.
    #[arg(long)]
    pub anonymous: bool,
    /// With --observe, say on standard error what is asked.
    #[arg(long, short)]
    pub verbose: bool,
}

impl ManifestsArguments {
    /// The configuration that is used, when there is one.
    pub(super) fn config_file(&self) -> Option<Utf8PathBuf> {
        self.config.clone().or_else(|| config_within(&self.folder))
    }

    /// The flags that it shares with all that ask the world.
    pub fn world(&self) -> WorldArguments {
        WorldArguments {
            config: ConfigArguments {
                config: self.config_file().unwrap_or_default(),
                registry: self.registry.clone(),
                github_issuer: self.github_issuer.clone(),
            },
            trust: self.trust.clone(),
            format: self.format,
            output: self.output.clone(),
            deadline: self.deadline,
            ca_certificates: self.ca_certificates.clone(),
            plain_http: self.plain_http.clone(),
            anonymous: self.anonymous,
            verbose: self.verbose,
        }
    }
}
