//! Every case against the real parts: `e2e.json` and a table.
//!
//! What is missing on this machine is `not-run` with the reason, never passed, and the exit code
//! says that something was not run.

mod admission;
mod artifacts;
mod attachments;
mod cases;
mod cosign;
mod instance;
mod interop;
mod ours;
mod record;
mod refusals;
mod registries;
mod rights;
mod sigstore;
mod tools;
mod world;

use camino::Utf8PathBuf;

use crate::failure::{Context as _, Failure, Outcome};
use crate::say;
use crate::workspace::Workspace;

use cases::{Cases, Result as CaseResult};
use instance::Instance;
use world::World;

/// The exit code when nothing failed and something was not run.
const EXIT_NOT_RUN: u8 = 2;

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only the cases whose name holds this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Stores evidence of the real services as test data of the evidence crate.
    #[arg(long)]
    record: bool,
}

/// Runs the cases.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    let mut cases = Cases::new(arguments.only.clone());
    crate::peers::build(workspace)?;
    let world = World::start(workspace)?;
    let dev = instance::dev_stack(&world)?;
    for instance in &dev {
        both(&mut cases, &world, instance);
    }
    let real = (sigstore::instance(&world), sigstore::start(&world));
    match &real {
        (instance, Ok(_)) => both(&mut cases, &world, instance),
        (instance, Err(failure)) => {
            cases.blocked(failure, |cases| both(cases, &world, instance));
        }
    }
    registries::run(&mut cases, &world, &dev[0]);
    artifacts::run(&mut cases, &world, &dev[0]);
    rights::run(&mut cases, workspace, &world);
    admission::run(&mut cases, workspace, &world);
    if arguments.record {
        let (instance, running) = &real;
        running.as_ref().map_err(cases::again)?;
        record::run(&world, instance)?;
    }
    conclude(&cases, &workspace.out().join("e2e.json"))
}

fn both(cases: &mut Cases, world: &World, instance: &Instance) {
    interop::run(cases, world, instance);
    refusals::run(cases, world, instance);
}

fn conclude(cases: &Cases, path: &Utf8PathBuf) -> Outcome {
    let json = serde_json::to_string_pretty(cases.rows())?;
    std::fs::create_dir_all(path.parent().unwrap_or(path))?;
    std::fs::write(path, json + "\n").context(|| path.to_string())?;
    say::table(
        ["case", "peer", "result", "detail"],
        cases.rows().iter().map(|row| {
            let detail: String =
                row.detail.lines().next().unwrap_or_default().chars().take(120).collect();
            [row.case.clone(), row.peer.clone(), row.result.name().to_owned(), detail]
        }),
    );
    let count = |result| cases.rows().iter().filter(|row| row.result == result).count();
    let [passed, failed, not_run] =
        [CaseResult::Passed, CaseResult::Failed, CaseResult::NotRun].map(count);
    let summary = format!("{passed} passed, {failed} failed, {not_run} not run; {path}");
    match (passed, failed, not_run) {
        (_, 1.., _) => Err(Failure::new(summary)),
        (0, ..) | (_, _, 1..) => Err(Failure::new(summary)
            .next("see `detail` for what is missing on this machine")
            .exit_code(EXIT_NOT_RUN)),
        _ => {
            say::line(&summary);
            Ok(())
        }
    }
}
