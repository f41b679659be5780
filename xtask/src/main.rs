//! Flows and repository checks. Spawns the binaries; holds no product logic.

mod admission;
mod bench;
mod browser;
mod ci;
mod devstack;
mod docs;
mod e2e;
mod failure;
mod fuzz;
mod measure;
mod oracle;
mod overlays;
mod pairs;
mod peers;
mod planes;
mod program;
mod regex;
mod release;
mod say;
mod schema;
mod snippets;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Outcome;
use crate::workspace::Workspace;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Flows and checks of this repository",
    arg_required_else_help = true,
    after_help = "\
Examples:
  cargo xtask release                           publish the example platform to the dev stack and verify it
  cargo xtask release --contents ../platform/k8s   the same with another folder
  cargo xtask ci                                everything that can be checked here without Go

Exit codes: 0 done, 64 usage, else that of the program that failed, or 1."
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// A whole release on the dev stack: validate, publish, prove, promote, confirm, verify as a stranger, docs.
    Release(release::Arguments),
    /// Everything that can be checked on this machine without Go.
    Ci(ci::Arguments),
    /// Checks the repository's own rules: layering, workflows, generated files, forbidden words.
    Tidy,
    /// Writes the committed pages of the example platform, or checks that they are current.
    Docs(docs::Arguments),
    /// Writes the JSON Schema of `sealwright.yaml`, or checks that the committed one is current.
    Schema(schema::Arguments),
    /// Does what README and docs tell people to type, on the dev stack.
    Snippets,
    /// Builds the real programs that we are proved against, once, into `target/peers`.
    Peers,
    /// Runs a Kubernetes control plane with Flux's controllers on loopback, until it is interrupted.
    Plane(planes::command::Arguments),
    /// Runs every case against the real programs and writes `target/sealwright/e2e.json`.
    E2e(e2e::Arguments),
    /// Shows every situation to the real controllers and to the predictor, and writes `target/sealwright/oracle.json`.
    Oracle(oracle::Arguments),
    /// Asks Go itself about made-up patterns and texts: any disagreement is a failure.
    Regex(pairs::Arguments),
    /// Asks Kyverno's, policy-controller's and cosign's own code about made-up policies: any disagreement is a failure.
    Admission(pairs::Arguments),
    /// Asks the real Kustomize what it makes of overlays: any disagreement is a failure.
    Overlays,
    /// Tries every reader of what strangers send with made-up bytes for a while.
    Fuzz(fuzz::Arguments),
    /// Measures ours beside the real programs and writes `target/sealwright/bench.json`.
    Bench(bench::Arguments),
    /// Runs a program and prints what it cost as JSON.
    #[command(hide = true)]
    Measure {
        /// The program and its arguments.
        #[arg(last = true, required = true)]
        words: Vec<String>,
    },
}

/// The exit code for arguments that make no sense (`EX_USAGE`).
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(talk) => {
            let usage = talk.use_stderr();
            // Nobody is left to be told when even this cannot be written.
            drop(talk.print());
            return if usage { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match run(arguments.task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::line(&format!("error: {failure}"));
            if let Some(next) = &failure.next {
                say::line(&format!("  next: {next}"));
            }
            ExitCode::from(failure.exit_code)
        }
    }
}

fn run(task: Task) -> Outcome {
    let workspace = Workspace::find()?;
    match task {
        Task::Measure { words } => measure::measure(&words),
        Task::Release(arguments) => release::run(&workspace, &arguments),
        Task::Ci(arguments) => ci::run(&workspace, &arguments),
        Task::Tidy => tidy::run(&workspace),
        Task::Docs(arguments) => docs::run(&workspace, &arguments),
        Task::Schema(arguments) => schema::run(&workspace, &arguments),
        Task::Snippets => snippets::run(&workspace),
        Task::Peers => peers::build(&workspace),
        Task::Plane(arguments) => planes::command::run(&workspace, &arguments),
        Task::E2e(arguments) => e2e::run(&workspace, &arguments),
        Task::Oracle(arguments) => oracle::run(&workspace, &arguments),
        Task::Regex(arguments) => regex::run(&workspace, &arguments),
        Task::Admission(arguments) => admission::run(&workspace, &arguments),
        Task::Overlays => overlays::run(&workspace),
        Task::Fuzz(arguments) => fuzz::run(&workspace, &arguments),
        Task::Bench(arguments) => bench::run(&workspace, &arguments),
    }
}
