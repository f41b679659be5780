//! One file for each command: from flags to an outcome.

mod pack;

use sealwright_policy::Finding;

use crate::cli::Command;

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
    /// What happened; the first one is the headline.
    pub findings: Vec<Finding>,
}

impl Failure {
    /// One finding, with its severity's exit code: 1 refused, 2 could not be told.
    pub fn verdict(finding: Finding) -> Self {
        Self { code: finding.severity.verdict().exit_code(), findings: vec![finding] }
    }

    /// One finding about input.
    pub fn data(finding: Finding) -> Self {
        Self { code: DATA, findings: vec![finding] }
    }
}

/// Runs a command.
pub fn run(command: Command) -> Outcome {
    match command {
        Command::Pack(arguments) => pack::run(&arguments),
    }
}
