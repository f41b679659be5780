//! The permissions of a job that signs: none too few, none too many.

use sealwright_policy::{Code, Finding, Place, Severity};

use super::{called_by, named};
use crate::facts::Makes;
use crate::jobs::{self, Caller, Run, SigningJob};
use crate::permissions::{Grants, ID_TOKEN, Level, PACKAGES};
use crate::place::in_file;

pub(super) fn check(job: &SigningJob<'_>, accepted: &[Vec<usize>]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = needed(job)
        .into_iter()
        .filter_map(|name| lacking(job, name).or_else(|| lacking_by_call(job, name)))
        .collect();
    findings.extend(packages(job));
    findings.extend(everything(job));
    findings.extend(idle(job, accepted));
    findings
}

/// What it needs for certain.
fn needed(job: &SigningJob<'_>) -> Vec<&'static str> {
    let mut needed: Vec<&'static str> = Vec::new();
    for signing in job.signings.iter().filter(|signing| signing.has_identity()) {
        needed.push(ID_TOKEN);
        // Of a workflow elsewhere the table knows all that it asks for.
        needed
            .extend(signing.needs.iter().filter(|need| **need != PACKAGES || job.calls.is_some()));
    }
    needed.sort_unstable();
    needed.dedup();
    needed
}

/// The file itself denies it.
fn lacking(job: &SigningJob<'_>, name: &'static str) -> Option<Finding> {
    let permissions = jobs::permissions(job.workflow, job.job);
    let at = permissions.map_or(&job.job.id.at, |permissions| permissions.place(name));
    let level = match permissions {
        Some(permissions) => permissions.level(name),
        // No setting of a repository grants it; other permissions it may.
        None if name == ID_TOKEN && runs_by_itself(job) => Level::None,
        None => return None,
    };
    if level == Level::Write {
        return None;
    }
    let tool = tool(job, name);
    let (code, does) = match job.calls {
        Some(_) => (Code::CallerGrantsLess, "calls"),
        None if name == ID_TOKEN => (Code::SigningWithoutToken, "signs with"),
        None => (Code::SigningWithoutRight, "signs with"),
    };
    let message = format!("{} {does} {tool} without `{name}: write`", named(job.workflow, job.job));
    let found = permissions.map_or("nothing is said".to_owned(), |_| format!("{name}: {level}"));
    let finding = Finding::new(code, message).with_place(in_file(&job.workflow.path, at));
    Some(finding.with_mismatch(format!("{name}: write"), found))
}

/// Whether it runs with what its own file says alone, be it besides being called.
fn runs_by_itself(job: &SigningJob<'_>) -> bool {
    let by_itself = |run: &Run<'_>| run.callers.is_empty() && !run.refs.is_of_other_callers();
    !job.workflow.is_reusable() || job.runs.iter().any(by_itself)
}

/// Whoever calls denies it.
fn lacking_by_call(job: &SigningJob<'_>, name: &'static str) -> Option<Finding> {
    let (run, caller) = job.runs.iter().find_map(|run| Some((run, denying(run, name)?)))?;
    let permissions = jobs::permissions(caller.workflow, caller.job);
    let message = format!(
        "{} grants less than {} needs: `{name}: write`",
        called_by(&run.callers),
        named(job.workflow, job.job)
    );
    let at = permissions.map_or(&caller.job.id.at, |permissions| permissions.place(name));
    let place = in_file(&caller.workflow.path, at);
    let found = permissions.map_or_else(
        || format!("nothing is said, which for {name} is none"),
        |permissions| format!("{name}: {}", permissions.level(name)),
    );
    let finding = Finding::new(Code::CallerGrantsLess, message).with_place(place);
    Some(finding.with_mismatch(format!("{name}: write"), found))
}

/// The first caller that says something and not this. One that says nothing may grant all that the
/// settings of the repository allow; of tokens they allow none.
fn denying<'a, 't>(run: &'a Run<'t>, name: &str) -> Option<&'a Caller<'t>> {
    let outermost = |index: usize| index == 0 && !run.refs.is_of_other_callers();
    let mut callers = run.callers.iter().enumerate();
    let denies = |(index, caller): &(usize, &Caller<'_>)| match jobs::declared(
        caller.workflow,
        caller.job,
        name,
    ) {
        Some(level) => level < Level::Write,
        None => outermost(*index) && name == ID_TOKEN,
    };
    callers.find(denies).map(|(_, caller)| caller)
}

/// It logs in to GitHub's registry with its own token, which may not write there.
fn packages(job: &SigningJob<'_>) -> Option<Finding> {
    let permissions = jobs::permissions(job.workflow, job.job)?;
    let artifacts = job.signings.iter().find(|signing| signing.makes != Makes::File)?;
    // Whoever asks for reading means to read there, and signs somewhere else.
    let denied = permissions.level(PACKAGES) == Level::None;
    let needs = job.own_registry || artifacts.needs.contains(&PACKAGES);
    if !denied || !needs || job.calls.is_some() {
        return None;
    }
    let message = format!(
        "{} signs with {} in GitHub's registry by its own token, without `packages: write`",
        named(job.workflow, job.job),
        artifacts.tool
    );
    let place = in_file(&job.workflow.path, permissions.place(PACKAGES));
    let finding = Finding::new(Code::SigningWithoutRight, message).with_place(place);
    Some(finding.with_mismatch("packages: write", "packages: none"))
}

fn everything(job: &SigningJob<'_>) -> Option<Finding> {
    let permissions = jobs::permissions(job.workflow, job.job)?;
    let all = permissions.grants == Grants::WriteAll && !job.signings.is_empty();
    all.then(|| {
        let message = format!("{} signs and may write everything", named(job.workflow, job.job));
        let place = in_file(&job.workflow.path, &permissions.at);
        Finding::new(Code::SigningHoldsAll, message).with_place(place)
    })
}

/// It signs nothing and could, under a name that is accepted.
fn idle(job: &SigningJob<'_>, accepted: &[Vec<usize>]) -> Option<Finding> {
    let runs = job.runs.iter().zip(accepted).filter(|(_, by)| !by.is_empty());
    let mut runs = runs.filter(|(run, _)| run.granted(job, ID_TOKEN) == Some(Level::Write));
    let (run, _) = runs.next()?;
    if !job.signings.is_empty() || job.calls.is_some() {
        return None;
    }
    let place = granting(job, run)?;
    let message = format!(
        "{} may sign under an accepted identity, and nothing in it is known to",
        named(job.workflow, job.job)
    );
    let finding = Finding::new(Code::JobMaySign, message).with_place(place);
    // Granted to this very job, it was meant for something: a login somewhere, or a script that signs.
    let severity = if job.job.permissions.is_some() { Severity::Note } else { Severity::Warning };
    Some(Finding { severity, ..finding })
}

/// Where the right to ask for a token is written that a job has in a run: its own, or the nearest
/// caller's that says something.
fn granting(job: &SigningJob<'_>, run: &Run<'_>) -> Option<Place> {
    let callers = run.callers.iter().map(|caller| (caller.workflow, caller.job)).rev();
    let mut links = [(job.workflow, job.job)].into_iter().chain(callers);
    links.find_map(|(workflow, job)| {
        let permissions = jobs::permissions(workflow, job)?;
        Some(in_file(&workflow.path, permissions.place(ID_TOKEN)))
    })
}

/// What needs it.
fn tool<'a>(job: &'a SigningJob<'_>, name: &str) -> &'a str {
    let identity = || job.signings.iter().filter(|signing| signing.has_identity());
    let needing = identity().find(|signing| signing.needs.contains(&name));
    needing.or_else(|| identity().next()).map_or("something", |signing| signing.tool.as_str())
}
