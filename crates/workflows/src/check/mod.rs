//! Signing jobs against those who verify, against their own permissions, and what they run.

mod arguments;
mod callers;
mod copies;
mod events;
mod matchers;
mod pins;
mod rights;
mod signers;

use sealwright_manifests::Declaration;
use sealwright_policy::workflow_report::{JobIdentity, SignedBy, SignsWith, WorkflowReport};
use sealwright_policy::{Code, Config, Finding, Severity, Verdict, verdict_of};

use self::matchers::Matchers;
use self::pins::Signer;
use crate::facts::With;
use crate::identity::ISSUER;
use crate::jobs::{self, About, Caller, Run, SigningJob, Walked};
use crate::model::{Job, Workflow};
use crate::permissions::{ATTESTATIONS, ID_TOKEN, PACKAGES};
use crate::place::in_file;
use crate::signing::Signing;
use crate::tree::Tree;

/// Who should be accepted, as far as the repository says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expected<'a> {
    /// The configuration, with its path and text.
    pub config: Option<ConfigFile<'a>>,
    /// Declarations found in the same tree.
    pub declarations: &'a [Declaration],
}

impl Expected<'_> {
    /// Whether anything that is in force says whom to accept. A command in a text may be about the past.
    fn says(&self) -> bool {
        let signers = self.config.is_some_and(|file| !file.config.signers.is_empty());
        let named = |one: &Declaration| {
            !one.consumer.is_command() && one.identities.iter().any(|one| one.subject.is_some())
        };
        signers || self.declarations.iter().any(named)
    }
}

/// A configuration with what it was read from.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFile<'a> {
    /// Path, for messages.
    pub path: &'a str,
    /// Its text, for places.
    pub text: &'a str,
    /// What it says.
    pub config: &'a Config,
}

/// Everything that can be said of the jobs that sign.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// One for each job that signs or may.
    pub jobs: Vec<WorkflowReport>,
    /// What belongs to no such job.
    pub findings: Vec<Finding>,
}

/// Judges all workflows of a repository.
pub fn judge(tree: &Tree, about: About<'_>, expected: &Expected<'_>) -> Judged {
    let walked = jobs::of(tree, about);
    let matchers = Matchers::of(expected, about, &walked);
    let mut judged = Judged { jobs: vec![], findings: tree.findings.clone() };
    let accepted: Vec<Vec<Vec<usize>>> = walked
        .jobs
        .iter()
        .map(|job| job.runs.iter().map(|run| matchers.accepting(run)).collect())
        .collect();
    let signers: Vec<Signer<'_, '_>> = walked
        .jobs
        .iter()
        .zip(&accepted)
        .map(|(job, by)| Signer { job, accepted: by.iter().any(|by| !by.is_empty()) })
        .collect();
    for (signer, accepted) in signers.iter().zip(&accepted) {
        judged.jobs.push(report(tree, about, signer, accepted, &matchers));
    }
    judged.findings.extend(pins::on_the_way(tree, about, &signers));
    judged.findings.extend(matchers.told());
    judged.findings.extend(signers::check(tree, about, &walked, &matchers));
    judged.findings.extend(callers::check(&walked, expected));
    judged.findings.extend(pins::elsewhere(tree, about, &walked));
    judged.findings.extend(calls(&walked));
    judged.findings.extend(arguments::check(tree));
    judged.findings.extend(copies::check(tree, &walked, expected));
    if about.repository.is_none() && !walked.jobs.is_empty() {
        let message = "the name of this repository is neither given nor found";
        let finding = Finding::new(Code::RepositoryNameUnknown, message);
        // Then nobody could be compared with those who sign.
        let severity = if expected.says() { Severity::Unknown } else { finding.severity };
        judged.findings.push(Finding { severity, ..finding });
    }
    judged
}

fn report(
    tree: &Tree,
    about: About<'_>,
    signer: &Signer<'_, '_>,
    accepted: &[Vec<usize>],
    matchers: &Matchers,
) -> WorkflowReport {
    let job = signer.job;
    let mut findings = rights::check(job, accepted);
    findings.extend(events::check(job, accepted, matchers));
    findings.extend(job.runs.iter().flat_map(|run| matchers.undecided(run)));
    let runs = job.runs.iter().zip(accepted);
    // What several jobs run is told once, and counts for each.
    let loose = pins::severity_of(tree, about, signer).map_or(Verdict::Verified, Severity::verdict);
    WorkflowReport {
        job: named(job.workflow, job.job),
        place: in_file(&job.workflow.path, &job.job.id.at),
        signs_with: job.signings.iter().map(signs_with).collect(),
        identities: runs.map(|(run, accepted)| identity(run, accepted, matchers)).collect(),
        rights: rights_of(job),
        verdict: verdict_of(&findings).and(loose),
        findings,
    }
}

fn identity(run: &Run<'_>, accepted: &[usize], matchers: &Matchers) -> JobIdentity {
    JobIdentity {
        event: run.refs.event.to_string(),
        called_by: run.callers.iter().map(|caller| named(caller.workflow, caller.job)).collect(),
        issuer: ISSUER.to_owned(),
        san: run.identity.shown.clone(),
        example: Some(run.identity.example.clone()).filter(|example| !example.is_empty()),
        accepted_by: matchers.names(accepted),
        compared: matchers.speak_of(run),
    }
}

fn signs_with(signing: &Signing) -> SignsWith {
    SignsWith {
        tool: signing.tool.clone(),
        by: match signing.with {
            With::Identity => SignedBy::Workflow,
            With::PerhapsIdentity => SignedBy::PerhapsWorkflow,
            With::Key => SignedBy::Key,
            With::Elsewhere => SignedBy::Elsewhere,
        },
        why: signing.why.to_owned(),
        place: in_file(&signing.file, &signing.at),
    }
}

fn rights_of(job: &SigningJob<'_>) -> Vec<String> {
    let passed_on = |name: &str| {
        let mut runs = job.runs.iter().map(|run| run.granted(job, name));
        let first = runs.next().flatten()?;
        runs.all(|level| level == Some(first)).then_some(first)
    };
    let right = |name: &str| match jobs::declared(job.workflow, job.job, name) {
        Some(level) => format!("{name}: {level}"),
        None => match passed_on(name).filter(|_| job.workflow.is_reusable()) {
            Some(level) => format!("{name}: {level} by its callers"),
            None => format!("{name}: not said"),
        },
    };
    [ID_TOKEN, PACKAGES, ATTESTATIONS].map(right).into()
}

/// Called files that are not there, and circles.
fn calls(walked: &Walked<'_>) -> Vec<Finding> {
    let missing = walked.missing.iter().map(|(file, at, path)| {
        let message = format!("calls {path}, which is not in the repository");
        Finding::new(Code::CalledFileMissing, message).with_place(in_file(file, at))
    });
    let actions = walked.missing_actions.iter().map(|(file, at, folder)| {
        let message = format!("uses the action in ./{folder}, which is not in the repository");
        let finding = Finding::new(Code::CalledFileMissing, message).as_note();
        finding.with_place(in_file(file, at))
    });
    let circles = walked.circles.iter().map(|(file, at, path)| {
        let message = format!("calls {path}, which calls it");
        Finding::new(Code::CallsInCircle, message).with_place(in_file(file, at))
    });
    let cut = walked.cut.then(|| {
        let message = format!(
            "calls go deeper than {} levels, or jobs run in more than {} ways; the rest was not looked at",
            jobs::CALL_DEPTH_MAX,
            jobs::RUNS_COUNT_MAX
        );
        Finding::new(Code::WorkflowTooLarge, message)
    });
    let mut findings: Vec<Finding> = missing.chain(actions).chain(circles).chain(cut).collect();
    // The same call is walked once for every event.
    let mut seen = std::collections::HashSet::new();
    findings.retain(|finding| seen.insert((finding.message.clone(), finding.place.clone())));
    findings
}

/// `cd.yaml: publish`.
fn named(workflow: &Workflow, job: &Job) -> String {
    format!("{}: {}", workflow.file_name(), job.id.text)
}

fn called_by(callers: &[Caller<'_>]) -> String {
    callers.iter().map(|caller| named(caller.workflow, caller.job)).collect::<Vec<_>>().join(" → ")
}
