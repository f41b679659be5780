//! GitHub-flavoured Markdown for the summary of a job.

use sealwright_policy::control_report::ControlReport;
use sealwright_policy::pattern_report::PatternReport;
use sealwright_policy::report::ArtifactReport;
use sealwright_policy::route_report::RouteReport;
use sealwright_policy::source_report::SourceReport;
use sealwright_policy::{Finding, Report, Verdict};

use crate::findings::{sentence, word, worst_first};
use crate::holes::holes;
use crate::{controls, declarations, patterns, routes, sources, visible, workflows};

/// Findings that are told for one artifact: GitHub cuts a summary at 1 MiB.
const FINDINGS_COUNT_MAX: usize = 50;
/// Sources that are told, for the same reason; the bad ones come first.
const SOURCES_COUNT_MAX: usize = 50;
/// Rows of the table of declarations, for the same reason.
const DECLARATIONS_COUNT_MAX: usize = 200;

pub(crate) fn render(report: &Report) -> String {
    let mut page = format!("## {} sealwright: {}\n", mark(report.verdict), report.verdict);
    if let Some(cluster) = &report.cluster {
        page.push_str(&format!("\n{}\n", escape(&sources::cluster(cluster))));
        if let Some(scope) = &cluster.scope {
            page.push_str(&format!("\n{}\n", escape(&sources::scope(scope))));
        }
    }
    for artifact in &report.artifacts {
        page.push_str(&section(artifact));
    }
    page.push_str(&matrix(&report.controls));
    for source in sources::worst_first(&report.sources).into_iter().take(SOURCES_COUNT_MAX) {
        page.push_str(&source_section(source));
    }
    if report.sources.len() > SOURCES_COUNT_MAX {
        page.push_str(&format!(
            "\nand {} more sources\n",
            report.sources.len() - SOURCES_COUNT_MAX
        ));
    }
    page.push_str(&who_may_sign(report));
    page.push_str(&who_signs(report));
    page.push_str(&report.patterns.iter().map(pattern_section).collect::<String>());
    page.push_str(&routes_to_tags(&report.routes));
    page.push_str(&findings(&report.findings));
    if let Some(trust) = &report.trust {
        page.push_str(&format!("\nTrust: {}, {}\n", code(&trust.origin), code(&trust.digest)));
    }
    page
}

/// Jobs that sign, with what is wrong with them.
fn who_signs(report: &Report) -> String {
    if report.workflows.is_empty() {
        return String::new();
    }
    let columns = workflows::COLUMNS;
    let mut page = format!("\n### Who signs as whom\n\n| {} |\n", columns.join(" | "));
    page.push_str(&format!("|{}\n", " --- |".repeat(columns.len())));
    let sorted = workflows::worst_first(&report.workflows);
    for row in sorted.iter().take(DECLARATIONS_COUNT_MAX).flat_map(|job| workflows::rows(job)) {
        page.push_str(&format!("| {} |\n", row.map(|cell| escape(&cell)).join(" | ")));
    }
    page + &sorted.iter().map(|job| findings(&job.findings)).collect::<String>()
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

fn source_section(source: &SourceReport) -> String {
    let title = code(&sources::title(source));
    let mut section = format!("\n### {} {title}\n", mark(source.verdict));
    section.push_str(&format!("\n{}\n\n", escape(&sources::facts(source))));
    for line in source.predicted.iter().flat_map(sources::predicted) {
        section.push_str(&format!("- predicted: {}\n", code(&line)));
    }
    for line in source.observed.iter().map(sources::observed) {
        section.push_str(&format!("- observed: {}\n", code(&line)));
    }
    if let Some(judged) = &source.judged {
        let digest = judged.digest.as_deref().unwrap_or(&judged.reference);
        section.push_str(&format!("- judged: {} {}\n", judged.verdict, code(digest)));
    }
    let judged = source.judged.iter().filter(|judged| judged.verdict != Verdict::Verified);
    let judged = judged.map(|judged| findings(&judged.findings));
    section + &findings(&source.findings) + &judged.collect::<String>()
}

fn matrix(controls: &[ControlReport]) -> String {
    if controls.is_empty() {
        return String::new();
    }
    let mut page = format!("\n### Negative controls: {}\n\n", controls::tally(controls));
    let columns = controls::COLUMNS;
    page.push_str(&format!("| {} |\n|{}\n", columns.join(" | "), " --- |".repeat(columns.len())));
    let sorted = controls::worst_first(controls);
    for control in &sorted {
        let cells = controls::row(control).map(|cell| escape(&cell));
        page.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    page + &sorted.iter().map(|control| findings(&control.findings)).collect::<String>()
}

/// The table, the worst holes, and then what is wrong with each.
fn who_may_sign(report: &Report) -> String {
    if report.declarations.is_empty() && report.coverage.is_empty() {
        return String::new();
    }
    let columns = declarations::COLUMNS;
    let mut page = "\n### Who may sign what\n\n".to_owned();
    page.push_str(&format!("| {} |\n|{}\n", columns.join(" | "), " --- |".repeat(columns.len())));
    let sorted = declarations::worst_first(&report.declarations);
    let rows = declarations::rows(&sorted);
    for row in rows.iter().take(DECLARATIONS_COUNT_MAX) {
        let cells = row.each_ref().map(|cell| escape(cell));
        page.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    if rows.len() > DECLARATIONS_COUNT_MAX {
        page.push_str(&format!("\nand {} more\n", rows.len() - DECLARATIONS_COUNT_MAX));
    }
    page.push('\n');
    for covered in &report.coverage {
        page.push_str(&format!("- {}\n", escape(&declarations::coverage(covered))));
    }
    let worst: Vec<Finding> = holes(report).into_iter().map(|hole| hole.finding.clone()).collect();
    if !worst.is_empty() {
        page.push_str(&format!("\n#### The worst of it\n{}", findings(&worst)));
    }
    let all: Vec<Finding> = sorted.iter().flat_map(|one| one.findings.iter().cloned()).collect();
    if all.len() > worst.len() {
        page.push_str(&format!("\n#### All of it\n{}", findings(&all)));
    }
    page
}

/// The table of routes, the worst first.
fn routes_to_tags(all: &[RouteReport]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let columns = routes::COLUMNS;
    let mut page = "\n### Routes to a tag\n\n".to_owned();
    page.push_str(&format!("| {} |\n|{}\n", columns.join(" | "), " --- |".repeat(columns.len())));
    for route in routes::worst_first(all).into_iter().take(DECLARATIONS_COUNT_MAX) {
        page.push_str(&format!(
            "| {} |\n",
            routes::row(route).map(|cell| escape(&cell)).join(" | ")
        ));
    }
    if all.len() > DECLARATIONS_COUNT_MAX {
        page.push_str(&format!("\nand {} more\n", all.len() - DECLARATIONS_COUNT_MAX));
    }
    page
}

fn pattern_section(pattern: &PatternReport) -> String {
    let mut section = format!("\n### {} {}\n\n", mark(pattern.verdict), escape(&pattern.name));
    for (label, fact) in patterns::facts(pattern) {
        section.push_str(&format!("- {label}: {}\n", code(&fact)));
    }
    section + &findings(&pattern.findings)
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
