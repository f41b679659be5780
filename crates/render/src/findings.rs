//! The order in which findings are told, and their severity in words.

use std::cmp::Reverse;

use sealwright_policy::{Finding, Report, Severity};

/// Findings as they are told: the worst first, otherwise as they were found.
pub fn worst_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| Reverse(finding.severity));
    sorted
}

/// Every finding of a report with the reference of its artifact, the worst first.
pub(crate) fn all(report: &Report) -> Vec<(Option<&str>, &Finding)> {
    let of_report = report.findings.iter().map(|finding| (None, finding));
    let of_artifacts = report.artifacts.iter().flat_map(|artifact| {
        artifact.findings.iter().map(|finding| (Some(artifact.reference.as_str()), finding))
    });
    let mut all: Vec<_> = of_report.chain(of_artifacts).collect();
    all.sort_by_key(|(_, finding)| Reverse(finding.severity));
    all
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
