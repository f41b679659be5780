//! From YAML to workflows and actions. What does not have its form is a finding, and all the rest is
//! still read.

use std::collections::HashSet;

use sealwright_policy::{Code, Finding};
use sealwright_yaml::{Node, Place, Style, Value};

use crate::defaults::{check_out, default_to, shell_of_machine};
use crate::matrix::{self, COMBINATIONS_MAX, Matrix};
use crate::model::{
    Act, Action, Awaited, Call, Concurrency, Job, Runs, Script, Secrets, Setting, Step, Work,
    Workflow, Written,
};
use crate::permissions::{Grants, Level, Permissions};
use crate::place::in_file;
use crate::triggers::{Event, Filter, Trigger};
use crate::uses::{Target, Uses};

/// Jobs of one workflow that are looked at. GitHub runs at most 256 of a matrix; the longest real
/// workflows have about a hundred.
pub const JOBS_COUNT_MAX: usize = 1_000;
/// Steps of one job that are looked at; GitHub itself stops far below.
pub const STEPS_COUNT_MAX: usize = 1_000;

const ALWAYS_TRUE: &str = "`if` has something beside its `${{ }}`, if only a line break: GitHub takes it for a text, and the condition is always true";

/// Reads one file and keeps what is wrong with it.
pub(crate) struct Reader<'a> {
    path: &'a str,
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(path: &'a str) -> Self {
        Self { path, findings: vec![] }
    }

    pub(crate) fn workflow(&mut self, root: &Node) -> Workflow {
        let jobs = root.get("jobs");
        if jobs.is_none_or(|jobs| jobs.entries().is_empty()) {
            let at = jobs.map_or(&root.at, |jobs| &jobs.at);
            self.malformed(at, "a workflow needs `jobs`, a mapping of ids to jobs");
        }
        let triggers = root.get("on").map(|on| self.triggers(on)).unwrap_or_default();
        if triggers.is_empty() {
            let at = root.get("on").map_or(&root.at, |on| &on.at);
            self.malformed(at, "nothing starts it: `on` names no event");
        }
        let mut jobs = jobs.map(|jobs| self.jobs(jobs)).unwrap_or_default();
        for job in &mut jobs {
            default_to(root, job);
            let node = root.get("jobs").and_then(|jobs| jobs.get(&job.id.text));
            node.into_iter().for_each(|node| shell_of_machine(node, job));
        }
        self.needs(&jobs);
        Workflow {
            path: self.path.to_owned(),
            name: scalar(root.get("name")),
            triggers,
            permissions: root.get("permissions").map(|node| self.permissions(node)),
            env: settings(root.get("env")),
            concurrency: root.get("concurrency").map(concurrency),
            jobs,
        }
    }

    pub(crate) fn action(&mut self, root: &Node) -> Action {
        let runs = root.get("runs");
        let using = runs.and_then(|runs| runs.get("using")).and_then(Node::text);
        let runs = match (using, runs) {
            (Some("composite"), Some(runs)) => {
                Runs::Composite(runs.get("steps").map(|node| self.steps(node)).unwrap_or_default())
            }
            (Some("docker"), Some(runs)) => {
                let image = scalar(runs.get("image"));
                let image = image.filter(|image| image.text.starts_with("docker://"));
                Runs::Docker(image.map(|image| self.uses(image)))
            }
            (_, Some(_)) => Runs::Program,
            (_, None) => {
                self.malformed(&root.at, "an action needs `runs`");
                Runs::Program
            }
        };
        Action { path: self.path.to_owned(), inputs: inputs(root.get("inputs")), runs }
    }

    fn triggers(&mut self, on: &Node) -> Vec<Trigger> {
        match &on.value {
            Value::Map(events) => events
                .iter()
                .map(|(key, node)| trigger(Event::named(&key.name), key.at.clone(), node))
                .collect(),
            _ => texts(Some(on))
                .into_iter()
                .map(|event| Trigger::new(Event::named(&event.text), event.at))
                .collect(),
        }
    }

    fn jobs(&mut self, jobs: &Node) -> Vec<Job> {
        let jobs = jobs.entries();
        if let Some((key, _)) = jobs.get(JOBS_COUNT_MAX) {
            self.too_large(&key.at, format!("has more than {JOBS_COUNT_MAX} jobs"));
        }
        let jobs = jobs.iter().take(JOBS_COUNT_MAX);
        jobs.map(|(key, node)| {
            self.job(Written { text: key.name.clone(), at: key.at.clone() }, node)
        })
        .collect()
    }

    /// GitHub refuses a file in which a job waits for none that is there, or for itself.
    fn needs(&mut self, jobs: &[Job]) {
        let all: HashSet<&str> = jobs.iter().map(|job| job.id.text.as_str()).collect();
        let whole = jobs.len() < JOBS_COUNT_MAX;
        for (job, need) in jobs.iter().flat_map(|job| job.needs.iter().map(move |need| (job, need)))
        {
            if whole && !all.contains(need.text.as_str()) {
                let message =
                    format!("job {} needs {}, which is not there", job.id.text, need.text);
                self.malformed(&need.at, &message);
            }
        }
        let mut waiting: HashSet<&str> = all;
        loop {
            let free = |job: &&Job| !job.needs.iter().any(|n| waiting.contains(n.text.as_str()));
            let ends: Vec<&str> =
                jobs.iter().filter(free).map(|job| job.id.text.as_str()).collect();
            let before = waiting.len();
            ends.into_iter().for_each(|id| _ = waiting.remove(id));
            if waiting.len() == before {
                break;
            }
        }
        if let Some(job) = jobs.iter().find(|job| waiting.contains(job.id.text.as_str())) {
            let message = format!("job {} waits for itself, by what its `needs` need", job.id.text);
            self.malformed(&job.id.at, &message);
        }
    }

    fn job(&mut self, id: Written, node: &Node) -> Job {
        if node.entries().is_empty() {
            self.malformed(&node.at, &format!("job {} is no mapping", id.text));
        }
        let work = match scalar(node.get("uses")) {
            Some(uses) => Work::Call(Call {
                uses: self.uses(uses),
                with: settings(node.get("with")),
                secrets: secrets(node.get("secrets")),
            }),
            None => {
                Work::Steps(node.get("steps").map(|node| self.job_steps(node)).unwrap_or_default())
            }
        };
        let environment = node.get("environment");
        let mut job = Job {
            id,
            name: scalar(node.get("name")),
            needs: texts(node.get("needs")),
            condition: self.condition(node.get("if")),
            permissions: node.get("permissions").map(|node| self.permissions(node)),
            environment: scalar(environment)
                .or_else(|| scalar(environment.and_then(|node| node.get("name")))),
            container: container(node.get("container")),
            concurrency: node.get("concurrency").map(concurrency),
            strategy: node.get("strategy").cloned(),
            env: settings(node.get("env")),
            continue_on_error: is_on(node.get("continue-on-error")),
            work,
        };
        default_to(node, &mut job);
        if matrix::all(&job) == Matrix::TooMany {
            let at = job.strategy.as_ref().map_or(&job.id.at, |strategy| &strategy.at).clone();
            let id = &job.id.text;
            let message = format!(
                "job {id} has more than {COMBINATIONS_MAX} combinations, and GitHub starts none of them"
            );
            self.too_large(&at, message);
        }
        job
    }

    fn steps(&mut self, node: &Node) -> Vec<Step> {
        let steps = node.items();
        if let Some(step) = steps.get(STEPS_COUNT_MAX) {
            self.too_large(&step.at, format!("has more than {STEPS_COUNT_MAX} steps in one job"));
        }
        let steps = steps.iter().take(STEPS_COUNT_MAX).map(|node| self.step(node));
        let mut steps: Vec<Step> = steps.collect();
        check_out(&mut steps);
        steps
    }

    /// The steps of a job, which may run beside each other: GitHub refuses that in an action.
    fn job_steps(&mut self, node: &Node) -> Vec<Step> {
        let mut steps = Vec::new();
        for item in node.items() {
            let group = item.get("parallel").map(Node::items).unwrap_or_default();
            let mut group: Vec<Step> = group.iter().map(|inner| self.step(inner)).collect();
            let count = group.len();
            group.iter_mut().for_each(|step| step.background = true);
            steps.append(&mut group);
            let act = match (item.get("wait"), item.get("wait-all"), item.get("cancel")) {
                _ if count > 0 => Some(Act::Wait(Awaited::Group(count))),
                (Some(ids), _, _) => Some(Act::Wait(Awaited::Named(texts(Some(ids))))),
                (_, Some(_), _) => Some(Act::Wait(Awaited::All)),
                (_, _, cancel) => scalar(cancel).map(Act::Cancel),
            };
            steps.push(match act {
                Some(act) => self.step_of(item, act),
                None => self.step(item),
            });
        }
        if let Some(step) = steps.get(STEPS_COUNT_MAX) {
            let at = step.at.clone();
            self.too_large(&at, format!("has more than {STEPS_COUNT_MAX} steps in one job"));
        }
        steps.truncate(STEPS_COUNT_MAX);
        check_out(&mut steps);
        steps
    }

    fn step(&mut self, node: &Node) -> Step {
        let act = match (scalar(node.get("uses")), node.get("run")) {
            (Some(uses), _) => Act::Uses(self.uses(uses)),
            (None, Some(run)) => script(run, node).map_or(Act::Nothing, Act::Run),
            (None, None) => Act::Nothing,
        };
        if matches!(act, Act::Nothing) {
            self.malformed(&node.at, "a step needs either `run` or `uses`");
        }
        self.step_of(node, act)
    }

    fn step_of(&mut self, node: &Node, act: Act) -> Step {
        Step {
            at: node.at.clone(),
            id: scalar(node.get("id")),
            name: scalar(node.get("name")),
            condition: self.condition(node.get("if")),
            continue_on_error: is_on(node.get("continue-on-error")),
            background: is_on(node.get("background")),
            env: settings(node.get("env")),
            with: settings(node.get("with")),
            act,
        }
    }

    /// Without the `${{ }}` around all of it. With anything beside that, a line break as well, GitHub
    /// takes it for a text, and a text is a yes.
    fn condition(&mut self, node: Option<&Node>) -> Option<Written> {
        let written = scalar(node)?;
        let whole = written.text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
        let whole = whole.filter(|inner| !inner.contains("${{"));
        let text = match whole {
            Some(inner) => inner.trim().to_owned(),
            None if written.text.contains("${{") => {
                self.malformed(&written.at, ALWAYS_TRUE);
                // Whether it also runs after a failure is asked all the same.
                let states = ["always(", "failure(", "cancelled("];
                let asks = states.iter().any(|name| written.text.contains(name));
                if asks { written.text.clone() } else { "true".to_owned() }
            }
            None => written.text.trim().to_owned(),
        };
        Some(Written { text, ..written })
    }

    fn uses(&mut self, written: Written) -> Uses {
        Uses::read(&written.text, written.at)
    }

    fn permissions(&mut self, node: &Node) -> Permissions {
        let grants = match &node.value {
            Value::Text(word) if word == "read-all" => Grants::ReadAll,
            Value::Text(word) if word == "write-all" => Grants::WriteAll,
            Value::Map(entries) => Grants::Each(
                entries
                    .iter()
                    .filter_map(|(key, node)| self.grant(&key.name, &key.at, node))
                    .collect(),
            ),
            // `permissions:` with nothing behind it is the same as `{}`.
            Value::Null => Grants::Each(vec![]),
            _ => {
                self.malformed(&node.at, "`permissions` is `read-all`, `write-all` or a mapping");
                Grants::Unreadable
            }
        };
        Permissions { at: node.at.clone(), grants }
    }

    fn grant(&mut self, name: &str, at: &Place, node: &Node) -> Option<(Written, Level)> {
        let level = scalar(Some(node)).and_then(|word| Level::parse(&word.text));
        if level.is_none() {
            self.malformed(&node.at, &format!("permission {name} is `read`, `write` or `none`"));
        }
        Some((Written { text: name.to_owned(), at: at.clone() }, level?))
    }

    fn malformed(&mut self, at: &Place, message: &str) {
        let finding = Finding::new(Code::WorkflowMalformed, message);
        self.findings.push(finding.with_place(in_file(self.path, at)));
    }

    fn too_large(&mut self, at: &Place, message: String) {
        let finding = Finding::new(Code::WorkflowTooLarge, message);
        self.findings.push(finding.with_place(in_file(self.path, at)));
    }
}

fn trigger(event: Event, at: Place, node: &Node) -> Trigger {
    let filter = |only: &str, except: &str| match (node.get(only), node.get(except)) {
        (Some(only), _) => Filter::Only(texts(Some(only))),
        (None, Some(except)) => Filter::Except(texts(Some(except))),
        (None, None) => Filter::Unset,
    };
    Trigger {
        branches: filter("branches", "branches-ignore"),
        tags: filter("tags", "tags-ignore"),
        paths: filter("paths", "paths-ignore"),
        types: texts(node.get("types")),
        workflows: texts(node.get("workflows")),
        times: node.items().iter().filter_map(|item| scalar(item.get("cron"))).collect(),
        inputs: inputs(node.get("inputs")),
        secrets: settings(node.get("secrets")),
        ..Trigger::new(event, at)
    }
}

/// The image of a `container`, which is written without `docker://`.
fn container(node: Option<&Node>) -> Option<Uses> {
    let image = scalar(node).or_else(|| scalar(node?.get("image")))?;
    // An empty one is no container.
    let image = Some(image).filter(|image| !image.text.trim().is_empty())?;
    Some(Uses { target: Target::Docker(image.text.clone()), text: image.text, at: image.at })
}

/// Inputs with their defaults.
fn inputs(node: Option<&Node>) -> Vec<Setting> {
    let entries = node.map(Node::entries).unwrap_or_default();
    let inputs = entries.iter().map(|(key, input)| Setting {
        name: key.name.clone(),
        at: key.at.clone(),
        value: scalar(input.get("default")),
    });
    inputs.collect()
}

fn settings(node: Option<&Node>) -> Vec<Setting> {
    let entries = node.map(Node::entries).unwrap_or_default();
    let settings = entries.iter().map(|(key, value)| Setting {
        name: key.name.clone(),
        at: key.at.clone(),
        value: scalar(Some(value)),
    });
    settings.collect()
}

fn secrets(node: Option<&Node>) -> Secrets {
    match node {
        None => Secrets::None,
        Some(node) if node.text() == Some("inherit") => Secrets::Inherit(node.at.clone()),
        Some(node) => Secrets::Each(settings(Some(node))),
    }
}

fn concurrency(node: &Node) -> Concurrency {
    let group = scalar(Some(node)).or_else(|| scalar(node.get("group")));
    let cancel_in_progress = match node.get("cancel-in-progress").map(|node| &node.value) {
        None => Some(false),
        Some(Value::Bool(cancel)) => Some(*cancel),
        Some(_) => None,
    };
    Concurrency { at: node.at.clone(), group, cancel_in_progress }
}

fn script(run: &Node, step: &Node) -> Option<Script> {
    let written = scalar(Some(run))?;
    Some(Script {
        text: written.text,
        at: written.at,
        literal: run.style == Style::Literal && run.defined.is_none(),
        shell: scalar(step.get("shell")).map(|shell| shell.text),
        folder: scalar(step.get("working-directory")).map(|folder| folder.text),
        checkouts: vec![],
    })
}

/// `true`, or an expression that could be.
fn is_on(node: Option<&Node>) -> bool {
    match node.map(|node| &node.value) {
        Some(Value::Bool(on)) => *on,
        Some(Value::Text(text)) => text.contains("${{"),
        _ => false,
    }
}

/// A text, or each of a list.
fn texts(node: Option<&Node>) -> Vec<Written> {
    match node {
        None => vec![],
        Some(node) if node.items().is_empty() => scalar(Some(node)).into_iter().collect(),
        Some(node) => node.items().iter().filter_map(|item| scalar(Some(item))).collect(),
    }
}

/// A scalar as GitHub takes it: everything is a text.
pub(crate) fn scalar(node: Option<&Node>) -> Option<Written> {
    let node = node?;
    Some(Written { text: node.scalar()?.to_owned(), at: node.at.clone() })
}
