//! Why a transaction stopped. Whatever it is, the final tag names what it named before, or what has
//! been proven.

use sealwright_policy::{Code, Finding, Place, Verdict, verdict_of};
use sealwright_registry::RegistryError;

/// The findings, the headline first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// At least one.
    pub findings: Vec<Finding>,
}

impl Stopped {
    /// A headline over the findings that explain it.
    pub(super) fn because(headline: Finding, reasons: impl IntoIterator<Item = Finding>) -> Self {
        Self { findings: std::iter::once(headline).chain(reasons).collect() }
    }

    /// A read that failed: whatever it was about is not known.
    pub(super) fn unread(what: &str, error: &RegistryError) -> Self {
        let headline =
            Finding::new(Code::PublicationStateUnknown, format!("{what} cannot be read"));
        Self::because(headline, [error.finding()])
    }

    /// A write that failed, or whose answer did not arrive.
    pub(super) fn unwritten(what: &str, error: &RegistryError) -> Self {
        let headline = Finding::new(Code::RegistryWriteFailed, format!("{what} was not taken"));
        Self::because(headline, [error.finding()])
    }

    /// Refused, or not to be told.
    pub fn verdict(&self) -> Verdict {
        // The headline decides: its reasons may be about something that cannot be told.
        verdict_of(self.findings.first())
    }

    /// Whether this is the headline.
    pub fn is(&self, code: Code) -> bool {
        self.findings.first().is_some_and(|finding| finding.code == code)
    }

    /// Places a finding that has none yet.
    pub(super) fn at(mut self, object: &impl ToString) -> Self {
        for finding in self.findings.iter_mut().filter(|found| found.place == Place::default()) {
            finding.place = Place::object(object.to_string());
        }
        self
    }
}

impl From<Finding> for Stopped {
    fn from(finding: Finding) -> Self {
        Self { findings: vec![finding] }
    }
}
