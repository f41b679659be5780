//! Every source in scope: whole lists, one page after the other, of each kind that pulls an OCI
//! artifact.

use std::collections::BTreeMap;

use sealwright_flux::Source;
use sealwright_policy::source_report::OutsideReport;
use sealwright_policy::{Code, Finding, Place};
use serde_json::Value;

use super::charts::{Chart, ChartRepository, Release, chart_url};
use super::scope::Scope;
use crate::kubernetes::{Cluster, Installed, Kind, Live, Object, object_name};

/// A source in scope.
pub(super) struct Found {
    pub(super) live: Live,
    /// The same, as far as the prediction needs it; or why it cannot be read.
    pub(super) source: Result<Source, String>,
    /// Of a chart: its repository.
    pub(super) repository: Option<Source>,
    /// Equal for sources of which the controller must say the same.
    pub(super) alike: String,
}

/// What was found, and what could not be read.
#[derive(Default)]
pub(super) struct Inventory {
    pub(super) sources: Vec<Found>,
    /// Sources that are nobody's business here.
    pub(super) outside: Vec<OutsideReport>,
    /// Whether all lists are whole.
    pub(super) is_whole: bool,
    pub(super) findings: Vec<Finding>,
}

/// A source, and whether it is in scope.
pub(super) enum Listed {
    Inside(Box<Found>),
    Outside(OutsideReport),
}

/// Lists all kinds side by side.
pub(super) async fn inventory(cluster: &Cluster, scope: &Scope) -> Inventory {
    let artifacts = cluster.list(Kind::OciRepository, |object| {
        let live = Live::read(Kind::OciRepository, &object);
        Some(Listed::new(live, &object, None, scope))
    });
    let repositories =
        cluster.list(Kind::HelmRepository, |object| Some(ChartRepository::read(&object)));
    let charts = cluster.list(Kind::HelmChart, |object| Some(Chart::read(object)));
    let releases = cluster.list(Kind::HelmRelease, |object| Release::read(&object));
    let instances = cluster.list(Kind::FluxInstance, |object| generated(&object, scope));
    let (artifacts, repositories, charts, releases, instances) =
        tokio::join!(artifacts, repositories, charts, releases, instances);
    let mut inventory = Inventory { is_whole: true, ..Inventory::default() };
    if matches!(artifacts, Ok(Installed::No)) {
        inventory.lacks(no_flux());
    }
    let artifacts = inventory.read(artifacts);
    artifacts.into_iter().for_each(|listed| inventory.take(listed));
    let repositories_read = repositories.is_ok();
    let repositories: BTreeMap<String, ChartRepository> = inventory
        .read(repositories)
        .into_iter()
        .map(|repository| (repository.name.clone(), repository))
        .collect();
    let charts = inventory.read(charts);
    for release in inventory.read(releases) {
        inventory.expect_chart(&release, &charts, &repositories, scope);
    }
    for chart in charts {
        match chart.listed(&repositories, scope) {
            Ok(listed) => inventory.take(listed),
            Err(finding) if repositories_read => inventory.findings.push(*finding),
            // That nobody may read them is told already.
            Err(_) => {}
        }
    }
    for (instance, source) in inventory.read(instances) {
        inventory.expect(&instance, &source);
    }
    inventory.sources.sort_by_key(|found| (found.live.kind, found.live.full_name()));
    inventory.outside.sort();
    inventory
}

impl Inventory {
    fn take(&mut self, listed: Listed) {
        match listed {
            Listed::Inside(found) => self.sources.push(*found),
            Listed::Outside(outside) => self.outside.push(outside),
        }
    }

    /// The objects of a list; without them the inventory is not whole.
    fn read<T>(&mut self, list: Result<Installed<T>, Box<Finding>>) -> Vec<T> {
        match list {
            Ok(installed) => installed.objects(),
            Err(finding) => {
                self.lacks(*finding);
                vec![]
            }
        }
    }

    fn lacks(&mut self, finding: Finding) {
        self.is_whole = false;
        self.findings.push(finding);
    }

    /// A chart that helm-controller should have made.
    fn expect_chart(
        &mut self,
        release: &Release,
        charts: &[Chart],
        repositories: &BTreeMap<String, ChartRepository>,
        scope: &Scope,
    ) {
        let Some(repository) = repositories.get(&release.repository) else { return };
        let in_scope =
            repository.is_oci && scope.covers_url(&chart_url(repository, &release.chart));
        let is_there = charts.iter().any(|chart| chart.live.full_name() == release.makes);
        if in_scope && !is_there && self.is_whole {
            self.findings.push(release.without_chart());
        }
    }

    /// A source that flux-operator should have generated.
    fn expect(&mut self, instance: &str, source: &str) {
        let is_it = |found: &Found| {
            found.live.kind == Kind::OciRepository && found.live.full_name() == source
        };
        if self.is_whole && !self.sources.iter().any(is_it) {
            let message = format!("FluxInstance {instance} should have generated it");
            let place = Place::object(format!("OCIRepository {source}"));
            self.findings.push(Finding::new(Code::SourceMissing, message).with_place(place));
        }
    }
}

impl Listed {
    pub(super) fn new(
        live: Live,
        object: &Object,
        repository: Option<&ChartRepository>,
        scope: &Scope,
    ) -> Self {
        match scope.covers(&live) {
            true => Self::Inside(Box::new(Found::new(live, object, repository))),
            false => Self::outside(&live, live.url.clone()),
        }
    }

    pub(super) fn outside(live: &Live, url: String) -> Self {
        Self::Outside(OutsideReport {
            kind: live.kind.name().to_owned(),
            name: live.full_name(),
            url,
        })
    }
}

impl Found {
    fn new(live: Live, object: &Object, repository: Option<&ChartRepository>) -> Self {
        let repository_url = repository.map(|repository| repository.url.as_str());
        Self {
            alike: alike(&live, object, repository_url),
            source: Source::parse(object).map_err(|error| error.to_string()),
            repository: repository.and_then(|repository| repository.source.clone()),
            live,
        }
    }
}

/// What a FluxInstance generates from a URL in scope: its own name and the source's.
fn generated(object: &Object, scope: &Scope) -> Option<(String, String)> {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str);
    let namespace = text("/metadata/namespace")?;
    let instance = object_name(namespace, text("/metadata/name")?);
    let is_ours = text("/spec/sync/kind") == Some("OCIRepository")
        && text("/spec/sync/url").is_some_and(|url| scope.covers_url(url));
    let name = text("/spec/sync/name").unwrap_or(namespace);
    is_ours.then(|| (instance, object_name(namespace, name)))
}

/// Two sources with the same text here get the same answer: same kind, same spec, and the same
/// namespace where a name in the spec is looked up in it.
fn alike(live: &Live, object: &Object, repository_url: Option<&str>) -> String {
    let spec = object.get("spec").map(ToString::to_string).unwrap_or_default();
    let local = spec.contains("Ref\"") || spec.contains("\"serviceAccountName\"");
    let namespace = if local { live.namespace.as_str() } else { "" };
    format!("{} {namespace} {} {spec}", live.kind, repository_url.unwrap_or_default())
}

fn no_flux() -> Finding {
    let place = Place::object("all ocirepositories");
    let message = "the cluster knows no OCIRepository: source-controller is not installed";
    Finding::new(Code::ClusterKindMissing, message).with_place(place)
}

#[cfg(test)]
mod tests {
    use sealwright_policy::Severity;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_chart_that_is_not_there_is_missed_unless_its_release_is_suspended() {
        let repository = ChartRepository::read(&json!({
            "metadata": {"namespace": "apps", "name": "charts"},
            "spec": {"type": "oci", "url": "oci://r.example/acme/charts"},
        }));
        let repositories = BTreeMap::from([(repository.name.clone(), repository)]);
        let release = |suspend: Value| {
            let source = json!({"kind": "HelmRepository", "name": "charts"});
            let chart = json!({"spec": {"chart": "app", "sourceRef": source}});
            let metadata = json!({"namespace": "apps", "name": "app"});
            let spec = json!({"suspend": suspend, "chart": chart});
            Release::read(&json!({"metadata": metadata, "spec": spec})).unwrap()
        };
        let ours = Scope::new(["oci://r.example/acme/charts/*"], [], &[], None);
        let others = Scope::new(["oci://r.example/other/*"], [], &[], None);
        let missing = Some((Code::SourceMissing, Severity::Error));
        let suspended = Some((Code::SourceSuspended, Severity::Warning));
        for (suspend, scope, is_whole, expected, why) in [
            (json!(false), &ours, true, missing, "it should have been made"),
            (json!(null), &ours, true, missing, "nothing is said"),
            (json!(true), &ours, true, suspended, "nobody makes it, and nothing is fetched"),
            (json!(false), &others, true, None, "none of ours"),
            (json!(false), &ours, false, None, "it may be on the page that was not read"),
        ] {
            let mut inventory = Inventory { is_whole, ..Inventory::default() };
            inventory.expect_chart(&release(suspend), &[], &repositories, scope);
            let found = inventory.findings.first().map(|one| (one.code, one.severity));
            assert_eq!(found, expected, "{why}");
        }
    }
}
