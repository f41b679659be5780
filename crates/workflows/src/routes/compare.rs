//! All routes to one tag have the same gates, or the one that misses some is named beside one that
//! has them.

use std::collections::BTreeMap;

use sealwright_policy::{Code, Finding, Severity};

use super::deeds::What;
use super::gates::Gate;
use super::{Route, floats};
use crate::triggers::Event;

/// The gates as they are compared: of environments, any one counts.
const KINDS: &[&str] = &["checks", "signed", "verified", "branch", "environment"];

/// What makes two routes lead to the same place.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Goal {
    /// A tag of a repository that is known.
    Tag(String, String),
    /// The releases of a repository that is known.
    Versions(String),
    /// A declared artifact under this tag.
    Artifact(String, String),
    /// One step, whatever it moves.
    Step(String, u32),
}

/// Compares, and notes in each route what it lacks.
pub(super) fn findings(routes: &mut [Route<'_>]) -> Vec<Finding> {
    let mut goals: BTreeMap<Goal, Vec<usize>> = BTreeMap::new();
    for (index, route) in routes.iter().enumerate() {
        goals.entry(goal(route)).or_default().push(index);
    }
    let mut findings = Vec::new();
    for same in goals.values().filter(|same| same.len() > 1) {
        for &index in same {
            findings.extend(compared(routes, same, index));
        }
    }
    findings
}

fn goal(route: &Route<'_>) -> Goal {
    let target = route.spot.target().expect("a route moves something");
    let tag = target.tag.clone().unwrap_or_default();
    let deed = route.spot.deed();
    match &route.artifact {
        Some(artifact) if floats(target.kind) => Goal::Artifact(artifact.clone(), tag),
        _ if !target.is_known() => Goal::Step(deed.file.clone(), deed.at.line),
        _ if floats(target.kind) => Goal::Tag(target.repository.clone(), tag),
        _ if target.kind == super::Kind::Version => Goal::Versions(target.repository.clone()),
        _ => Goal::Step(deed.file.clone(), deed.at.line),
    }
}

fn compared(routes: &mut [Route<'_>], same: &[usize], index: usize) -> Option<Finding> {
    let lacking: Vec<(&'static str, usize)> = KINDS
        .iter()
        .filter(|kind| lacks(&routes[index], kind))
        .filter_map(|kind| {
            let mut others = same.iter().filter(|other| **other != index);
            Some((*kind, *others.find(|other| has(&routes[**other], kind))?))
        })
        .collect();
    routes[index].lacks.extend(lacking.iter().map(|(kind, _)| *kind));
    let (_, other) = *lacking.first()?;
    let (route, other) = (&routes[index], &routes[other]);
    let words: Vec<&str> = lacking.iter().map(|(kind, _)| in_words(kind)).collect();
    let message = format!(
        "{} moves {} {}, which another route does not",
        route.told(),
        route.target(),
        words.join(" and ")
    );
    let evidence = lacking.iter().any(|(kind, _)| matches!(*kind, "signed" | "verified"));
    let severity = if evidence { route.severity(Severity::Warning) } else { Severity::Warning };
    let expected = format!("{} at {}: {}", other.told(), other.place(), listed(other));
    let found = format!("{}: {}", route.told(), listed(route));
    let finding = Finding::new(Code::RouteMissesGate, message).with_place(route.place());
    let finding = finding.with_mismatch(expected, found);
    let finding = match lacking.as_slice() {
        [("branch", _)] => finding.with_hint(
            "Hold it to the branch, as `if: github.ref == 'refs/heads/main'` on the job does, or let an environment with protection rules ask for approval.",
        ),
        _ => finding,
    };
    Some(Finding { severity, ..finding })
}

fn in_words(kind: &str) -> &'static str {
    match kind {
        "checks" => "without checks",
        "signed" => "without a signature",
        "verified" => "without verifying first",
        "branch" => "from any branch",
        _ => "without an environment's approval",
    }
}

fn listed(route: &Route<'_>) -> String {
    let gates: Vec<String> = route.gates.iter().map(ToString::to_string).collect();
    if gates.is_empty() { "nothing holds it back".to_owned() } else { gates.join(", ") }
}

fn has(route: &Route<'_>, kind: &str) -> bool {
    route.gates.iter().any(|gate| match gate {
        Gate::Environment(_) => kind == "environment",
        // A signature that comes late is told on its own.
        other => other.to_string() == kind,
    })
}

/// Whether it surely lacks a kind of gate.
fn lacks(route: &Route<'_>, kind: &str) -> bool {
    let (spot, deed) = (route.spot, route.spot.deed());
    if has(route, kind) || matches!(deed.what, What::Move { perhaps: true, .. }) {
        return false;
    }
    // What is not sure to be run may hold it back all the same.
    let perhaps =
        spot.earlier().chain([deed]).filter(|one| one.guessed).any(|one| match one.what {
            What::Check => kind == "checks",
            What::Verify => kind == "verified",
            What::Sign(_) => kind == "signed",
            What::Move { proves: true, .. } => ["signed", "verified"].contains(&kind),
            _ => false,
        });
    if perhaps {
        return false;
    }
    match kind {
        // An environment may hold it to branches as well.
        // Where a proposal's run pushes to is not on paper, which is told: a registry of its own, as a rule.
        "branch"
            if spot.run.start.trigger.event == Event::PullRequest
                && spot.target().is_none_or(|target| !target.is_known()) =>
        {
            false
        }
        "branch" => spot.branch() == Some(false) && !has(route, "environment"),
        "signed" => !spot.later().any(|later| matches!(later.what, What::Sign(_))),
        // What was merged was checked before, which no file says.
        "checks" => spot.run.start.trigger.event != Event::Push || spot.branch() != Some(true),
        _ => true,
    }
}
