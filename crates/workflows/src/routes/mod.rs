//! Every route by which a tag can move: from each trigger through jobs, called workflows and
//! composite actions to the step that moves it, with what has to be passed on the way.

mod beside;
mod called;
mod compare;
mod deeds;
mod exposure;
mod facts;
mod failed;
mod follow;
#[cfg(test)]
mod followed;
mod gates;
mod guards;
mod images;
mod made;
#[cfg(test)]
mod matrices;
mod named;
#[cfg(test)]
mod needs;
mod once;
mod order;
#[cfg(test)]
mod outcomes;
mod poison;
mod scope;
#[cfg(test)]
mod sketches;
mod start;
#[cfg(test)]
mod strange;
mod strangers;
mod target;
#[cfg(test)]
mod tests;
mod unread;
mod walk;

use std::collections::BTreeSet;

use sealwright_policy::route_report::RouteReport;
use sealwright_policy::{Code, Config, Finding, Severity, Verdict, verdict_of};

use self::deeds::What;
use self::gates::{Gate, Spot};
use self::target::{Kind, Target, is_open};
use self::walk::Run;
use crate::jobs::About;
use crate::model::Call;
use crate::place::in_file;
use crate::tree::Tree;
use crate::triggers::Event;

/// The routes of a repository, and what is wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    /// One per step and set of gates, in the order of the files.
    pub reports: Vec<RouteReport>,
    /// Complaints, each once.
    pub findings: Vec<Finding>,
}

/// A route, before it is told.
struct Route<'a> {
    spot: Spot<'a>,
    /// Name in the configuration.
    artifact: Option<String>,
    /// Whether it is that artifact's for certain, and not only by the look of it.
    certain: bool,
    gates: BTreeSet<Gate>,
    lacks: BTreeSet<&'static str>,
}

/// Finds the routes. With a configuration, the tags of its artifacts count most.
pub fn routes(tree: &Tree, about: About<'_>, config: Option<&Config>) -> Routes {
    let starts = start::starts(tree);
    let runs: Vec<Run<'_>> = starts.into_iter().map(|start| Run::of(tree, start, about)).collect();
    let reviewed = runs.iter().any(|run| {
        let review = matches!(run.start.trigger.event, Event::PullRequest | Event::MergeGroup);
        review && !run.units.is_empty()
    });
    let mut routes: Vec<Route<'_>> = Vec::new();
    for run in &runs {
        routes.extend(spots(run).filter_map(|spot| route(spot, config, reviewed)));
    }
    let mut findings = compare::findings(&mut routes);
    findings.extend(order::findings(&routes, &runs));
    findings.extend(named::findings(&runs, &routes));
    findings.extend(exposure::findings(&runs, tree));
    findings.extend(poison::findings(&runs, tree));
    findings.extend(unread::findings(&runs, &routes));
    findings.extend(config.into_iter().flat_map(|config| untouched(config, &runs)));
    let findings = once::once(findings, &runs);
    let reports = told(&routes, &findings, config.is_some());
    Routes { reports, findings }
}

/// Every step of a run that moves a tag.
fn spots<'a>(run: &'a Run<'a>) -> impl Iterator<Item = Spot<'a>> {
    run.units.iter().enumerate().flat_map(move |(unit, of)| {
        let moves = of.deeds.iter().enumerate();
        let moves = moves.filter(|(_, (deed, _))| matches!(deed.what, What::Move { .. }));
        moves.map(move |(deed, _)| Spot { run, unit, deed })
    })
}

/// A route, when production could follow the tag that moves.
fn route<'a>(spot: Spot<'a>, config: Option<&Config>, reviewed: bool) -> Option<Route<'a>> {
    let target = spot.target().filter(|target| target.is_live())?;
    let What::Move { artifact: named, .. } = &spot.deed().what else { return None };
    let artifacts = config.iter().flat_map(|config| &config.artifacts);
    let mut fitting = artifacts.filter(|(name, artifact)| match named {
        Some(named) => *name == named,
        None => !target.repository.is_empty() && target.may_be(&artifact.repository),
    });
    let fitting = fitting.next();
    let certain = fitting
        .is_none_or(|(_, artifact)| named.is_some() || target.repository == artifact.repository);
    let artifact = fitting.map(|(name, _)| name.clone());
    let only = config.filter(|config| config.artifacts.len() == 1);
    // A publisher without `--artifact` takes the only one that there is.
    let proves = matches!(spot.deed().what, What::Move { proves: true, .. });
    let artifact = artifact.or_else(|| only.filter(|_| proves)?.artifacts.keys().next().cloned());
    let gates = spot.gates(reviewed);
    Some(Route { spot, artifact, certain, gates, lacks: BTreeSet::new() })
}

impl Route<'_> {
    /// How loud it is: what surely is a declared artifact's is an error.
    fn severity(&self, otherwise: Severity) -> Severity {
        if self.artifact.is_some() && self.certain { Severity::Error } else { otherwise }
    }

    fn target(&self) -> String {
        self.spot.target().map(ToString::to_string).unwrap_or_default()
    }

    /// `cd.yaml: publish (push to main)`.
    fn told(&self) -> String {
        let jobs = self.spot.unit().chain.join(" > ");
        format!("{jobs} ({})", self.spot.run.start.label)
    }

    fn place(&self) -> sealwright_policy::Place {
        let deed = self.spot.deed();
        in_file(&deed.file, &deed.at)
    }
}

/// Artifacts that are packed here and that no step is seen to push, tag or sign: how they get to their
/// registry is not known, and so is what holds that back.
fn untouched(config: &Config, runs: &[Run<'_>]) -> Vec<Finding> {
    if runs.is_empty() {
        return vec![];
    }
    let deeds = || runs.iter().flat_map(|run| &run.units).flat_map(|unit| &unit.deeds);
    let calls = || runs.iter().flat_map(|run| &run.units).filter_map(|unit| unit.job.call());
    let packed = config.artifacts.iter().filter(|(_, artifact)| artifact.contents.is_some());
    let packed = packed.filter(|(_, artifact)| {
        // A workflow of another repository that signs it publishes it there.
        let signers = artifact.signers.iter().filter_map(|name| config.signers.get(name));
        let mut files = signers.map(|signer| &signer.github);
        !files.any(|file| calls().any(|call| calls_file(call, &file.repository, &file.workflow)))
    });
    let unseen = packed.filter(|(name, artifact)| {
        !deeds().any(|(deed, _)| match &deed.what {
            What::Move { artifact: Some(named), .. } => named == *name || is_open(named),
            What::Move { to, .. } => !to.is_known() || to.repository == artifact.repository,
            What::Sign(references) => references.iter().any(|text| {
                let signed = Target::parse(text);
                !signed.is_known() || signed.repository == artifact.repository
            }),
            _ => false,
        })
    });
    let told = unseen.map(|(name, artifact)| {
        let message = format!(
            "artifact {name} is packed here, and no step is seen that pushes, tags or signs {}",
            artifact.repository
        );
        Finding { severity: Severity::Unknown, ..Finding::new(Code::RouteUnread, message) }
    });
    told.collect()
}

fn calls_file(call: &Call, repository: &str, workflow: &str) -> bool {
    call.uses.remote().is_some_and(|remote| {
        remote.slug().eq_ignore_ascii_case(repository)
            && remote.path == format!(".github/workflows/{workflow}")
    })
}

/// Routes that differ in their trigger alone are one row.
fn told(routes: &[Route<'_>], findings: &[Finding], configured: bool) -> Vec<RouteReport> {
    let mut reports: Vec<RouteReport> = Vec::new();
    for route in routes {
        let deed = route.spot.deed();
        let place = route.place();
        let here: Vec<&Finding> = findings
            .iter()
            .filter(|finding| finding.place.file == place.file && finding.place.line == place.line)
            .filter(|finding| finding.code != Code::RouteMissesGate || !route.lacks.is_empty())
            .collect();
        let open = route.spot.target().is_some_and(|target| !target.is_known());
        let proves = matches!(deed.what, What::Move { proves: true, .. });
        let unknown = configured && open && route.artifact.is_none() && !proves;
        let open = if unknown { Verdict::Unknown } else { Verdict::Verified };
        let report = RouteReport {
            triggers: vec![],
            jobs: route.spot.unit().chain.clone(),
            moves: route.target(),
            artifact: route.artifact.clone(),
            by: deed.by.clone(),
            place: place.clone(),
            gates: route.gates.iter().map(ToString::to_string).collect(),
            lacks: route.lacks.iter().map(|lack| (*lack).to_owned()).collect(),
            codes: here
                .iter()
                .map(|finding| finding.code)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            verdict: verdict_of(here).and(open),
        };
        let label = route.spot.run.start.label.clone();
        let same = |known: &&mut RouteReport| {
            RouteReport { triggers: vec![], ..(**known).clone() } == report
        };
        match reports.iter_mut().find(same) {
            Some(known) if known.triggers.contains(&label) => (),
            Some(known) => known.triggers.push(label),
            None => reports.push(RouteReport { triggers: vec![label], ..report }),
        }
    }
    reports
}

/// Whether a tag moves from one release to the next.
fn floats(kind: Kind) -> bool {
    kind == Kind::Floating
}
