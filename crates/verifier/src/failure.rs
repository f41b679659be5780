//! Why there is no verdict: the question itself is wrong. What the world does wrong is a finding.

use camino::Utf8Path;
use sealwright_keyless::TrustLoadError;
use sealwright_policy::{Code, ConfigErrors, Finding};
use sealwright_registry::RegistryError;

/// Something that stops the program before it can judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For people, ready to be shown: what is wrong, where, what to do.
    pub message: String,
    /// Exit code, 64 and up.
    pub exit_code: u8,
    /// The same as findings, when they have a place to point at.
    pub findings: Vec<Finding>,
}

/// The command line asks for something impossible (`EX_USAGE`).
pub(crate) const USAGE: u8 = 64;
/// A file does not hold what it should (`EX_DATAERR`).
pub(crate) const DATA: u8 = 65;
/// A file cannot be read or written (`EX_IOERR`).
pub(crate) const FILE: u8 = 74;

impl Failure {
    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self::new(USAGE, message)
    }

    pub(crate) fn data(message: impl std::fmt::Display) -> Self {
        Self::new(DATA, message)
    }

    pub(crate) fn file(path: &Utf8Path, doing: &str, why: impl std::fmt::Display) -> Self {
        Self::new(FILE, format!("cannot {doing} {path}: {why}"))
    }

    /// A file whose message says already which one and why.
    pub(crate) fn unreadable(message: impl std::fmt::Display) -> Self {
        Self::new(FILE, message)
    }

    /// `explain` was asked for a code that does not exist.
    pub fn unknown_code(id: &str) -> Self {
        Self::usage(format!(
            "there is no code {id}\n`sealwright-verifier explain` without a code lists them all"
        ))
    }

    fn new(exit_code: u8, message: impl std::fmt::Display) -> Self {
        // Messages repeat text from files and registries; the lines in them are ours.
        let message = message.to_string();
        let lines: Vec<String> = message.lines().map(sealwright_render::visible).collect();
        let message = lines.join("\n");
        Self { message: format!("error: {message}"), exit_code, findings: vec![] }
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self { message: errors.to_string(), exit_code: DATA, findings: errors.findings }
    }
}

/// What could not be loaded: a mistake of this machine, or something that another time may bring.
pub(crate) fn trust_failure(error: &TrustLoadError) -> Result<Finding, Failure> {
    match error {
        TrustLoadError::Tuf(_) => Ok(Finding::new(error.code(), error.to_string())),
        TrustLoadError::File { .. } => {
            let hint = "--trust takes `public`, `public-embedded`, a folder with trusted_root.json, or that file";
            Err(Failure::new(FILE, format!("{error}\n{hint}")))
        }
        _ => Err(Failure::data(error)),
    }
}

/// The same for a registry: a reference or setting that can never work, or a fault.
pub(crate) fn registry_failure(error: &RegistryError) -> Result<Finding, Failure> {
    match error.code() {
        Code::RegistryReference | Code::RegistrySettings => Err(Failure::usage(error)),
        Code::RegistryFile => Err(Failure::new(FILE, error)),
        _ => Ok(error.finding()),
    }
}
