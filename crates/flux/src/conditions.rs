//! What a reconciliation leaves in the status of an object.

use crate::prediction::{Condition, Outcome, Then};
use crate::source::Status;

/// The conditions that decide, as they stand while a reconciliation runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    pub(crate) source_verified: Option<Condition>,
    fetch_failed: Option<Condition>,
    build_failed: Option<Condition>,
}

impl Conditions {
    /// Those that an earlier reconciliation left. A verification that had failed is forgotten at once.
    pub(crate) fn left_by(status: &Status) -> Self {
        let left = |kind: &'static str, status_word: &str| {
            status.condition(kind).filter(|one| one.status == status_word).map(|one| Condition {
                kind,
                status: one.status == "True",
                reason: one.reason.clone(),
                message: one.message.clone(),
            })
        };
        Self {
            source_verified: left("SourceVerified", "True"),
            fetch_failed: left("FetchFailed", "True"),
            build_failed: left("BuildFailed", "True"),
        }
    }

    /// Fetching, or what comes before it, failed.
    pub(crate) fn fetch_fails(&self, reason: &str, message: String, then: Then) -> Outcome {
        let mut after = self.clone();
        after.fetch_failed = Some(condition("FetchFailed", true, reason, &message));
        after.build_failed = None;
        after.outcome(false, reason, message, then, None)
    }

    /// Verification failed.
    pub(crate) fn verification_fails(&self, message: String, errors: Vec<String>) -> Outcome {
        let mut after = self.clone();
        after.source_verified =
            Some(condition("SourceVerified", false, "VerificationError", &message));
        let mut outcome = after.outcome(false, "VerificationError", message, Then::Retries, None);
        outcome.errors = errors;
        outcome
    }

    /// Verification of a chart failed: the build failed with it.
    pub(crate) fn chart_fails(&self, message: String, errors: Vec<String>) -> Outcome {
        let mut after = self.clone();
        after.fetch_failed = None;
        after.build_failed =
            Some(condition("BuildFailed", true, "ChartVerificationError", &message));
        after.verification_fails(message, errors)
    }

    /// What verifies a chart could not be made, which fails the fetching, too.
    pub(crate) fn chart_verifier_fails(&self, message: String) -> Outcome {
        let mut after = self.clone();
        let unknown = format!("unknown build error: {message}");
        after.fetch_failed = Some(condition("FetchFailed", true, "Unknown", &unknown));
        after.build_failed = None;
        after.verification_fails(message, vec![])
    }

    /// All went well.
    pub(crate) fn ready(&self, reason: &str, message: String, revision: String) -> Outcome {
        let mut after = self.clone();
        after.fetch_failed = None;
        after.build_failed = None;
        after.outcome(true, reason, message, Then::Waits, Some(revision))
    }

    /// Notes that the revision was verified.
    pub(crate) fn verified(&mut self, message: String) {
        self.source_verified = Some(condition("SourceVerified", true, "Succeeded", &message));
    }

    fn outcome(
        &self,
        ready: bool,
        reason: &str,
        message: String,
        then: Then,
        revision: Option<String>,
    ) -> Outcome {
        let mut conditions = vec![condition("Ready", ready, reason, &message)];
        if then == Then::Stalls {
            conditions.push(condition("Stalled", true, reason, &message));
        }
        conditions.extend(self.source_verified.clone());
        conditions.extend(self.fetch_failed.clone());
        conditions.extend(self.build_failed.clone());
        Outcome { ready: Some(ready), then, revision, conditions, errors: vec![] }
    }
}

fn condition(kind: &'static str, status: bool, reason: &str, message: &str) -> Condition {
    Condition { kind, status, reason: reason.to_owned(), message: message.to_owned() }
}
