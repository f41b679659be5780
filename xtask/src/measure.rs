//! What one run of a program costs: wall time, processor time, peak memory.
//!
//! The system tells a process only about *all* children it has waited for, and the peak is the
//! largest of them. So each measured program gets a parent of its own: `xtask measure`.

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use serde::{Deserialize, Serialize};

use crate::failure::{Context as _, Failure, Outcome};
use crate::program::Program;

/// The hidden subcommand that measures.
pub(crate) const SUBCOMMAND: &str = "measure";

/// What one run cost.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// From start to end, in milliseconds.
    pub(crate) wall_ms: f64,
    /// User and system time together, in milliseconds.
    pub(crate) cpu_ms: f64,
    /// Largest resident set, in KiB.
    pub(crate) peak_kib: i64,
    /// Its exit code; 128 when a signal ended it.
    pub(crate) code: i32,
}

/// Runs the program under a parent of its own.
pub(crate) fn cost_of(program: &Program) -> Outcome<Cost> {
    let xtask = std::env::current_exe().context(|| "find the running xtask".to_owned())?;
    let xtask = xtask.to_str().ok_or_else(|| Failure::new("the path of xtask is not UTF-8"))?;
    let output = program.clone().under(xtask, [SUBCOMMAND, "--"]).run()?;
    serde_json::from_slice(&output.stdout).map_err(|error| {
        Failure::new(format!("measure {}: {error}: {}", program.shown(), output.said()))
    })
}

/// The parent: runs the words as a program, and prints its [`Cost`] as JSON.
pub(crate) fn measure(words: &[String]) -> Outcome {
    let (name, arguments) = words.split_first().ok_or_else(|| Failure::new("measure what?"))?;
    let started = Instant::now();
    let status = Command::new(name)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context(|| name.clone())?;
    let wall_ms = started.elapsed().as_secs_f64() * 1e3;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context(|| "getrusage".to_owned())?;
    let cost = Cost {
        wall_ms,
        cpu_ms: cpu_ms(&usage),
        peak_kib: usage.max_rss(),
        code: status.code().unwrap_or(128),
    };
    crate::say::data(&serde_json::to_string(&cost)?);
    Ok(())
}

fn cpu_ms(usage: &Usage) -> f64 {
    [usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| time.tv_sec() as f64 * 1e3 + time.tv_usec() as f64 / 1e3)
        .sum()
}

/// The middle value; of two middle ones the larger.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        for (values, middle, why) in [
            (vec![3.0, 1.0, 2.0], 2.0, "odd"),
            (vec![4.0, 1.0, 2.0, 3.0], 3.0, "of two middle ones the larger"),
            (vec![7.0], 7.0, "one"),
        ] {
            assert!((median(values) - middle).abs() < f64::EPSILON, "{why}");
        }
        assert!(median([]).is_nan(), "nothing measured is no number");
    }
}
