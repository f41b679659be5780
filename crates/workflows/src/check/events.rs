//! A job that signs must be accepted by somebody, where anybody says whom to accept.

use sealwright_policy::{Code, Finding};

use super::matchers::Matchers;
use super::{called_by, named};
use crate::facts::Makes;
use crate::jobs::{Run, SigningJob};
use crate::place::in_file;
use crate::signing::Signing;
use crate::triggers::Event;

pub(super) fn check(
    job: &SigningJob<'_>,
    accepted: &[Vec<usize>],
    matchers: &Matchers,
) -> Vec<Finding> {
    let artifacts = |signing: &&Signing| signing.has_identity() && signing.makes != Makes::File;
    let Some(signing) = job.signings.iter().find(artifacts) else { return vec![] };
    // Nobody says whom to accept, or whoever does so speaks of others.
    if matchers.about_us().next().is_none() || job.calls.is_some() || job.runs.is_empty() {
        return vec![];
    }
    if accepted.iter().all(Vec::is_empty) {
        return vec![nobody(job, signing)];
    }
    if signing.conditional {
        return vec![];
    }
    let refused = job.runs.iter().zip(accepted).filter(|(run, by)| by.is_empty() && is_meant(run));
    let refused = refused.filter(|(run, _)| !run.is_conditional(job));
    refused.map(|(run, _)| by_event(job, run)).collect()
}

/// Pull requests are refused for good reason, and others' calls are others' business.
fn is_meant(run: &Run<'_>) -> bool {
    !matches!(run.refs.event, Event::PullRequest | Event::PullRequestTarget | Event::WorkflowCall)
}

fn nobody(job: &SigningJob<'_>, signing: &Signing) -> Finding {
    let found: std::collections::BTreeSet<&str> =
        job.runs.iter().map(|run| run.identity.shown.as_str()).collect();
    let found = found.into_iter().take(3).collect::<Vec<_>>().join(", ");
    let message = format!(
        "{} signs with {}, and nobody accepts its identity",
        named(job.workflow, job.job),
        signing.tool
    );
    let finding = Finding::new(Code::SigningUnaccepted, message);
    let finding = finding.with_place(in_file(&signing.file, &signing.at));
    Finding { found: Some(found), ..finding }
}

fn by_event(job: &SigningJob<'_>, run: &Run<'_>) -> Finding {
    let callers = match run.callers.as_slice() {
        [] => String::new(),
        callers => format!(", called by {},", called_by(callers)),
    };
    let message = format!(
        "what {}{callers} signs on {} is accepted by nobody",
        named(job.workflow, job.job),
        run.refs.event
    );
    let file = run.callers.first().map_or(&job.workflow.path, |caller| &caller.workflow.path);
    let finding = Finding::new(Code::SigningEventUnaccepted, message);
    let finding = finding.with_place(in_file(file, &run.refs.at));
    Finding { found: Some(run.identity.shown.clone()), ..finding }
}
