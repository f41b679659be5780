//! What is run by a name that others can move.

use std::collections::{BTreeMap, HashSet};

use sealwright_policy::{Code, Finding, Severity};

use super::named;
use crate::facts;
use crate::jobs::{About, SigningJob, Walked};
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

/// What jobs that sign run, each thing once. Who can move it signs as they do: that is an error where
/// somebody accepts what they sign, and a warning where nobody here is known to. GitHub's own are a
/// note, for whoever moves those runs the machine as well.
pub(super) fn on_the_way(tree: &Tree, about: About<'_>, jobs: &[Signer<'_, '_>]) -> Vec<Finding> {
    let mut loose: Vec<(Used<'_>, Vec<&Signer<'_, '_>>)> = Vec::new();
    for signer in jobs {
        for used in loose_of(tree, about, signer.job) {
            match loose.iter_mut().find(|(known, _)| known.uses.text == used.uses.text) {
                Some((_, by)) if by.iter().any(|one| std::ptr::eq(*one, signer)) => (),
                Some((_, by)) => by.push(signer),
                None => loose.push((used, vec![signer])),
            }
        }
    }
    loose.iter().map(|(used, by)| by_jobs(used, by)).collect()
}

/// A job that signs, and whether anybody accepts it.
pub(super) struct Signer<'j, 't> {
    pub(super) job: &'j SigningJob<'t>,
    pub(super) accepted: bool,
}

/// How loud it is for one job that what it runs can be moved, where anything of it can.
pub(super) fn severity_of(
    tree: &Tree,
    about: About<'_>,
    signer: &Signer<'_, '_>,
) -> Option<Severity> {
    let loose = loose_of(tree, about, signer.job);
    loose.iter().map(|used| severity(used, signer.accepted)).max()
}

fn loose_of<'t>(tree: &'t Tree, about: About<'_>, job: &SigningJob<'t>) -> Vec<Used<'t>> {
    if job.signings.is_empty() {
        return vec![];
    }
    let used = of_job(tree, about, &job.workflow.path, job.job).into_iter();
    used.filter(|used| !is_fixed(used.uses, about) && !is_unjudged(used.uses)).collect()
}

fn severity(used: &Used<'_>, accepted: bool) -> Severity {
    match accepted && !used.uses.text.contains("${{") {
        _ if is_githubs(used.uses) => Severity::Note,
        true => Severity::Error,
        // An image that is put together may have a digest.
        false => Severity::Warning,
    }
}

fn by_jobs(used: &Used<'_>, by: &[&Signer<'_, '_>]) -> Finding {
    let code = match is_githubs(used.uses) {
        true => Code::UsesUnpinned,
        false => Code::SigningPathUnpinned,
    };
    let names: Vec<String> =
        by.iter().map(|signer| named(signer.job.workflow, signer.job.job)).collect();
    let text = &used.uses.text;
    let message = match names.as_slice() {
        [one] => format!("{one} signs, and runs {text} by a name that can be moved"),
        many => {
            let count = many.len();
            format!(
                "{count} jobs sign, and run {text} by a name that can be moved: {}",
                listed(many)
            )
        }
    };
    let accepted = by.iter().any(|signer| signer.accepted);
    let finding = Finding::new(code, message).with_place(in_file(used.file, &used.uses.at));
    Finding { severity: severity(used, accepted), found: Some(text.clone()), ..finding }
}

fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES_SHOWN_MAX).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(NAMES_SHOWN_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn is_githubs(uses: &Uses) -> bool {
    let owner = uses.remote().map_or("", |remote| remote.owner.as_str());
    facts::GITHUBS_OWN.iter().any(|own| own.eq_ignore_ascii_case(owner))
}

/// Everything else, one finding a file; and what cannot be told at all.
pub(super) fn elsewhere(tree: &Tree, about: About<'_>, walked: &Walked<'_>) -> Vec<Finding> {
    let on_the_way: HashSet<*const Uses> = walked
        .jobs
        .iter()
        .filter(|job| !job.signings.is_empty())
        .flat_map(|job| of_job(tree, about, &job.workflow.path, job.job))
        .map(|used| std::ptr::from_ref(used.uses))
        .collect();
    let mut findings = Vec::new();
    let mut by_file: BTreeMap<&str, Vec<&Uses>> = BTreeMap::new();
    for used in all(tree) {
        if is_unjudged(used.uses) {
            findings.push(unjudged(&used));
        } else if !is_fixed(used.uses, about)
            && !on_the_way.contains(&std::ptr::from_ref(used.uses))
        {
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
    let what = if names.len() == 1 { "one thing" } else { "things" };
    let message = format!("runs {what} by a name that can be moved: {}", listed(&names));
    let finding = Finding::new(Code::UsesUnpinned, message);
    let finding = finding.with_place(in_file(file, &loose[0].at));
    if loose.iter().all(|uses| is_githubs(uses)) { finding.as_note() } else { finding }
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

/// Pinned, or by a tag where nothing else works. Whoever changes the default branch of this repository
/// changes the file itself that names it.
fn is_fixed(uses: &Uses, about: About<'_>) -> bool {
    let own = uses.own(about.repository).and_then(|(_, named)| named);
    if own.is_some_and(|named| named.is_as_here(about.default_branch)) {
        return true;
    }
    let by_tag = uses.remote().is_some_and(|remote| {
        facts::by_tag_only(&remote.name()).is_some()
            && (remote.version.starts_with('v') || remote.version.starts_with("refs/tags/v"))
    });
    uses.is_pinned() || by_tag
}

/// All that a job uses, that of local actions as well.
fn of_job<'t>(tree: &'t Tree, about: About<'_>, file: &'t str, job: &'t Job) -> Vec<Used<'t>> {
    let mut used = Vec::new();
    used.extend(job.call().map(|call| Used { file, uses: &call.uses }));
    used.extend(job.container.as_ref().map(|uses| Used { file, uses }));
    let mut seen: HashSet<&str> = HashSet::new();
    collect(tree, about, file, job.steps(), &mut seen, &mut used);
    used
}

fn collect<'t>(
    tree: &'t Tree,
    about: About<'_>,
    file: &'t str,
    steps: &'t [Step],
    seen: &mut HashSet<&'t str>,
    used: &mut Vec<Used<'t>>,
) {
    for uses in steps.iter().filter_map(Step::uses) {
        used.push(Used { file, uses });
        let own = uses.own(about.repository);
        let Some(action) = own.and_then(|(folder, _)| tree.action(folder)) else { continue };
        // Each action once: one that uses itself ends here.
        if !seen.insert(&action.path) {
            continue;
        }
        match &action.runs {
            Runs::Composite(steps) => collect(tree, about, &action.path, steps, seen, used),
            Runs::Docker(image) => {
                used.extend(image.as_ref().map(|uses| Used { file: &action.path, uses }));
            }
            Runs::Program => (),
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
