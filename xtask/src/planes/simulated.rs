//! A plane that needs no Go: the dev stack's small API server, and in place of source-controller a
//! loop that writes into each source's status what the verifier predicts of it. It shows that the
//! parts fit together, and nothing about Flux itself: so it is called simulated wherever it is seen.
//!
//! OCIRepositories alone are reconciled, and nothing applies what they fetch.

mod due;
mod status;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::{Api, Plane, Setup, clear, kubeconfig};
use crate::failure::{Context as _, Failure, Outcome};
use crate::program::Program;
use crate::workspace::Workspace;
use due::Memory;

const DEV_STACK: &str = "sealwright-devstack";
const VERIFIER: &str = "sealwright-verifier";
/// Who is recorded as the writer of every status.
const MANAGER: &str = "simulated-source-controller";
const API_VERSION: &str = "source.toolkit.fluxcd.io/v1";
const KIND: &str = "OCIRepository";
/// How often the sources are looked at: far less than a person notices.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long one prediction may take: registries that refuse are asked again a few times.
const PREDICTED_WITHIN: Duration = Duration::from_secs(60);

impl Plane {
    /// Starts a simulated plane. `flags` are further ones of `sealwright-verifier predict`: whom to
    /// trust, which registry stands in. The setup's kustomize-controller is not there.
    pub(crate) fn simulate(
        workspace: &Workspace,
        setup: &Setup,
        flags: Vec<String>,
    ) -> Outcome<Plane> {
        clear(setup.folder)?;
        let state = setup.folder.join("api");
        let program = Program::new(workspace.binary(crate::release::PROFILE, DEV_STACK)).args([
            "plane",
            "--state",
            state.as_str(),
            "--name",
            setup.name,
        ]);
        let what = || format!("simulated plane {}", setup.name);
        let log = setup.folder.join("plane.log");
        let (service, announced) = program.serve_announcing(&log).context(what)?;
        let announced: Value = serde_json::from_str(&announced).context(what)?;
        if announced["simulated"] != true {
            return Err(Failure::new(format!("{DEV_STACK} announced {announced}")));
        }
        let kubeconfig = kubeconfig::path(&state);
        let api = Api::of(&kubeconfig)?;
        let asking = Asking {
            program: workspace.binary(crate::release::PROFILE, VERIFIER),
            kubeconfig: kubeconfig.clone(),
            context: setup.name.to_owned(),
            controller: setup.controller.version(workspace)?,
            home: setup.folder.join("home"),
            flags,
        };
        let reconciler = Reconciler::start(api.clone(), asking, setup.folder)?;
        Ok(Plane {
            name: setup.name.to_owned(),
            kubeconfig,
            api,
            simulated: true,
            services: vec![service],
            reconciler: Some(reconciler),
            heartbeat: None,
        })
    }
}

/// The loop in place of source-controller; ends when it is dropped.
pub(super) struct Reconciler {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Reconciler {
    fn start(api: Api, asking: Asking, folder: &Utf8Path) -> Outcome<Reconciler> {
        let log = folder.join("simulated-controller.log");
        let log = std::fs::File::create(&log).context(|| log.to_string())?;
        let stop = Arc::new(AtomicBool::new(false));
        let work = Work { api: api.writing_as(MANAGER), asking, memory: Memory::default(), log };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name(MANAGER.to_owned())
            .spawn(move || work.run(&stopped))?;
        Ok(Reconciler { stop, thread: Some(thread) })
    }
}

impl Drop for Reconciler {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in it has been printed already; there is nobody to hand it to.
            drop(thread.join());
        }
    }
}

struct Work {
    api: Api,
    asking: Asking,
    memory: Memory,
    log: std::fs::File,
}

impl Work {
    fn run(mut self, stopped: &AtomicBool) {
        while !stopped.load(Ordering::Relaxed) {
            match self.api.list(API_VERSION, KIND, None) {
                Ok(sources) => {
                    for source in &sources {
                        if stopped.load(Ordering::Relaxed) {
                            return;
                        }
                        self.look_at(source);
                    }
                    self.memory.keep_only(&sources);
                }
                Err(failure) => self.note(&failure.to_string()),
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn look_at(&mut self, source: &Value) {
        if !self.memory.is_due(source, Instant::now()) {
            return;
        }
        let predicted = self.asking.predict(source);
        let next = match &predicted {
            Ok(outcome) => outcome["then"].as_str().unwrap_or_default().to_owned(),
            Err(why) => {
                self.note(&format!("{}: {why}", named(source)));
                "retries".to_owned()
            }
        };
        let status = match &predicted {
            Ok(outcome) => status::after(source, outcome),
            Err(why) => status::unknown(source, &why.to_string()),
        };
        // Nothing is kept of a write that failed: the source is still due.
        match self.api.apply_status(&status) {
            Ok(_) => self.memory.reconciled(source, &next, Instant::now()),
            Err(failure) => self.note(&failure.to_string()),
        }
    }

    fn note(&mut self, what: &str) {
        // The log is for people who look for the reason; without room for it, the loop goes on.
        drop(writeln!(self.log, "{what}"));
    }
}

/// How the verifier is asked.
struct Asking {
    program: Utf8PathBuf,
    kubeconfig: Utf8PathBuf,
    context: String,
    controller: String,
    home: Utf8PathBuf,
    flags: Vec<String>,
}

impl Asking {
    /// The likeliest outcome for a source as it lies in the cluster.
    fn predict(&self, source: &Value) -> Outcome<Value> {
        let output = Program::new(&self.program)
            .args(["predict", "--kubeconfig", self.kubeconfig.as_str()])
            .args(["--context", &self.context, "--controller", &self.controller])
            .args(["--format", "json"])
            .args(self.flags.iter().cloned())
            .args([named(source)])
            .empty_environment()
            .env("HOME", self.home.as_str())
            .time_limit(PREDICTED_WITHIN)
            .run()?;
        let report: Value = serde_json::from_slice(&output.stdout).map_err(|_| {
            Failure::new(format!("predict ended with {}: {}", output.code, output.stderr.trim()))
        })?;
        likeliest(&report)
    }
}

/// The first outcome of a report about one source, or why there is none.
fn likeliest(report: &Value) -> Outcome<Value> {
    let predicted = report.pointer("/sources/0/predicted").unwrap_or(&Value::Null);
    match predicted.pointer("/outcomes/0") {
        Some(outcome) => Ok(outcome.clone()),
        None => {
            let undecided = predicted["undecided"].as_str().map(str::to_owned);
            let finding = || report.pointer("/findings/0/message")?.as_str().map(str::to_owned);
            let why = undecided.or_else(finding).unwrap_or_else(|| "no reason given".to_owned());
            Err(Failure::new(why))
        }
    }
}

fn named(source: &Value) -> String {
    let word = |field: &str| source["metadata"][field].as_str().unwrap_or_default();
    format!("{}/{}", word("namespace"), word("name"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_likeliest_outcome_is_taken_and_none_is_never_made_up() {
        let report = |predicted: Value| json!({"sources": [{"predicted": predicted}]});
        let two = report(json!({"outcomes": [{"ready": "True"}, {"ready": "False"}]}));
        assert_eq!(likeliest(&two).unwrap(), json!({"ready": "True"}));
        for (report, why) in [
            (
                report(json!({"outcomes": [], "undecided": "the registry is away"})),
                "the registry is away",
            ),
            (json!({"sources": [], "findings": [{"message": "forbidden"}]}), "forbidden"),
            (json!({}), "no reason given"),
        ] {
            assert_eq!(likeliest(&report).unwrap_err().to_string(), why);
        }
    }
}
