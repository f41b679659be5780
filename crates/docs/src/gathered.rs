//! Several reports as one: what was seen last counts, and where two were made at the same time, the
//! worse of them.

use std::collections::BTreeMap;

use sealwright_policy::Verdict;
use sealwright_policy::control_report::ControlReport;
use sealwright_policy::report::{ArtifactReport, Report};
use sealwright_policy::source_report::SourceReport;

/// Something that was seen, with the report that says so.
#[derive(Debug)]
pub(crate) struct Seen<'a, T> {
    pub(crate) report: &'a Report,
    /// Name of the environment; empty when none is named.
    pub(crate) environment: &'a str,
    pub(crate) item: &'a T,
}

impl<T> Clone for Seen<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Seen<'_, T> {}

impl<'a, T> Seen<'a, T> {
    /// What is simulated never stands in for what is not: it is a place of its own.
    pub(crate) fn place(&self) -> (&'a str, bool) {
        (self.environment, self.simulated())
    }

    /// Whether it was seen in a cluster that only imitates one.
    pub(crate) fn simulated(&self) -> bool {
        is_simulated(self.report)
    }
}

/// Whether a report is about a cluster that only imitates one.
pub(crate) fn is_simulated(report: &Report) -> bool {
    report.cluster.as_ref().is_some_and(|cluster| cluster.simulated)
}

/// The artifact with this name in the configuration.
pub(crate) fn artifact<'a>(reports: &'a [Report], name: &str) -> Option<&'a ArtifactReport> {
    let named = reports.iter().flat_map(|report| {
        let named = report.artifacts.iter().filter(|one| one.name.as_deref() == Some(name));
        named.map(move |item| Seen { report, environment: "", item })
    });
    latest(named, |_| (), |one| one.verdict).pop().map(|seen| seen.item)
}

/// Every artifact that was judged, also as what a source runs.
pub(crate) fn judged(reports: &[Report]) -> impl Iterator<Item = &ArtifactReport> {
    reports.iter().flat_map(|report| {
        let running = report.sources.iter().filter_map(|source| source.judged.as_ref());
        report.artifacts.iter().chain(running)
    })
}

/// Every source of every environment, as it was seen last.
pub(crate) fn sources(reports: &[Report]) -> Vec<Seen<'_, SourceReport>> {
    latest(
        all_sources(reports),
        |seen| (seen.place(), seen.item.kind.as_str(), seen.item.name.as_str()),
        |source| source.verdict,
    )
}

/// Every source in every report.
pub(crate) fn all_sources(reports: &[Report]) -> impl Iterator<Item = Seen<'_, SourceReport>> {
    reports.iter().flat_map(|report| {
        report.sources.iter().map(move |item| {
            let environment = environment(report, item.environment.as_deref());
            Seen { report, environment, item }
        })
    })
}

/// Every negative control in every environment, as it was tried last.
pub(crate) fn controls(reports: &[Report]) -> Vec<Seen<'_, ControlReport>> {
    let all = reports.iter().flat_map(|report| {
        report.controls.iter().map(move |item| {
            let environment = environment(report, item.environment.as_deref());
            Seen { report, environment, item }
        })
    });
    latest(
        all,
        |seen| (seen.place(), seen.item.artifact.as_str(), seen.item.name.as_str()),
        |control| control.verdict,
    )
}

/// Whether a digest that was good at a time was refused then or later.
pub(crate) fn refused_since(reports: &[Report], digest: &str, since: jiff::Timestamp) -> bool {
    let later: Vec<&Report> = reports.iter().filter(|report| report.judged_at >= since).collect();
    later.into_iter().any(|report| {
        judged(std::slice::from_ref(report))
            .any(|one| one.digest.as_deref() == Some(digest) && one.verdict == Verdict::Refused)
    })
}

fn environment<'a>(report: &'a Report, own: Option<&'a str>) -> &'a str {
    let cluster = report.cluster.as_ref().map(|cluster| cluster.environment.as_str());
    own.or(cluster).unwrap_or_default()
}

/// One for each key, in the order of the keys.
fn latest<'a, T, K: Ord>(
    all: impl Iterator<Item = Seen<'a, T>>,
    key: impl Fn(&Seen<'a, T>) -> K,
    verdict: impl Fn(&T) -> Verdict,
) -> Vec<Seen<'a, T>> {
    let mut kept: BTreeMap<K, Seen<'a, T>> = BTreeMap::new();
    for seen in all {
        let weight = |seen: &Seen<'a, T>| (seen.report.judged_at, verdict(seen.item));
        let place = kept.entry(key(&seen)).or_insert(seen);
        if weight(&seen) > weight(place) {
            *place = seen;
        }
    }
    kept.into_values().collect()
}
