//! Everything that can be checked on this machine without Go, as a table. All of it is run, so that
//! one fault does not hide the next.

use std::time::Instant;

use crate::failure::{Failure, Outcome};
use crate::program::{Program, on_path};
use crate::workspace::Workspace;
use crate::{docs, fuzz, say, schema, snippets, tidy};

/// The tasks that `.ci/run` and the workflows consist of, in their order.
pub(crate) const ELSEWHERE: &[&str] = &[
    "ci",
    "release",
    "regex",
    "admission",
    "overlays",
    "peers",
    "snippets",
    "e2e",
    "release",
    "oracle",
];

/// One thing to check.
struct Check {
    name: &'static str,
    /// What holds when it passes.
    holds: &'static str,
    work: Work,
}

enum Work {
    /// `cargo` with these words.
    Cargo(&'static [&'static str]),
    /// `cargo` with a subcommand that need not be installed.
    OptionalCargo(&'static str, &'static [&'static str]),
    /// A task of our own.
    Task(fn(&Workspace) -> Outcome),
}

const CHECKS: &[Check] = &[
    Check {
        name: "format",
        holds: "the code is formatted",
        work: Work::Cargo(&["fmt", "--all", "--check"]),
    },
    Check {
        name: "tidy",
        holds: "the repository keeps its own rules",
        work: Work::Task(tidy::run),
    },
    Check {
        name: "clippy",
        holds: "no lint has anything to say",
        work: Work::Cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]),
    },
    Check {
        name: "tests",
        holds: "every test passes",
        work: Work::Cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]),
    },
    Check {
        name: "schema",
        holds: "the committed JSON Schema is what the types give",
        work: Work::Task(|workspace| schema::run(workspace, &schema::Arguments { check: true })),
    },
    Check {
        name: "docs",
        holds: "the committed pages are what the example's configuration gives",
        work: Work::Task(|workspace| docs::run(workspace, &docs::Arguments { check: true })),
    },
    Check {
        name: "snippets",
        holds: "what README and docs tell people to type works",
        work: Work::Task(snippets::run),
    },
    Check {
        name: "fuzz",
        holds: "no reader of what strangers send breaks on made-up bytes",
        work: Work::Task(fuzz::in_ci),
    },
    Check {
        name: "licences",
        holds: "licences, sources and bans are as deny.toml says",
        work: Work::OptionalCargo("deny", &["--offline", "check", "bans", "licenses", "sources"]),
    },
];

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only these checks, by name.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
}

/// Checks everything, then says what held and what did not.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    if let Some(unknown) =
        arguments.only.iter().find(|only| CHECKS.iter().all(|check| check.name != *only))
    {
        let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        return Err(Failure::new(format!("there is no check {unknown:?}"))
            .next(format!("there are {}", names.join(", ")))
            .exit_code(crate::EXIT_USAGE));
    }
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for check in CHECKS.iter().filter(|check| {
        arguments.only.is_empty() || arguments.only.iter().any(|only| only == check.name)
    }) {
        say::stage(&format!("{}: {}", check.name, check.holds));
        let started = Instant::now();
        let result = match check.run(workspace) {
            Ok(result) => result,
            Err(failure) => {
                say::line(&format!("error: {failure}"));
                failed.push(check.name);
                "FAILED".to_owned()
            }
        };
        let seconds = format!("{:.1} s", started.elapsed().as_secs_f64());
        rows.push([check.name.to_owned(), check.holds.to_owned(), result, seconds]);
    }
    say::table(["check", "what holds when it passes", "result", "took"], rows);
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("failed: {}", failed.join(", ")))
        .next(format!("`cargo xtask ci --only {}` runs the first of them alone", failed[0])))
}

impl Check {
    fn run(&self, workspace: &Workspace) -> Outcome<String> {
        match self.work {
            Work::Cargo(args) => workspace.cargo().args(args.iter().copied()).run_shown_ok()?,
            Work::OptionalCargo(command, args) => {
                let Some(program) = on_path(&format!("cargo-{command}")) else {
                    return Ok(format!("not run: cargo-{command} is missing"));
                };
                Program::new(program)
                    .args([command])
                    .args(args.iter().copied())
                    .folder(&workspace.root)
                    .run_shown_ok()?;
            }
            Work::Task(task) => task(workspace)?,
        }
        Ok("passed".to_owned())
    }
}
