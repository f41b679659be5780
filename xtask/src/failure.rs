//! What a task says when it cannot go on: what happened, and what to do next.

use thiserror::Error;

/// The exit code of a task that failed by itself (and not by a program that it ran).
pub(crate) const EXIT_FAILED: u8 = 1;

/// Why a task stopped.
#[derive(Debug, Error)]
#[error("{what}")]
pub(crate) struct Failure {
    what: String,
    /// What to do about it, in a sentence.
    pub(crate) next: Option<String>,
    /// The exit code to end with: that of the program that failed, when one did.
    pub(crate) exit_code: u8,
}

impl Failure {
    /// A failure of the task's own.
    pub(crate) fn new(what: impl Into<String>) -> Failure {
        Failure { what: what.into(), next: None, exit_code: EXIT_FAILED }
    }

    /// The same failure with a hint.
    pub(crate) fn next(mut self, next: impl Into<String>) -> Failure {
        self.next = Some(next.into());
        self
    }

    /// The same failure, ending with the exit code of the program that caused it.
    pub(crate) fn exit_code(mut self, exit_code: u8) -> Failure {
        self.exit_code = exit_code;
        self
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::new(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        Failure::new(format!("JSON: {error}"))
    }
}

/// What most tasks give back.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Says what was being done when something else failed.
pub(crate) trait Context<T> {
    /// Puts `what` in front of the error.
    fn context(self, what: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: std::fmt::Display> Context<T> for Result<T, E> {
    fn context(self, what: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| Failure::new(format!("{}: {error}", what())))
    }
}
