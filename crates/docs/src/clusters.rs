//! What the templates see of clusters: their sources, what runs in them, and the negative controls.

use sealwright_policy::control_report::{ControlReport, RefusedBy};
use sealwright_policy::source_report::SourceReport;
use sealwright_policy::{Report, Verdict};
use serde::Serialize;

use crate::flux_words;
use crate::gathered::{self, Seen};
use crate::model::{FindingRow, finding_row};

/// Rows shown for one environment; the report file has them all.
const ROWS_MAX: usize = 2_000;

/// One environment on one of the pages.
#[derive(Debug, Serialize)]
pub(crate) struct Section<R> {
    name: String,
    simulated: bool,
    /// When it was looked at, the latest time.
    judged_at: String,
    /// Versions of API server and controller.
    versions: String,
    rows: Vec<R>,
    left_out: usize,
}

/// One source, on the page of coverage and on that of what runs.
#[derive(Debug, Serialize)]
pub(crate) struct SourceRow {
    simulated: bool,
    name: String,
    kind: String,
    url: String,
    follows: String,
    verdict: String,
    verify: String,
    in_effect: &'static str,
    owners: String,
    revision: String,
    judged: String,
    signed_by: String,
    san: String,
    commit: String,
    run: String,
    predicted: String,
    observed: String,
    message: String,
    findings: Vec<FindingRow>,
}

/// How many sources of an environment have which answer.
#[derive(Debug, Serialize)]
pub(crate) struct CoverageRow {
    simulated: bool,
    name: String,
    sources: usize,
    verified: usize,
    refused: usize,
    unknown: usize,
    without_verify: usize,
}

/// What last held in an environment.
#[derive(Debug, Serialize)]
pub(crate) struct GoodRow {
    simulated: bool,
    environment: String,
    name: String,
    url: String,
    /// Empty when none is known.
    digest: String,
    revision: String,
    judged_at: String,
    signed_by: String,
    now: String,
}

/// One negative control in one environment.
#[derive(Debug, Serialize)]
pub(crate) struct ControlRow {
    simulated: bool,
    name: String,
    artifact: String,
    does: String,
    refused_by: &'static str,
    judged: String,
    predicted: String,
    observed: String,
    message: String,
    answer: &'static str,
    findings: Vec<FindingRow>,
}

/// A control in all environments.
#[derive(Debug, Serialize)]
pub(crate) struct MatrixRow {
    name: String,
    cells: Vec<MatrixCell>,
}

#[derive(Debug, Serialize)]
struct MatrixCell {
    answer: &'static str,
    simulated: bool,
}

/// All that is said of clusters.
#[derive(Debug, Serialize)]
pub(crate) struct Clusters {
    /// Whether any of it was seen in a cluster that only imitates one.
    any_simulated: bool,
    coverage: Vec<CoverageRow>,
    sources: Vec<Section<SourceRow>>,
    last_good: Vec<GoodRow>,
    controls: Vec<Section<ControlRow>>,
    matrix: Vec<MatrixRow>,
    /// Controls that somebody accepted: the loudest finding.
    accepted: Vec<String>,
}

impl Clusters {
    pub(crate) fn of(reports: &[Report]) -> Self {
        let sources = gathered::sources(reports);
        let controls = gathered::controls(reports);
        Self {
            any_simulated: reports.iter().any(gathered::is_simulated),
            coverage: by_environment(&sources).into_iter().map(|group| coverage(&group)).collect(),
            last_good: sources.iter().map(|seen| last_good(reports, seen)).collect(),
            sources: sections(&sources, source_row),
            controls: sections(&controls, control_row),
            matrix: matrix(&controls),
            accepted: controls
                .iter()
                .filter(|seen| seen.item.verdict == Verdict::Refused)
                .map(|seen| format!("{} in {}", seen.item.name, shown(seen.environment)))
                .collect(),
        }
    }
}

/// Those of one place together; they come in its order.
fn by_environment<'a, T>(all: &[Seen<'a, T>]) -> Vec<Vec<Seen<'a, T>>> {
    let groups = all.chunk_by(|one, next| one.place() == next.place());
    groups.map(<[_]>::to_vec).collect()
}

fn sections<'a, T, R>(all: &[Seen<'a, T>], row: impl Fn(&Seen<'a, T>) -> R) -> Vec<Section<R>> {
    let section = |group: Vec<Seen<'a, T>>| {
        let newest = group.iter().max_by_key(|seen| seen.report.judged_at);
        let cluster = newest.and_then(|seen| seen.report.cluster.as_ref());
        let versions = cluster.into_iter().flat_map(|note| [&note.server, &note.controller]);
        Section {
            name: shown(group.first().map_or("", |seen| seen.environment)),
            simulated: group.iter().any(Seen::simulated),
            judged_at: newest.map(|seen| seen.report.judged_at.to_string()).unwrap_or_default(),
            versions: versions.flatten().cloned().collect::<Vec<_>>().join(", "),
            rows: group.iter().take(ROWS_MAX).map(&row).collect(),
            left_out: group.len().saturating_sub(ROWS_MAX),
        }
    };
    by_environment(all).into_iter().map(section).collect()
}

fn shown(environment: &str) -> String {
    if environment.is_empty() { "no environment".to_owned() } else { environment.to_owned() }
}

fn coverage(group: &[Seen<'_, SourceReport>]) -> CoverageRow {
    let count = |verdict| group.iter().filter(|seen| seen.item.verdict == verdict).count();
    CoverageRow {
        simulated: group.iter().any(Seen::simulated),
        name: shown(group.first().map_or("", |seen| seen.environment)),
        sources: group.len(),
        verified: count(Verdict::Verified),
        refused: count(Verdict::Refused),
        unknown: count(Verdict::Unknown),
        without_verify: group.iter().filter(|seen| seen.item.verify.is_none()).count(),
    }
}

fn source_row(seen: &Seen<'_, SourceReport>) -> SourceRow {
    let source = seen.item;
    let judged = source.judged.as_ref();
    let evidence = judged.into_iter().flat_map(|artifact| &artifact.evidence);
    let held = evidence.filter(|piece| piece.verdict == Verdict::Verified);
    let claims = held.filter(|piece| piece.signer.is_some()).map(|piece| &piece.claims).next();
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    SourceRow {
        simulated: seen.simulated(),
        name: source.name.clone(),
        kind: source.kind.clone(),
        url: source.url.clone(),
        follows: text(source.follows.as_ref()),
        verdict: source.verdict.to_string(),
        verify: flux_words::verify(source),
        in_effect: flux_words::in_effect(source),
        owners: source.owners.join(", "),
        revision: text(source.revision.as_ref()),
        judged: judged.map_or("not judged".to_owned(), |artifact| artifact.verdict.to_string()),
        signed_by: signers(source),
        san: claims.map(|claims| claims.sans.join(", ")).unwrap_or_default(),
        commit: text(claims.and_then(|claims| claims.source_repository_digest.as_ref())),
        run: text(claims.and_then(|claims| claims.run_invocation_uri.as_ref())),
        predicted: flux_words::predicted(source.predicted.as_ref()),
        observed: flux_words::observed(source.observed.as_ref()),
        message: flux_words::message(source.observed.as_ref()),
        findings: source.findings.iter().map(finding_row).collect(),
    }
}

/// Who satisfied the requirements of what runs: `cd`, or `cd, recovery`.
fn signers(source: &SourceReport) -> String {
    let requirements = source.judged.iter().flat_map(|artifact| &artifact.requirements);
    let held = requirements.filter(|requirement| requirement.verdict == Verdict::Verified);
    let mut names: Vec<&str> =
        held.filter_map(|requirement| requirement.signer.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// The latest time at which this source served a digest that our judge verified, and has not refused
/// since.
fn last_good(reports: &[Report], now: &Seen<'_, SourceReport>) -> GoodRow {
    let same = |seen: &Seen<'_, SourceReport>| {
        seen.place() == now.place()
            && (&seen.item.kind, &seen.item.name) == (&now.item.kind, &now.item.name)
    };
    let holds = |seen: &Seen<'_, SourceReport>| {
        let at = seen.report.judged_at;
        served(seen.item).is_some_and(|digest| !gathered::refused_since(reports, digest, at))
    };
    let good = gathered::all_sources(reports).filter(same).filter(holds);
    let good = good.max_by_key(|seen| seen.report.judged_at);
    let digest = good.and_then(|seen| served(seen.item)).unwrap_or_default();
    GoodRow {
        simulated: good.as_ref().unwrap_or(now).simulated(),
        environment: shown(now.environment),
        name: now.item.name.clone(),
        url: now.item.url.clone(),
        digest: digest.to_owned(),
        revision: good.and_then(|seen| seen.item.revision.clone()).unwrap_or_default(),
        judged_at: good.map(|seen| seen.report.judged_at.to_string()).unwrap_or_default(),
        signed_by: good.map(|seen| signers(seen.item)).unwrap_or_default(),
        now: now.item.verdict.to_string(),
    }
}

/// The digest that a source serves, if it is the very one that our judge verified.
fn served(source: &SourceReport) -> Option<&str> {
    let judged = source.judged.as_ref().filter(|one| one.verdict == Verdict::Verified)?;
    let digest = judged.digest.as_deref()?;
    let revision = source.revision.as_deref()?;
    (revision.rsplit('@').next() == Some(digest)).then_some(digest)
}

fn control_row(seen: &Seen<'_, ControlReport>) -> ControlRow {
    let control = seen.item;
    ControlRow {
        simulated: seen.simulated(),
        name: control.name.clone(),
        artifact: control.artifact.clone(),
        does: control.does.clone(),
        refused_by: match control.refused_by {
            RefusedBy::Judge => "our judge",
            RefusedBy::Flux => "Flux",
            RefusedBy::Both => "our judge and Flux",
            RefusedBy::Comparison => "a comparison of digests",
        },
        judged: control.judged.map_or("not judged".to_owned(), |verdict| verdict.to_string()),
        predicted: flux_words::predicted(control.predicted.as_ref()),
        observed: flux_words::observed(control.observed.as_ref()),
        message: flux_words::message(control.observed.as_ref()),
        answer: answer(control),
        findings: control.findings.iter().map(finding_row).collect(),
    }
}

/// What came of a control, in the order from good to bad. That it went as expected is not enough to
/// say that everybody refused it.
fn answer(control: &ControlReport) -> &'static str {
    let flux_let_it_in = match &control.observed {
        Some(_) => flux_words::observed(control.observed.as_ref()).starts_with("Ready=True"),
        None => flux_words::predicted(control.predicted.as_ref()).starts_with("Ready=True"),
    };
    match (control.verdict, control.judged, flux_let_it_in) {
        (Verdict::Refused, _, _) => "ACCEPTED",
        (Verdict::Unknown, _, _) => "could not be tried",
        (Verdict::Verified, Some(Verdict::Verified), true) => "let in, as expected",
        (Verdict::Verified, Some(Verdict::Verified), false) => "Flux alone refused it",
        (Verdict::Verified, _, true) => "our judge alone refused it",
        (Verdict::Verified, _, false) if control.observed.is_none() => "would hold: not tried live",
        (Verdict::Verified, _, false) => "the lock held",
    }
}

fn matrix(controls: &[Seen<'_, ControlReport>]) -> Vec<MatrixRow> {
    let groups = by_environment(controls);
    let mut names: Vec<&str> = controls.iter().map(|seen| seen.item.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let cell = |group: &Vec<Seen<'_, ControlReport>>, name: &str| {
        let same = group.iter().filter(|seen| seen.item.name == name);
        // With several artifacts, the worst answer is that of the control.
        let worst = same.max_by_key(|seen| seen.item.verdict);
        MatrixCell {
            answer: worst.map_or("not tried", |seen| answer(seen.item)),
            simulated: worst.is_some_and(Seen::simulated),
        }
    };
    let row = |name: &str| MatrixRow {
        name: name.to_owned(),
        cells: groups.iter().map(|group| cell(group, name)).collect(),
    };
    names.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(verdict: &str, judged: Option<&str>, observed: Option<&str>) -> ControlReport {
        let observed = observed.map(|ready| {
            serde_json::json!({"generation": 1, "conditions":
                [{"type": "Ready", "status": ready, "reason": "R", "message": "m"}]})
        });
        serde_json::from_value(serde_json::json!({
            "name": "n", "does": "d", "artifact": "a", "verdict": verdict, "refusedBy": "both",
            "judged": judged, "observed": observed,
        }))
        .unwrap()
    }

    #[test]
    fn only_what_everybody_refused_is_said_to_have_held() {
        for (verdict, judged, observed, expected) in [
            ("Verified", Some("Refused"), Some("False"), "the lock held"),
            ("Verified", Some("Refused"), None, "would hold: not tried live"),
            ("Verified", Some("Refused"), Some("True"), "our judge alone refused it"),
            ("Verified", Some("Verified"), Some("False"), "Flux alone refused it"),
            ("Verified", Some("Verified"), Some("True"), "let in, as expected"),
            ("Refused", Some("Refused"), Some("True"), "ACCEPTED"),
            ("Unknown", None, None, "could not be tried"),
        ] {
            assert_eq!(answer(&control(verdict, judged, observed)), expected);
        }
    }
}
