//! Tries one target with made-up bytes for a while. The input at hand is in a file before it is tried,
//! so that it is there whatever becomes of the process: a panic, a stack that is too small, memory or
//! time that is used up.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cap::Cap;
use clap::Parser;
use sealwright_fuzzing::{Mutator, TARGETS, Target, seeds};

/// Memory that one input may take. Whoever wants more is ended.
const INPUT_MEMORY_BYTES_MAX: usize = 512 << 20;
/// Time that one input may take, in a build without optimisations on a busy machine.
const INPUT_TIME_MAX: Duration = Duration::from_secs(20);
/// The exit code for a broken promise.
const EXIT_FOUND: i32 = 1;

#[global_allocator]
static ALLOCATOR: Cap<std::alloc::System> = Cap::new(std::alloc::System, usize::MAX);

/// When the input at hand was begun, in milliseconds since the start.
static BEGUN_MS: AtomicU64 = AtomicU64::new(u64::MAX);

#[derive(Debug, Parser)]
#[command(about = "Tries one target with made-up bytes for a while")]
struct Arguments {
    /// Which.
    target: String,
    /// For how long.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Another one makes other inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Root of the repository, for bytes to begin with.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// The input at hand; it is left there when something was found, else the slowest beside it.
    #[arg(long, default_value = "fuzzing.input")]
    input: PathBuf,
    /// Try the input that is there, and no other.
    #[arg(long)]
    again: bool,
    /// Try nothing: write what it would begin with into this folder, for libFuzzer.
    #[arg(long, value_name = "DIR")]
    write_seeds: Option<PathBuf>,
}

#[allow(clippy::print_stderr, reason = "a program's talk")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Some(target) = TARGETS.iter().find(|target| target.name == arguments.target) else {
        let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("there is no target {}; there are: {}", arguments.target, known.join(", "));
        return ExitCode::from(64);
    };
    if let Some(folder) = &arguments.write_seeds {
        return match write_seeds(folder, &seeds(&arguments.root, target.seeds)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("{}: {why}", folder.display());
                ExitCode::from(74)
            }
        };
    }
    // A panic of a thread that somebody waits for in vain is one as well.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        std::process::exit(EXIT_FOUND);
    }));
    let started = Instant::now();
    thread::spawn(move || watch(started));
    // With the stack that readers have.
    let tried = thread::spawn(move || run(target, &arguments, started)).join();
    match tried {
        Ok(Ok(told)) => {
            eprintln!("{told}");
            ExitCode::SUCCESS
        }
        Ok(Err(why)) => {
            eprintln!("{why}");
            ExitCode::from(74)
        }
        Err(_) => ExitCode::FAILURE,
    }
}

fn write_seeds(folder: &Path, seeds: &[Vec<u8>]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut numbered = seeds.iter().enumerate();
    numbered.try_for_each(|(number, seed)| std::fs::write(folder.join(number.to_string()), seed))
}

#[allow(clippy::print_stderr, reason = "a program's talk")]
fn watch(started: Instant) {
    loop {
        thread::sleep(Duration::from_millis(100));
        let begun = BEGUN_MS.load(Ordering::Relaxed);
        let taken = millis(started).saturating_sub(begun);
        if u128::from(taken) > INPUT_TIME_MAX.as_millis() {
            eprintln!("it takes longer than {INPUT_TIME_MAX:?}");
            std::process::exit(EXIT_FOUND);
        }
    }
}

fn run(target: &Target, arguments: &Arguments, started: Instant) -> std::io::Result<String> {
    if arguments.again {
        one(target, &std::fs::read(&arguments.input)?, started);
        return Ok(format!("{}: the input passes", target.name));
    }
    let mut mutator = Mutator::new(seeds(&arguments.root, target.seeds), arguments.seed);
    let (mut inputs, mut longest) = (0_u64, (Duration::ZERO, Vec::new()));
    while started.elapsed() < Duration::from_secs(arguments.seconds) {
        let bytes = mutator.next_input();
        std::fs::write(&arguments.input, &bytes)?;
        let taken = one(target, &bytes, started);
        if taken > longest.0 {
            longest = (taken, bytes);
        }
        inputs += 1;
    }
    std::fs::remove_file(&arguments.input)?;
    let (longest, slowest) = longest;
    std::fs::write(arguments.input.with_extension("slowest"), slowest)?;
    let Target { name, .. } = target;
    let seconds = arguments.seconds;
    Ok(format!("{name}: {inputs} inputs in {seconds} s held; the slowest took {longest:?}"))
}

/// Tries one input; gives the time that it took.
fn one(target: &Target, bytes: &[u8], started: Instant) -> Duration {
    let begun = Instant::now();
    BEGUN_MS.store(millis(started), Ordering::Relaxed);
    // It can only be refused when more is taken already.
    let _ = ALLOCATOR.set_limit(ALLOCATOR.allocated() + INPUT_MEMORY_BYTES_MAX);
    (target.check)(bytes);
    let _ = ALLOCATOR.set_limit(usize::MAX);
    BEGUN_MS.store(u64::MAX, Ordering::Relaxed);
    begun.elapsed()
}

fn millis(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
