//! What Flux did with a control, or would do, read from conditions.

use sealwright_flux::Prediction;
use sealwright_policy::source_report::{ConditionReport, ObservationReport, PredictionReport};

use crate::kubernetes::quoted;

/// What Flux did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flux {
    /// Fetched it, and says that it verified it.
    AcceptedVerified,
    /// Fetched it without verifying anything.
    AcceptedUnverified,
    /// Its verification refused it.
    RefusedByVerification,
    /// Its verification failed with other words than a refusal of the evidence has: perhaps it never
    /// came to look at it.
    RefusedOtherwise(String),
    /// It verified it, and refused it for its contents.
    RefusedAfterVerification,
    /// The API server did not even take the source.
    SourceRejected(String),
    /// Nobody knows.
    Unknown(String),
}

impl Flux {
    pub(super) fn accepts(&self) -> bool {
        matches!(self, Self::AcceptedVerified | Self::AcceptedUnverified)
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        match self {
            Self::AcceptedVerified => "accepted it as verified".to_owned(),
            Self::AcceptedUnverified => "accepted it without verifying it".to_owned(),
            Self::RefusedByVerification => "refused to verify it".to_owned(),
            Self::RefusedOtherwise(said) => {
                format!("failed to verify it for another reason than predicted: {said}")
            }
            Self::RefusedAfterVerification => "verified it, and refused its contents".to_owned(),
            Self::SourceRejected(why) => format!("the API server did not take the source: {why}"),
            Self::Unknown(why) => why.clone(),
        }
    }

    /// What conditions say; `ready` is the status of `Ready`.
    fn of(conditions: &[ConditionReport]) -> Self {
        let find = |kind: &str| conditions.iter().find(|condition| condition.kind == kind);
        let status = |kind: &str| find(kind).map(|condition| condition.status.as_str());
        match (status("Ready"), status("SourceVerified")) {
            (Some("True"), Some("True")) => Self::AcceptedVerified,
            (Some("True"), _) => Self::AcceptedUnverified,
            (Some("False"), Some("False")) => Self::RefusedByVerification,
            (Some("False"), Some("True")) => Self::RefusedAfterVerification,
            (Some("False"), _) => {
                let said =
                    find("Ready").map(|ready| format!("{}: {}", ready.reason, ready.message));
                Self::Unknown(format!("it was never verified: {}", said.unwrap_or_default()))
            }
            _ => Self::Unknown("the controller had not decided when the time was over".to_owned()),
        }
    }

    /// What was observed, by the words that were foretold. The controller writes into each condition
    /// which generation it is about; one without it is somebody else's word.
    pub(super) fn observed(observation: &ObservationReport, foretold: &Prediction) -> Self {
        let decides = |condition: &&ConditionReport| {
            ["Ready", "SourceVerified"].contains(&condition.kind.as_str())
        };
        let mut deciding = observation.conditions.iter().filter(decides);
        if let Some(odd) = deciding.find(|condition| condition.observed_generation.is_none()) {
            return Self::Unknown(format!("{} names no generation that it is about", odd.kind));
        }
        let current = |condition: &&ConditionReport| {
            condition.observed_generation == Some(observation.generation)
        };
        let conditions: Vec<ConditionReport> =
            observation.conditions.iter().filter(current).cloned().collect();
        let said = conditions.iter().find(|condition| condition.kind == "SourceVerified");
        match (Self::of(&conditions), said) {
            (Self::RefusedByVerification, Some(said))
                if !foretold.foretells_refusal(&said.message) =>
            {
                Self::RefusedOtherwise(quoted(&said.message))
            }
            (flux, _) => flux,
        }
    }

    /// What is predicted of a control. Where several things may come of it, one that lets it in
    /// decides, and else one of which nobody knows.
    pub(super) fn predicted(prediction: &PredictionReport) -> Self {
        let all = match Self::foreseen(prediction) {
            Ok(all) => all,
            Err(why) => return Self::Unknown(why),
        };
        let unknown = |one: &&Self| matches!(one, Self::Unknown(_));
        let worst = all.iter().find(|one| one.accepts()).or(all.iter().find(unknown));
        worst.unwrap_or(&all[0]).clone()
    }

    /// What is predicted of something good, which must come in whatever happens: where the things
    /// that may come of it differ, nobody knows.
    pub(super) fn certain(prediction: &PredictionReport) -> Self {
        let all = match Self::foreseen(prediction) {
            Ok(all) => all,
            Err(why) => return Self::Unknown(why),
        };
        if all.iter().all(|one| *one == all[0]) {
            return all[0].clone();
        }
        let words: Vec<String> = all.iter().map(Self::words).collect();
        Self::Unknown(format!("one of several things may come of it: {}", words.join("; or ")))
    }

    /// All that may come of it, at least one; or why that is not known.
    fn foreseen(prediction: &PredictionReport) -> Result<Vec<Self>, String> {
        match (&prediction.undecided, prediction.outcomes.as_slice()) {
            (Some(why), _) => Err(why.clone()),
            (None, []) => Err("nothing is predicted".to_owned()),
            (None, outcomes) => Ok(outcomes.iter().map(|one| Self::of(&one.conditions)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use sealwright_flux::{Condition, Outcome, Then};
    use serde_json::{Value, json};

    use super::Flux::*;
    use super::*;

    /// A prediction of a refusal in these words.
    fn foretold(message: &str) -> Prediction {
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
            errors: vec![],
        };
        Prediction { outcomes: vec![outcome], ..Prediction::default() }
    }

    #[test]
    fn a_false_counts_as_a_refusal_only_in_the_words_of_one() {
        let said = |message: &str| {
            let condition = |kind: &str| ConditionReport {
                kind: kind.to_owned(),
                status: "False".to_owned(),
                reason: "VerificationError".to_owned(),
                message: message.to_owned(),
                observed_generation: Some(1),
            };
            let conditions = vec![condition("Ready"), condition("SourceVerified")];
            let observation =
                ObservationReport { generation: 1, observed_generation: Some(1), conditions };
            Flux::observed(&observation, &foretold("no signatures found"))
        };
        assert_eq!(said("no signatures found"), RefusedByVerification);
        for (message, why) in [
            ("Secret \"sealwright-trusted-root\" not found", "a Secret is missing"),
            ("dial tcp 127.0.0.1:5000: connect: connection refused", "the registry is down"),
            ("no signatures found: 503 Service Unavailable", "it could not look"),
        ] {
            let found = said(message);
            assert_eq!(found, RefusedOtherwise(message.to_owned()), "{why}");
            assert!(found.words().contains("another reason"), "{why}");
        }
    }

    #[test]
    fn conditions_are_read_as_the_controller_means_them() {
        let condition = |kind: &str, status: &str, about: i64| ConditionReport {
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason: "R".to_owned(),
            message: "m".to_owned(),
            observed_generation: Some(about),
        };
        let ageless = |kind: &str, status: &str| ConditionReport {
            observed_generation: None,
            ..condition(kind, status, 0)
        };
        for (conditions, expected, why) in [
            (
                vec![condition("Ready", "True", 2), condition("SourceVerified", "True", 2)],
                AcceptedVerified,
                "both",
            ),
            (
                vec![condition("Ready", "True", 2), condition("SourceVerified", "True", 1)],
                AcceptedUnverified,
                "a stale True",
            ),
            (
                vec![condition("Ready", "False", 2), condition("SourceVerified", "False", 2)],
                RefusedByVerification,
                "refused",
            ),
            (
                vec![ageless("Ready", "True"), condition("SourceVerified", "True", 2)],
                Unknown("Ready names no generation that it is about".to_owned()),
                "Ready for whatever the object was",
            ),
            (
                vec![condition("Ready", "True", 2), ageless("SourceVerified", "False")],
                Unknown("SourceVerified names no generation that it is about".to_owned()),
                "neither accepted nor refused",
            ),
            (
                vec![
                    condition("Ready", "True", 2),
                    condition("SourceVerified", "True", 2),
                    ageless("Reconciling", "True"),
                ],
                AcceptedVerified,
                "what decides nothing may say nothing",
            ),
        ] {
            let observation =
                ObservationReport { generation: 2, observed_generation: None, conditions };
            assert_eq!(Flux::observed(&observation, &foretold("m")), expected, "{why}");
        }
        let silent =
            ObservationReport { generation: 1, observed_generation: None, conditions: vec![] };
        assert!(matches!(Flux::observed(&silent, &foretold("m")), Unknown(_)), "nothing was said");
    }

    #[test]
    fn of_several_things_that_may_come_the_worst_counts() {
        let of = |conditions: Value| json!({"then": "retries", "conditions": conditions});
        let said = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "R", "message": "m"});
        let refused = || of(json!([said("Ready", "False"), said("SourceVerified", "False")]));
        let lost = || of(json!([said("Ready", "False")]));
        let accepted = || of(json!([said("Ready", "True")]));
        for (outcomes, expected, why) in [
            (vec![refused()], "refused", "one"),
            (vec![refused(), lost()], "never verified", "it may get nowhere"),
            (vec![refused(), lost(), accepted()], "without verifying", "it may be let in"),
            (vec![], "nothing is predicted", "nobody knows"),
        ] {
            let report = json!({"controller": "c", "outcomes": outcomes, "because": []});
            let words = Flux::predicted(&serde_json::from_value(report).expect(why)).words();
            assert!(words.contains(expected), "{why}: {words}");
        }
    }

    #[test]
    fn what_is_good_must_come_in_whatever_happens() {
        let of = |conditions: Value| json!({"then": "waits", "conditions": conditions});
        let said = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "R", "message": "m"});
        let accepted = || of(json!([said("Ready", "True"), said("SourceVerified", "True")]));
        let refused = || of(json!([said("Ready", "False"), said("SourceVerified", "False")]));
        let unverified = || of(json!([said("Ready", "True")]));
        let unsure = "one of several things";
        for (outcomes, expected, why) in [
            (vec![accepted()], "accepted it as verified", "one"),
            (vec![accepted(), accepted()], "accepted it as verified", "the same twice"),
            (vec![accepted(), refused()], unsure, "one keeps it out"),
            (vec![refused(), accepted()], unsure, "in any order"),
            (vec![accepted(), unverified()], unsure, "one does not look"),
            (vec![refused(), refused()], "refused to verify it", "all keep it out"),
            (vec![], "nothing is predicted", "nobody knows"),
        ] {
            let report = json!({"controller": "c", "outcomes": outcomes, "because": []});
            let words = Flux::certain(&serde_json::from_value(report).expect(why)).words();
            assert!(words.contains(expected), "{why}: {words}");
        }
    }
}
