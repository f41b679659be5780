//! Charts of registries: a chart's URL stands in its HelmRepository, and many charts are made by a
//! HelmRelease.

use std::collections::BTreeMap;

use sealwright_flux::Source;
use sealwright_policy::{Code, Finding, Place, Severity};
use serde_json::Value;

use super::found::Listed;
use super::scope::Scope;
use crate::kubernetes::{Kind, Live, Object, object_name};

/// A HelmRepository.
pub(super) struct ChartRepository {
    pub(super) name: String,
    pub(super) url: String,
    /// Whether it is one of a registry: others have an index, and nothing there can be verified.
    pub(super) is_oci: bool,
    pub(super) source: Option<Source>,
}

/// A chart, before its URL is known.
pub(super) struct Chart {
    pub(super) live: Live,
    /// Kind of what it comes from.
    origin: String,
    /// `namespace/name` of that.
    repository: String,
    chart: String,
    object: Object,
}

/// A HelmRelease that makes a chart.
pub(super) struct Release {
    pub(super) name: String,
    pub(super) repository: String,
    pub(super) chart: String,
    /// `namespace/name` of the HelmChart that helm-controller makes of it.
    pub(super) makes: String,
    /// Then helm-controller makes none, and leaves alone one that is there.
    suspended: bool,
}

impl ChartRepository {
    pub(super) fn read(object: &Object) -> Self {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
        Self {
            name: object_name(text("/metadata/namespace"), text("/metadata/name")),
            url: text("/spec/url").to_owned(),
            is_oci: text("/spec/type") == "oci",
            source: Source::parse(object).ok(),
        }
    }
}

impl Chart {
    pub(super) fn read(object: Object) -> Self {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let live = Live::read(Kind::HelmChart, &object);
        let origin = text("/spec/sourceRef/kind").to_owned();
        let repository = object_name(&live.namespace, text("/spec/sourceRef/name"));
        let chart = text("/spec/chart").to_owned();
        Self { live, origin, repository, chart, object }
    }

    /// The chart with its URL, or why that cannot be told.
    pub(super) fn listed(
        self,
        repositories: &BTreeMap<String, ChartRepository>,
        scope: &Scope,
    ) -> Result<Listed, Box<Finding>> {
        let origin = format!("{} {}", self.origin, self.repository);
        if self.origin != Kind::HelmRepository.name() {
            return Ok(Listed::outside(&self.live, origin));
        }
        let Some(repository) = repositories.get(&self.repository) else {
            return match self.live.revision {
                Some(_) => Err(Box::new(self.homeless())),
                // It has nothing, and can fetch nothing.
                None => Ok(Listed::outside(&self.live, origin)),
            };
        };
        let live = self.live.with_url(chart_url(repository, &self.chart));
        Ok(Listed::new(live, &self.object, Some(repository), scope))
    }

    fn homeless(&self) -> Finding {
        let message = format!(
            "HelmChart {} serves what it once pulled from there, and nothing tells where that was",
            self.live.full_name()
        );
        let place = Place::object(format!("{} {}", self.origin, self.repository));
        let finding = Finding::new(Code::SourceMissing, message).with_place(place);
        Finding { severity: Severity::Unknown, ..finding }
    }
}

impl Release {
    /// A release with a chart template; one with `chartRef` makes no chart.
    pub(super) fn read(object: &Object) -> Option<Self> {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        if text("/spec/chart/spec/sourceRef/kind") != "HelmRepository" {
            return None;
        }
        let home = Some(text("/spec/chart/spec/sourceRef/namespace"));
        let home = home.filter(|home| !home.is_empty()).unwrap_or(namespace);
        Some(Self {
            name: object_name(namespace, name),
            repository: object_name(home, text("/spec/chart/spec/sourceRef/name")),
            chart: text("/spec/chart/spec/chart").to_owned(),
            makes: object_name(home, &format!("{namespace}-{name}")),
            suspended: object.pointer("/spec/suspend") == Some(&Value::Bool(true)),
        })
    }

    /// What it means that its chart is not there.
    pub(super) fn without_chart(&self) -> Finding {
        if self.suspended {
            let message = format!("it has made no HelmChart {}, and makes none", self.makes);
            let place = Place::object(format!("HelmRelease {}", self.name));
            return Finding::new(Code::SourceSuspended, message).with_place(place);
        }
        let message = format!("HelmRelease {} should have made it", self.name);
        let place = Place::object(format!("HelmChart {}", self.makes));
        Finding::new(Code::SourceMissing, message).with_place(place)
    }
}

pub(super) fn chart_url(repository: &ChartRepository, chart: &str) -> String {
    format!("{}/{chart}", repository.url.trim_end_matches('/'))
}
