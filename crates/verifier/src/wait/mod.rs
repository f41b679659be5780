//! `wait`: until the named sources run exactly one digest, verified and Ready, or fail for good.
//! Watches and never writes: whoever is in a hurry asks the controller himself.

mod arguments;
mod explain;
mod follow;
mod progress;
mod standing;
mod watching;

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use sealwright_evidence::Digest;
use sealwright_policy::source_report::SourceReport;
use sealwright_policy::{Code, Finding, Place, Report, verdict_of};

pub use self::arguments::WaitArguments;
use self::explain::explain;
use self::follow::{End, follow};
use crate::TOOL;
use crate::environment::Chosen;
use crate::failure::Failure;
use crate::kubernetes::{Busy, Cluster, Kind, Live, connect, is_name};

/// A source that is waited for.
struct Waited {
    /// As it looked last.
    live: Live,
    /// Version of the API that it is read in.
    version: String,
}

/// Waits.
///
/// # Errors
/// The question is wrong: no such environment, no digest, a name that is none.
pub async fn wait(arguments: &WaitArguments, now: Timestamp) -> Result<Report, Failure> {
    let digest = Digest::parse(&arguments.digest)
        .map_err(|error| Failure::usage(format!("--digest: {error}")))?
        .to_string();
    let chosen = Chosen::new(arguments.environment.as_deref(), &arguments.world, now)?;
    let names = names(arguments, &chosen)?;
    let mut report = Report::new(TOOL, now);
    let time = Some(Duration::from_secs(arguments.timeout));
    let cluster = match connect(&arguments.cluster, chosen.context(), time, Busy::SaySo).await? {
        Ok(cluster) => cluster,
        Err(finding) => {
            report.cluster = Some(chosen.note(None));
            report.findings.push(*finding);
            return Ok(report.concluded());
        }
    };
    report.cluster = Some(chosen.note(Some(&cluster)));
    report.findings.extend(cluster.clock_finding());
    let found = join_all(names.iter().map(|(namespace, name)| find(&cluster, namespace, name)));
    let (mut waited, mut lost) = (Vec::new(), Vec::new());
    for found in found.await {
        match found {
            Ok(source) => waited.push(source),
            Err(source) => lost.push(*source),
        }
    }
    waited.retain(|source| is_meant(source, arguments, &chosen));
    if lost.is_empty() && waited.is_empty() {
        report.findings.push(none_found(arguments));
        return Ok(report.concluded());
    }
    one_artifact(&waited, arguments, &chosen)?;
    report.sources = match lost.is_empty() {
        true => followed(&cluster, waited, &digest).await,
        // One that is not there will not arrive; nobody needs to wait for the others.
        false => lost.into_iter().chain(waited.iter().map(|source| source.live.report())).collect(),
    };
    for source in &mut report.sources {
        source.environment = chosen.name().map(ToOwned::to_owned);
        source.artifact = chosen.artifact_of(&source.url).map(|(name, _)| name.to_owned());
    }
    explain(&mut report.sources, &cluster, chosen.flux(), &arguments.world, now).await;
    Ok(report.concluded())
}

async fn followed(cluster: &Cluster, waited: Vec<Waited>, digest: &str) -> Vec<SourceReport> {
    let ends = follow(cluster, waited, digest).await;
    ends.into_iter().map(|(source, end)| source_report(&source, end, digest)).collect()
}

fn source_report(source: &Waited, end: End, digest: &str) -> SourceReport {
    let mut report = source.live.report();
    report.findings = match end {
        End::Arrived => vec![],
        End::Failed(finding) => vec![*finding],
        End::Unfinished { standing, trouble } => {
            let message = format!("it does not run the artifact yet: {standing}");
            let finding = Finding::new(Code::WaitUnfinished, message)
                .with_place(source.live.place().with_digest(digest))
                .with_hint(format!(
                    "to make the controller look now: flux reconcile source oci {} -n {}",
                    source.live.name, source.live.namespace
                ));
            std::iter::once(finding).chain(trouble.map(|finding| *finding)).collect()
        }
    };
    report.verdict = verdict_of(&report.findings);
    report
}

/// The sources that are meant: those that were typed, else the environment's.
fn names(arguments: &WaitArguments, chosen: &Chosen) -> Result<Vec<(String, String)>, Failure> {
    let names = if arguments.sources.is_empty() { chosen.sources() } else { &arguments.sources };
    if names.is_empty() {
        return Err(Failure::usage(
            "the environment has no sources\nname them: NAMESPACE/NAME, or environments.NAME.sources in the configuration",
        ));
    }
    names.iter().map(|name| parse_name(name)).collect()
}

/// `namespace/name`, each of what Kubernetes allows in a name.
fn parse_name(text: &str) -> Result<(String, String), Failure> {
    match text.split_once('/') {
        Some((namespace, name)) if is_name(namespace) && is_name(name) => {
            Ok((namespace.to_owned(), name.to_owned()))
        }
        _ => Err(Failure::usage(format!(
            "{text} is no source\nwrite NAMESPACE/NAME, such as flux-system/flux-system"
        ))),
    }
}

async fn find(cluster: &Cluster, namespace: &str, name: &str) -> Result<Waited, Box<SourceReport>> {
    let kind = Kind::OciRepository;
    let lost = |finding: Finding| {
        let object = serde_json::json!({"metadata": {"namespace": namespace, "name": name}});
        let mut report = Live::read(kind, &object).report();
        (report.observed, report.follows) = (None, None);
        report.verdict = finding.severity.verdict();
        report.findings = vec![finding];
        Box::new(report)
    };
    match cluster.get(kind, namespace, name).await {
        Ok(Some(object)) => {
            let api_version = object.get("apiVersion").and_then(serde_json::Value::as_str);
            let version =
                api_version.and_then(|version| version.rsplit('/').next()).unwrap_or("v1");
            Ok(Waited { live: Live::read(kind, &object), version: version.to_owned() })
        }
        Ok(None) => {
            let message = format!("there is no {kind} {namespace}/{name} in the cluster");
            let place = Place::object(format!("{kind} {namespace}/{name}"));
            Err(lost(Finding::new(Code::SourceMissing, message).with_place(place)))
        }
        Err(finding) => Err(lost(*finding)),
    }
}

/// Of an environment's sources only those of the artifact are meant, when it was named.
fn is_meant(source: &Waited, arguments: &WaitArguments, chosen: &Chosen) -> bool {
    let artifact = chosen.artifact_of(&source.live.url).map(|(name, _)| name);
    arguments.artifact.is_none() || arguments.artifact.as_deref() == artifact
}

fn none_found(arguments: &WaitArguments) -> Finding {
    let artifact = arguments.artifact.as_deref().unwrap_or_default();
    let message = format!("no source of the environment pulls the artifact {artifact}");
    Finding::new(Code::SourceNoneFound, message)
}

/// One digest is of one artifact: sources of several cannot all run it.
fn one_artifact(
    waited: &[Waited],
    arguments: &WaitArguments,
    chosen: &Chosen,
) -> Result<(), Failure> {
    let urls: std::collections::BTreeSet<&str> =
        waited.iter().map(|source| source.live.url.as_str()).collect();
    if !arguments.sources.is_empty() || urls.len() < 2 {
        return Ok(());
    }
    let list: Vec<&str> = urls.into_iter().collect();
    let known: Vec<&str> = chosen.artifact_names();
    Err(Failure::usage(format!(
        "the environment's sources pull from several repositories: {}\nsay with --artifact which of them the digest is of: {}",
        list.join(", "),
        known.join(", ")
    )))
}
