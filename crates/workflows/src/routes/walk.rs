//! From a trigger through jobs, called workflows and composite actions to every deed on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::beside::Beside;
use super::called::{Composite, action_of, given};
use super::deeds::{Deed, Unseen, What, of_step, runs_only_after_failure, runs_whatever_happened};
use super::failed::goes_on_after;
use super::guards;
use super::made::Made;
use super::scope::{Ref, Scope};
use super::start::Start;
use crate::condition::goes_on;
use crate::expression::Expression;
use crate::jobs::About;
use crate::matrix::{self, Matrix};
use crate::model::{Awaited, Call, Job, Setting, Step, Work, Workflow, setting};
use crate::permissions::Permissions;
use crate::tree::Tree;
use crate::triggers::Event;
use crate::uses::Target as Used;

/// Workflows within workflows, and actions within actions: GitHub allows ten.
const DEPTH_MAX: u8 = 10;
/// Steps that are looked at for one trigger, those of called files counted each time.
const STEPS_MAX: usize = 10_000;

/// Everything that one trigger sets going.
pub(super) struct Run<'a> {
    pub(super) start: Start<'a>,
    pub(super) repository: Option<&'a str>,
    pub(super) default_branch: Option<&'a str>,
    pub(super) units: Vec<Unit<'a>>,
    /// Workflows and actions that would have to be read, and are elsewhere.
    pub(super) unread: Vec<Unread>,
    /// Those that are here, and may be other ones at the version that they are named by.
    pub(super) elsewhen: Vec<Unread>,
    steps: usize,
    /// Whether a limit was hit, and deeds are missing.
    pub(super) cut: bool,
}

/// A job, where it is used; one for each combination of its matrix.
#[derive(Clone)]
pub(super) struct Unit<'a> {
    pub(super) file: &'a str,
    pub(super) job: &'a Job,
    /// How one gets there: `cd.yaml: publish`, `shared.yaml: push`.
    pub(super) chain: Vec<String>,
    /// The units that have to be through before.
    pub(super) before: BTreeSet<usize>,
    /// Those of them whose failure does not stop it.
    pub(super) loose: BTreeSet<usize>,
    /// Everything that is asked before it runs: its own `if`, those of its callers and needs.
    pub(super) conditions: BTreeSet<String>,
    /// What its token may do, as far as that is said.
    pub(super) permissions: Option<&'a Permissions>,
    pub(super) environment: Option<String>,
    /// Whether it is run once for each combination of a matrix.
    pub(super) of_matrix: bool,
    /// Whether it ends well for those that need it although it failed: `continue-on-error`.
    pub(super) passed_over: bool,
    pub(super) deeds: Vec<(Deed, Held)>,
}

/// Whether a condition keeps a deed from runs on a branch that anybody can push.
pub(super) type Held = bool;

/// Something that is called and cannot be read here.
pub(super) struct Unread {
    pub(super) file: String,
    pub(super) at: sealwright_yaml::Place,
    pub(super) uses: String,
    pub(super) job: String,
}

/// A workflow, as it is started or called.
struct Frame<'a> {
    workflow: &'a Workflow,
    inputs: BTreeMap<String, String>,
    chosen: bool,
    chain: Vec<String>,
    before: BTreeSet<usize>,
    loose: BTreeSet<usize>,
    conditions: BTreeSet<String>,
    held: Held,
    /// Those of the job that calls.
    permissions: Option<&'a Permissions>,
    depth: u8,
    /// Whether the version that runs may not be the one that is here.
    elsewhen: bool,
    of_matrix: bool,
}

impl<'a> Run<'a> {
    /// Follows everything that a trigger starts.
    pub(super) fn of(tree: &'a Tree, start: Start<'a>, about: About<'a>) -> Self {
        let frame = Frame {
            workflow: start.workflow,
            inputs: BTreeMap::new(),
            chosen: start.trigger.event == Event::WorkflowDispatch,
            chain: vec![],
            before: BTreeSet::new(),
            loose: BTreeSet::new(),
            conditions: BTreeSet::new(),
            held: false,
            permissions: None,
            depth: 0,
            elsewhen: false,
            of_matrix: false,
        };
        let mut run = Run {
            start,
            repository: about.repository,
            default_branch: about.default_branch,
            units: vec![],
            unread: vec![],
            elsewhen: vec![],
            steps: 0,
            cut: false,
        };
        run.workflow(tree, &frame);
        run
    }

    fn workflow(&mut self, tree: &'a Tree, frame: &Frame<'a>) {
        let mut done: BTreeMap<&str, Ended> = BTreeMap::new();
        let mut waiting: Vec<&'a Job> = frame.workflow.jobs.iter().collect();
        while !waiting.is_empty() {
            let ready = |job: &&Job| {
                job.needs.iter().all(|need| {
                    done.contains_key(need.text.as_str())
                        || frame.workflow.job(&need.text).is_none()
                })
            };
            let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(ready);
            // Jobs that wait for each other never run.
            if now.is_empty() {
                break;
            }
            for job in now {
                let ended = self.job(tree, frame, job, &done);
                done.insert(&job.id.text, ended);
            }
            waiting = later;
        }
    }

    fn job(
        &mut self,
        tree: &'a Tree,
        frame: &Frame<'a>,
        job: &'a Job,
        done: &BTreeMap<&str, Ended>,
    ) -> Ended {
        let scope = self.scope(tree, frame, job);
        let condition = job.condition.as_ref().map(|condition| condition.text.as_str());
        let rescue = condition.is_some_and(runs_only_after_failure);
        let goes_on = condition.is_some_and(goes_on);
        let needed: Vec<&Ended> =
            job.needs.iter().filter_map(|need| done.get(need.text.as_str())).collect();
        let skipped = needed.iter().any(|ended| ended.skipped) && !goes_on;
        if skipped || scope.condition(condition) == Some(false) {
            return Ended { skipped: true, ..Ended::default() };
        }
        let mut before = frame.before.clone();
        before.extend(needed.iter().flat_map(|ended| ended.units.iter().copied()));
        let earlier: Vec<usize> = before.iter().copied().collect();
        before.extend(earlier.iter().flat_map(|unit| self.units[*unit].before.iter().copied()));
        let by_needs = !goes_on && needed.iter().any(|ended| ended.held);
        let held = frame.held || by_needs || holds(&scope, condition);
        let mut conditions = frame.conditions.clone();
        conditions.extend(condition.map(str::to_owned));
        if !goes_on {
            conditions.extend(needed.iter().flat_map(|ended| ended.conditions.clone()));
        }
        let first = self.units.len();
        let unit = Unit {
            file: &frame.workflow.path,
            job,
            chain: [frame.chain.clone(), vec![link(frame, job)]].concat(),
            loose: frame.loose.union(&self.loose(job, condition, done)).copied().collect(),
            before,
            conditions: conditions.clone(),
            // Who says nothing has what is passed on.
            permissions: job
                .permissions
                .as_ref()
                .or(frame.workflow.permissions.as_ref())
                .or(frame.permissions),
            environment: None,
            of_matrix: false,
            passed_over: job.continue_on_error,
            deeds: vec![],
        };
        for scope in each_combination(tree, scope, job) {
            let environment = job.environment.as_ref().map(|name| scope.expand(&name.text));
            let of_matrix = frame.of_matrix || scope.matrix.is_some();
            let unit = Unit { environment, of_matrix, ..unit.clone() };
            match &job.work {
                Work::Steps(steps) => {
                    let deeds = self.job_steps(tree, frame, job, steps, scope, held);
                    self.units.push(Unit { deeds, ..unit });
                }
                Work::Call(call) => self.call(tree, frame, call, &scope, unit, held),
            }
        }
        if rescue {
            let units = self.units[first..].iter_mut();
            units.for_each(|unit| unit.deeds.retain(|(deed, _)| !deed.what.holds()));
        }
        // Whoever needs it does not run when something failed, unless told to.
        let units = (first..self.units.len()).collect();
        Ended { skipped: rescue, held, conditions, units }
    }

    /// The units before a job that may fail and not stop it.
    fn loose(
        &self,
        job: &Job,
        condition: Option<&str>,
        done: &BTreeMap<&str, Ended>,
    ) -> BTreeSet<usize> {
        let (mut loose, mut holding) = (BTreeSet::new(), BTreeSet::new());
        for need in &job.needs {
            let Some(ended) = done.get(need.text.as_str()) else { continue };
            let goes_on = condition.is_some_and(|condition| goes_on_after(condition, &need.text));
            let all = if goes_on { &mut loose } else { &mut holding };
            for unit in &ended.units {
                all.insert(*unit);
                all.extend(&self.units[*unit].before);
            }
        }
        // One that fails further up skips the one that is asked.
        loose.difference(&holding).copied().collect()
    }

    fn scope(&self, tree: &'a Tree, frame: &Frame<'a>, job: &'a Job) -> Scope<'a> {
        Scope {
            event: &self.start.trigger.event,
            repository: self.repository,
            reference: self.start.reference.clone(),
            inputs: frame.inputs.clone(),
            chosen: frame.chosen,
            texts: false,
            env: vec![&job.env, &frame.workflow.env],
            matrix: None,
            exported: BTreeMap::new(),
            made: Made::default(),
            steps: job.steps(),
            goreleaser: &tree.goreleaser,
        }
    }

    fn job_steps(
        &mut self,
        tree: &'a Tree,
        frame: &Frame<'a>,
        job: &'a Job,
        steps: &'a [Step],
        mut scope: Scope<'a>,
        held: Held,
    ) -> Vec<(Deed, Held)> {
        let mut deeds = Vec::new();
        let mut within = Within { tree, file: &frame.workflow.path, job: &job.id.text, depth: 0 };
        self.all_steps(&mut within, steps, &mut scope, held, &mut deeds);
        deeds.iter_mut().for_each(|(deed, _)| deed.guessed |= frame.elsewhen);
        deeds
    }

    fn all_steps(
        &mut self,
        within: &mut Within<'a>,
        steps: &'a [Step],
        scope: &mut Scope<'a>,
        held: Held,
        deeds: &mut Vec<(Deed, Held)>,
    ) {
        let mut beside = Beside::default();
        for step in steps {
            self.steps += 1;
            if self.steps > STEPS_MAX {
                self.cut = true;
                return;
            }
            let condition = step.condition.as_ref().map(|condition| condition.text.as_str());
            scope.env.insert(0, &step.env);
            let from = deeds.len();
            if scope.condition(condition) != Some(false) {
                let held = held || holds(scope, condition);
                match action_of(within.tree, step, self.repository) {
                    Some(Composite { file, steps, inputs, named }) => {
                        self.composite(within, step, (file, steps, inputs), scope, held, deeds);
                        let elsewhen =
                            self.is_elsewhen(named, step.uses(), within.file, within.job);
                        deeds[from..].iter_mut().for_each(|(deed, _)| deed.guessed |= elsewhen);
                    }
                    None => {
                        let own = of_step(step, within.file, scope, &within.tree.scripts);
                        deeds.extend(own.into_iter().map(|deed| (deed, held)));
                        self.note_unread(within, step);
                    }
                }
                if condition.is_some_and(runs_only_after_failure) {
                    let own = deeds.split_off(from);
                    deeds.extend(own.into_iter().filter(|(deed, _)| !deed.what.holds()));
                }
                let kept = condition.is_some_and(|condition| {
                    guards::keeps_out(condition, &self.start, self.repository)
                });
                for (deed, _) in &mut deeds[from..] {
                    deed.kept |= kept;
                    deed.whatever |= condition.is_some_and(runs_whatever_happened);
                    if step.continue_on_error {
                        deed.unseen = Some(Unseen::ContinueOnError);
                    }
                }
            }
            beside.step(step, deeds, from);
            scope.env.remove(0);
        }
        beside.end(&Awaited::All, deeds);
    }

    fn composite(
        &mut self,
        within: &Within<'a>,
        step: &'a Step,
        (file, inner, inputs): (&'a str, &'a [Step], &'a [Setting]),
        scope: &mut Scope<'a>,
        held: Held,
        deeds: &mut Vec<(Deed, Held)>,
    ) {
        if within.depth >= DEPTH_MAX {
            self.cut = true;
            return;
        }
        let inputs = given(inputs, &step.with, scope);
        let mut own = Scope { inputs, chosen: false, texts: true, steps: inner, ..scope.clone() };
        let mut deeper = Within { file, depth: within.depth + 1, ..*within };
        self.all_steps(&mut deeper, inner, &mut own, held, deeds);
        (scope.exported, scope.made) = (own.exported, own.made);
    }

    fn note_unread(&mut self, within: &Within<'a>, step: &Step) {
        if let Some(uses) = step.uses()
            && matches!(uses.target, Used::Local(_) | Used::Expression)
        {
            self.unread.push(Unread {
                file: within.file.to_owned(),
                at: uses.at.clone(),
                uses: uses.text.clone(),
                job: within.job.to_owned(),
            });
        }
    }

    fn call(
        &mut self,
        tree: &'a Tree,
        frame: &Frame<'a>,
        call: &'a Call,
        scope: &Scope<'a>,
        unit: Unit<'a>,
        held: Held,
    ) {
        let called = call.uses.own(self.repository);
        let called = called.and_then(|(path, named)| Some((tree.workflow(path)?, named)));
        if let Some((workflow, named)) = called.filter(|_| frame.depth < DEPTH_MAX) {
            let elsewhen = self.is_elsewhen(named, Some(&call.uses), unit.file, &unit.job.id.text);
            let declared =
                workflow.trigger(&Event::WorkflowCall).map(|trigger| &trigger.inputs[..]);
            let inputs = given(declared.unwrap_or_default(), &call.with, scope);
            let Unit { chain, before, loose, conditions, permissions, of_matrix, .. } = unit;
            let (depth, chosen) = (frame.depth + 1, false);
            let inner = Frame {
                workflow,
                inputs,
                chosen,
                chain,
                before,
                loose,
                conditions,
                held,
                permissions,
                depth,
                elsewhen: frame.elsewhen || elsewhen,
                of_matrix,
            };
            return self.workflow(tree, &inner);
        }
        self.cut |= called.is_some();
        let deeds = remote_deeds(call, unit.file, scope);
        if deeds.is_empty() {
            self.unread.push(Unread {
                file: unit.file.to_owned(),
                at: call.uses.at.clone(),
                uses: call.uses.text.clone(),
                job: unit.job.id.text.clone(),
            });
        }
        let deeds = deeds.into_iter().map(|deed| (deed, held)).collect();
        self.units.push(Unit { deeds, ..unit });
    }
}

/// The names that a job sees in each combination of its matrix that is written out.
fn each_combination<'a>(tree: &Tree, scope: Scope<'a>, job: &Job) -> Vec<Scope<'a>> {
    match matrix::differing(job, &tree.actions) {
        Matrix::Known(all) => {
            let of = |one| Scope { matrix: Some(Rc::new(one)), ..scope.clone() };
            all.into_iter().map(of).collect()
        }
        Matrix::Open | Matrix::TooMany => vec![scope],
    }
}

fn link(frame: &Frame<'_>, job: &Job) -> String {
    format!("{}: {}", frame.workflow.file_name(), job.id.text)
}

/// How a job ended, for those that need it.
#[derive(Default)]
struct Ended {
    skipped: bool,
    held: Held,
    conditions: BTreeSet<String>,
    units: Vec<usize>,
}

/// Which steps are being read.
#[derive(Clone, Copy)]
struct Within<'a> {
    tree: &'a Tree,
    file: &'a str,
    job: &'a str,
    depth: u8,
}

/// Whether a condition is false on a branch that anybody can push. One that asks for the ref and
/// cannot be answered is taken to hold.
fn holds(scope: &Scope<'_>, condition: Option<&str>) -> Held {
    let Some(expression) = condition.and_then(Expression::parse) else { return false };
    let asks = expression.asks("github.ref")
        || expression.asks("github.event.workflow_run")
        || expression.asks("github.actor")
        || expression.asks("github.triggering_actor");
    let anybodys = Scope { reference: Ref::Anybodys, ..scope.clone() };
    match anybodys.condition(condition) {
        Some(runs) => !runs,
        None => asks,
    }
}

/// What is known of reusable workflows of others.
fn remote_deeds(call: &Call, file: &str, scope: &Scope<'_>) -> Vec<Deed> {
    const GENERATOR: &str =
        "slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml";
    let name = call.uses.remote().map(crate::uses::Remote::name).unwrap_or_default();
    if name != GENERATOR {
        return vec![];
    }
    // The generator asks for both.
    let image = setting(&call.with, "image").map(|image| scope.expand(&image.text));
    let image = image.map(|image| match setting(&call.with, "digest") {
        Some(digest) => format!("{image}@{}", scope.expand(&digest.text)),
        None => image,
    });
    let by = GENERATOR.rsplit('/').next().unwrap_or_default().to_owned();
    let what = What::Sign(image.into_iter().collect());
    vec![Deed { by, ..Deed::new(what, file, &call.uses.at) }]
}
