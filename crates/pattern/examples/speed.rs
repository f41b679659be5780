//! How long patterns take to analyse, and with how much memory.
//!
//! `speed FILE` reads one JSON object a line, `pattern` and, where it is about an issuer, `issuer`, and
//! prints milliseconds for the median and the worst of them, each the best of several rounds, and the
//! most memory that was taken, in MiB.

#![allow(
    clippy::disallowed_methods,
    reason = "it measures: the crate itself knows no clock and no file"
)]

use std::io::Write as _;
use std::time::{Duration, Instant};

use sealwright_pattern::{About, Allowed, GoRegex, Language, analyse};
use serde_json::{Value, json};

/// The best of so many counts: what else the machine does is no property of a pattern.
const ROUNDS: usize = 5;

/// By whom patterns are measured, as a configuration would.
const ALLOWED: [&str; 2] = [
    "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main",
    "https://github.com/acme/platform/.github/workflows/ci.yaml@refs/heads/main",
];

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "/dev/stdin".to_owned());
    let text = std::fs::read_to_string(path)?;
    let allowed = Allowed {
        language: Language::union(&ALLOWED.map(Language::exact)),
        examples: ALLOWED.map(str::to_owned).to_vec(),
    };
    let mut times = Vec::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line)?;
        let Some(pattern) = line["pattern"].as_str().map(str::to_owned) else { continue };
        let about = if line["issuer"] == true { About::Issuer } else { About::Subject };
        for allowed in [None, Some(&allowed)] {
            times.push((best(&pattern, about, allowed), pattern.clone()));
        }
    }
    times.sort();
    let milliseconds = |at: usize| times.get(at).map(|(took, _)| took.as_secs_f64() * 1000.0);
    let worst = times.last().map(|(_, pattern)| pattern);
    let said = json!({
        "patterns": times.len(),
        "median_ms": milliseconds(times.len() / 2),
        "worst_ms": milliseconds(times.len().saturating_sub(1)),
        "worst": worst,
        "memory_mib": memory_mib(),
    });
    writeln!(std::io::stdout(), "{said}")
}

fn best(pattern: &str, about: About, allowed: Option<&Allowed>) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let started = Instant::now();
        if let Ok(regex) = GoRegex::parse(pattern) {
            std::hint::black_box(analyse(&regex, about, allowed));
        }
        started.elapsed()
    });
    rounds.min().unwrap_or_default()
}

/// The most memory that this process ever took; nothing where the system does not say.
fn memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok().map(|kib| kib / 1024.0)
}
