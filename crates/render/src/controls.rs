//! Negative controls as a matrix: who refused which.

use std::cmp::Reverse;

use sealwright_policy::Verdict;
use sealwright_policy::control_report::{ControlReport, RefusedBy};
use sealwright_policy::source_report::ObservationReport;

use crate::sources;

/// Heads of the columns of [`row`].
pub(crate) const COLUMNS: [&str; 7] =
    ["answer", "control", "environment", "must be refused by", "judge", "predicted", "cluster"];

/// Controls as they are told: what was accepted first, then what could not be tried.
pub(crate) fn worst_first(controls: &[ControlReport]) -> Vec<&ControlReport> {
    let mut sorted: Vec<&ControlReport> = controls.iter().collect();
    sorted.sort_by_key(|control| Reverse(control.verdict));
    sorted
}

/// A row of the matrix.
pub(crate) fn row(control: &ControlReport) -> [String; 7] {
    let environment = control.environment.clone().unwrap_or_else(|| "-".to_owned());
    let judge = match control.judged {
        None => "-",
        Some(Verdict::Verified) => "accepts",
        Some(Verdict::Refused) => "refuses",
        Some(Verdict::Unknown) => "undecided",
    };
    let predicted = control.predicted.as_ref().map_or("-", sources::gist);
    let cluster = control.observed.as_ref().map_or("-", live);
    [
        answer(control).to_owned(),
        control.name.clone(),
        environment,
        refused_by(control.refused_by).to_owned(),
        judge.to_owned(),
        predicted.to_owned(),
        cluster.to_owned(),
    ]
}

/// The verdict on a control in words that nobody reads the wrong way round. What is soundly signed
/// was let in, as it must be: only a comparison of digests told it.
pub(crate) fn answer(control: &ControlReport) -> &'static str {
    match (control.verdict, control.refused_by) {
        (Verdict::Verified, RefusedBy::Comparison) => "told",
        (Verdict::Verified, _) => HELD,
        (Verdict::Refused, _) => "ACCEPTED",
        (Verdict::Unknown, _) => "not tried",
    }
}

const HELD: &str = "held";

/// `1 ACCEPTED, 1 not tried, 3 held, 2 told`.
pub(crate) fn tally(controls: &[ControlReport]) -> String {
    let count = |word| controls.iter().filter(|one| answer(one) == word).count();
    let counted = ["ACCEPTED", "not tried", HELD, "told"].map(|word| (count(word), word));
    let words = counted.iter().filter(|(count, _)| *count > 0);
    words.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

fn refused_by(who: RefusedBy) -> &'static str {
    match who {
        RefusedBy::Judge => "judge",
        RefusedBy::Flux => "Flux",
        RefusedBy::Both => "both",
        RefusedBy::Comparison => "comparison",
    }
}

fn live(observation: &ObservationReport) -> &'static str {
    let ready = observation.conditions.iter().find(|one| one.kind == "Ready");
    match ready.map(|ready| ready.status.as_str()) {
        Some("True") => "accepts",
        Some("False") => "refuses",
        _ => "undecided",
    }
}
