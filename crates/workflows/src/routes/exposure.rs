//! What strangers can do to a job that may sign or push: bring their code, choose a text of its
//! script, or start it.

use sealwright_policy::{Code, Finding, Severity};

use super::deeds::{Deed, What};
use super::guards::{self, Guard};
use super::walk::{Run, Unit};
use crate::permissions::{ID_TOKEN, Level, PACKAGES};
use crate::place::in_file;
use crate::tree::Tree;
use crate::triggers::Event;

/// Events with the repository's rights that anybody brings about.
const OF_STRANGERS: &[&str] =
    &["issue_comment", "issues", "discussion", "discussion_comment", "fork", "watch", "gollum"];
/// What happens to a proposal or a report only by somebody with rights.
const BY_RIGHT: &[&str] = &[
    "labeled",
    "unlabeled",
    "assigned",
    "unassigned",
    "milestoned",
    "demilestoned",
    "locked",
    "unlocked",
    "pinned",
    "unpinned",
    "transferred",
];

pub(super) fn findings(runs: &[Run<'_>], tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in runs {
        let strangers = is_open_to_strangers(run, tree);
        for unit in run.units.iter().filter(|unit| is_privileged(unit)) {
            let guard = guards::of(run, unit);
            findings.extend(injections(run, unit, strangers && guard == Guard::None));
            if strangers && guard != Guard::Holds {
                let found = code(run, unit).into_iter().chain(started(run, unit));
                findings.extend(found.map(|finding| doubted(finding, &guard)));
            }
        }
    }
    findings
}

/// What only perhaps holds strangers back is said beside what they could do.
fn doubted(finding: Finding, guard: &Guard) -> Finding {
    let Guard::Perhaps(what) = guard else { return finding };
    let severity = match what.starts_with("environment") {
        true => Severity::Note,
        false => finding.severity.min(Severity::Warning),
    };
    let hint =
        format!("Only {what} stands before it; whether that holds strangers back is not on paper.");
    Finding { severity, ..finding.with_hint(hint) }
}

/// Whether anybody can start it with the repository's rights.
pub(super) fn is_open_to_strangers(run: &Run<'_>, tree: &Tree) -> bool {
    let trigger = run.start.trigger;
    let types = &trigger.types;
    let by_right = types.iter().all(|kind| BY_RIGHT.contains(&kind.text.as_str()));
    if !types.is_empty() && by_right {
        return false;
    }
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

/// Whether its token may ask for certificates or push packages, or a secret of it does.
fn is_privileged(unit: &Unit<'_>) -> bool {
    let signs = |deed: &Deed| matches!(deed.what, What::Sign(_) | What::Move { .. });
    let granted = unit.permissions.is_some_and(|permissions| {
        [ID_TOKEN, PACKAGES].iter().any(|name| permissions.level(name) == Level::Write)
    });
    granted || unit.deeds.iter().any(|(deed, _)| signs(deed))
}

fn injections(run: &Run<'_>, unit: &Unit<'_>, open: bool) -> Vec<Finding> {
    // The token of a fork's pull request has no rights to lose.
    if run.start.trigger.event == Event::PullRequest {
        return vec![];
    }
    let pasted = unit.deeds.iter().filter_map(|(deed, _)| match &deed.what {
        What::Pastes(text) => Some((deed, text)),
        _ => None,
    });
    let severity = |deed: &Deed| match open && !deed.kept {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let told = pasted.map(|(deed, text)| {
        let message = format!(
            "`${{{{ {text} }}}}` becomes part of a script of job `{}`, which may {}",
            unit.job.id.text,
            rights(unit)
        );
        let place = in_file(&deed.file, &deed.at);
        let finding = Finding::new(Code::ScriptInjection, message).with_place(place);
        Finding { severity: severity(deed), ..finding }
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
    let chosen = || fetched_and_run(unit, |what| matches!(what, What::FetchesChosen(_)));
    let (deed, runs) = strangers_code(unit).or_else(chosen)?;
    let (fetched, severity) = match &deed.what {
        What::FetchesChosen(text) => (format!("`{text}`"), Severity::Warning),
        _ => ("a proposal".to_owned(), Severity::Error),
    };
    let message = format!(
        "job `{}` fetches {fetched} on {} and runs what is there at {}, and may {}",
        unit.job.id.text,
        run.start.label,
        in_file(&runs.file, &runs.at),
        rights(unit)
    );
    let place = in_file(&deed.file, &deed.at);
    let finding = Finding::new(Code::StrangersCodeSigns, message).with_place(place);
    Some(Finding { severity, ..finding })
}

/// The step that fetches what a stranger proposes, and the one behind it that runs it.
pub(super) fn strangers_code<'u>(unit: &'u Unit<'_>) -> Option<(&'u Deed, &'u Deed)> {
    fetched_and_run(unit, |what| matches!(what, What::FetchesProposal))
}

fn fetched_and_run<'u>(
    unit: &'u Unit<'_>,
    fetches: impl Fn(&What) -> bool,
) -> Option<(&'u Deed, &'u Deed)> {
    let open = unit.deeds.iter().map(|(deed, _)| deed).filter(|deed| !deed.kept);
    let mut open = open.skip_while(|deed| !fetches(&deed.what));
    let fetched = open.next()?;
    let runs =
        open.find(|deed| matches!(deed.what, What::Runs | What::Check | What::Move { .. }))?;
    Some((fetched, runs))
}

/// They start what signs, with the name of the default branch.
fn started(run: &Run<'_>, unit: &Unit<'_>) -> Option<Finding> {
    if run.start.trigger.event == Event::WorkflowRun {
        return None;
    }
    let (deed, _) = unit.deeds.iter().find(|(deed, _)| match &deed.what {
        _ if deed.kept => false,
        What::Sign(_) => !deed.foreign,
        What::Move { to, .. } => to.is_live(),
        _ => false,
    })?;
    let message = format!("anybody starts `{}` by {}", deed.by, run.start.label);
    let place = in_file(&deed.file, &deed.at);
    Some(Finding::new(Code::StrangersStartSigning, message).with_place(place))
}
