//! From flags to a validated world.

use std::io::Read as _;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use sealwright_keyless::{HttpOptions, RekorVersion, TrustSource};
use sealwright_policy::config::CONFIG_BYTES_MAX;
use sealwright_policy::{Artifact, Code, Config, Finding, Issuers, Place, Requirements};
use sealwright_registry::{Client, ClientOptions, Reference, RegistryError, Repository, Target};

use crate::cli::{
    CommonArguments, ContentsArguments, SigningArguments, StrangerArguments, StrangerCredentials,
};
use crate::commands::{Failure, limits};
use crate::contents::threads_available;
use crate::progress;
use crate::publish::{Environments, Packing, Parts, TokenSource, World};
use crate::source::SourceFlags;

/// Bytes of a configuration that are read: one more than the parser takes, so that it says so.
const CONFIG_BYTES_READ: u64 = CONFIG_BYTES_MAX as u64 + 1;

/// A configuration, and the artifact that a command is about.
pub struct Chosen {
    /// The configuration, with the registry of the flags.
    pub config: Config,
    /// Name of the artifact.
    pub name: String,
    /// The artifact.
    pub artifact: Artifact,
    /// What must hold for it.
    pub requirements: Requirements,
    /// Where it is.
    pub repository: Repository,
}

/// Reads the configuration.
///
/// # Errors
/// It cannot be read, or something in it is wrong.
pub fn read_config(common: &CommonArguments) -> Result<Config, Failure> {
    let path = &common.config;
    let unreadable = |why: String| {
        let message = format!("the configuration {path} cannot be read: {why}");
        Failure::files(
            Finding::new(Code::ConfigUnreadable, message).with_place(Place::file(path.as_str())),
        )
    };
    let mut text = String::new();
    // By what is read and not by what the file says of itself: a device says that it is empty.
    std::fs::File::open(path)
        .and_then(|file| file.take(CONFIG_BYTES_READ).read_to_string(&mut text))
        .map_err(|error| unreadable(error.to_string()))?;
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let config = Config::parse(path.as_str(), &text, today);
    let config = config.map_err(|errors| Failure::rendered(errors.to_string(), errors.findings))?;
    Ok(match &common.registry {
        Some(registry) => config.with_registry(registry),
        None => config,
    })
}

/// The issuers that the flags mean.
pub fn issuers(common: &CommonArguments) -> Issuers {
    match &common.github_issuer {
        Some(issuer) => Issuers { github: issuer.clone() },
        None => Issuers::public(),
    }
}

/// Chooses the artifact by name, by the repository of a reference, or because there is only one
/// that has contents.
///
/// # Errors
/// None fits, or several do.
pub fn choose(common: &CommonArguments, reference: Option<&Reference>) -> Result<Chosen, Failure> {
    let config = read_config(common)?;
    let name = match (&common.artifact, reference) {
        (Some(name), _) => name.clone(),
        (None, Some(reference)) => by_repository(&config, reference)?,
        (None, None) => only_one(&config)?,
    };
    let unknown = || Failure::usage(format!("the configuration has no artifact {name}"));
    let artifact = config.artifacts.get(&name).ok_or_else(unknown)?.clone();
    let requirements = config.requirements(&name, &issuers(common)).ok_or_else(unknown)?;
    let repository = Repository::parse(&artifact.repository).map_err(|error| bad(&error))?;
    if let Some(reference) = reference.filter(|reference| reference.repository != repository) {
        return Err(foreign(reference, &format!("the artifact {name} is in {repository}")));
    }
    Ok(Chosen { config, name, artifact, requirements, repository })
}

fn by_repository(config: &Config, reference: &Reference) -> Result<String, Failure> {
    let repository = reference.repository.to_string();
    let found = config.artifact_for_repository(&repository).map(|(name, _)| name.to_owned());
    found.ok_or_else(|| foreign(reference, "no artifact in the configuration is there"))
}

fn foreign(reference: &Reference, why: &str) -> Failure {
    let finding = Finding::new(Code::ReferenceForeign, format!("{reference}: {why}"));
    Failure::data(finding.with_place(Place::object(reference.to_string())))
}

fn only_one(config: &Config) -> Result<String, Failure> {
    let mut with_contents = config.artifacts.iter().filter(|(_, one)| one.contents.is_some());
    let names: Vec<&str> = config.artifacts.keys().map(String::as_str).collect();
    match (with_contents.next(), with_contents.next(), names.as_slice()) {
        (Some((name, _)), None, _) => Ok(name.clone()),
        (None, None, [only]) => Ok((*only).to_owned()),
        _ => Err(Failure::usage(format!("say which with --artifact: {}", names.join(", ")))),
    }
}

impl Chosen {
    /// The world of a command about this artifact.
    ///
    /// # Errors
    /// The HTTP clients cannot be made with these flags.
    pub fn world(
        &self,
        common: &CommonArguments,
        stranger: Option<&StrangerArguments>,
    ) -> Result<World, Failure> {
        let stranger = match stranger.map(|stranger| stranger.stranger_credentials) {
            Some(StrangerCredentials::Ambient) => ClientOptions::ambient(),
            Some(StrangerCredentials::None) | None => ClientOptions::stranger(),
        };
        let mut world = World::new(Parts {
            name: self.name.clone(),
            repository: self.repository.clone(),
            requirements: self.requirements.clone(),
            writer: client(common, ClientOptions::ambient())?,
            stranger: reach(common, stranger),
            trust: TrustSource::parse(&common.trust),
            http: http(common),
            talk: progress::choose(),
        });
        let config = self.config.clone();
        world.environments = Some(Environments { config, issuers: issuers(common) });
        Ok(world)
    }

    /// The folder to pack: the flag's, else the configuration's, which is relative to its file.
    ///
    /// # Errors
    /// Neither names one.
    pub fn packing(
        &self,
        common: &CommonArguments,
        flags: &ContentsArguments,
    ) -> Result<Packing, Failure> {
        let beside = common.config.parent().unwrap_or(Utf8Path::new(""));
        let configured = self.artifact.contents.as_ref().map(|contents| beside.join(contents));
        let contents = flags.contents.clone().or(configured).ok_or_else(|| {
            let name = &self.name;
            Failure::usage(format!(
                "the artifact {name} has no contents in the configuration; give --contents"
            ))
        })?;
        Ok(Packing {
            contents,
            limits: limits(&flags.packing),
            threads: flags.packing.threads.unwrap_or_else(threads_available),
            source: SourceFlags {
                url: flags.source_url.clone(),
                revision: flags.revision.clone(),
                created: flags.created,
            },
        })
    }
}

/// Adds who signs.
///
/// # Errors
/// The log version is none.
pub fn with_signing(world: &mut World, signing: &SigningArguments) -> Result<(), Failure> {
    world.token = TokenSource { file: signing.token_file.clone() };
    world.rekor_version =
        match signing.rekor_version.as_deref() {
            None => None,
            Some(text) => Some(RekorVersion::parse(text).ok_or_else(|| {
                Failure::usage(format!("--rekor-version takes 1 or 2, not {text}"))
            })?),
        };
    Ok(())
}

/// Adds the final tags and the checkout that knows their order.
///
/// # Errors
/// A tag is none, or is one of ours.
pub fn with_tags(world: &mut World, tags: &[String], checkout: &Utf8Path) -> Result<(), Failure> {
    for tag in tags {
        Target::tag(tag).map_err(|error| bad(&error))?;
        if tag.starts_with(crate::publish::STAGING_PREFIX) || tag.starts_with("sha256-") {
            return Err(Failure::usage(format!(
                "{tag} is no final tag: others look for evidence or rubbish there"
            )));
        }
    }
    world.tags.clear();
    for tag in tags {
        if !world.tags.contains(tag) {
            world.tags.push(tag.clone());
        }
    }
    world.checkout = Utf8PathBuf::from(checkout);
    Ok(())
}

/// Parses the reference of a command.
///
/// # Errors
/// It is none.
pub fn reference(text: &str) -> Result<Reference, Failure> {
    Reference::parse(text).map_err(|error| bad(&error))
}

/// The publisher's own client.
///
/// # Errors
/// It cannot be made with these flags.
pub fn client(common: &CommonArguments, options: ClientOptions) -> Result<Client, Failure> {
    Client::new(reach(common, options)).map_err(|error| bad(&error))
}

fn reach(common: &CommonArguments, mut options: ClientOptions) -> ClientOptions {
    options.plain_http_hosts.clone_from(&common.plain_http);
    options.ca_certificates.clone_from(&common.ca_certificates);
    if let Some(seconds) = common.deadline {
        options.deadline = Duration::from_secs(seconds);
    }
    options
}

/// How the signing services are reached.
pub fn http(common: &CommonArguments) -> HttpOptions {
    let mut options = HttpOptions::default();
    options.ca_certificates.clone_from(&common.ca_certificates);
    if let Some(seconds) = common.deadline {
        options.deadline = Duration::from_secs(seconds);
    }
    options
}

fn bad(error: &RegistryError) -> Failure {
    Failure::data(error.finding())
}
