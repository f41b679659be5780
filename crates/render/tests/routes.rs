//! Routes to a tag in every form.

use sealwright_policy::route_report::RouteReport;
use sealwright_policy::{Code, Finding, Place, Report, Verdict};
use sealwright_render::{Format, render};

fn route(trigger: &str, gates: &[&str], lacks: &[&str], codes: Vec<Code>) -> RouteReport {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    RouteReport {
        triggers: vec![trigger.to_owned()],
        jobs: vec!["cd.yaml: call".to_owned(), "shared.yaml: publish".to_owned()],
        moves: "ghcr.io/acme/platform/manifests:latest".to_owned(),
        artifact: Some("manifests".to_owned()),
        by: "flux tag artifact".to_owned(),
        place: Place::file(".github/workflows/shared.yaml").at(12, 9),
        gates: owned(gates),
        lacks: owned(lacks),
        codes,
        verdict: Verdict::Verified,
    }
}

/// A route that has all gates, one that misses two, one whose tag is not on paper.
fn report() -> Report {
    let judged_at = "2026-11-25T13:00:00Z".parse().expect("a time");
    let message = "cd.yaml: call > shared.yaml: publish (workflow_dispatch) moves ghcr.io/acme/platform/manifests:latest without checks and from any branch, which another route does not";
    let finding = Finding::new(Code::RouteMissesGate, message)
        .with_place(Place::file(".github/workflows/shared.yaml").at(12, 9));
    let open = RouteReport {
        moves: "${image}:${TAG}".to_owned(),
        artifact: None,
        verdict: Verdict::Unknown,
        ..route("tag v*", &[], &[], vec![])
    };
    Report {
        routes: vec![
            route("push to main", &["checks", "signed", "branch"], &[], vec![]),
            route(
                "workflow_dispatch",
                &["signed"],
                &["checks", "branch"],
                vec![Code::RouteMissesGate],
            ),
            open,
        ],
        findings: vec![finding],
        ..Report::new("sealwright-verifier 0.1.0", judged_at)
    }
    .concluded()
}

#[test]
fn routes_are_told_in_every_form() {
    for (name, format) in
        [("text", Format::Text), ("junit", Format::Junit), ("markdown", Format::Markdown)]
    {
        insta::assert_snapshot!(format!("routes-{name}"), render(&report(), format));
    }
}
