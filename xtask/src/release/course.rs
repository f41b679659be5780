//! The course of one release: what is known so far, and how each kind of step is taken.

use std::collections::BTreeMap;

use super::deploy::{Fleet, source_name};
use super::flow::{Here, Holds, Run, Stage, Step, Value, Work};
use super::outcome::Published;
use super::places::Places;
use super::{Arguments, PROFILE, STEP_TIME_MAX, run};
use crate::devstack::DevStack;
use crate::failure::{Context as _, Failure, Outcome};
use crate::program::Program;
use crate::say;
use crate::workspace::Workspace;

/// With these a job on GitHub asks for an OIDC token: who holds them can sign.
const SIGNING_VARIABLES: &str = "ACTIONS_ID_TOKEN_REQUEST_";
/// The Secret that rendered sources point at: here the dev stack stands in for the public Sigstore.
const TRUSTED_ROOT_SECRET: &str = "sealwright-trusted-root";
/// Where programs are found that kubeconfigs name, and kubectl.
const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A release under way.
pub(super) struct Course<'a> {
    workspace: &'a Workspace,
    pub(super) places: &'a Places,
    stack: &'a DevStack,
    pub(super) fleet: Fleet,
    /// The plane whose source lets nobody through: a drill.
    closed: Option<Stage>,
    given: BTreeMap<Value, String>,
    /// Known from the publication on.
    pub(super) published: Option<Published>,
}

impl<'a> Course<'a> {
    pub(super) fn new(
        workspace: &'a Workspace,
        arguments: &Arguments,
        places: &'a Places,
        stack: &'a DevStack,
        fleet: Fleet,
    ) -> Course<'a> {
        let endpoints = stack.endpoints();
        let artifact = run::artifact(&places.config, arguments.artifact.as_deref());
        let known = [
            (Value::Config, Some(places.config.to_string())),
            (Value::Artifact, artifact),
            (Value::Contents, places.given_contents.as_ref().map(ToString::to_string)),
            (Value::Manifests, Some(places.manifests().to_string())),
            (Value::Repository, Some(places.repository().to_string())),
            (
                Value::GithubRepository,
                run::repository(&places.config, arguments.artifact.as_deref()),
            ),
            (Value::Registry, Some(endpoints.registry.clone())),
            (Value::Issuer, Some(endpoints.issuer.clone())),
            (Value::Trust, Some(endpoints.trust.to_string())),
            (Value::TrustedRoot, Some(TRUSTED_ROOT_SECRET.to_owned())),
            (Value::Report, Some(places.report().to_string())),
            (Value::Site, Some(places.site().to_string())),
        ];
        let mut given: BTreeMap<Value, String> =
            known.into_iter().filter_map(|(value, known)| Some((value, known?))).collect();
        for stage in Stage::ALL.into_iter().filter(|stage| fleet.has(*stage)) {
            given.extend([
                (Value::Controls, places.controls().to_string()),
                (Value::ControlsReport(stage), places.controls_report(stage).to_string()),
                (Value::ClusterReport(stage), places.cluster_report(stage).to_string()),
            ]);
            if let Some((namespace, name)) = run::only_source(&places.config, stage.name()) {
                given.extend([(Value::Namespace(stage), namespace), (Value::Name(stage), name)]);
            }
        }
        let closed = arguments.closed;
        Course { workspace, places, stack, fleet, closed, given, published: None }
    }

    /// Takes one step, and says in a few words what was done.
    pub(super) fn take(&mut self, step: &Step) -> Outcome<String> {
        match &step.work {
            Work::Run(run) => self.run(step, run).map(|()| step.does.to_owned()),
            Work::Here(here) => {
                let stage = step.plane.ok_or_else(|| Failure::new("a step on no plane"))?;
                let done = self.here(*here, stage)?;
                say::line(&done);
                Ok(done)
            }
        }
    }

    fn run(&mut self, step: &Step, run: &Run) -> Outcome {
        let program = Program::new(self.workspace.binary(PROFILE, run.program))
            .args(run.arguments(&self.given)?)
            .empty_environment()
            .envs(&self.environment(step, run)?)
            .time_limit(STEP_TIME_MAX);
        let output = program.run_talking()?;
        if let Some(file) = run.keeps {
            let path = self.places.out.join(file);
            std::fs::write(&path, &output.stdout).context(|| path.to_string())?;
            if run.holds == Holds::Programs {
                say::line(&format!("{}; all of it is in {path}", last_line(&output.stdout)));
            }
        }
        if output.code != 0 {
            // Data of a step that went well is for files; of one that did not, for who looks.
            say::line(String::from_utf8_lossy(&output.stdout).trim_end());
            let shown = program.shown();
            return Err(Failure::new(format!("{}: {shown} ended with {}", step.name, output.code))
                .exit_code(output.code));
        }
        match (run.command, step.plane) {
            ("publish", _) => self.learn(Published::read(&self.places.receipt())?),
            ("render", Some(stage)) => {
                let name = source_name(&self.places.source(stage))?;
                self.given.insert(Value::SourceName(stage), name);
            }
            _ => {}
        }
        Ok(())
    }

    fn environment(&self, step: &Step, run: &Run) -> Outcome<BTreeMap<String, String>> {
        let job = self.stack.environment();
        Ok(match run.holds {
            Holds::SigningToken => job.clone(),
            Holds::RegistryCredentials => {
                let others = job.iter().filter(|(name, _)| !name.starts_with(SIGNING_VARIABLES));
                others.map(|(name, value)| (name.clone(), value.clone())).collect()
            }
            Holds::Kubeconfig => {
                let stage = step.plane.ok_or_else(|| Failure::new("a step on no plane"))?;
                let kubeconfig = self.fleet.kubeconfig(stage, run.command)?.to_string();
                BTreeMap::from([
                    ("KUBECONFIG".to_owned(), kubeconfig),
                    ("PATH".to_owned(), SYSTEM_PATH.to_owned()),
                ])
            }
            Holds::Programs => BTreeMap::from([("PATH".to_owned(), SYSTEM_PATH.to_owned())]),
            Holds::Nothing => BTreeMap::new(),
        })
    }

    /// What every later step goes by: the digest, and the tags that may name it.
    fn learn(&mut self, published: Published) {
        self.given.extend([
            (Value::Candidate, published.tagged(Stage::Local)),
            (Value::Released, published.tagged(Stage::Prod)),
            (Value::Published, published.pinned()),
            (Value::Digest, published.digest.clone()),
        ]);
        self.published = Some(published);
    }

    fn here(&mut self, here: Here, stage: Stage) -> Outcome<String> {
        let source = self.places.source(stage);
        let published = self.published.as_ref();
        let published = published.ok_or_else(|| Failure::new("nothing is published yet"))?;
        match here {
            Here::Before => match published.named_by(stage)? {
                Some(_) => self.fleet.before(stage, &source, self.stack),
                None => Ok(format!("nothing: the tag {} names nothing yet", stage.tag())),
            },
            Here::Apply if self.closed == Some(stage) => {
                self.fleet.apply_unsatisfiable(stage, &source, self.stack)?;
                Ok(format!("{source}, with a matcher that nobody can satisfy: a drill"))
            }
            Here::Apply => {
                self.fleet.apply(stage, &source, self.stack)?;
                Ok(format!("{}: source given, reconciliation asked for", stage.name()))
            }
            Here::MintControls => self.mint_controls(published),
            Here::ShowApplied => self.fleet.show_applied(stage, &published.digest),
        }
    }

    fn mint_controls(&self, published: &Published) -> Outcome<String> {
        let state = self.places.out.join("devstack");
        // The dev stack knows its own address.
        let path = published.repository.split_once('/').map_or("", |(_, path)| path);
        let into = format!("{path}-controls");
        let program = Program::new(self.workspace.binary(PROFILE, "sealwright-devstack")).args([
            "controls",
            "--state",
            state.as_str(),
            "--artifact",
            &format!("{path}@{}", published.digest),
            "--into",
            &into,
        ]);
        let set = self.places.controls();
        std::fs::write(&set, program.run_ok()?).context(|| set.to_string())?;
        Ok(format!("known-bad artifacts in {into}"))
    }
}

/// Where a report for people says what it comes to.
fn last_line(report: &[u8]) -> String {
    String::from_utf8_lossy(report).trim_end().lines().next_back().unwrap_or_default().to_owned()
}
