//! One look at one cluster: what is there, what of it is in scope, and what is to be said of each.

use std::time::Duration;

use jiff::Timestamp;
use sealwright_keyless::{Trust, TrustSource};
use sealwright_policy::source_report::{ClusterNote, OutsideReport, ScopeReport, SourceReport};
use sealwright_policy::{Code, Finding, Place, Report, Severity};
use sealwright_registry::Client;
use tokio::time::Instant;

use super::admission::admission;
use super::arguments::SurveyArguments;
use super::baseline::Baseline;
use super::enforcement::{Enforcement, enforcement};
use super::found::{Found, Inventory, inventory};
use super::predicted::{Rules, predictions, secrets};
use super::running::{Court, JUDGING_TIME, judge_running};
use super::scope::Scope;
use super::told::Known;
use crate::environment::Chosen;
use crate::failure::{Failure, registry_failure};
use crate::kubernetes::{Cluster, Kind, quoted};

/// Sources outside the scope that a report holds: enough to see whose they are.
const OUTSIDE_COUNT_MAX: usize = 100;
/// Those that the finding about them names.
const OUTSIDE_TOLD_COUNT_MAX: usize = 5;

/// One look at one cluster.
pub(super) struct Look<'a> {
    pub(super) arguments: &'a SurveyArguments,
    pub(super) chosen: &'a Chosen,
    pub(super) cluster: &'a Cluster,
    pub(super) before: Option<Baseline>,
    /// What the report calls the cluster.
    pub(super) name: String,
    pub(super) now: Timestamp,
}

/// By what everything is judged and predicted.
struct Asked<'a> {
    trust: Option<&'a Trust>,
    trust_source: &'a TrustSource,
    enforcement: &'a Enforcement,
}

impl Look<'_> {
    pub(super) async fn into(
        self,
        report: &mut Report,
        trust: Option<&Trust>,
        trust_source: &TrustSource,
    ) -> Result<(), Failure> {
        let (chosen, cluster) = (self.chosen, self.cluster);
        let scope = chosen.scope();
        let runs = self.arguments.controller_runs;
        let enforcing = enforcement(cluster, chosen.flux(), runs, self.now);
        let (enforcement, mut inventory, admission) =
            tokio::join!(enforcing, inventory(cluster, &scope), admission(cluster));
        report.cluster = Some(self.note(&enforcement, &scope, &inventory));
        report.findings.extend(cluster.clock_finding());
        report.findings.extend(enforcement.findings.iter().cloned());
        report.findings.extend(admission);
        report.findings.append(&mut inventory.findings);
        report.findings.extend(self.about_scope(&inventory));
        self.compare_with_before(&inventory, report)?;
        report.findings.extend(missing(&inventory, chosen));
        let asked = Asked { trust, trust_source, enforcement: &enforcement };
        report.sources = self.sources(&inventory.sources, &asked, &mut report.findings).await?;
        Ok(())
    }

    /// Judges and predicts, and tells what came of it.
    async fn sources(
        &self,
        found: &[Found],
        asked: &Asked<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<SourceReport>, Failure> {
        let Self { chosen, cluster, now, .. } = *self;
        let world = &self.arguments.world;
        let client = match Client::new(world.asking.client_options()) {
            Ok(client) => client,
            Err(error) => {
                findings.push(registry_failure(&error)?);
                return Ok(vec![]);
            }
        };
        let root = asked.trust.map(|trust| &trust.root);
        let time = world.asking.deadline.map_or(JUDGING_TIME, Duration::from_secs);
        let court = Court { client: &client, root, chosen, now, until: Instant::now() + time };
        let judging = judge_running(found.iter().map(|found| &found.live), court);
        let (judged, (secrets, denied)) = tokio::join!(judging, secrets(cluster, found));
        let (judged, seen) = judged?;
        findings.extend(denied);
        let is_public = matches!(asked.trust_source, TrustSource::Public { .. });
        let rules = Rules {
            controller: &asked.enforcement.controller,
            secrets: &secrets,
            public_root: root.filter(|_| is_public),
            now,
        };
        let known = Known {
            chosen,
            judged: &judged,
            predictions: &predictions(&client, seen, found, rules).await,
            secrets: &secrets,
            own_root: asked.trust.filter(|_| !is_public),
            is_public,
        };
        found.iter().map(|found| known.source_report(found)).collect()
    }

    fn note(&self, enforcement: &Enforcement, scope: &Scope, inventory: &Inventory) -> ClusterNote {
        let outside = &inventory.outside;
        ClusterNote {
            controller: Some(enforcement.described.clone()),
            scope: Some(ScopeReport {
                urls: scope.urls(),
                sources: self.chosen.sources().to_vec(),
                outside_count: outside.len() as u64,
                outside: outside.iter().take(OUTSIDE_COUNT_MAX).cloned().collect(),
            }),
            ..self.chosen.note(Some(self.cluster))
        }
    }

    /// What was not looked at, and whether anybody said what to look at.
    fn about_scope(&self, inventory: &Inventory) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.chosen.name().is_none() {
            let message = "no environment of the configuration has this context, so nobody says which sources must be there";
            findings.push(Finding::new(Code::ScopeAssumed, message));
        }
        if inventory.sources.is_empty() && inventory.is_whole {
            let message = format!("no source of the organisation is in {}", self.name);
            findings.push(Finding::new(Code::SourceNoneFound, message));
        }
        findings.extend(outside(&inventory.outside));
        findings
    }

    /// Finds what was there last time and is gone; then writes what is there now.
    fn compare_with_before(
        &self,
        inventory: &Inventory,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let now = Baseline::of(&self.name, inventory.sources.iter().map(|found| &found.live));
        if let Some(before) = &self.before {
            let gone = before.vanished(&now);
            report
                .findings
                .extend(gone.into_iter().map(|finding| unless_unseen(finding, inventory)));
        }
        match &self.arguments.write_baseline {
            Some(path) if inventory.is_whole => now.write(path),
            Some(path) => {
                let message = format!("{path} is not written: not every source could be listed");
                report.findings.push(Finding::new(Code::SourceNoneFound, message));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Sources outside the scope, the first of them by name.
fn outside(sources: &[OutsideReport]) -> Option<Finding> {
    let told = sources.iter().take(OUTSIDE_TOLD_COUNT_MAX);
    let told: Vec<String> =
        told.map(|one| format!("{} {} ({})", one.kind, one.name, one.url)).collect();
    let more = sources.len().saturating_sub(OUTSIDE_TOLD_COUNT_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let (count, verb) = match sources.len() {
        0 => return None,
        1 => ("1 source".to_owned(), "was"),
        count => (format!("{count} sources"), "were"),
    };
    let message = format!("{count} outside the scope {verb} not judged");
    let finding = Finding::new(Code::SourceOutside, message);
    Some(finding.with_mismatch("URLs in scope", quoted(&format!("{}{more}", told.join(", ")))))
}

/// What could not be listed may still be there.
fn unless_unseen(finding: Finding, inventory: &Inventory) -> Finding {
    match inventory.is_whole {
        true => finding,
        false => Finding { severity: Severity::Unknown, ..finding },
    }
}

/// Declared sources that are not there.
fn missing(inventory: &Inventory, chosen: &Chosen) -> Vec<Finding> {
    let is_there = |name: &String| {
        inventory
            .sources
            .iter()
            .any(|found| found.live.kind == Kind::OciRepository && found.live.full_name() == *name)
    };
    let absent = chosen.sources().iter().filter(|name| !is_there(name));
    absent
        .map(|name| {
            let message =
                format!("the configuration declares the source {name}, and it is not there");
            let place = Place::object(format!("OCIRepository {name}"));
            let finding = Finding::new(Code::SourceMissing, message).with_place(place);
            unless_unseen(finding, inventory)
        })
        .collect()
}
