//! A workflow that others may call, and that looks for its own signature under the caller's name: it
//! is found only where both are in one repository, as when a library calls itself.

use sealwright_manifests::{Declaration, Matcher};
use sealwright_policy::{Code, Finding};

use super::{Expected, named};
use crate::jobs::{Run, SigningJob, Walked};
use crate::place::in_file;
use crate::triggers::Event;

/// What names the caller's repository in a called workflow.
const REPOSITORY: &[&str] =
    &["$GITHUB_REPOSITORY/", "${GITHUB_REPOSITORY}/", "${{ github.repository }}/"];
/// What names the caller's file as well.
const FILE: &[&str] =
    &["$GITHUB_WORKFLOW_REF", "${GITHUB_WORKFLOW_REF}", "${{ github.workflow_ref }}"];

pub(super) fn check(walked: &Walked<'_>, expected: &Expected<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for job in &walked.jobs {
        let Some(run) = foreign(job) else { continue };
        let here = expected.declarations.iter().filter(|one| one.file == job.workflow.path);
        for (declaration, subject) in here.flat_map(subjects) {
            if names_the_caller(subject, job.workflow.file_name()) {
                findings.push(finding(job, run, declaration, subject));
            }
        }
    }
    findings.dedup_by(|one, other| one.place == other.place);
    findings
}

/// How it signs when another repository calls it.
fn foreign<'j, 't>(job: &'j SigningJob<'t>) -> Option<&'j Run<'t>> {
    let signs = job.calls.is_none() && job.signings.iter().any(|one| one.has_identity());
    let mut runs = job.runs.iter().filter(|_| signs);
    runs.find(|run| run.refs.event == Event::WorkflowCall && run.callers.is_empty())
}

fn subjects(declaration: &Declaration) -> impl Iterator<Item = (&Declaration, &Matcher)> {
    let command = declaration.consumer.is_command();
    let identities = declaration.identities.iter().filter(move |_| command);
    let subjects = identities.filter_map(|identity| identity.subject.as_ref());
    subjects.map(move |subject| (declaration, subject))
}

/// Whether this very file is looked for in the caller's repository.
fn names_the_caller(subject: &Matcher, file: &str) -> bool {
    let text = subject.text.replace('\\', "");
    let Some(name) = text.trim_start_matches('^').strip_prefix("https://github.com/") else {
        return false;
    };
    let behind = REPOSITORY.iter().find_map(|repository| name.strip_prefix(repository));
    behind.is_some_and(|rest| rest.is_empty() || rest.contains(&format!("/{file}@")))
        || FILE.iter().any(|own| name.starts_with(own))
}

fn finding(
    job: &SigningJob<'_>,
    run: &Run<'_>,
    declaration: &Declaration,
    subject: &Matcher,
) -> Finding {
    let message = format!(
        "{} may be called from other repositories, and `{}` looks for its signature under the caller's name",
        named(job.workflow, job.job),
        declaration.object
    );
    let finding = Finding::new(Code::SigningEventUnaccepted, message);
    let finding = finding.with_place(in_file(&declaration.file, &subject.at));
    finding.with_mismatch(&run.identity.shown, &subject.text)
}
