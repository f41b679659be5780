//! What a prediction is.

use sealwright_policy::source_report::{
    ConditionReport, OutcomeReport, PredictionReport, RuleReport,
};

use crate::rules::Rule;
use crate::seen::Request;

/// What stands in the message of a condition where the errors of the single signatures are joined,
/// in no fixed order.
pub const ERRORS_PLACE: &str = "{errors}";

/// What the controller will say about a source, or what is lacking to tell. By default nothing is
/// foretold, which is not Ready.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prediction {
    /// Whose rules these are, such as `source-controller 1.9.6 (Flux 2.9)`.
    pub controller: String,
    /// Questions whose answers are lacking. While there are any, nothing else here is final.
    pub wanted: Vec<Request>,
    /// `registry/repository` of the artifact.
    pub repository: Option<String>,
    /// Digest that the source resolves to, such as `sha256:…`: what the judge is to be asked about.
    pub digest: Option<String>,
    /// All that may come of it, the likeliest first; more than one where the controller's own order
    /// is not fixed.
    pub outcomes: Vec<Outcome>,
    /// Why nothing can be predicted.
    pub undecided: Option<String>,
    /// The rules that led there, in order.
    pub because: Vec<&'static Rule>,
}

/// One thing that may come of a reconciliation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// `Ready`; `None` when the controller writes nothing.
    pub ready: Option<bool>,
    /// What it does next.
    pub then: Then,
    /// Revision that it serves from then on, when it fetched it.
    pub revision: Option<String>,
    /// Conditions that it sets.
    pub conditions: Vec<Condition>,
    /// Errors of the single signatures; the messages hold [`ERRORS_PLACE`] in their place.
    pub errors: Vec<String>,
}

/// What the controller does after a reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Comes back after `spec.interval`.
    Waits,
    /// Comes back at growing intervals, up to 15 minutes.
    Retries,
    /// Waits for the object to be changed.
    Stalls,
    /// Nothing.
    Nothing,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Such as `SourceVerified`.
    pub kind: &'static str,
    /// `True` or `False`.
    pub status: bool,
    /// Such as `VerificationError`.
    pub reason: String,
    /// The controller's words.
    pub message: String,
}

impl Prediction {
    /// Whether every outcome is `Ready`; `None` when that is not known.
    pub fn ready(&self) -> Option<bool> {
        if self.undecided.is_some() || !self.wanted.is_empty() || self.outcomes.is_empty() {
            return None;
        }
        let mut all = self.outcomes.iter().map(|outcome| outcome.ready);
        let first = all.next()??;
        all.all(|ready| ready == Some(first)).then_some(first)
    }

    /// Whether a verification that failed with these words is one that was foretold. What failed for
    /// another reason, such as a registry that does not answer, says nothing about the evidence.
    pub fn foretells_refusal(&self, words: &str) -> bool {
        self.outcomes.iter().any(|outcome| {
            let condition = outcome.condition("SourceVerified");
            condition.is_some_and(|one| !one.status && outcome.is_message(one, words))
        })
    }

    /// As the report says it.
    pub fn report(&self) -> PredictionReport {
        let lacking = || "not all answers of the registry were gathered".to_owned();
        let undecided = match &self.undecided {
            None if !self.wanted.is_empty() => Some(lacking()),
            undecided => undecided.clone(),
        };
        PredictionReport {
            controller: self.controller.clone(),
            outcomes: match undecided {
                Some(_) => vec![],
                None => self.outcomes.iter().map(Outcome::report).collect(),
            },
            undecided,
            because: self.because.iter().map(|rule| rule.report()).collect(),
        }
    }
}

impl Outcome {
    fn report(&self) -> OutcomeReport {
        OutcomeReport {
            ready: self.ready.map(truth),
            then: self.then.as_str().to_owned(),
            revision: self.revision.clone(),
            conditions: self.conditions.iter().map(Condition::report).collect(),
            errors: self.errors.clone(),
        }
    }

    /// The condition of this type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// Whether a controller's words are the message of this condition: exactly, and with the errors
    /// of the single signatures in any order, none missing and none besides.
    pub fn is_message(&self, condition: &Condition, words: &str) -> bool {
        let Some((before, after)) = condition.message.split_once(ERRORS_PLACE) else {
            return condition.message == words;
        };
        let errors = words.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        errors.is_some_and(|errors| lines(errors) == lines(&self.errors.join("\n")))
    }
}

/// Lines in an order of their own. The controllers join errors with a line break, some with a space
/// behind it, and an error can have several lines.
fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines
}

impl Condition {
    fn report(&self) -> ConditionReport {
        ConditionReport {
            kind: self.kind.to_owned(),
            status: truth(self.status),
            reason: self.reason.clone(),
            message: self.message.clone(),
            observed_generation: None,
        }
    }
}

impl Then {
    /// As the report says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Retries => "retries",
            Self::Stalls => "stalls",
            Self::Nothing => "nothing",
        }
    }
}

impl Rule {
    /// As the report says it.
    pub fn report(&self) -> RuleReport {
        RuleReport { rule: self.name.to_owned(), says: self.says.to_owned() }
    }
}

fn truth(status: bool) -> String {
    if status { "True" } else { "False" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction(message: &str, errors: &[&str]) -> Prediction {
        let condition = Condition {
            kind: "SourceVerified",
            status: false,
            reason: "VerificationError".to_owned(),
            message: message.to_owned(),
        };
        let outcome = Outcome {
            ready: Some(false),
            then: Then::Retries,
            revision: None,
            conditions: vec![condition],
            errors: errors.iter().map(|&error| error.to_owned()).collect(),
        };
        Prediction { outcomes: vec![outcome], ..Prediction::default() }
    }

    #[test]
    fn a_refusal_is_the_foretold_one_by_its_words_alone() {
        let joined = "no matching attestations: {errors}";
        for (message, errors, words, foretold, why) in [
            ("no signatures found", &[] as &[_], "no signatures found", true, "word for word"),
            ("no signatures found", &[], "no signatures found: 503", false, "more than that"),
            (joined, &["a", "b"], "no matching attestations: b\na", true, "another order"),
            (joined, &["a", "b"], "no matching attestations: a\n b", true, "a space behind"),
            (joined, &["a", "b"], "no matching attestations: a", false, "one is missing"),
            (joined, &["a"], "no matching attestations: a\nregistry down", false, "one besides"),
            (joined, &["a", "a"], "no matching attestations: a", false, "two of the same"),
            (joined, &["a"], "secrets \"root\" not found", false, "something else"),
        ] {
            assert_eq!(prediction(message, errors).foretells_refusal(words), foretold, "{why}");
        }
    }

    #[test]
    fn who_foretells_acceptance_or_nothing_foretells_no_refusal() {
        let mut accepted = prediction("verified", &[]);
        accepted.outcomes[0].conditions[0].status = true;
        assert!(!accepted.foretells_refusal("verified"));
        let undecided = Prediction { outcomes: vec![], ..prediction("m", &[]) };
        assert!(!undecided.foretells_refusal("m"));
    }
}
