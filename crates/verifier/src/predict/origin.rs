//! Where sources come from: files, a cluster, or the environments of the configuration.

use std::sync::Arc;

use sealwright_flux::declared::{Declared, Root, declared, unknown_version};
use sealwright_flux::render::Follows;
use sealwright_flux::{Controller, Secret, Secrets, Source};
use sealwright_keyless::{Trust, TrustSource};
use sealwright_policy::source_report::SourceReport;
use sealwright_policy::{Code, Finding, Place, Verdict};

use super::arguments::PredictArguments;
use super::case::Case;
use super::documents::Documents;
use super::judged::Declarations;
use crate::failure::Failure;
use crate::render::no_environment;

/// Sources to predict, and what was found out beside them.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) cases: Vec<Case>,
    /// Sources of which nothing can be predicted.
    pub(super) hopeless: Vec<SourceReport>,
    pub(super) findings: Vec<Finding>,
}

/// The version that was asked for.
pub(super) fn asked_controller(
    arguments: &PredictArguments,
) -> Result<Option<Controller>, Failure> {
    let asked = arguments.controller.as_deref().map(Controller::parse).transpose();
    asked.map_err(|error| Failure::usage(format!("--controller: {error}")))
}

/// Everything in files.
pub(super) fn from_files(
    arguments: &PredictArguments,
    controller: Option<Controller>,
) -> Result<Sources, Failure> {
    let mut documents = Documents::default();
    for path in arguments.file.iter().chain(&arguments.secrets) {
        documents.read(path, &arguments.namespace)?;
    }
    let Documents { sources, mut secrets, findings } = documents;
    for (source, _) in &sources {
        complete(source, &mut secrets, !arguments.secrets.is_empty());
    }
    let wanted = |source: &Source| match &arguments.source {
        Some(name) => full_name(source) == *name,
        // Nothing is fetched for a repository alone.
        None => !matches!(source, Source::HelmRepository(_)),
    };
    let (controller, version) = or_assumed(controller);
    let secrets = Arc::new(secrets);
    let others: Vec<Source> = sources.iter().map(|(source, _)| source.clone()).collect();
    let others = Arc::new(others);
    let cases = sources.into_iter().filter(|(source, _)| wanted(source)).map(|(source, path)| {
        let place = Place { object: Some(title(&source)), ..Place::file(path.as_str()) };
        Case {
            source,
            others: Arc::clone(&others),
            secrets: Arc::clone(&secrets),
            controller: controller.clone(),
            environment: None,
            trust_replaced: false,
            place,
            findings: vec![],
        }
    });
    let cases: Vec<Case> = cases.collect();
    let none = cases.is_empty().then(|| {
        let message = match &arguments.source {
            Some(name) => format!("no file has a source {name}"),
            None => "no file has a source".to_owned(),
        };
        Finding::new(Code::SourceNoneFound, message)
    });
    let findings = findings.into_iter().chain(version).chain(none).collect();
    Ok(Sources { cases, hopeless: vec![], findings })
}

/// Says of every Secret that a source points at whether it is absent or was not given.
fn complete(source: &Source, secrets: &mut Secrets, all_given: bool) {
    let namespace = &source.metadata().namespace;
    for name in source.secret_names() {
        if !secrets.knows(namespace, name) {
            let unknown =
                || Secret::Unreadable("it is in no file; give it with --secrets".to_owned());
            let secret = if all_given { Secret::Missing } else { unknown() };
            secrets.insert(namespace, name, secret);
        }
    }
}

/// Without a word about the version, the newest that was compared with the real controller.
pub(super) fn or_assumed(controller: Option<Controller>) -> (Controller, Option<Finding>) {
    match controller {
        Some(controller) => {
            let newer = unknown_version(&controller);
            (controller, newer)
        }
        None => {
            let controller = Controller::default();
            let message =
                format!("{} is assumed; --controller names another", controller.describe());
            (controller, Some(Finding::new(Code::ControllerAssumed, message)))
        }
    }
}

/// What every artifact's source must be in the environments.
pub(super) fn from_environments(
    arguments: &PredictArguments,
    declarations: &Declarations,
    controller: Option<&Controller>,
    trust: Option<&Trust>,
) -> Result<Sources, Failure> {
    let config = &declarations.stood_in;
    if let Some(absent) =
        arguments.environment.iter().find(|name| !config.environments.contains_key(*name))
    {
        return Err(no_environment(absent, config));
    }
    let follows = match arguments.follows.starts_with("sha256:") {
        true => Follows::Digest(arguments.follows.clone()),
        false => Follows::Tag(arguments.follows.clone()),
    };
    let own = !matches!(arguments.world.asking.trust_source(false), TrustSource::Public { .. });
    let root = match trust {
        Some(trust) if own => Root::Own(&trust.root_json),
        _ => Root::Public,
    };
    let chosen =
        |name: &&String| arguments.environment.is_empty() || arguments.environment.contains(name);
    let mut sources = Sources::default();
    for environment in config.environments.keys().filter(chosen) {
        for artifact in config.artifacts.keys() {
            let issuers = &declarations.issuers;
            match declared(config, environment, artifact, issuers, follows.clone(), root) {
                Ok(found) => sources.cases.push(case(found, environment, controller)),
                Err(finding) => {
                    let repository = &config.artifacts[artifact].repository;
                    sources.hopeless.push(hopeless(environment, artifact, repository, *finding));
                }
            }
        }
    }
    if sources.cases.is_empty() && sources.hopeless.is_empty() {
        let message = "the configuration has no environments; give --file or --context";
        sources.findings.push(Finding::new(Code::SourceNoneFound, message));
    }
    Ok(sources)
}

fn case(found: Declared, environment: &str, controller: Option<&Controller>) -> Case {
    let Declared { source, secrets, controller: own, findings } = found;
    Case {
        place: Place::object(format!("environments.{environment}")),
        source,
        others: Arc::default(),
        secrets: Arc::new(secrets),
        controller: controller.cloned().unwrap_or(own),
        environment: Some(environment.to_owned()),
        trust_replaced: findings.iter().any(|finding| finding.code == Code::TrustReplaced),
        findings,
    }
}

fn hopeless(environment: &str, artifact: &str, repository: &str, finding: Finding) -> SourceReport {
    SourceReport {
        kind: "OCIRepository".to_owned(),
        name: format!("flux-system/{artifact}"),
        environment: Some(environment.to_owned()),
        artifact: Some(artifact.to_owned()),
        url: format!("oci://{repository}"),
        follows: None,
        verdict: finding.severity.verdict().and(Verdict::Unknown),
        verify: None,
        owners: vec![],
        revision: None,
        predicted: None,
        observed: None,
        judged: None,
        findings: vec![finding],
    }
}

/// `namespace/name`.
pub(super) fn full_name(source: &Source) -> String {
    let metadata = source.metadata();
    format!("{}/{}", metadata.namespace, metadata.name)
}

/// `OCIRepository namespace/name`.
pub(super) fn title(source: &Source) -> String {
    format!("{} {}", source.kind(), full_name(source))
}
