//! The flags that every command has, and what they make of the world: the configuration, whom to
//! trust, how registries are reached, and where the report goes.

use std::io::Read as _;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sealwright_keyless::TrustSource;
use sealwright_policy::config::CONFIG_BYTES_MAX;
use sealwright_policy::{Config, Issuers};
use sealwright_registry::limits::CERTIFICATES_BYTES_MAX;
use sealwright_registry::{ClientOptions, Repository};

use crate::failure::Failure;

/// Name of the configuration in a folder.
pub(crate) const CONFIG_NAME: &str = "sealwright.yaml";

/// Which configuration, and what it means here.
#[derive(Debug, Clone, Args)]
pub struct ConfigArguments {
    /// Who may sign what.
    #[arg(long, value_name = "FILE", default_value = CONFIG_NAME)]
    pub config: Utf8PathBuf,
    /// What stands in for what it names.
    #[command(flatten)]
    pub stand_in: StandInArguments,
}

/// What stands in for what a configuration names.
#[derive(Debug, Clone, Default, Args)]
pub struct StandInArguments {
    /// Registry that stands in for the one in the configuration, as the dev stack's does.
    #[arg(long, value_name = "HOST:PORT")]
    pub registry: Option<String>,
    /// OIDC issuer behind `github:` signers, when it is not GitHub's own.
    #[arg(long, value_name = "URL")]
    pub github_issuer: Option<String>,
}

/// What every command that judges takes.
#[derive(Debug, Clone, Args)]
pub struct WorldArguments {
    /// By what it is judged.
    #[command(flatten)]
    pub config: ConfigArguments,
    /// Where the answer goes.
    #[command(flatten)]
    pub report: ReportArguments,
    /// How the world is asked.
    #[command(flatten)]
    pub asking: AskingArguments,
}

/// Where the report goes, and in which form.
#[derive(Debug, Clone, Args)]
pub struct ReportArguments {
    /// Form of the report on standard output or in --output.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: ReportForm,
    /// Where to write the report instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<Utf8PathBuf>,
}

/// How registries are asked, and whose signatures count.
#[derive(Debug, Clone, Args)]
pub struct AskingArguments {
    /// Whose signatures count: `public` (Sigstore's public instance), `public-embedded` (the same,
    /// as it was when this program was built), a folder with trusted_root.json, or that file.
    // Told behind what stands in for the configuration's.
    #[arg(long, value_name = "public|DIR|FILE", default_value = "public", display_order = 2)]
    pub trust: String,
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
    /// Say on standard error what is asked and why anything is asked again.
    // Told last, whatever a command adds.
    #[arg(long, short, display_order = 900)]
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

/// The configuration in a folder that is looked at, when it is there. A link that leads out of the folder is
/// none: whoever wrote the folder would have lines of somebody else's file told.
pub(crate) fn config_within(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let path = folder.join(CONFIG_NAME);
    let (root, target) = (folder.canonicalize_utf8().ok()?, path.canonicalize_utf8().ok()?);
    (target.is_file() && target.starts_with(root)).then_some(path)
}

impl ConfigArguments {
    /// The configuration as it stands in the file. `now` decides whether an exception has ended.
    ///
    /// # Errors
    /// The file cannot be read, or does not hold a configuration.
    pub fn read_config(&self, now: Timestamp) -> Result<Config, Failure> {
        let path = self.config.as_path();
        let why = |why: std::io::Error| {
            let failure = Failure::file(path, "read", why);
            let message = format!("{}\ngive the configuration with --config", failure.message);
            Failure { message, ..failure }
        };
        let file = std::fs::File::open(path).map_err(why)?;
        let mut bytes = Vec::new();
        // One byte more than is allowed, so that the parser sees that it is too much.
        file.take(CONFIG_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(why)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            Failure::data(format!("{path} is not UTF-8 at byte {valid}"))
        })?;
        let today = now.to_zoned(TimeZone::UTC).date();
        Ok(Config::parse(path.as_str(), &text, today)?)
    }

    /// The configuration with the registry that stands in for its own, when there is one.
    pub fn stood_in(&self, config: Config) -> Config {
        match &self.stand_in.registry {
            Some(registry) => config.with_registry(registry),
            None => config,
        }
    }

    /// A configured repository means the one that stands in for it; any other stays.
    pub fn stand_in(&self, repository: &mut Repository, config: &Config) {
        if let Some(registry) = &self.stand_in.registry
            && config.artifact_for_repository(&repository.to_string()).is_some()
        {
            registry.clone_into(&mut repository.host);
        }
    }

    /// Who issues the tokens of `github:` signers.
    pub fn issuers(&self) -> Issuers {
        self.stand_in.issuers()
    }
}

impl StandInArguments {
    /// Who issues the tokens of `github:` signers.
    pub fn issuers(&self) -> Issuers {
        match &self.github_issuer {
            Some(url) => Issuers { github: url.clone() },
            None => Issuers::public(),
        }
    }
}

impl AskingArguments {
    /// How registries are reached, and as whom.
    pub fn client_options(&self) -> ClientOptions {
        let mut options =
            if self.anonymous { ClientOptions::stranger() } else { ClientOptions::ambient() };
        options.plain_http_hosts.clone_from(&self.plain_http);
        options.ca_certificates.clone_from(&self.ca_certificates);
        if let Some(seconds) = self.deadline {
            options.deadline = Duration::from_secs(seconds);
        }
        options
    }

    /// PEM of the certificate authorities beside the operating system's, where some are named.
    ///
    /// # Errors
    /// The file cannot be read, or is larger than any such file.
    pub(crate) fn certificate_authorities(&self) -> Result<Option<Vec<u8>>, Failure> {
        let file = self.ca_certificates.as_deref();
        file.map(|file| crate::file::read(file, CERTIFICATES_BYTES_MAX)).transpose()
    }

    /// Whose signatures count. Without a network, of the public instance what is at hand counts.
    pub fn trust_source(&self, offline: bool) -> TrustSource {
        match TrustSource::parse(&self.trust) {
            TrustSource::Public { cache, offline: was } => {
                TrustSource::Public { cache, offline: was || offline }
            }
            source => source,
        }
    }
}
