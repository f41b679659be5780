//! `predict`: what source-controller of a version will say about sources, before it is asked; and
//! beside it what our judge says.

mod alone;
mod arguments;
mod case;
mod documents;
mod judged;
mod live;
mod origin;
mod recording;
mod told;

use std::collections::BTreeMap;

use jiff::Timestamp;
use sealwright_evidence::TrustedRoot;
use sealwright_keyless::{Trust, TrustSource, load_trust};
use sealwright_policy::report::ArtifactReport;
use sealwright_policy::source_report::SourceReport;
use sealwright_policy::{Code, Finding, Report};
use sealwright_registry::Client;

pub(crate) use alone::Rules;
pub use arguments::PredictArguments;
use case::Roots;
use judged::{Artifact, Declarations};
use origin::Sources;
use recording::Recording;

use crate::TOOL;
use crate::failure::{Failure, registry_failure, trust_failure};
use crate::verify::artifact_report;

/// Predicts.
///
/// # Errors
/// The question is wrong: files that hold no YAML, names that do not exist, a version that is none.
/// What the world does wrong is in the report.
pub async fn predict(arguments: &PredictArguments, clock: Timestamp) -> Result<Report, Failure> {
    let now = arguments.at.unwrap_or(clock);
    let mut recording = match &arguments.replay {
        Some(path) => Recording::read(path)?,
        None => Recording::default(),
    };
    let offline = arguments.replay.is_some();
    let declarations = declarations(arguments, now)?;
    let (trust, untrusted) = trust(arguments, offline, clock).await?;
    let sources = sources(arguments, declarations.as_ref(), trust.as_ref()).await?;
    let client = match offline {
        true => None,
        false => Some(client(arguments)?),
    };
    let other = match &arguments.controller_trust {
        Some(path) => Some(controller_trust(path, clock).await?),
        None if trusts_public(arguments) => None,
        None => embedded(clock).await,
    };
    let root: Option<&TrustedRoot> = trust.as_ref().map(|trust| &trust.root);
    let public = match &other {
        None if trusts_public(arguments) => root,
        other => other.as_ref().map(|trust| &trust.root),
    };
    let roots = Roots { public, given: root };
    let Sources { cases, hopeless, mut findings } = sources;
    let seen = &mut recording.seen;
    let predictions = case::foretell(&cases, roots, seen, client.as_ref(), now).await;

    let requirements = |repository: &str| declarations.as_ref()?.of(repository);
    let artifacts = predictions.iter().filter_map(|prediction| {
        let repository = prediction.repository.clone()?;
        requirements(&repository)?;
        Some((repository, prediction.digest.clone()?))
    });
    let recorded = std::mem::take(&mut recording.evidence);
    let gathered = judged::gather(artifacts, recorded, client.as_ref()).await?;
    if let Some(path) = &arguments.record {
        let evidence = gathered.values().filter_map(|found| found.evidence.as_ref().ok());
        recording.evidence = evidence.cloned().collect();
        recording.write(path)?;
    }
    // Many sources may pull one artifact: it is judged once.
    let judged: BTreeMap<&Artifact, ArtifactReport> = gathered
        .iter()
        .filter_map(|(artifact, found)| {
            let requirements = requirements(&artifact.0)?;
            Some((artifact, artifact_report(&requirements, found.clone(), root, now)))
        })
        .collect();
    let told = cases.iter().zip(&predictions).map(|(case, prediction)| {
        let artifact = prediction.repository.clone().zip(prediction.digest.clone());
        let judged = artifact.and_then(|artifact| judged.get(&artifact).cloned());
        told::told(case, prediction, judged)
    });
    let sources: Vec<SourceReport> = told.chain(hopeless).collect();
    findings.extend(untrusted);
    if let Some(at) = arguments.at {
        let message = format!("--at: judged as of {at}");
        findings.push(Finding::new(Code::JudgedAtAnotherTime, message));
    }
    let trust = trust.map(|trust| trust.note);
    Ok(Report { trust, sources, findings, ..Report::new(TOOL, now) }.concluded())
}

async fn sources(
    arguments: &PredictArguments,
    declarations: Option<&Declarations>,
    trust: Option<&Trust>,
) -> Result<Sources, Failure> {
    let controller = origin::asked_controller(arguments)?;
    if !arguments.file.is_empty() {
        return origin::from_files(arguments, controller);
    }
    if let Some(source) = &arguments.source {
        return live::from_cluster(arguments, source, controller).await;
    }
    let declarations = declarations.ok_or_else(|| Failure::usage("there is no configuration"))?;
    origin::from_environments(arguments, declarations, controller.as_ref(), trust)
}

/// Files and clusters can be predicted without a configuration; judging needs one.
fn declarations(
    arguments: &PredictArguments,
    now: Timestamp,
) -> Result<Option<Declarations>, Failure> {
    let world = &arguments.world.config;
    let optional = !arguments.file.is_empty() || arguments.source.is_some();
    if optional && world.config == "sealwright.yaml" && !world.config.exists() {
        return Ok(None);
    }
    let config = world.read_config(now)?;
    let stood_in = world.stood_in(config.clone());
    Ok(Some(Declarations { config, stood_in, issuers: world.issuers() }))
}

fn client(arguments: &PredictArguments) -> Result<Client, Failure> {
    Client::new(arguments.world.asking.client_options()).map_err(|error| {
        match registry_failure(&error) {
            Err(failure) => failure,
            Ok(_) => Failure::usage(error),
        }
    })
}

async fn trust(
    arguments: &PredictArguments,
    offline: bool,
    clock: Timestamp,
) -> Result<(Option<Trust>, Option<Finding>), Failure> {
    match load_trust(&arguments.world.asking.trust_source(offline), clock).await {
        Ok(trust) => Ok((Some(trust), None)),
        Err(error) => Ok((None, Some(trust_failure(&error)?))),
    }
}

/// The root by which a controller with a mirror of its own verifies.
async fn controller_trust(path: &str, clock: Timestamp) -> Result<Trust, Failure> {
    match load_trust(&TrustSource::parse(path), clock).await {
        Ok(trust) => Ok(trust),
        Err(error) => Err(Failure::data(trust_failure(&error)?.message)),
    }
}

/// The public root beside another one that is given: as it was when this program was built, since
/// nobody said that the network may be asked for it.
async fn embedded(clock: Timestamp) -> Option<Trust> {
    load_trust(&TrustSource::Public { cache: None, offline: true }, clock).await.ok()
}

fn trusts_public(arguments: &PredictArguments) -> bool {
    matches!(arguments.world.asking.trust_source(false), TrustSource::Public { .. })
}
