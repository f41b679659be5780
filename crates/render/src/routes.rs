//! Routes to a tag in words that every form shares.

use std::cmp::Reverse;

use sealwright_policy::Verdict;
use sealwright_policy::route_report::RouteReport;

/// Heads of the columns of [`row`].
pub(crate) const COLUMNS: [&str; 6] =
    ["answer", "started by", "jobs", "moves", "by", "held back by"];

/// Routes as they are told: the worst first, otherwise as they were found.
pub(crate) fn worst_first(routes: &[RouteReport]) -> Vec<&RouteReport> {
    let mut sorted: Vec<&RouteReport> = routes.iter().collect();
    sorted.sort_by_key(|route| {
        (Reverse(route.verdict), route.lacks.is_empty(), route.codes.is_empty())
    });
    sorted
}

/// A row of the table.
pub(crate) fn row(route: &RouteReport) -> [String; 6] {
    let moves = match &route.artifact {
        Some(artifact) => format!("{} (artifact {artifact})", route.moves),
        None => route.moves.clone(),
    };
    let gates = if route.gates.is_empty() { "nothing".to_owned() } else { route.gates.join(", ") };
    let jobs = route.jobs.join(" > ");
    [answer(route), route.triggers.join("; "), jobs, moves, route.by.clone(), gates]
}

/// `ok`, what it lacks beside others, or the codes of what is wrong.
fn answer(route: &RouteReport) -> String {
    let codes: Vec<String> = route.codes.iter().map(ToString::to_string).collect();
    match (route.lacks.as_slice(), route.verdict) {
        ([], Verdict::Unknown) if codes.is_empty() => "not resolved".to_owned(),
        ([], _) if codes.is_empty() => "ok".to_owned(),
        ([], _) => codes.join(", "),
        (lacks, _) => format!("misses {} ({})", lacks.join(", "), codes.join(", ")),
    }
}
