//! Workflow commands of GitHub Actions: an annotation for each finding.
//!
//! Escaping as in <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>.

use sealwright_policy::{Finding, Report, Severity};

use crate::findings::{all, sentence, told, worst_first};
use crate::visible;

/// GitHub shows ten annotations of a kind for a step; more only makes the log longer.
const ANNOTATIONS_COUNT_MAX: usize = 30;

pub(crate) fn render(report: &Report) -> String {
    let findings = all(report).into_iter().take(ANNOTATIONS_COUNT_MAX);
    findings.map(|(_, finding)| line(finding, &told(report, finding))).collect()
}

/// The annotations of findings that belong to no report.
pub fn annotations(findings: &[Finding]) -> String {
    let findings = worst_first(findings).into_iter().take(ANNOTATIONS_COUNT_MAX);
    findings.map(|finding| line(finding, &sentence(finding))).collect()
}

fn line(finding: &Finding, sentence: &str) -> String {
    let place = &finding.place;
    let mut properties = Vec::new();
    if let Some(file) = &place.file {
        properties.push(format!("file={}", property(file)));
        properties.extend(place.line.map(|line| format!("line={line}")));
        properties.extend(place.column.map(|column| format!("col={column}")));
    }
    let title = format!("{} {}", finding.code, finding.code.entry().title);
    properties.push(format!("title={}", property(&title)));
    format!(
        "::{} {}::{}\n",
        command(finding.severity),
        properties.join(","),
        data(&message(finding, sentence))
    )
}

/// Not knowing is never green.
fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Error | Severity::Unknown => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

fn message(finding: &Finding, sentence: &str) -> String {
    let subject = finding.place.object.iter().chain(&finding.place.digest);
    let subject: Vec<&str> = subject.map(String::as_str).collect();
    match subject.as_slice() {
        [] => sentence.to_owned(),
        words => format!("{}: {sentence}", words.join(" ")),
    }
}

fn data(text: &str) -> String {
    visible(text).replace('%', "%25")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
