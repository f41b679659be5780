//! The jobs that sign or could, and every way in which each of them comes to run: by events of its own
//! workflow, and through calls.

use std::collections::HashSet;

use sealwright_yaml::Place;

use crate::condition;
use crate::identity::Identity;
use crate::model::{Call, Job, Workflow};
use crate::permissions::{ID_TOKEN, Level, Permissions};
use crate::refs::{self, Refs};
use crate::signing::{self, Signing};
use crate::tree::Tree;
use crate::triggers::Event;
use crate::uses::{Remote, Target};

/// Calls within calls that are followed; GitHub allows ten levels.
pub const CALL_DEPTH_MAX: usize = 10;
/// Ways of running jobs that are kept for one repository.
pub const RUNS_COUNT_MAX: usize = 20_000;

/// A job that signs or could, with all the ways in which it runs.
#[derive(Debug, Clone)]
pub struct SigningJob<'t> {
    /// The file that holds it.
    pub workflow: &'t Workflow,
    /// The job.
    pub job: &'t Job,
    /// What signs in it.
    pub signings: Vec<Signing>,
    /// The workflow of another repository that it is, when it is one.
    pub calls: Option<&'t Remote>,
    /// Whether something in it was not looked into.
    pub opaque: bool,
    /// Whether it logs in to GitHub's registry with its own token.
    pub own_registry: bool,
    /// Every way in which it runs.
    pub runs: Vec<Run<'t>>,
}

/// One way in which a job runs.
#[derive(Debug, Clone)]
pub struct Run<'t> {
    /// The jobs that call, the outermost first; none when an event starts its own workflow.
    pub callers: Vec<Caller<'t>>,
    /// What starts it, and for which refs.
    pub refs: Refs,
    /// The name in its certificate.
    pub identity: Identity,
}

/// A job that calls a workflow.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'t> {
    /// The file that holds it.
    pub workflow: &'t Workflow,
    /// The job.
    pub job: &'t Job,
}

/// What is known of this repository beside its files.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// `owner/name` on GitHub.
    pub repository: Option<&'a str>,
    /// Name of its default branch.
    pub default_branch: Option<&'a str>,
}

impl About<'_> {
    /// A workflow of this repository at the version of a call in full, by the repository's own name: a
    /// certificate does not repeat how the caller spells it.
    fn own(self, call: &Remote, workflow: &Workflow) -> Remote {
        let own = self.repository.and_then(|name| name.split_once('/'));
        let (owner, repository) = own.unwrap_or((&call.owner, &call.repository));
        Remote {
            owner: owner.to_owned(),
            repository: repository.to_owned(),
            path: workflow.path.clone(),
            version: call.version.clone(),
        }
    }
}

/// What was found while calls were followed.
#[derive(Debug, Default)]
pub(crate) struct Walked<'t> {
    pub(crate) jobs: Vec<SigningJob<'t>>,
    /// Called files that are not there: caller's file, place, path.
    pub(crate) missing: Vec<(&'t str, &'t Place, &'t str)>,
    /// Calls that close a circle, with the place.
    pub(crate) circles: Vec<(&'t str, &'t Place, String)>,
    /// Local actions that are not there: file, place, folder.
    pub(crate) missing_actions: Vec<(String, Place, String)>,
    /// Whether a limit was reached.
    pub(crate) cut: bool,
}

/// Every job that signs, or may ask for the token by which one signs.
pub(crate) fn of<'t>(tree: &'t Tree, about: About<'_>) -> Walked<'t> {
    let mut walk = Walk { tree, about, walked: Walked::default(), runs: 0 };
    for workflow in &tree.workflows {
        walk.keep_jobs(workflow);
    }
    for workflow in &tree.workflows {
        for trigger in &workflow.triggers {
            let all = match trigger.event {
                Event::WorkflowCall => vec![Refs::of_other_callers(trigger)],
                _ => refs::of(trigger, about.default_branch),
            };
            for refs in all {
                walk.run(workflow, &refs, None, &mut vec![]);
            }
        }
    }
    let may = |job: &SigningJob<'_>| {
        declared(job.workflow, job.job, ID_TOKEN) == Some(Level::Write)
            || job.runs.iter().any(|run| run.granted(job, ID_TOKEN) == Some(Level::Write))
    };
    walk.walked.jobs.retain(|job| !job.signings.is_empty() || may(job));
    walk.walked
}

impl Run<'_> {
    /// How much of a permission the job has in this run, with all that its callers pass on. `None`:
    /// the settings of the repository, or a caller elsewhere, decide.
    pub(crate) fn granted(&self, job: &SigningJob<'_>, name: &str) -> Option<Level> {
        let callers = self.callers.iter().map(|caller| declared(caller.workflow, caller.job, name));
        let mut said = callers.chain([declared(job.workflow, job.job, name)]);
        // No setting of a repository grants this one.
        let elsewhere = self.refs.is_of_other_callers() || name != ID_TOKEN;
        let first = said.next().flatten().or((!elsewhere).then_some(Level::None));
        said.fold(first, |above, own| match (above, own) {
            (Some(above), Some(own)) => Some(above.min(own)),
            (above, own) => own.or(above),
        })
    }

    /// Whether a condition decides if the job runs: its own, a caller's, or one of a job that either
    /// waits for.
    pub(crate) fn is_conditional(&self, job: &SigningJob<'_>) -> bool {
        let callers = self.callers.iter().map(|caller| (caller.workflow, caller.job));
        let mut links = callers.chain([(job.workflow, job.job)]);
        links.any(|(workflow, job)| waits_for_a_condition(workflow, job))
    }
}

fn waits_for_a_condition(workflow: &Workflow, job: &Job) -> bool {
    let (mut waiting, mut seen) = (vec![job], HashSet::new());
    while let Some(job) = waiting.pop() {
        if job.condition.is_some() {
            return true;
        }
        let needs = job.needs.iter().filter(|need| seen.insert(need.text.as_str()));
        waiting.extend(needs.filter_map(|need| workflow.job(&need.text)));
    }
    false
}

/// Whether it may ask for a token, or has what its callers pass on.
fn may_ask(workflow: &Workflow, job: &Job) -> bool {
    match declared(workflow, job, ID_TOKEN) {
        Some(level) => level == Level::Write,
        None => workflow.is_reusable(),
    }
}

/// The jobs that never run for these refs: by their own condition, or because one that they need does
/// not. A condition that asks how it went lets a job run also behind one that was skipped.
fn skipped<'t>(workflow: &'t Workflow, refs: &Refs) -> HashSet<&'t str> {
    let by_itself =
        |job: &&Job| job.condition.as_ref().is_some_and(|own| condition::excludes(&own.text, refs));
    let id = |job: &'t Job| job.id.text.as_str();
    let mut skipped: HashSet<&str> = workflow.jobs.iter().filter(by_itself).map(id).collect();
    let follows = |job: &Job| !job.condition.as_ref().is_some_and(|c| condition::goes_on(&c.text));
    loop {
        let needs = |job: &&Job| job.needs.iter().any(|need| skipped.contains(need.text.as_str()));
        let more = workflow.jobs.iter().filter(|job| !skipped.contains(id(job)));
        let more: Vec<&str> = more.filter(|job| needs(job) && follows(job)).map(id).collect();
        if more.is_empty() {
            return skipped;
        }
        skipped.extend(more);
    }
}

struct Walk<'t, 'a> {
    tree: &'t Tree,
    about: About<'a>,
    walked: Walked<'t>,
    runs: usize,
}

impl<'t> Walk<'t, '_> {
    /// The jobs of a workflow that matter, without their runs.
    fn keep_jobs(&mut self, workflow: &'t Workflow) {
        for job in &workflow.jobs {
            let kept = match job.call() {
                None => self.steps(workflow, job),
                // One of this repository, at whatever version, is followed where it stands.
                Some(call) if self.called(call).is_some() => None,
                Some(call) => called_elsewhere(workflow, job, call),
            };
            self.walked.jobs.extend(kept);
        }
    }

    fn steps(&mut self, workflow: &'t Workflow, job: &'t Job) -> Option<SigningJob<'t>> {
        let work = signing::of_job(self.tree, workflow, job, self.about.repository);
        self.walked.missing_actions.extend(work.missing);
        (!work.signings.is_empty() || may_ask(workflow, job)).then(|| SigningJob {
            workflow,
            job,
            signings: work.signings,
            calls: None,
            opaque: work.opaque,
            own_registry: work.own_registry,
            runs: vec![],
        })
    }

    /// The workflow of this repository that is called, with what it was named in full by.
    fn called(&self, call: &'t Call) -> Option<(&'t Workflow, Option<&'t Remote>)> {
        let (path, named) = call.uses.own(self.about.repository)?;
        Some((self.tree.workflow(path)?, named))
    }

    /// `named` is the call in full by which all this is run: what that calls by `./` is of the same
    /// version.
    fn run(
        &mut self,
        workflow: &'t Workflow,
        refs: &Refs,
        named: Option<&'t Remote>,
        callers: &mut Vec<Caller<'t>>,
    ) {
        let skipped = skipped(workflow, refs);
        for job in workflow.jobs.iter().filter(|job| !skipped.contains(job.id.text.as_str())) {
            self.note(workflow, job, refs, named, callers);
            let Some(call) = job.call() else { continue };
            let caller = Caller { workflow, job };
            match (self.called(call), &call.uses.target) {
                (Some((called, own)), _) => {
                    self.follow(caller, called, refs, own.or(named), callers);
                }
                (None, Target::Local(path)) => {
                    self.walked.missing.push((&workflow.path, &call.uses.at, path));
                }
                _ => (),
            }
        }
    }

    fn follow(
        &mut self,
        caller: Caller<'t>,
        called: &'t Workflow,
        refs: &Refs,
        named: Option<&'t Remote>,
        callers: &mut Vec<Caller<'t>>,
    ) {
        let above = callers.iter().any(|above| std::ptr::eq(above.workflow, called));
        if above || std::ptr::eq(caller.workflow, called) {
            let at = caller.job.call().map_or(&caller.job.id.at, |call| &call.uses.at);
            self.walked.circles.push((&caller.workflow.path, at, called.path.clone()));
        } else if callers.len() >= CALL_DEPTH_MAX {
            self.walked.cut = true;
        } else {
            callers.push(caller);
            self.run(called, refs, named, callers);
            callers.pop();
        }
    }

    /// One more way in which a job that matters runs.
    fn note(
        &mut self,
        workflow: &'t Workflow,
        job: &'t Job,
        refs: &Refs,
        named: Option<&Remote>,
        callers: &[Caller<'t>],
    ) {
        let kept = self.walked.jobs.iter_mut().find(|kept| std::ptr::eq(kept.job, job));
        let Some(kept) = kept else { return };
        self.runs += 1;
        if self.runs > RUNS_COUNT_MAX {
            self.walked.cut = true;
            return;
        }
        let identity = match (kept.calls, named) {
            (Some(remote), _) => Identity::remote(remote),
            (None, Some(remote)) => Identity::remote(&self.about.own(remote, workflow)),
            (None, None) => Identity::local(self.about.repository, &workflow.path, refs),
        };
        kept.runs.push(Run { callers: callers.to_vec(), refs: refs.clone(), identity });
    }
}

/// A job that calls a workflow of another repository, when that one signs or may.
fn called_elsewhere<'t>(
    workflow: &'t Workflow,
    job: &'t Job,
    call: &'t Call,
) -> Option<SigningJob<'t>> {
    let remote = call.uses.remote()?;
    let signing = signing::of_call(&workflow.path, call);
    (signing.is_some() || may_ask(workflow, job)).then(|| SigningJob {
        workflow,
        job,
        opaque: signing.is_none(),
        signings: signing.into_iter().collect(),
        calls: Some(remote),
        own_registry: false,
        runs: vec![],
    })
}

/// The permissions that hold for a job: its own instead of the workflow's. `None`: neither says.
pub(crate) fn permissions<'t>(workflow: &'t Workflow, job: &'t Job) -> Option<&'t Permissions> {
    job.permissions.as_ref().or(workflow.permissions.as_ref())
}

/// How much of a permission the file grants to a job. `None`: it does not say; the caller or the
/// settings of the repository decide.
pub(crate) fn declared(workflow: &Workflow, job: &Job, name: &str) -> Option<Level> {
    permissions(workflow, job).map(|permissions| permissions.level(name))
}
