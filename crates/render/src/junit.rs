//! JUnit XML: a suite for each artifact and source, a case for its verdict and for each requirement;
//! a suite for negative controls, a case for each; the same for patterns.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use sealwright_policy::control_report::ControlReport;
use sealwright_policy::declaration_report::DeclarationReport;
use sealwright_policy::pattern_report::PatternReport;
use sealwright_policy::report::ArtifactReport;
use sealwright_policy::route_report::RouteReport;
use sealwright_policy::source_report::SourceReport;
use sealwright_policy::workflow_report::WorkflowReport;
use sealwright_policy::{Finding, Report, Verdict};

use crate::findings::{sentence, word, worst_first};
use crate::sources::{self, simulated, title};
use crate::visible;

pub(crate) fn render(report: &Report) -> String {
    let name = if simulated(report) { "sealwright (simulated cluster)" } else { "sealwright" };
    let mut junit = quick_junit::Report::new(name);
    for artifact in &report.artifacts {
        junit.add_test_suite(suite(artifact));
    }
    for one in &report.sources {
        junit.add_test_suite(source(one));
    }
    if !report.controls.is_empty() {
        junit.add_test_suite(controls(&report.controls));
    }
    if !report.patterns.is_empty() {
        junit.add_test_suite(patterns(&report.patterns));
    }
    if !report.declarations.is_empty() {
        junit.add_test_suite(declarations(&report.declarations));
    }
    if !report.routes.is_empty() {
        junit.add_test_suite(routes(&report.routes));
    }
    if !report.workflows.is_empty() {
        junit.add_test_suite(workflows(&report.workflows));
    }
    let parts = [report.artifacts.len(), report.sources.len(), report.controls.len()];
    let declared = report.patterns.len() + report.declarations.len();
    let on_paper = [declared, report.routes.len(), report.workflows.len()];
    let empty = parts == [0; 3] && on_paper == [0; 3];
    if empty || !report.findings.is_empty() {
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

/// What is predicted and observed stands beside the verdict, whichever it is.
fn source(source: &SourceReport) -> TestSuite {
    let mut suite = TestSuite::new(visible(&title(source)));
    let mut verdict = case("verdict", source.verdict, &source.findings);
    let predicted = source.predicted.iter().flat_map(sources::predicted);
    let predicted = predicted.map(|line| format!("predicted {line}"));
    let observed = source.observed.iter().map(|one| format!("observed {}", sources::observed(one)));
    let lines: Vec<String> = predicted.chain(observed).map(|line| visible(&line)).collect();
    verdict.set_system_err(lines.join("\n"));
    suite.add_test_case(verdict);
    if let Some(judged) = &source.judged {
        suite.add_test_case(case("judged", judged.verdict, &judged.findings));
    }
    suite
}

fn controls(controls: &[ControlReport]) -> TestSuite {
    let mut suite = TestSuite::new("negative controls");
    for control in controls {
        let environment = control.environment.iter().map(|name| format!(" in {name}"));
        let name = format!("{}{}", control.name, environment.collect::<String>());
        suite.add_test_case(case(&name, control.verdict, &control.findings));
    }
    suite
}

fn patterns(patterns: &[PatternReport]) -> TestSuite {
    let mut suite = TestSuite::new("patterns");
    for pattern in patterns {
        suite.add_test_case(case(&pattern.name, pattern.verdict, &pattern.findings));
    }
    suite
}

fn declarations(declarations: &[DeclarationReport]) -> TestSuite {
    let mut suite = TestSuite::new("declarations");
    for declaration in declarations {
        // With its file: objects of one name stand in many overlays.
        let name = declaration.place.to_string();
        suite.add_test_case(case(&name, declaration.verdict, &declaration.findings));
    }
    suite
}

fn routes(routes: &[RouteReport]) -> TestSuite {
    let mut suite = TestSuite::new("routes");
    for route in routes {
        let name = format!("{} {} by {}", route.place, route.moves, route.triggers.join("; "));
        suite.add_test_case(case(&name, route.verdict, &[]));
    }
    suite
}

fn workflows(jobs: &[WorkflowReport]) -> TestSuite {
    let mut suite = TestSuite::new("workflows");
    for job in jobs {
        suite.add_test_case(case(&job.job, job.verdict, &job.findings));
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
