//! `controls`: tries to break in. Each control is an artifact with one thing wrong; the judge, the
//! prediction and, when asked for, a live cluster must refuse it. The good artifact beside them must be
//! accepted by all three, else their refusals prove nothing.

mod arguments;
mod conclude;
mod derive;
mod flux;
mod judged;
mod live;
mod scratch;
mod set;
mod source;
mod stop;
mod trial;

use std::time::Duration;

use jiff::Timestamp;
use sealwright_flux::Controller;
use sealwright_flux::render::Matcher;
use sealwright_keyless::{TrustSource, load_trust};
use sealwright_policy::control_report::{ControlReport, RefusedBy};
use sealwright_policy::{Code, Config, Finding, Report, Verdict, verdict_of};
use sealwright_registry::{Client, Reference};

pub use self::arguments::ControlsArguments;
use self::set::{ControlSet, NotMade};
use self::trial::{Foretold, Trial};
use crate::TOOL;
use crate::environment::Chosen;
use crate::failure::{Failure, registry_failure, trust_failure};
use crate::kubernetes::{Busy, Cluster, connect};

/// Tries the controls, or removes what killed runs left.
///
/// # Errors
/// The question is wrong: no such artifact or environment, a file that is no set of controls.
pub async fn controls(arguments: &ControlsArguments, now: Timestamp) -> Result<Report, Failure> {
    if arguments.clean {
        return clean(arguments, now).await;
    }
    let world = &arguments.world;
    let config = world.config.stood_in(world.config.read_config(now)?);
    let chosen = Chosen::new(arguments.environment.as_deref(), world, now)?;
    let client = match Client::new(world.asking.client_options()) {
        Ok(client) => client,
        Err(error) => return Ok(nothing_tried(now, registry_failure(&error)?)),
    };
    let set = match &arguments.set {
        Some(path) => ControlSet::read(path)?,
        None => match derived(arguments, &client).await? {
            Ok(set) => set,
            Err(finding) => return Ok(nothing_tried(now, *finding)),
        },
    };
    let name = artifact_name(arguments, &config, &set)?;
    let requirements = config.requirements(&name, &world.config.issuers()).ok_or_else(|| {
        let known: Vec<&str> = config.artifacts.keys().map(String::as_str).collect();
        Failure::usage(format!("there is no artifact {name}\nthere are: {}", known.join(", ")))
    })?;
    let source = world.asking.trust_source(false);
    let trust = match load_trust(&source, now).await {
        Ok(trust) => trust,
        Err(error) => return Ok(nothing_tried(now, trust_failure(&error)?)),
    };
    let own_trust = !matches!(source, TrustSource::Public { .. });
    let trial = Trial {
        client: &client,
        requirements: &requirements,
        trust: &trust,
        own_trust,
        matcher: Matcher::of(&requirements),
        authorities: world.asking.certificate_authorities()?,
        controller: controller(arguments, &config)?,
        set: &set,
        namespace: &arguments.namespace,
        now,
        foretold: Foretold::new(),
    };
    // Before there is a cluster: what is seen there is read by it, and has a deadline.
    let trial = trial.foreseen().await?;
    let (mut report, interrupted) = if arguments.live {
        live(arguments, &chosen, &trial).await?
    } else {
        (trial.run(None).await?, None)
    };
    report.findings.extend(interrupted);
    for control in &mut report.controls {
        control.environment = chosen.name().map(ToOwned::to_owned);
    }
    report.controls.extend(set.not_made.iter().map(|one| not_made(one, &name)));
    report.trust = Some(trust.note.clone());
    Ok(report.concluded())
}

/// The same with the cluster's word.
async fn live(
    arguments: &ControlsArguments,
    chosen: &Chosen,
    trial: &Trial<'_>,
) -> Result<(Report, Option<Finding>), Failure> {
    let time = Some(Duration::from_secs(arguments.timeout));
    let cluster = match connect(&arguments.cluster, chosen.context(), time, Busy::AskAgain).await? {
        Ok(cluster) => cluster,
        Err(finding) => {
            let mut report = trial.run(None).await?;
            report.cluster = Some(chosen.note(None));
            return Ok((report, Some(*finding)));
        }
    };
    let (mut report, finding) = stop::guarded(&cluster, trial).await?;
    report.cluster = Some(chosen.note(Some(&cluster)));
    report.findings.extend(cluster.clock_finding());
    Ok((report, finding))
}

async fn derived(
    arguments: &ControlsArguments,
    client: &Client,
) -> Result<Result<ControlSet, Box<Finding>>, Failure> {
    match (&arguments.from, &arguments.into) {
        (Some(from), Some(into)) => derive::derive(client, from, into).await,
        _ => Err(Failure::usage("give the controls with --set, or --from and --into")),
    }
}

/// The artifact that was named, else that of the good artifact's repository, else the only one.
fn artifact_name(
    arguments: &ControlsArguments,
    config: &Config,
    set: &ControlSet,
) -> Result<String, Failure> {
    if let Some(name) = &arguments.artifact {
        return Ok(name.clone());
    }
    let mut reference = Reference::parse(&set.artifact).map_err(Failure::data)?;
    arguments.world.config.stand_in(&mut reference.repository, config);
    let repository = reference.repository.to_string();
    if let Some((name, _)) = config.artifact_for_repository(&repository) {
        return Ok(name.to_owned());
    }
    let names: Vec<&str> = config.artifacts.keys().map(String::as_str).collect();
    match names.as_slice() {
        [only] => Ok((*only).to_owned()),
        _ => Err(Failure::usage(format!(
            "no artifact in the configuration has the repository {repository}\nname one with --artifact: {}",
            names.join(", ")
        ))),
    }
}

fn controller(arguments: &ControlsArguments, config: &Config) -> Result<Controller, Failure> {
    let environment = arguments.environment.as_ref();
    let environment = environment.and_then(|name| config.environments.get(name));
    let version = environment.and_then(|environment| environment.flux.as_deref());
    match arguments.controller.as_deref().or(version) {
        Some(version) => Controller::parse(version)
            .map_err(|error| Failure::usage(format!("--controller: {error}"))),
        None => Ok(Controller::default()),
    }
}

fn nothing_tried(now: Timestamp, finding: Finding) -> Report {
    let mut report = Report::new(TOOL, now);
    report.findings.push(finding);
    report.concluded()
}

/// Not a failure of the lock, and not a proof of it either.
fn not_made(control: &NotMade, artifact: &str) -> ControlReport {
    let NotMade { name, does, refused_by, reason } = control.clone();
    let finding = Finding::new(Code::ControlNotRun, format!("there is no such control: {reason}"));
    report_of(name, does, artifact, refused_by, vec![finding])
}

fn report_of(
    name: String,
    does: String,
    artifact: &str,
    refused_by: RefusedBy,
    findings: Vec<Finding>,
) -> ControlReport {
    ControlReport {
        name,
        does,
        environment: None,
        artifact: artifact.to_owned(),
        reference: None,
        verdict: verdict_of(&findings),
        refused_by,
        judged: None,
        predicted: None,
        observed: None,
        findings,
    }
}

async fn clean(arguments: &ControlsArguments, now: Timestamp) -> Result<Report, Failure> {
    let chosen = Chosen::new(arguments.environment.as_deref(), &arguments.world, now)?;
    let time = Some(Duration::from_secs(arguments.timeout));
    let mut report = Report::new(TOOL, now);
    let cluster = match connect(&arguments.cluster, chosen.context(), time, Busy::AskAgain).await? {
        Ok(cluster) => cluster,
        Err(finding) => {
            report.cluster = Some(chosen.note(None));
            report.findings.push(*finding);
            return Ok(report.concluded());
        }
    };
    report.cluster = Some(chosen.note(Some(&cluster)));
    report.findings = cleaned(&cluster, &arguments.namespace).await;
    // Nothing was judged: the answer is whether anything is left.
    report.verdict = verdict_of(&report.findings);
    Ok(report)
}

async fn cleaned(cluster: &Cluster, namespace: &str) -> Vec<Finding> {
    let (mut findings, count) =
        scratch::clean(cluster.client(), namespace, scratch::OWNER_LABEL).await;
    if count > 0 {
        let message = format!("{count} objects of earlier runs were removed from {namespace}");
        findings.push(Finding::new(Code::ControlsCleaned, message));
    }
    findings
}

/// The worst that can be said of a control whose neighbour was refused is that it was let in.
fn without_neighbour(report: &mut ControlReport) {
    if report.verdict == Verdict::Verified {
        let message =
            "the good artifact beside it was refused, too, so this refusal proves nothing";
        report.findings.push(Finding::new(Code::ControlNotRun, message));
        report.verdict = verdict_of(&report.findings);
    }
}
