//! `sealwright-publisher`: from a directory to a promoted, proven artifact.

use std::process::ExitCode;

use anstream::{eprint, eprintln, println};
use clap::Parser as _;
use sealwright_policy::{Finding, Place, Severity};
use sealwright_publisher::cli::Arguments;
use sealwright_publisher::commands::{self, Failure, USAGE};
use sealwright_publisher::github;
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
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            tell(&failure);
            if let Some(answer) = &failure.answer {
                println!("{answer}");
            }
            ExitCode::from(failure.code)
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
        Some(text) => eprintln!("{text}"),
        None => failure.findings.iter().for_each(explain),
    }
    if github::is_here() {
        eprint!("{}", annotations(&failure.findings));
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
    eprintln!("{level}[{}]: {}", finding.code, visible(&finding.message));
    if finding.place != Place::default() {
        eprintln!("  at       {}", visible(&finding.place.to_string()));
    }
    if let Some(expected) = &finding.expected {
        eprintln!("  expected {}", visible(expected));
    }
    if let Some(found) = &finding.found {
        eprintln!("  found    {}", visible(found));
    }
    let help = finding.hint.as_deref().unwrap_or(finding.code.entry().fix);
    eprintln!("  help     {}", visible(help));
}
