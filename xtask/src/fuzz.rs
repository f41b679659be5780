//! Every fuzz target for a while: what strangers send, made up by libFuzzer.

use crate::failure::{Context as _, Failure, Outcome};
use crate::say;
use crate::workspace::Workspace;

/// For how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds for each target.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    seconds: u64,
    /// Only these targets.
    #[arg(long, value_delimiter = ',', value_name = "TARGETS")]
    only: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    let there = workspace.cargo().args(["fuzz", "--version"]).run();
    if !there.is_ok_and(|output| output.code == 0) {
        say::line("fuzz: not run: cargo-fuzz is missing; `cargo install cargo-fuzz`");
        return Ok(());
    }
    let targets = targets(workspace)?;
    let unknown = arguments.only.iter().find(|name| !targets.contains(name));
    if let Some(unknown) = unknown {
        let known = targets.join(", ");
        return Err(Failure::new(format!("no target is called {unknown}; there are: {known}")));
    }
    let chosen = |name: &&String| arguments.only.is_empty() || arguments.only.contains(name);
    for target in targets.iter().filter(chosen) {
        say::stage(&format!("fuzz {target} for {} s", arguments.seconds));
        one(workspace, target, arguments.seconds)?;
    }
    Ok(())
}

/// The targets, by their files.
fn targets(workspace: &Workspace) -> Outcome<Vec<String>> {
    let folder = workspace.root.join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in folder.read_dir_utf8().context(|| folder.to_string())? {
        let entry = entry?;
        names.extend(entry.path().file_stem().map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn one(workspace: &Workspace, target: &str, seconds: u64) -> Outcome {
    // Without a sanitizer the pinned toolchain suffices: nothing of ours is unsafe.
    let fuzz = workspace
        .cargo()
        .args(["fuzz", "run", "-s", "none", target, "--"])
        .args([format!("-max_total_time={seconds}"), "-print_final_stats=1".to_owned()]);
    fuzz.run_shown_ok().map_err(|failure| {
        failure.next(format!("the input is in fuzz/artifacts/{target}; run it with `cargo fuzz run -s none {target} FILE`"))
    })
}
