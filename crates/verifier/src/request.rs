//! From arguments to validated state: every file that says what to judge is read, every name exists.

use std::io::Read as _;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sealwright_evidence::Evidence;
use sealwright_keyless::TrustSource;
use sealwright_policy::config::CONFIG_BYTES_MAX;
use sealwright_policy::{Config, Issuers, Requirements};
use sealwright_registry::{ClientOptions, Reference, Repository};

use crate::arguments::ArtifactArguments;
use crate::failure::{Failure, registry_failure};
use crate::recording;

/// A question that can be answered.
#[derive(Debug)]
pub struct Request {
    /// Where the evidence comes from.
    pub origin: Origin,
    /// What must hold.
    pub requirements: Requirements,
    /// Whose signatures count.
    pub trust: TrustSource,
    /// What the clock says: how fresh trust must be.
    pub clock: Timestamp,
    /// The time to judge at, when it was given.
    pub at: Option<Timestamp>,
    /// Where to record the evidence.
    pub record: Option<Utf8PathBuf>,
}

/// Where evidence comes from.
#[derive(Debug)]
pub enum Origin {
    /// A registry.
    Registry {
        /// What to resolve.
        reference: Reference,
        /// As it was typed.
        spelled: String,
        /// How to get there.
        options: ClientOptions,
    },
    /// A recording.
    Recording(Evidence),
}

impl Request {
    /// Reads the configuration and whatever else the arguments name.
    ///
    /// # Errors
    /// Anything that makes the question meaningless.
    pub fn new(arguments: &ArtifactArguments, clock: Timestamp) -> Result<Self, Failure> {
        let config = read_config(&arguments.config, arguments.at.unwrap_or(clock))?;
        let origin = origin(arguments, &config)?;
        let config = match &arguments.registry {
            Some(registry) => config.with_registry(registry),
            None => config,
        };
        let issuers = match &arguments.github_issuer {
            Some(url) => Issuers { github: url.clone() },
            None => Issuers::public(),
        };
        let name = artifact_name(arguments, &config, &origin.repository())?;
        let mut requirements = config
            .requirements(&name, &issuers)
            .ok_or_else(|| Failure::usage(no_artifact(&name, &config)))?;
        requirements.accept_legacy_signature = arguments.accept_legacy_signature;
        Ok(Self {
            trust: trust(arguments, &origin),
            origin,
            requirements,
            clock,
            at: arguments.at,
            record: arguments.record.clone(),
        })
    }
}

impl Request {
    /// The time to judge at.
    pub fn now(&self) -> Timestamp {
        self.at.unwrap_or(self.clock)
    }
}

impl Origin {
    fn repository(&self) -> String {
        match self {
            Origin::Registry { reference, .. } => reference.repository.to_string(),
            Origin::Recording(evidence) => evidence.repository.clone(),
        }
    }
}

fn read_config(path: &Utf8Path, now: Timestamp) -> Result<Config, Failure> {
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
        Failure::data(format!("{path} is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })?;
    let today = now.to_zoned(TimeZone::UTC).date();
    Ok(Config::parse(path.as_str(), &text, today)?)
}

fn origin(arguments: &ArtifactArguments, config: &Config) -> Result<Origin, Failure> {
    let local = |error| match registry_failure(&error) {
        Err(failure) => failure,
        Ok(finding) => Failure::usage(finding),
    };
    let reference = arguments.reference.as_deref().map(Reference::parse).transpose();
    let reference = reference.map_err(local)?;
    if let Some(path) = &arguments.replay {
        let evidence = recording::read(path)?;
        recording::agree(path, &evidence, reference.as_ref())?;
        return Ok(Origin::Recording(evidence));
    }
    let (Some(mut reference), Some(spelled)) = (reference, arguments.reference.clone()) else {
        return Err(Failure::usage("neither a reference nor a recording is given"));
    };
    if let Some(registry) = &arguments.registry {
        stand_in(&mut reference.repository, registry, config);
    }
    Ok(Origin::Registry { reference, spelled, options: client_options(arguments) })
}

/// A reference to the configured registry means the one that stands in for it.
fn stand_in(repository: &mut Repository, registry: &str, config: &Config) {
    if config.artifact_for_repository(&repository.to_string()).is_some() {
        registry.clone_into(&mut repository.host);
    }
}

fn client_options(arguments: &ArtifactArguments) -> ClientOptions {
    let mut options =
        if arguments.anonymous { ClientOptions::stranger() } else { ClientOptions::ambient() };
    options.plain_http_hosts.clone_from(&arguments.plain_http);
    options.ca_certificates.clone_from(&arguments.ca_certificates);
    if let Some(seconds) = arguments.deadline {
        options.deadline = Duration::from_secs(seconds);
    }
    options
}

/// A recording is judged without any network: of the public instance, what is at hand counts.
fn trust(arguments: &ArtifactArguments, origin: &Origin) -> TrustSource {
    match (TrustSource::parse(&arguments.trust), origin) {
        (TrustSource::Public { cache, .. }, Origin::Recording(_)) => {
            TrustSource::Public { cache, offline: true }
        }
        (source, _) => source,
    }
}

fn artifact_name(
    arguments: &ArtifactArguments,
    config: &Config,
    repository: &str,
) -> Result<String, Failure> {
    if let Some(name) = &arguments.artifact {
        return Ok(name.clone());
    }
    if let Some((name, _)) = config.artifact_for_repository(repository) {
        return Ok(name.to_owned());
    }
    let mut names = config.artifacts.keys();
    match (names.next(), names.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => Err(Failure::usage(format!(
            "no artifact in the configuration has the repository {repository}\nname one with --artifact: {}",
            name_list(config)
        ))),
    }
}

fn no_artifact(name: &str, config: &Config) -> String {
    format!("there is no artifact {name} in the configuration\nthere are: {}", name_list(config))
}

fn name_list(config: &Config) -> String {
    config.artifacts.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}
