//! The order in which findings are told, and their severity in words.

use std::cmp::Reverse;
use std::collections::HashSet;

use sealwright_policy::{Finding, Report, Severity};

use crate::sources::{SIMULATED, simulated, title};

/// Findings as they are told: the worst first, otherwise as they were found.
pub(crate) fn worst_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| Reverse(finding.severity));
    sorted
}

/// Every finding of a report with what it is about: an artifact's reference, a source's, a
/// negative control's or a pattern's name. The worst first; what is said of an artifact that several sources pull
/// is said once.
pub(crate) fn all(report: &Report) -> Vec<(Option<String>, &Finding)> {
    let mut seen = HashSet::new();
    let judged = report.sources.iter().filter_map(|source| source.judged.as_ref());
    let judged = judged.filter(|judged| seen.insert((&judged.reference, &judged.digest)));
    let of_artifacts = report.artifacts.iter().chain(judged).flat_map(|artifact| {
        artifact.findings.iter().map(|finding| (Some(artifact.reference.clone()), finding))
    });
    let of_sources = report
        .sources
        .iter()
        .flat_map(|source| source.findings.iter().map(|finding| (Some(title(source)), finding)));
    let of_controls = report.controls.iter().flat_map(|control| {
        let name = || Some(format!("negative control {}", control.name));
        control.findings.iter().map(move |finding| (name(), finding))
    });
    let of_patterns = report.patterns.iter().flat_map(|pattern| {
        pattern.findings.iter().map(|finding| (Some(pattern.name.clone()), finding))
    });
    // These say themselves which object they are of.
    let declared = report.declarations.iter().flat_map(|declaration| &declaration.findings);
    let of_jobs = report.workflows.iter().flat_map(|job| &job.findings);
    let of_report = report.findings.iter().chain(declared).chain(of_jobs);
    let of_report = of_report.map(|finding| (None, finding));
    let all = of_report.chain(of_artifacts).chain(of_sources).chain(of_controls).chain(of_patterns);
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|(_, finding)| Reverse(finding.severity));
    all
}

/// A finding in one paragraph, saying so when Flux itself had no part in it.
pub(crate) fn told(report: &Report, finding: &Finding) -> String {
    let sentence = sentence(finding);
    if simulated(report) { format!("[{SIMULATED} cluster] {sentence}") } else { sentence }
}

/// The severity as reports spell it.
pub(crate) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Unknown => "unknown",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A finding in one paragraph, for forms that have a single field for it.
pub(crate) fn sentence(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    if let Some(expected) = &finding.expected {
        text.push_str(&format!("; expected {expected}"));
    }
    if let Some(found) = &finding.found {
        text.push_str(&format!("; found {found}"));
    }
    text.push_str(". ");
    text.push_str(finding.hint.as_deref().unwrap_or(finding.code.entry().fix));
    text
}
