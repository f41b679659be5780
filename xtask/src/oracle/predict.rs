//! Asks `sealwright-verifier predict` about each object, as it lies in the cluster.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::objects::NAMESPACE;
use super::run::{Asked, Observation};
use crate::failure::{Failure, Outcome};
use crate::program::Program;
use crate::workspace::Workspace;

const VERIFIER: &str = "sealwright-verifier";
/// How long one prediction may take: registries that refuse are asked again a few times.
const PREDICTED_WITHIN: Duration = Duration::from_secs(60);

/// One prediction for each observation, in their order.
pub(super) fn all(
    workspace: &Workspace,
    asked: &Asked,
    controller: &str,
    jobs: usize,
) -> Vec<Outcome<Value>> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(observation) = asked.observations.get(at) else { return };
                    let report = predict(workspace, asked, controller, observation);
                    if let Ok(mut done) = done.lock() {
                        done.push((at, report));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, report)| report).collect()
}

fn predict(
    workspace: &Workspace,
    asked: &Asked,
    controller: &str,
    observation: &Observation,
) -> Outcome<Value> {
    let word = |pointer: &str| observation.object.pointer(pointer).and_then(Value::as_str);
    let name = word("/metadata/name").unwrap_or_default();
    let source = format!("{NAMESPACE}/{name}");
    let output = Program::new(workspace.binary(crate::release::PROFILE, VERIFIER))
        .args(["predict", "--context", &asked.context, &source, "--format", "json"])
        .args(["--controller", controller, "--trust", asked.trusted_root.as_str()])
        .env("KUBECONFIG", asked.kubeconfig.as_str())
        .time_limit(PREDICTED_WITHIN)
        .run()?;
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|_| {
        Failure::new(format!("predict ended with {}: {}", output.code, output.stderr.trim()))
    })?;
    match report.pointer("/sources/0/predicted") {
        Some(predicted) => Ok(predicted.clone()),
        None => Err(Failure::new(format!("the report predicts nothing: {}", report["findings"]))),
    }
}
