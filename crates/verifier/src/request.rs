//! From arguments to validated state: every file that says what to judge is read, every name exists.

use camino::Utf8PathBuf;
use jiff::Timestamp;
use sealwright_evidence::Evidence;
use sealwright_keyless::TrustSource;
use sealwright_policy::{Config, Requirements};
use sealwright_registry::{ClientOptions, Reference};

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
        let world = &arguments.world;
        let config = world.config.read_config(arguments.at.unwrap_or(clock))?;
        let origin = origin(arguments, &config)?;
        let config = world.config.stood_in(config);
        let name = artifact_name(arguments, &config, &origin.repository())?;
        let mut requirements = config
            .requirements(&name, &world.config.issuers())
            .ok_or_else(|| Failure::usage(no_artifact(&name, &config)))?;
        requirements.accept_legacy_signature = arguments.accept_legacy_signature;
        Ok(Self {
            trust: world.asking.trust_source(matches!(origin, Origin::Recording(_))),
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
    arguments.world.config.stand_in(&mut reference.repository, config);
    Ok(Origin::Registry { reference, spelled, options: arguments.world.asking.client_options() })
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
