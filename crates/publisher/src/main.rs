//! `sealwright-publisher`: from a directory to a promoted, proven artifact.

use std::process::ExitCode;

use anstream::{eprintln, println};
use clap::Parser as _;
use sealwright_policy::{Finding, Place, Severity};
use sealwright_publisher::cli::Arguments;
use sealwright_publisher::commands::{self, Failure, USAGE};
use sealwright_publisher::github;

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

fn tell(failure: &Failure) {
    match &failure.rendered {
        Some(text) => eprintln!("{text}"),
        None => failure.findings.iter().for_each(explain),
    }
    if github::is_here() {
        failure.findings.iter().for_each(|finding| eprintln!("{}", github::annotation(finding)));
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
    eprintln!("{level}[{}]: {}", finding.code, finding.message);
    if finding.place != Place::default() {
        eprintln!("  at       {}", finding.place);
    }
    if let Some(expected) = &finding.expected {
        eprintln!("  expected {expected}");
    }
    if let Some(found) = &finding.found {
        eprintln!("  found    {found}");
    }
    eprintln!("  help     {}", finding.hint.as_deref().unwrap_or(finding.code.entry().fix));
}
