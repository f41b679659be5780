//! Workflows and actions as they are written, every part at its place. Nothing is concluded here:
//! what GitHub makes of it is told in the other files.

use sealwright_yaml::{Node, Place};

use crate::permissions::Permissions;
use crate::triggers::{Event, Trigger};
use crate::uses::Uses;

/// A text with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// As it was meant: quotes and folds undone.
    pub text: String,
    /// Where it begins.
    pub at: Place,
}

/// An entry of `with`, `env`, `secrets`, `inputs` and the like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its key.
    pub name: String,
    /// Where the key stands.
    pub at: Place,
    /// Its value, when that is a scalar.
    pub value: Option<Written>,
}

/// The value of a setting, when it is there and a scalar.
pub fn setting<'a>(settings: &'a [Setting], name: &str) -> Option<&'a Written> {
    let found = settings.iter().find(|setting| setting.name.eq_ignore_ascii_case(name))?;
    found.value.as_ref()
}

/// One file of `.github/workflows`.
#[derive(Debug, Clone)]
pub struct Workflow {
    /// Path in the repository, `.github/workflows/cd.yaml`.
    pub path: String,
    /// What it calls itself.
    pub name: Option<Written>,
    /// What starts it, in the order of the file.
    pub triggers: Vec<Trigger>,
    /// What its jobs may do unless they say otherwise.
    pub permissions: Option<Permissions>,
    /// Environment variables of all its jobs.
    pub env: Vec<Setting>,
    /// Which runs of it exclude each other.
    pub concurrency: Option<Concurrency>,
    /// Its jobs, in the order of the file.
    pub jobs: Vec<Job>,
}

/// `concurrency`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concurrency {
    /// Where it stands.
    pub at: Place,
    /// Name of the group, often with an expression in it.
    pub group: Option<Written>,
    /// Whether a newer run ends one that is under way; an expression counts as not said.
    pub cancel_in_progress: Option<bool>,
}

/// One job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its key below `jobs`.
    pub id: Written,
    /// What it calls itself.
    pub name: Option<Written>,
    /// Ids of the jobs that come before it.
    pub needs: Vec<Written>,
    /// `if`, without `${{ }}` around all of it.
    pub condition: Option<Written>,
    /// What it may do; instead of the workflow's, not beside it.
    pub permissions: Option<Permissions>,
    /// Deployment environment, whose rules may hold it back.
    pub environment: Option<Written>,
    /// Image in which all its steps run.
    pub container: Option<Uses>,
    /// Which runs of it exclude each other.
    pub concurrency: Option<Concurrency>,
    /// `strategy`, as written.
    pub strategy: Option<Node>,
    /// Environment variables of all its steps.
    pub env: Vec<Setting>,
    /// Whether a failure is passed over; an expression counts as yes.
    pub continue_on_error: bool,
    /// What it consists of.
    pub work: Work,
}

/// What a job consists of.
#[derive(Debug, Clone)]
pub enum Work {
    /// Steps on a runner.
    Steps(Vec<Step>),
    /// Another workflow.
    Call(Call),
}

/// A job that is another workflow.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which one.
    pub uses: Uses,
    /// Inputs that are given to it.
    pub with: Vec<Setting>,
    /// Secrets that are given to it.
    pub secrets: Secrets,
}

/// Secrets that are given to a called workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secrets {
    /// None.
    None,
    /// All that the caller has.
    Inherit(Place),
    /// These.
    Each(Vec<Setting>),
}

/// One step of a job or of a composite action.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it begins.
    pub at: Place,
    /// Its id.
    pub id: Option<Written>,
    /// What it calls itself.
    pub name: Option<Written>,
    /// `if`, without `${{ }}` around all of it.
    pub condition: Option<Written>,
    /// Whether a failure is passed over; an expression counts as yes.
    pub continue_on_error: bool,
    /// Whether the next step begins before this one has ended: it is `background`, or one of a
    /// `parallel` group.
    pub background: bool,
    /// Environment variables.
    pub env: Vec<Setting>,
    /// Inputs of the action.
    pub with: Vec<Setting>,
    /// What it does.
    pub act: Act,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Act {
    /// Runs a script.
    Run(Script),
    /// Runs an action.
    Uses(Uses),
    /// Waits for steps in the background; those that it fails for fail the job here.
    Wait(Awaited),
    /// Ends the step of this id in the background.
    Cancel(Written),
    /// None of them: GitHub refuses such a file.
    Nothing,
}

/// The steps in the background that a step waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaited {
    /// `wait-all`.
    All,
    /// `wait`, by their ids.
    Named(Vec<Written>),
    /// As many right before it: the end of a `parallel` group.
    Group(usize),
}

/// The script of a `run`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its text.
    pub text: String,
    /// Where its first line stands that is not empty.
    pub at: Place,
    /// Whether its lines are those of the file (`run: |`): then the place of each is known.
    pub literal: bool,
    /// `shell`, when it is said: by the step, or by `defaults` of job or workflow.
    pub shell: Option<String>,
    /// `working-directory`, when it is said there.
    pub folder: Option<String>,
    /// What earlier steps of its job have checked out; for the steps of an action only those of its own.
    pub checkouts: Vec<Checkout>,
}

/// A step with `actions/checkout`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// `path`, below the folder that the job begins in.
    pub path: Option<String>,
    /// `repository`: this one when it is not said.
    pub repository: Option<String>,
}

impl Script {
    /// Where a line of it stands in the file; lines count from 0.
    pub fn line(&self, line: usize) -> Place {
        if !self.literal {
            return self.at.clone();
        }
        // The place is that of its first line with something on it.
        let empty = self.text.bytes().take_while(|byte| *byte == b'\n').count();
        let line = u32::try_from(line.saturating_sub(empty)).unwrap_or(u32::MAX);
        Place { line: self.at.line.saturating_add(line), column: 1, range: 0..0 }
    }
}

/// An `action.yml`.
#[derive(Debug, Clone)]
pub struct Action {
    /// Path of the file in the repository.
    pub path: String,
    /// Its inputs, each with its default.
    pub inputs: Vec<Setting>,
    /// What it runs.
    pub runs: Runs,
}

/// What an action runs.
#[derive(Debug, Clone)]
pub enum Runs {
    /// Steps, in the job that uses it.
    Composite(Vec<Step>),
    /// An image; `None` when it is built from a file beside the action.
    Docker(Option<Uses>),
    /// A program in JavaScript, or something that is not known here.
    Program,
}

impl Action {
    /// The folder by which `uses` names it: empty for the root of the repository.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl Workflow {
    /// The file without its folder.
    pub fn file_name(&self) -> &str {
        self.path.rsplit_once('/').map_or(self.path.as_str(), |(_, file)| file)
    }

    /// The trigger for this event.
    pub fn trigger(&self, event: &Event) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| trigger.event == *event)
    }

    /// Whether other workflows can call it.
    pub fn is_reusable(&self) -> bool {
        self.trigger(&Event::WorkflowCall).is_some()
    }

    /// Whether something else than a call starts it.
    pub fn starts_by_itself(&self) -> bool {
        self.triggers.iter().any(|trigger| trigger.event != Event::WorkflowCall)
    }

    /// The job with this id.
    pub fn job(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id.text == id)
    }
}

impl Job {
    /// Its steps; none when it calls a workflow.
    pub fn steps(&self) -> &[Step] {
        match &self.work {
            Work::Steps(steps) => steps,
            Work::Call(_) => &[],
        }
    }

    /// The workflow that it calls, if it does.
    pub fn call(&self) -> Option<&Call> {
        match &self.work {
            Work::Call(call) => Some(call),
            Work::Steps(_) => None,
        }
    }
}

impl Step {
    /// Its script, if it has one.
    pub fn script(&self) -> Option<&Script> {
        match &self.act {
            Act::Run(script) => Some(script),
            _ => None,
        }
    }

    /// The action that it runs, if it does.
    pub fn uses(&self) -> Option<&Uses> {
        match &self.act {
            Act::Uses(uses) => Some(uses),
            _ => None,
        }
    }
}
