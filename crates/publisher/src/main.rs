//! `sealwright-publisher`: from a directory to a promoted, proven artifact.

use std::process::ExitCode;

use clap::Parser as _;
use sealwright_policy::{Finding, Place, Severity};
use sealwright_publisher::cli::Arguments;
use sealwright_publisher::commands::{self, FILES, Failure, USAGE};
use sealwright_publisher::github;
use sealwright_publisher::output::{answer, say};
use sealwright_render::{annotations, visible};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

#[tokio::main]
async fn main() -> ExitCode {
    // Two crates bring two providers; without a choice the first handshake would panic. An error
    // says that one is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(talk) => {
            let usage = talk.use_stderr();
            // Nothing more can be said when even this cannot be written.
            let _ = talk.print();
            return if usage { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    if arguments.verbose {
        tell_requests();
    }
    match commands::run(arguments.command).await {
        Ok(text) => hand_over(&text, ExitCode::SUCCESS),
        Err(failure) => {
            tell(&failure);
            let code = ExitCode::from(failure.code);
            failure.answer.map_or(code, |text| hand_over(&text, code))
        }
    }
}

/// The exit code is of no use to somebody who never got the answer.
fn hand_over(text: &str, code: ExitCode) -> ExitCode {
    match answer(text) {
        Ok(()) => code,
        Err(error) => {
            say(&format!("error: the answer cannot be written to standard output: {error}"));
            ExitCode::from(FILES)
        }
    }
}

/// Every request of our own crates, not those of the libraries below them.
fn tell_requests() {
    let ours = Targets::new().with_target("sealwright", Level::DEBUG);
    let lines = tracing_subscriber::fmt::layer().with_writer(anstream::stderr).without_time();
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}

fn tell(failure: &Failure) {
    match &failure.rendered {
        Some(text) => say(text),
        None => failure.findings.iter().for_each(explain),
    }
    if github::is_here() {
        say(annotations(&failure.findings).trim_end());
    }
}

/// The message, where it is, what was expected and found, and what to do next.
fn explain(finding: &Finding) {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Unknown => "unknown",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let line = |name: &str, text: &str| say(&format!("  {name:<8} {}", visible(text)));
    say(&format!("{level}[{}]: {}", finding.code, visible(&finding.message)));
    if finding.place != Place::default() {
        line("at", &finding.place.to_string());
    }
    if let Some(expected) = &finding.expected {
        line("expected", expected);
    }
    if let Some(found) = &finding.found {
        line("found", found);
    }
    line("help", finding.hint.as_deref().unwrap_or(finding.code.entry().fix));
}
