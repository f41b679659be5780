//! Every reader of what strangers send, tried with made-up bytes for a while.

use camino::Utf8PathBuf;

use crate::failure::{Context as _, Failure, Outcome};
use crate::program::Program;
use crate::say;
use crate::workspace::Workspace;

/// Seconds for each target in CI: a minute in all.
const SECONDS_IN_CI: u64 = 5;

/// For libFuzzer the same as for our own program, by a build with optimisations, and inputs no longer.
const LIMITS: [&str; 4] = ["-timeout=20", "-rss_limit_mb=2048", "-max_len=16384", "-verbosity=1"];

/// For how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds for each target.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    seconds: u64,
    /// Only these targets.
    #[arg(long, value_delimiter = ',', value_name = "TARGETS")]
    only: Vec<String>,
    /// Another number makes other inputs; the same one makes the same.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Try the input in this file, and no other.
    #[arg(long, value_name = "FILE", conflicts_with = "guided")]
    again: Option<Utf8PathBuf>,
    /// By libFuzzer, through cargo-fuzz. Where that is missing, says so.
    #[arg(long)]
    guided: bool,
    /// With --guided, begin with the files in these folders as well.
    #[arg(long, value_name = "DIR", requires = "guided")]
    seeds: Vec<Utf8PathBuf>,
}

/// A short run of all of them.
pub(crate) fn in_ci(workspace: &Workspace) -> Outcome {
    let only = Vec::new();
    let arguments = Arguments {
        seconds: SECONDS_IN_CI,
        only,
        seed: 1,
        again: None,
        guided: false,
        seeds: vec![],
    };
    run(workspace, &arguments)
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    if arguments.guided {
        let there = workspace.cargo().args(["fuzz", "--version"]).run();
        if !there.is_ok_and(|output| output.code == 0) {
            say::line("fuzz: not run: cargo-fuzz is missing; `cargo install cargo-fuzz`");
            return Ok(());
        }
    }
    workspace.build()?;
    let targets = targets(workspace)?;
    let unknown = arguments.only.iter().find(|name| !targets.contains(name));
    if let Some(unknown) = unknown {
        let known = targets.join(", ");
        return Err(Failure::new(format!("no target is called {unknown}; there are: {known}")));
    }
    let chosen = |name: &&String| arguments.only.is_empty() || arguments.only.contains(name);
    for target in targets.iter().filter(chosen) {
        say::stage(&format!("fuzz {target} for {} s", arguments.seconds));
        match arguments.guided {
            true => by_libfuzzer(workspace, target, arguments)?,
            false => by_mutation(workspace, target, arguments)?,
        }
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

fn by_mutation(workspace: &Workspace, target: &str, arguments: &Arguments) -> Outcome {
    let folder = workspace.out().join("fuzz");
    std::fs::create_dir_all(&folder)?;
    let input = arguments.again.clone().unwrap_or(folder.join(format!("{target}.input")));
    let (seconds, seed) = (arguments.seconds.to_string(), arguments.seed.to_string());
    let program = Program::new(workspace.binary("debug", "sealwright-fuzzing"))
        .args([target, "--seconds", &seconds, "--seed", &seed, "--input", input.as_str()])
        .args(["--root", workspace.root.as_str()])
        .args(arguments.again.iter().map(|_| "--again"));
    program.run_shown_ok().map_err(|failure| {
        failure.next(format!(
            "the input is in {input}; `cargo xtask fuzz --only {target} --again {input}` tries it again"
        ))
    })
}

fn by_libfuzzer(workspace: &Workspace, target: &str, arguments: &Arguments) -> Outcome {
    let seeds = workspace.out().join("fuzz/seeds").join(target);
    let corpus = workspace.root.join("fuzz/corpus").join(target);
    std::fs::create_dir_all(&corpus)?;
    let program = Program::new(workspace.binary("debug", "sealwright-fuzzing"));
    program
        .args([target, "--root", workspace.root.as_str(), "--write-seeds", seeds.as_str()])
        .run_shown_ok()?;
    let seconds = arguments.seconds;
    // Without a sanitizer the pinned toolchain suffices: nothing of ours is unsafe. What is found goes to the
    // first folder.
    let fuzz = workspace
        .cargo()
        .args(["fuzz", "run", "-s", "none", target, corpus.as_str(), seeds.as_str()])
        .args(arguments.seeds.iter().map(|folder| folder.as_str()))
        .args([
            "--".to_owned(),
            format!("-max_total_time={seconds}"),
            "-print_final_stats=1".to_owned(),
        ])
        .args(LIMITS);
    fuzz.run_shown_ok().map_err(|failure| {
        failure.next(format!(
            "the input is in fuzz/artifacts/{target}; `cargo xtask fuzz --only {target} --again FILE` tries it again"
        ))
    })
}
