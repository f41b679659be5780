//! A source of a live cluster, with what it points at. Only read.

use std::sync::Arc;

use sealwright_flux::{Controller, Secret, Secrets, Source};
use sealwright_policy::{Code, Finding, Place};
use serde_json::Value;

use super::arguments::PredictArguments;
use super::case::Case;
use super::origin::{Sources, or_assumed, title};
use crate::cluster::controller_image;
use crate::failure::Failure;
use crate::kubernetes::{Busy, Cluster, Kind, connect, secret};

/// Kinds that a source of this name may be, the usual one first.
const KINDS: [Kind; 4] =
    [Kind::OciRepository, Kind::HelmChart, Kind::HelmRelease, Kind::FluxInstance];

pub(super) async fn from_cluster(
    arguments: &PredictArguments,
    source: &str,
    controller: Option<Controller>,
) -> Result<Sources, Failure> {
    let Some((namespace, name)) = source.split_once('/') else {
        return Err(Failure::usage(format!("{source} is not NAMESPACE/NAME")));
    };
    let time = arguments.world.asking.deadline.map(std::time::Duration::from_secs);
    let cluster = match connect(&arguments.cluster, None, time, Busy::AskAgain).await? {
        Ok(cluster) => cluster,
        Err(finding) => return Ok(Sources { findings: vec![*finding], ..Sources::default() }),
    };
    let looked = look(&cluster, namespace, name).await;
    let object = match looked {
        Ok(object) => object,
        Err(finding) => return Ok(Sources { findings: vec![*finding], ..Sources::default() }),
    };
    let source = Source::parse(&object).map_err(|error| Failure::data(error.to_string()))?;
    let controller = match controller {
        Some(controller) => Some(controller),
        None => deployed(&cluster).await,
    };
    let (controller, version) = or_assumed(controller);
    let others = match others(&cluster, &source).await {
        Ok(others) => others,
        Err(finding) => return Ok(Sources { findings: vec![*finding], ..Sources::default() }),
    };
    let mut secrets = Secrets::default();
    for source in others.iter().chain([&source]) {
        read_secrets(&cluster, source, &mut secrets).await;
    }
    let place = Place::object(title(&source));
    let case = Case {
        source,
        others: Arc::new(others),
        secrets: Arc::new(secrets),
        controller,
        environment: None,
        trust_replaced: false,
        place,
        findings: vec![],
    };
    Ok(Sources { cases: vec![case], findings: version.into_iter().collect(), ..Sources::default() })
}

async fn look(cluster: &Cluster, namespace: &str, name: &str) -> Result<Value, Box<Finding>> {
    let mut last = None;
    for kind in KINDS {
        match cluster.get(kind, namespace, name).await {
            Ok(Some(mut object)) => {
                // What is read alone may leave its own kind out.
                object["kind"] = kind.name().into();
                return Ok(object);
            }
            Ok(None) => {}
            // A kind that is not installed has no source of this name.
            Err(finding) if finding.code == Code::ClusterKindMissing => {}
            Err(finding) => last = Some(finding),
        }
    }
    Err(last.unwrap_or_else(|| {
        let message = format!("the cluster {} has no source {namespace}/{name}", cluster.name);
        Box::new(Finding::new(Code::SourceNoneFound, message))
    }))
}

/// The version of the controller that runs there, when it can be read.
async fn deployed(cluster: &Cluster) -> Option<Controller> {
    let found = cluster.get(Kind::Deployment, "flux-system", "source-controller").await;
    let deployment = found.ok().flatten()?;
    Controller::parse(&controller_image(&deployment)?).ok()
}

/// The repository of a chart, or the source of a release. One that may not be read is not absent.
async fn others(cluster: &Cluster, source: &Source) -> Result<Vec<Source>, Box<Finding>> {
    let reference = match source {
        Source::HelmChart(object) => Some(&object.spec.source_ref),
        Source::HelmRelease(object) => match (&object.spec.chart, &object.spec.chart_ref) {
            (Some(chart), _) => Some(&chart.spec.source_ref),
            (None, reference) => reference.as_ref(),
        },
        _ => None,
    };
    let Some(reference) = reference else { return Ok(vec![]) };
    let kind = match reference.kind.as_str() {
        "HelmRepository" => Kind::HelmRepository,
        "OCIRepository" => Kind::OciRepository,
        "HelmChart" => Kind::HelmChart,
        _ => return Ok(vec![]),
    };
    let own = &source.metadata().namespace;
    let namespace = if reference.namespace.is_empty() { own } else { &reference.namespace };
    let found = match cluster.get(kind, namespace, &reference.name).await {
        // Where the kind is not installed there is none of that name.
        Err(finding) if finding.code == Code::ClusterKindMissing => None,
        found => found?,
    };
    let parsed = found.map(|object| Source::parse(&object)).transpose();
    let parsed = parsed.map_err(|error| {
        let place = Place::object(format!("{kind} {namespace}/{}", reference.name));
        Finding::new(Code::ClusterProtocol, error.to_string()).with_place(place)
    })?;
    Ok(parsed.into_iter().collect())
}

async fn read_secrets(cluster: &Cluster, source: &Source, secrets: &mut Secrets) {
    let namespace = &source.metadata().namespace;
    for name in source.secret_names() {
        let found = match cluster.get(Kind::Secret, namespace, name).await {
            Ok(Some(object)) => secret(&object),
            Ok(None) => Secret::Missing,
            Err(finding) => Secret::Unreadable(finding.message.clone()),
        };
        secrets.insert(namespace, name, found);
    }
}
