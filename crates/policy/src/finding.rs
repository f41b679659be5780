//! A finding: one numbered fact, where it is, what was expected and found, and what to do next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::verdict::Verdict;

/// How loud a finding is. An error makes the verdict at least `Refused`, an unknown at least
/// `Unknown`; warnings and notes never change a verdict.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Worth changing; holds today.
    Warning,
    /// Something could not be found out.
    Unknown,
    /// Something required does not hold.
    Error,
}

impl Severity {
    /// The best verdict that a report with such a finding can have.
    pub fn verdict(self) -> Verdict {
        match self {
            Severity::Note | Severity::Warning => Verdict::Verified,
            Severity::Unknown => Verdict::Unknown,
            Severity::Error => Verdict::Refused,
        }
    }
}

/// Where a finding is. Only what applies is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    /// File, relative to the folder the command was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column, from 1, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// A named thing: a config path such as `signers.cd.github`, a registry reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Digest of the exact bytes the finding is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl Place {
    /// A file, with no line.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: Some(file.into()), ..Self::default() }
    }

    /// A named thing.
    pub fn object(object: impl Into<String>) -> Self {
        Self { object: Some(object.into()), ..Self::default() }
    }

    /// Bytes known by digest.
    pub fn digest(digest: impl Into<String>) -> Self {
        Self { digest: Some(digest.into()), ..Self::default() }
    }

    /// The same place, with line and column.
    pub fn at(mut self, line: u32, column: u32) -> Self {
        (self.line, self.column) = (Some(line), Some(column));
        self
    }

    /// The same place, with a digest.
    pub fn with_digest(mut self, digest: impl Into<String>) -> Self {
        self.digest = Some(digest.into());
        self
    }
}

impl std::fmt::Display for Place {
    /// `file:line:column object digest`, as far as known, for the start of a line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut words = Vec::new();
        if let Some(file) = &self.file {
            let position = [self.line, self.column].into_iter().flatten();
            words.push(position.fold(file.clone(), |text, number| format!("{text}:{number}")));
        }
        words.extend(self.object.clone());
        words.extend(self.digest.clone());
        f.write_str(&words.join(" "))
    }
}

/// A numbered fact. Build with [`Finding::new`] and the `with_` methods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finding {
    /// Which kind of fact; `explain CODE` says more.
    pub code: Code,
    /// How loud. Usually the code's own severity.
    pub severity: Severity,
    /// What happened, as one sentence without a full stop.
    pub message: String,
    /// Where.
    #[serde(default)]
    pub place: Place,
    /// What was expected, literally.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found, literally.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What to do next, when there is more to say than the code's own advice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// A finding with its code's severity.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.entry().severity,
            message: message.into(),
            place: Place::default(),
            expected: None,
            found: None,
            hint: None,
        }
    }

    /// Sets where it is.
    pub fn with_place(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Sets what was expected and what was found.
    pub fn with_mismatch(mut self, expected: impl Into<String>, found: impl Into<String>) -> Self {
        (self.expected, self.found) = (Some(expected.into()), Some(found.into()));
        self
    }

    /// Sets what to do next.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Same fact, less loud: it stands beside evidence that suffices without it.
    pub fn as_note(mut self) -> Self {
        self.severity = Severity::Note;
        self
    }
}

/// The best verdict that these findings leave.
pub fn verdict_of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Verdict {
    findings.into_iter().map(|f| f.severity.verdict()).fold(Verdict::Verified, Verdict::and)
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}
