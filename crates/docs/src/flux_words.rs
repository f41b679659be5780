//! Predictions and observations in a few words, for a cell of a table.

use sealwright_policy::source_report::{
    ConditionReport, ObservationReport, OutcomeReport, PredictionReport, SourceReport,
};

/// What Flux will say: `Ready=False VerificationError`.
pub(crate) fn predicted(prediction: Option<&PredictionReport>) -> String {
    let Some(prediction) = prediction else { return "not predicted".to_owned() };
    if let Some(why) = &prediction.undecided {
        return format!("undecided: {why}");
    }
    let mut outcomes: Vec<String> = prediction.outcomes.iter().map(outcome).collect();
    outcomes.dedup();
    if outcomes.is_empty() { "undecided".to_owned() } else { outcomes.join(" or ") }
}

fn outcome(outcome: &OutcomeReport) -> String {
    match (&outcome.ready, ready(&outcome.conditions)) {
        (_, Some(condition)) => said(condition),
        (Some(ready), None) => format!("Ready={ready}"),
        (None, None) => "Flux does nothing".to_owned(),
    }
}

/// What Flux says: the same, with what makes it doubtful.
pub(crate) fn observed(observation: Option<&ObservationReport>) -> String {
    let Some(observation) = observation else { return "not observed".to_owned() };
    let Some(condition) = ready(&observation.conditions) else {
        return "nothing yet".to_owned();
    };
    let of = condition.observed_generation.or(observation.observed_generation);
    match of {
        Some(of) if of != observation.generation => {
            let now = observation.generation;
            format!("{}, but of generation {of}, not {now}", said(condition))
        }
        _ => said(condition),
    }
}

/// Flux's own words about a source or a control that is not ready.
pub(crate) fn message(observation: Option<&ObservationReport>) -> String {
    let condition = observation.and_then(|seen| ready(&seen.conditions));
    let refused = condition.filter(|condition| condition.status != "True");
    refused.map(|condition| condition.message.clone()).unwrap_or_default()
}

/// Whether the verify block is in effect, by what Flux says.
pub(crate) fn in_effect(source: &SourceReport) -> &'static str {
    if source.verify.is_none() {
        return "no: there is none";
    }
    let Some(observation) = &source.observed else { return "not observed" };
    let mut conditions = observation.conditions.iter();
    match conditions.find(|condition| condition.kind == "SourceVerified") {
        None => "no: Flux says nothing of it",
        Some(condition) if condition.observed_generation != Some(observation.generation) => {
            "no: said of another generation"
        }
        Some(condition) if condition.status == "True" => "yes",
        Some(_) => "yes: it refuses",
    }
}

/// The verify block: `cosign, 1 identity`.
pub(crate) fn verify(source: &SourceReport) -> String {
    let Some(verify) = &source.verify else { return "none".to_owned() };
    let mut words = vec![verify.provider.clone()];
    match (verify.identities.len(), &verify.secret) {
        (_, Some(secret)) => words.push(format!("keys in Secret {secret}")),
        (0, None) => words.push("anybody".to_owned()),
        (1, None) => words.push("1 identity".to_owned()),
        (count, None) => words.push(format!("{count} identities")),
    }
    if let Some(secret) = &verify.trusted_root_secret {
        words.push(format!("trusted root in Secret {secret}"));
    }
    words.join(", ")
}

fn ready(conditions: &[ConditionReport]) -> Option<&ConditionReport> {
    conditions.iter().find(|condition| condition.kind == "Ready")
}

fn said(condition: &ConditionReport) -> String {
    format!("Ready={} {}", condition.status, condition.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(kind: &str, status: &str, generation: i64) -> ConditionReport {
        ConditionReport {
            kind: kind.into(),
            status: status.into(),
            reason: "R".into(),
            message: "m".into(),
            observed_generation: Some(generation),
        }
    }

    fn observation(conditions: Vec<ConditionReport>) -> ObservationReport {
        ObservationReport { generation: 2, observed_generation: Some(2), conditions }
    }

    fn prediction(outcomes: &[&str], undecided: Option<&str>) -> PredictionReport {
        let outcome = |ready: &&str| OutcomeReport {
            ready: Some((*ready).to_owned()),
            then: "waits".into(),
            revision: None,
            conditions: vec![condition("Ready", ready, 1)],
            errors: vec![],
        };
        PredictionReport {
            controller: "source-controller 1.9.6".into(),
            outcomes: outcomes.iter().map(outcome).collect(),
            undecided: undecided.map(str::to_owned),
            because: vec![],
        }
    }

    #[test]
    fn predictions() {
        for (prediction, expected) in [
            (None, "not predicted"),
            (Some(prediction(&["True"], None)), "Ready=True R"),
            (Some(prediction(&["False", "False"], None)), "Ready=False R"),
            (Some(prediction(&["True", "False"], None)), "Ready=True R or Ready=False R"),
            (Some(prediction(&[], Some("away"))), "undecided: away"),
            (Some(prediction(&[], None)), "undecided"),
        ] {
            assert_eq!(predicted(prediction.as_ref()), expected);
        }
    }

    #[test]
    fn observations() {
        for (observation, expected) in [
            (None, "not observed"),
            (Some(observation(vec![])), "nothing yet"),
            (Some(observation(vec![condition("Ready", "True", 2)])), "Ready=True R"),
            (
                Some(observation(vec![condition("Ready", "True", 1)])),
                "Ready=True R, but of generation 1, not 2",
            ),
        ] {
            assert_eq!(observed(observation.as_ref()), expected);
        }
    }
}
