//! GitHub-flavoured Markdown for the summary of a job.

use sealwright_policy::report::ArtifactReport;
use sealwright_policy::{Finding, Report, Verdict};

use crate::findings::{sentence, word, worst_first};
use crate::visible;

/// Findings that are told for one artifact: GitHub cuts a summary at 1 MiB.
const FINDINGS_COUNT_MAX: usize = 50;

pub(crate) fn render(report: &Report) -> String {
    let mut page = format!("## {} sealwright: {}\n", mark(report.verdict), report.verdict);
    for artifact in &report.artifacts {
        page.push_str(&section(artifact));
    }
    page.push_str(&findings(&report.findings));
    if let Some(trust) = &report.trust {
        page.push_str(&format!("\nTrust: {}, {}\n", code(&trust.origin), code(&trust.digest)));
    }
    page
}

fn section(artifact: &ArtifactReport) -> String {
    let mut section = format!("\n### {} {}\n", mark(artifact.verdict), code(&artifact.reference));
    if let Some(digest) = &artifact.digest {
        section.push_str(&format!("\n{}\n", code(digest)));
    }
    if !artifact.requirements.is_empty() {
        section.push_str("\n| evidence | answer | signer |\n| --- | --- | --- |\n");
    }
    for requirement in &artifact.requirements {
        section.push_str(&format!(
            "| {} | {} | {} |\n",
            escape(&requirement.evidence),
            requirement.verdict,
            escape(requirement.signer.as_deref().unwrap_or_default())
        ));
    }
    section + &findings(&artifact.findings)
}

fn findings(findings: &[Finding]) -> String {
    let mut list = String::new();
    for finding in worst_first(findings).into_iter().take(FINDINGS_COUNT_MAX) {
        let place = finding.place.to_string();
        let place = if place.is_empty() { place } else { format!(" {}:", code(&place)) };
        let (severity, text) = (word(finding.severity), escape(&sentence(finding)));
        list.push_str(&format!("- **{severity} {}**{place} {text}\n", finding.code));
    }
    if findings.len() > FINDINGS_COUNT_MAX {
        list.push_str(&format!("- and {} more\n", findings.len() - FINDINGS_COUNT_MAX));
    }
    if list.is_empty() { list } else { format!("\n{list}") }
}

/// A sign beside the word, for the eye.
fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "✅",
        Verdict::Refused => "❌",
        Verdict::Unknown => "❔",
    }
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// Text that no Markdown or HTML reader takes for markup, a link, a mention or an issue.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text).chars() {
        if "\\`*_[]<>&|~@:#!\"'".contains(character) {
            escaped.push_str(&format!("&#{};", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    escaped
}
