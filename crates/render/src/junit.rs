//! JUnit XML: a suite for each artifact, a case for its verdict and for each requirement.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use sealwright_policy::report::ArtifactReport;
use sealwright_policy::{Finding, Report, Verdict};

use crate::findings::{sentence, word, worst_first};
use crate::visible;

pub(crate) fn render(report: &Report) -> String {
    let mut junit = quick_junit::Report::new("sealwright");
    for artifact in &report.artifacts {
        junit.add_test_suite(suite(artifact));
    }
    if report.artifacts.is_empty() || !report.findings.is_empty() {
        let mut suite = TestSuite::new("report");
        suite.add_test_case(case("verdict", report.verdict, &report.findings));
        junit.add_test_suite(suite);
    }
    junit.to_string().expect("the text is UTF-8 without control characters")
}

fn suite(artifact: &ArtifactReport) -> TestSuite {
    let mut suite = TestSuite::new(visible(&artifact.reference));
    suite.add_test_case(case("verdict", artifact.verdict, &artifact.findings));
    for requirement in &artifact.requirements {
        suite.add_test_case(case(&requirement.evidence, requirement.verdict, &[]));
    }
    suite
}

/// Refused fails; not knowing is an error of the test: neither is ever green.
fn case(name: &str, verdict: Verdict, findings: &[Finding]) -> TestCase {
    let kind = match verdict {
        Verdict::Verified => None,
        Verdict::Refused => Some(NonSuccessKind::Failure),
        Verdict::Unknown => Some(NonSuccessKind::Error),
    };
    let lines: Vec<String> = worst_first(findings).into_iter().map(line).collect();
    let mut status = kind.map_or_else(TestCaseStatus::success, TestCaseStatus::non_success);
    status.set_message(verdict.to_string()).set_description(lines.join("\n"));
    let mut case = TestCase::new(visible(name), status);
    case.set_classname("sealwright");
    if verdict == Verdict::Verified && !lines.is_empty() {
        case.set_system_out(lines.join("\n"));
    }
    case
}

fn line(finding: &Finding) -> String {
    let place = finding.place.to_string();
    let place = if place.is_empty() { place } else { format!(" {place}:") };
    visible(&format!("{} {}{place} {}", word(finding.severity), finding.code, sentence(finding)))
}
