//! What is run by a name that others can move.

use std::collections::{BTreeMap, HashSet};

use sealwright_policy::{Code, Finding};

use super::named;
use crate::facts;
use crate::jobs::{SigningJob, Walked};
use crate::model::{Job, Runs, Step};
use crate::place::in_file;
use crate::tree::Tree;
use crate::uses::{Target, Uses};

/// Names of what is not pinned that one finding repeats.
const NAMES_SHOWN_MAX: usize = 5;

/// Something used, with the file that says so.
struct Used<'t> {
    file: &'t str,
    uses: &'t Uses,
}

/// What a job that signs runs.
pub(super) fn on_the_way(tree: &Tree, job: &SigningJob<'_>) -> Vec<Finding> {
    if job.signings.is_empty() {
        return vec![];
    }
    let mut seen = HashSet::new();
    let used = of_job(tree, &job.workflow.path, job.job).into_iter();
    let used = used.filter(|used| !is_fixed(used.uses) && seen.insert(used.uses.text.as_str()));
    used.filter(|used| !is_unjudged(used.uses)).map(|used| loose(job, &used)).collect()
}

fn loose(job: &SigningJob<'_>, used: &Used<'_>) -> Finding {
    let owner = used.uses.remote().map_or("", |remote| remote.owner.as_str());
    // Whoever moves GitHub's own tags runs the runner as well.
    let githubs = facts::GITHUBS_OWN.contains(&owner);
    let code = if githubs { Code::UsesUnpinned } else { Code::SigningPathUnpinned };
    let message = format!(
        "{} signs, and runs {} by a name that can be moved",
        named(job.workflow, job.job),
        used.uses.text
    );
    let finding = Finding::new(code, message).with_place(in_file(used.file, &used.uses.at));
    Finding { found: Some(used.uses.text.clone()), ..finding }
}

/// Everything else, one finding a file; and what cannot be told at all.
pub(super) fn elsewhere(tree: &Tree, walked: &Walked<'_>) -> Vec<Finding> {
    let on_the_way: HashSet<*const Uses> = walked
        .jobs
        .iter()
        .filter(|job| !job.signings.is_empty())
        .flat_map(|job| of_job(tree, &job.workflow.path, job.job))
        .map(|used| std::ptr::from_ref(used.uses))
        .collect();
    let mut findings = Vec::new();
    let mut by_file: BTreeMap<&str, Vec<&Uses>> = BTreeMap::new();
    for used in all(tree) {
        if is_unjudged(used.uses) {
            findings.push(unjudged(&used));
        } else if !is_fixed(used.uses) && !on_the_way.contains(&std::ptr::from_ref(used.uses)) {
            by_file.entry(used.file).or_default().push(used.uses);
        }
    }
    findings.extend(by_file.into_iter().map(|(file, loose)| of_file(file, &loose)));
    findings
}

fn of_file(file: &str, loose: &[&Uses]) -> Finding {
    let mut names: Vec<&str> = loose.iter().map(|uses| uses.text.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let count = names.len();
    let shown = names[..count.min(NAMES_SHOWN_MAX)].join(", ");
    let more = count.saturating_sub(NAMES_SHOWN_MAX);
    let shown = if more == 0 { shown } else { format!("{shown} and {more} more") };
    let what = if count == 1 { "one thing" } else { "things" };
    let message = format!("runs {what} by a name that can be moved: {shown}");
    Finding::new(Code::UsesUnpinned, message).with_place(in_file(file, &loose[0].at))
}

fn unjudged(used: &Used<'_>) -> Finding {
    let why = match used.uses.target {
        Target::Expression => "holds an expression, which GitHub does not take here",
        _ => "is nothing that GitHub takes",
    };
    let finding = Finding::new(Code::UsesNotJudged, format!("`uses` {why}; not judged"));
    let finding = finding.with_place(in_file(used.file, &used.uses.at));
    Finding { found: Some(used.uses.text.clone()), ..finding }
}

fn is_unjudged(uses: &Uses) -> bool {
    matches!(uses.target, Target::Expression | Target::Malformed)
}

/// Pinned, or by a tag where nothing else works.
fn is_fixed(uses: &Uses) -> bool {
    let by_tag = uses.remote().is_some_and(|remote| {
        facts::by_tag_only(&remote.name()).is_some()
            && (remote.version.starts_with('v') || remote.version.starts_with("refs/tags/v"))
    });
    uses.is_pinned() || by_tag
}

/// All that a job uses, that of local actions as well.
fn of_job<'t>(tree: &'t Tree, file: &'t str, job: &'t Job) -> Vec<Used<'t>> {
    let mut used = Vec::new();
    used.extend(job.call().map(|call| Used { file, uses: &call.uses }));
    let mut seen: HashSet<&str> = HashSet::new();
    collect(tree, file, job.steps(), &mut seen, &mut used);
    used
}

fn collect<'t>(
    tree: &'t Tree,
    file: &'t str,
    steps: &'t [Step],
    seen: &mut HashSet<&'t str>,
    used: &mut Vec<Used<'t>>,
) {
    for uses in steps.iter().filter_map(Step::uses) {
        used.push(Used { file, uses });
        let Some(action) = uses.local().and_then(|folder| tree.action(folder)) else { continue };
        // Each action once: one that uses itself ends here.
        if let Runs::Composite(steps) = &action.runs
            && seen.insert(&action.path)
        {
            collect(tree, &action.path, steps, seen, used);
        }
    }
}

fn all(tree: &Tree) -> Vec<Used<'_>> {
    let mut used = Vec::new();
    for workflow in &tree.workflows {
        for job in &workflow.jobs {
            used.extend(job.call().map(|call| Used { file: &workflow.path, uses: &call.uses }));
            let steps = job.steps().iter().filter_map(Step::uses);
            used.extend(steps.map(|uses| Used { file: &workflow.path, uses }));
        }
    }
    for action in &tree.actions {
        if let Runs::Composite(steps) = &action.runs {
            let steps = steps.iter().filter_map(Step::uses);
            used.extend(steps.map(|uses| Used { file: &action.path, uses }));
        }
    }
    used
}
