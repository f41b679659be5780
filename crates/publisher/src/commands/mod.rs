//! One file for each command: from flags to what is said on stdout.

mod attest;
mod pack;
mod plan;
mod promote;
mod prune;
mod publish;
mod sign;
mod whoami;

use std::io::Write as _;

use camino::Utf8Path;
use sealwright_policy::{Code, Finding};
use serde::Serialize;

use crate::cli::{Command, PackingArguments};
use crate::contents::{ENTRIES_COUNT_MAX, Limits};
use crate::github;
use crate::publish::{Receipt, Stopped};

/// Exit code for wrong usage (`EX_USAGE`).
pub const USAGE: u8 = 64;
/// Exit code for input that is not what it should be (`EX_DATAERR`).
pub const DATA: u8 = 65;
/// Exit code for files that cannot be read or written (`EX_IOERR`).
pub const FILES: u8 = 74;

/// What a command has to say on stdout when it succeeds.
pub type Outcome = Result<String, Failure>;

/// Why a command did not succeed.
#[derive(Debug)]
pub struct Failure {
    /// Exit code.
    pub code: u8,
    /// What happened, the headline first.
    pub findings: Vec<Finding>,
    /// What to show instead of the findings, where something renders them better, or where none
    /// of the codes is meant.
    pub rendered: Option<String>,
    /// What goes to stdout all the same.
    pub answer: Option<String>,
}

impl Failure {
    fn new(code: u8, findings: Vec<Finding>) -> Self {
        Self { code, findings, rendered: None, answer: None }
    }

    /// A finding about input.
    pub fn data(finding: Finding) -> Self {
        Self::new(DATA, vec![finding])
    }

    /// A finding about a file.
    pub fn files(finding: Finding) -> Self {
        Self::new(FILES, vec![finding])
    }

    /// Findings about input that are rendered already.
    pub fn rendered(text: String, findings: Vec<Finding>) -> Self {
        Self { rendered: Some(text), ..Self::new(DATA, findings) }
    }

    /// Flags that make no sense.
    pub fn usage(message: String) -> Self {
        Self { rendered: Some(format!("error: {message}")), ..Self::new(USAGE, vec![]) }
    }
}

impl From<Stopped> for Failure {
    /// What cannot be packed is bad input; everything else is refused or could not be told.
    fn from(stopped: Stopped) -> Self {
        let code = match stopped.findings.first().map(|finding| finding.code) {
            Some(Code::ArchiveUnwritable) => FILES,
            Some(code) if code.to_string().starts_with("SW5") => DATA,
            _ => stopped.verdict().exit_code(),
        };
        Self::new(code, stopped.findings)
    }
}

/// Runs a command.
///
/// # Errors
/// Why it did not succeed.
pub async fn run(command: Command) -> Outcome {
    match command {
        Command::Publish(arguments) => publish::run(&arguments).await,
        Command::Plan(arguments) => plan::run(&arguments).await,
        Command::Sign(arguments) => sign::run(&arguments).await,
        Command::Attest(arguments) => attest::run(&arguments).await,
        Command::Promote(arguments) => promote::run(&arguments).await,
        Command::Whoami(arguments) => whoami::run(&arguments).await,
        Command::PruneStaging(arguments) => prune::run(&arguments).await,
        Command::Pack(arguments) => pack::run(&arguments),
    }
}

/// The limits that the flags mean.
pub(crate) fn limits(packing: &PackingArguments) -> Limits {
    Limits { bytes_max: packing.contents_bytes_max, entries_max: ENTRIES_COUNT_MAX }
}

fn json(answer: &impl Serialize) -> Outcome {
    serde_json::to_string_pretty(answer)
        .map_err(|error| Failure::usage(format!("the answer cannot be written as JSON: {error}")))
}

/// The receipt to stdout, to a file if asked, and to GitHub if it is there.
fn hand_out(receipt: &Receipt, file: Option<&Utf8Path>) -> Outcome {
    let text = json(receipt)?;
    // It has happened, whatever becomes of the paper: so the receipt still goes to stdout.
    let unwritten = |what: &str, error: std::io::Error| Failure {
        rendered: Some(format!("error: it is done, but {what} cannot be written: {error}")),
        answer: Some(text.clone()),
        ..Failure::new(FILES, vec![])
    };
    if let Some(path) = file {
        let written = std::fs::File::create(path)
            .and_then(|mut file| file.write_all(format!("{text}\n").as_bytes()));
        written.map_err(|error| unwritten(path.as_str(), error))?;
    }
    github::publish_outputs(receipt).map_err(|error| unwritten("the job's outputs", error))?;
    Ok(text)
}
