//! Flux sources in words that every form shares: what the controller will say, and what it says.

use std::cmp::Reverse;

use sealwright_policy::Report;
use sealwright_policy::source_report::{
    ClusterNote, ConditionReport, ObservationReport, OutcomeReport, PredictionReport, ScopeReport,
    SourceReport,
};

/// Stands in a condition's message for errors that the controller joins in no fixed order.
const ERRORS: &str = "{errors}";

/// What is said wherever Flux itself had no part in it.
pub(crate) const SIMULATED: &str = "simulated";

/// Sources as they are told: the worst first, otherwise as they were found.
pub(crate) fn worst_first(sources: &[SourceReport]) -> Vec<&SourceReport> {
    let mut sorted: Vec<&SourceReport> = sources.iter().collect();
    sorted.sort_by_key(|source| Reverse(source.verdict));
    sorted
}

/// Whether the cluster of the report only imitates one.
pub(crate) fn simulated(report: &Report) -> bool {
    report.cluster.as_ref().is_some_and(|cluster| cluster.simulated)
}

/// `OCIRepository flux-system/flux-system`.
pub(crate) fn title(source: &SourceReport) -> String {
    format!("{} {}", source.kind, source.name)
}

/// What it pulls and what it is called in the configuration.
pub(crate) fn facts(source: &SourceReport) -> String {
    let environment = source.environment.iter().map(|name| format!("environment {name}"));
    let artifact = source.artifact.iter().map(|name| format!("artifact {name}"));
    let facts = [source.url.clone()].into_iter().chain(source.follows.clone());
    facts.chain(environment).chain(artifact).collect::<Vec<_>>().join(", ")
}

/// The cluster in one line.
pub(crate) fn cluster(note: &ClusterNote) -> String {
    let server = note.server.iter().map(|version| format!("Kubernetes {version}"));
    let controller = note.controller.iter().cloned();
    let simulated = note
        .simulated
        .then(|| format!("{SIMULATED}: nothing here was decided by Flux itself"))
        .into_iter();
    let name = format!("Cluster {}", note.environment);
    [name]
        .into_iter()
        .chain(server)
        .chain(controller)
        .chain(simulated)
        .collect::<Vec<_>>()
        .join(", ")
}

/// What of the cluster was looked at, in one line.
pub(crate) fn scope(scope: &ScopeReport) -> String {
    let looked_at: Vec<&str> =
        scope.urls.iter().chain(&scope.sources).map(String::as_str).collect();
    let looked_at = if looked_at.is_empty() { "nothing".to_owned() } else { looked_at.join(", ") };
    let outside = match scope.outside_count {
        0 => "no source is outside".to_owned(),
        1 => "1 source outside it was not judged".to_owned(),
        count => format!("{count} sources outside it were not judged"),
    };
    format!("Scope {looked_at}; {outside}")
}

/// A condition with its message, as far as that is one text.
pub(crate) fn condition(condition: &ConditionReport, errors: &[String]) -> String {
    let ConditionReport { kind, status, reason, message, .. } = condition;
    let message = match errors {
        [only] => message.replace(ERRORS, only),
        _ => message.clone(),
    };
    format!("{kind}={status} {reason}: {message}")
}

/// What the controller will do, each line one fact, the most telling first.
pub(crate) fn predicted(prediction: &PredictionReport) -> Vec<String> {
    if let Some(why) = &prediction.undecided {
        return vec![format!("cannot be said: {why}")];
    }
    let mut lines = Vec::new();
    for (number, one) in prediction.outcomes.iter().enumerate() {
        let mut told = outcome(one);
        if number > 0 {
            told[0] = format!("or {}", told[0]);
        }
        lines.append(&mut told);
    }
    lines
}

fn outcome(outcome: &OutcomeReport) -> Vec<String> {
    let mut lines = Vec::new();
    let ready = outcome.conditions.iter().find(|one| one.kind == "Ready");
    let said = ready.map(|ready| ready.message.as_str());
    // What repeats `Ready` word for word tells nothing new.
    let others = outcome.conditions.iter().filter(|one| {
        one.kind != "Ready" && one.status == "False" && Some(one.message.as_str()) != said
    });
    lines.extend(ready.into_iter().chain(others).map(|one| condition(one, &outcome.errors)));
    if lines.is_empty() {
        let ready = outcome.ready.as_deref().map(|status| format!("Ready={status}"));
        lines.push(ready.unwrap_or_else(|| "no condition".to_owned()));
    }
    if outcome.errors.len() > 1 {
        lines.push(format!("with {ERRORS} in any order:"));
        lines.extend(outcome.errors.iter().map(|error| format!("- {error}")));
    }
    if outcome.then != "waits" {
        lines.push(format!("then it {}", then(&outcome.then)));
    }
    lines
}

fn then(then: &str) -> &str {
    match then {
        "retries" => "tries again and again",
        "stalls" => "stalls until the object changes",
        "nothing" => "does nothing",
        other => other,
    }
}

/// What the controller says, and whether that is about the object as it is now.
pub(crate) fn observed(observation: &ObservationReport) -> String {
    let ready = observation.conditions.iter().find(|one| one.kind == "Ready");
    let said = ready.map_or_else(|| "no Ready condition".to_owned(), |one| condition(one, &[]));
    match ready.and_then(|ready| ready.observed_generation).or(observation.observed_generation) {
        Some(seen) if seen < observation.generation => {
            format!("{said} (of generation {seen}; the object is at {})", observation.generation)
        }
        _ => said,
    }
}

/// What a prediction comes to, in one word.
pub(crate) fn gist(prediction: &PredictionReport) -> &'static str {
    let accepts = |one: &OutcomeReport| one.ready.as_deref() == Some("True");
    let outcomes = &prediction.outcomes;
    match (outcomes.iter().any(accepts), outcomes.iter().all(accepts)) {
        _ if prediction.undecided.is_some() || outcomes.is_empty() => "undecided",
        (_, true) => "accepts",
        (true, false) => "may accept",
        (false, _) => "refuses",
    }
}
