//! Why something could not be told or done. Never holds a credential: what a registry says is cut
//! and cleaned, and URLs are repeated without their query.

use std::time::Duration;

use http::StatusCode;
use sealwright_evidence::Gap;
use sealwright_evidence::limits::QUOTED_CHARS_MAX;
use sealwright_policy::{Code, Finding, Place};

/// What was asked for, and why it could not be had. Absence is never an error: see
/// [`crate::Lookup`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {fault}")]
pub struct RegistryError {
    what: String,
    fault: Fault,
    asked_wait: Option<Duration>,
}

/// The kinds of failing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it; every field is named by its message")]
pub enum Fault {
    #[error("it is not a reference: {why}")]
    Reference { why: String },
    #[error("the connection cannot be set up: {why}")]
    Settings { why: String },
    #[error("the credentials cannot be had: {why}")]
    Credentials { why: String },
    #[error("{host} cannot be reached: {why}")]
    Unreachable { host: String, why: String },
    #[error("no answer within {} s in all; the last thing that went wrong: {last}", .limit.as_secs_f32())]
    Deadline { limit: Duration, last: String },
    #[error("{host} does not allow it (HTTP {}): {said}", .status.as_u16())]
    Denied { host: String, status: StatusCode, said: String },
    #[error("{host} limits the rate of requests (HTTP 429): {said}")]
    RateLimited { host: String, said: String },
    #[error("{host} answered HTTP {}: {said}", .status.as_u16())]
    Status { host: String, status: StatusCode, said: String },
    #[error("the registry does not keep to the distribution specification: {why}")]
    Protocol { why: String },
    #[error("the bytes are not those that were asked for: {why}")]
    Mismatch { why: String },
    #[error("the redirect is not followed: {why}")]
    Redirect { why: String },
    #[error("a limit was reached: {why}")]
    Limit { why: String },
    #[error("it is listed but not there")]
    Absent,
    #[error("{why}")]
    FallbackIndex { why: String },
    #[error("{path} cannot be read: {why}")]
    File { path: String, why: String },
}

impl RegistryError {
    pub(crate) fn new(what: impl Into<String>, fault: Fault) -> Self {
        Self { what: what.into(), fault, asked_wait: None }
    }

    /// With the time that the registry asked to wait.
    pub(crate) fn asking_to_wait(mut self, asked: Option<Duration>) -> Self {
        self.asked_wait = asked;
        self
    }

    pub(crate) fn asked_wait(&self) -> Option<Duration> {
        self.asked_wait
    }

    /// The kind of failing.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// The finding's code.
    pub fn code(&self) -> Code {
        match self.fault {
            Fault::Reference { .. } => Code::RegistryReference,
            Fault::Settings { .. } => Code::RegistrySettings,
            Fault::Credentials { .. } => Code::RegistryCredentials,
            Fault::Unreachable { .. } => Code::RegistryUnreachable,
            Fault::Deadline { .. } => Code::RegistryDeadline,
            Fault::Denied { .. } => Code::RegistryDenied,
            Fault::RateLimited { .. } => Code::RegistryRateLimited,
            Fault::Status { .. } => Code::RegistryStatus,
            Fault::Protocol { .. } => Code::RegistryProtocol,
            Fault::Mismatch { .. } => Code::RegistryMismatch,
            Fault::Redirect { .. } => Code::RegistryRedirect,
            Fault::Limit { .. } => Code::RegistryLimit,
            Fault::Absent => Code::RegistryListedAbsent,
            Fault::FallbackIndex { .. } => Code::RegistryFallbackIndex,
            Fault::File { .. } => Code::RegistryFile,
        }
    }

    /// Whether the same call may well succeed later with nothing changed here.
    pub fn retryable(&self) -> bool {
        match &self.fault {
            Fault::Unreachable { .. } | Fault::Deadline { .. } | Fault::RateLimited { .. } => true,
            Fault::Mismatch { .. } => true,
            Fault::Status { status, .. } => status.is_server_error(),
            _ => false,
        }
    }

    /// Whether the mistake lies on this machine, so that every other request would fail alike.
    pub(crate) fn is_local(&self) -> bool {
        matches!(
            self.fault,
            Fault::Reference { .. }
                | Fault::Settings { .. }
                | Fault::Credentials { .. }
                | Fault::File { .. }
        )
    }

    /// The same as a finding.
    pub fn finding(&self) -> Finding {
        Finding::new(self.code(), self.fault.to_string()).with_place(Place::object(&self.what))
    }

    /// The same as a gap in gathered evidence.
    pub(crate) fn gap(&self) -> Gap {
        Gap { what: self.what.clone(), why: self.fault.to_string(), code: self.code() }
    }
}

/// Text from outside for a message: one line, no control characters, not too long.
pub(crate) fn quoted(text: &str) -> String {
    let mut words = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            words.push_str(if words.is_empty() { "" } else { " " });
            words.push_str(word);
        }
        if words.len() > 4 * QUOTED_CHARS_MAX {
            break;
        }
    }
    match words.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_cut_and_cleaned() {
        for (text, expected, why) in [
            ("plain words", "plain words".to_owned(), "left alone"),
            ("two\r\nlines", "two lines".to_owned(), "no line of its own in a log"),
            ("\u{1b}[31mred", "[31mred".to_owned(), "no terminal sequences"),
            ("", String::new(), "nothing"),
            (&"é".repeat(10_000), format!("{}…", "é".repeat(QUOTED_CHARS_MAX)), "too long"),
        ] {
            assert_eq!(quoted(text), expected, "{why}");
        }
    }
}
