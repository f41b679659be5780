//! What strangers can do to a job that may sign or push: bring their code, choose a text of its
//! script, or start it.

use sealwright_policy::{Code, Finding, Severity};

use super::deeds::{Deed, What};
use super::walk::{Run, Unit};
use crate::permissions::{ID_TOKEN, Level, PACKAGES};
use crate::place::in_file;
use crate::tree::Tree;
use crate::triggers::Event;

/// Events with the repository's rights that anybody brings about.
const OF_STRANGERS: &[&str] =
    &["issue_comment", "issues", "discussion", "discussion_comment", "fork", "watch", "gollum"];

/// What a condition asks when it keeps strangers out.
const GUARDS: &[&str] = &[
    "head.repo",
    "author_association",
    "github.actor",
    "github.triggering_actor",
    "workflow_run.event",
    "workflow_run.head_repository",
    "github.event.sender",
    "user.login",
    "event.label",
    "labels",
    "environment",
];

pub(super) fn findings(runs: &[Run<'_>], tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in runs {
        let strangers = is_open_to_strangers(run, tree);
        for unit in run.units.iter().filter(|unit| is_privileged(unit)) {
            findings.extend(injections(run, unit, strangers));
            if strangers && !is_guarded(unit) {
                findings.extend(code(run, unit));
                findings.extend(started(run, unit));
            }
        }
    }
    findings
}

/// Whether anybody can start it with the repository's rights.
fn is_open_to_strangers(run: &Run<'_>, tree: &Tree) -> bool {
    let trigger = run.start.trigger;
    match &trigger.event {
        Event::PullRequestTarget => true,
        Event::Other(name) => OF_STRANGERS.contains(&name.as_str()),
        Event::WorkflowRun => trigger.workflows.iter().any(|name| {
            let mut named = tree.workflows.iter().filter(|workflow| {
                let own = workflow.name.as_ref().map_or(&workflow.path, |name| &name.text);
                *own == name.text
            });
            named.any(|workflow| {
                workflow.trigger(&Event::PullRequest).is_some()
                    || workflow.trigger(&Event::PullRequestTarget).is_some()
            })
        }),
        _ => false,
    }
}

/// Whether its token may ask for certificates or push packages, as far as that is said.
fn is_privileged(unit: &Unit<'_>) -> bool {
    let signs = |deed: &Deed| matches!(deed.what, What::Sign(_) | What::Move { .. });
    match unit.permissions {
        Some(permissions) => {
            [ID_TOKEN, PACKAGES].iter().any(|name| permissions.level(name) == Level::Write)
        }
        None => unit.deeds.iter().any(|(deed, _)| signs(deed)),
    }
}

fn is_guarded(unit: &Unit<'_>) -> bool {
    unit.environment.is_some()
        || unit.conditions.iter().any(|text| GUARDS.iter().any(|guard| text.contains(guard)))
}

fn injections(run: &Run<'_>, unit: &Unit<'_>, strangers: bool) -> Vec<Finding> {
    // The token of a fork's pull request has no rights to lose.
    if run.start.trigger.event == Event::PullRequest {
        return vec![];
    }
    let pasted = unit.deeds.iter().filter_map(|(deed, _)| match &deed.what {
        What::Pastes(text) => Some((deed, text)),
        _ => None,
    });
    let severity = if strangers && !is_guarded(unit) { Severity::Error } else { Severity::Warning };
    let told = pasted.map(|(deed, text)| {
        let message = format!(
            "`${{{{ {text} }}}}` becomes part of a script of job `{}`, which may {}",
            unit.job.id.text,
            rights(unit)
        );
        let place = in_file(&deed.file, &deed.at);
        let finding = Finding::new(Code::ScriptInjection, message).with_place(place);
        Finding { severity, ..finding }
    });
    told.collect()
}

fn rights(unit: &Unit<'_>) -> &'static str {
    let Some(permissions) = unit.permissions else { return "sign or push" };
    let may = |name| permissions.level(name) == Level::Write;
    match (may(ID_TOKEN), may(PACKAGES)) {
        (true, true) => "ask for certificates and push packages",
        (true, false) => "ask for certificates",
        _ => "push packages",
    }
}

/// Their code is fetched, and something runs behind it.
fn code(run: &Run<'_>, unit: &Unit<'_>) -> Option<Finding> {
    let is_fetch = |deed: &Deed| matches!(deed.what, What::FetchesProposal);
    let fetched = unit.deeds.iter().position(|(deed, _)| is_fetch(deed))?;
    let behind = unit.deeds[fetched + 1..].iter().map(|(deed, _)| deed);
    let runs = behind
        .into_iter()
        .find(|deed| matches!(deed.what, What::Runs | What::Check | What::Move { .. }))?;
    let (deed, _) = &unit.deeds[fetched];
    let message = format!(
        "job `{}` fetches a proposal on {} and runs what is there at {}, and may {}",
        unit.job.id.text,
        run.start.label,
        in_file(&runs.file, &runs.at),
        rights(unit)
    );
    let place = in_file(&deed.file, &deed.at);
    Some(Finding::new(Code::StrangersCodeSigns, message).with_place(place))
}

/// They start what signs, with the name of the default branch.
fn started(run: &Run<'_>, unit: &Unit<'_>) -> Option<Finding> {
    if run.start.trigger.event == Event::WorkflowRun {
        return None;
    }
    let (deed, _) = unit.deeds.iter().find(|(deed, _)| match &deed.what {
        What::Sign(_) => true,
        What::Move { to, .. } => to.is_live(),
        _ => false,
    })?;
    let message = format!("anybody starts `{}` by {}", deed.by, run.start.label);
    let place = in_file(&deed.file, &deed.at);
    Some(Finding::new(Code::StrangersStartSigning, message).with_place(place))
}
