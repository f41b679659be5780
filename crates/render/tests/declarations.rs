//! A repository on paper in every form.

use sealwright_policy::declaration_report::{CoverageReport, DeclarationReport, DeclarationState};
use sealwright_policy::source_report::IdentityPatternReport;
use sealwright_policy::{Code, Finding, Place, Report, verdict_of};
use sealwright_render::{Format, render};

fn declaration(
    object: &str,
    who: &str,
    state: DeclarationState,
    findings: Vec<Finding>,
) -> DeclarationReport {
    let place = Place { object: Some(object.to_owned()), ..Place::file("k8s/source.yaml") };
    // Each stands somewhere else.
    let place = place.at(if state == DeclarationState::Open { 8 } else { 20 }, 5);
    let pattern = "^https://github.com/acme/.*$".to_owned();
    DeclarationReport {
        consumer: "Flux OCIRepository".to_owned(),
        object: object.to_owned(),
        guards: vec!["oci://ghcr.io/acme/app".to_owned()],
        artifact: None,
        who: who.to_owned(),
        identities: vec![IdentityPatternReport {
            issuer: ".*".to_owned(),
            subject_pattern: pattern,
        }],
        state,
        verdict: verdict_of(&findings),
        observed: vec![],
        suggested: None,
        findings: findings.into_iter().map(|one| one.with_place(place.clone())).collect(),
        place,
    }
}

/// A closed one, one that lets in every branch, two that nobody verifies.
fn report() -> Report {
    let open = Finding::new(Code::PatternOpenRef, "the subject pattern leaves the ref open")
        .with_hint("write `^https://github\\.com/acme/app$`");
    let unverified = || Finding::new(Code::SourceOpen, "nothing verifies oci://ghcr.io/acme/x");
    let judged_at = "2026-11-25T13:00:00Z".parse().expect("a time");
    let coverage = CoverageReport {
        scope: "OCIRepository".to_owned(),
        found: 4,
        guarded: 2,
        excepted: 0,
        before: Some(5),
    };
    let source = |name: &str| {
        let who = "whoever can push to it";
        declaration(name, who, DeclarationState::Unverified, vec![unverified()])
    };
    Report {
        declarations: vec![
            declaration(
                "OCIRepository a/closed",
                "acme/a cd.yaml on main",
                DeclarationState::NoSlip,
                vec![],
            ),
            source("OCIRepository a/x"),
            declaration(
                "OCIRepository a/open",
                "acme any repository",
                DeclarationState::Open,
                vec![open],
            ),
            source("OCIRepository a/y"),
        ],
        coverage: vec![coverage],
        ..Report::new("sealwright-verifier 0.1.0", judged_at)
    }
    .concluded()
}

#[test]
fn the_table_first_then_the_worst_then_the_details() {
    insta::assert_snapshot!("text", render(&report(), Format::Text));
}

#[test]
fn what_two_overlays_lay_alike_is_one_row() {
    let mut twice = report();
    twice.declarations.push(twice.declarations[1].clone());
    for (form, border) in [(Format::Text, "  "), (Format::Markdown, " | ")] {
        let text = render(&twice.clone().concluded(), form);
        let rows = text.matches("whoever can push to it").count();
        assert_eq!(rows, 2, "{form:?}: one for both, and one for its neighbour: {text}");
        assert!(text.contains(&format!("OCIRepository a/x (2 times){border}")), "{text}");
        assert!(text.contains(&format!("OCIRepository a/y{border}")), "{text}");
    }
}

#[test]
fn code_scanning_points_at_the_line_of_the_matcher() {
    let sarif: serde_json::Value =
        serde_json::from_str(&render(&report(), Format::Sarif)).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&result["ruleId"], &region["startLine"]), (&"SW9004".into(), &8.into()));
    assert_eq!(region["startColumn"], 5);
}

#[test]
fn every_form_names_the_open_one() {
    for form in [
        Format::Text,
        Format::Json,
        Format::Sarif,
        Format::Junit,
        Format::GithubAnnotations,
        Format::Markdown,
    ] {
        let text = render(&report(), form);
        assert!(text.contains("SW9004"), "{form:?}: {text}");
    }
    let junit = render(&report(), Format::Junit);
    assert!(junit.contains(r#"tests="4""#) && junit.contains(r#"failures="1""#), "{junit}");
}
