//! Clusters, sources and negative controls in every form: worst first, and "simulated" wherever
//! Flux itself had no part in it.

use sealwright_policy::control_report::{ControlReport, RefusedBy};
use sealwright_policy::report::ArtifactReport;
use sealwright_policy::source_report::{
    ClusterNote, ConditionReport, ObservationReport, OutcomeReport, OutsideReport,
    PredictionReport, RuleReport, ScopeReport, SourceReport,
};
use sealwright_policy::{Code, Finding, Place, Report, Verdict};
use sealwright_render::{Format, render};

const DIGEST: &str = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
const FAILED: &str = "failed to verify the signature using provider 'cosign keyless': no matching attestations: {errors}";

fn ready(status: &str, reason: &str, message: &str) -> ConditionReport {
    ConditionReport {
        kind: "Ready".to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        observed_generation: None,
    }
}

fn prediction(condition: ConditionReport, then: &str, errors: &[&str]) -> PredictionReport {
    PredictionReport {
        controller: "source-controller 1.9.6 (Flux 2.9)".to_owned(),
        outcomes: vec![OutcomeReport {
            ready: Some(condition.status.clone()),
            then: then.to_owned(),
            revision: None,
            conditions: vec![condition],
            errors: errors.iter().map(|error| (*error).to_owned()).collect(),
        }],
        undecided: None,
        because: vec![RuleReport {
            rule: "two-identities".to_owned(),
            says: "more than one identity is refused with bundles".to_owned(),
        }],
    }
}

fn source(name: &str, verdict: Verdict) -> SourceReport {
    SourceReport {
        kind: "OCIRepository".to_owned(),
        name: name.to_owned(),
        environment: Some("prod".to_owned()),
        artifact: Some("manifests".to_owned()),
        url: "oci://ghcr.io/acme/platform/manifests".to_owned(),
        follows: Some("tag latest".to_owned()),
        verdict,
        verify: None,
        owners: vec![],
        revision: None,
        predicted: None,
        observed: None,
        judged: None,
        findings: vec![],
    }
}

fn good() -> SourceReport {
    let message = "stored artifact for digest 'latest@sha256:2c26'";
    SourceReport {
        predicted: Some(prediction(ready("True", "Succeeded", message), "waits", &[])),
        observed: Some(ObservationReport {
            generation: 3,
            observed_generation: Some(3),
            conditions: vec![ready("True", "Succeeded", message)],
        }),
        ..source("flux-system/flux-system", Verdict::Verified)
    }
}

fn bad() -> SourceReport {
    let condition = ready("False", "VerificationError", FAILED);
    let errors = ["the first is foreign", "the second is\u{1b}[2J foreign"];
    let finding = Finding::new(Code::IdentityMismatch, "no signer has this identity");
    SourceReport {
        predicted: Some(prediction(condition, "retries", &errors)),
        observed: Some(ObservationReport {
            generation: 4,
            observed_generation: Some(3),
            conditions: vec![ready("True", "Succeeded", "stored artifact")],
        }),
        judged: Some(ArtifactReport {
            name: None,
            reference: "ghcr.io/acme/platform/manifests:latest".to_owned(),
            digest: Some(DIGEST.to_owned()),
            verdict: Verdict::Refused,
            requirements: vec![],
            evidence: vec![],
            findings: vec![finding.with_place(Place::digest(DIGEST))],
        }),
        ..source("apps/shop", Verdict::Refused)
    }
}

fn control(name: &str, verdict: Verdict, status: Option<&str>) -> ControlReport {
    ControlReport {
        name: name.to_owned(),
        does: "nobody signed it".to_owned(),
        environment: Some("local".to_owned()),
        artifact: "manifests".to_owned(),
        reference: None,
        verdict,
        refused_by: RefusedBy::Both,
        judged: Some(Verdict::Refused),
        predicted: Some(prediction(ready("False", "VerificationError", FAILED), "retries", &["x"])),
        observed: status.map(|status| ObservationReport {
            generation: 1,
            observed_generation: Some(1),
            conditions: vec![ready(status, "Reason", "words")],
        }),
        findings: vec![],
    }
}

fn report(simulated: bool) -> Report {
    let at = "2026-11-25T13:00:00Z".parse().expect("a time");
    let finding = Finding::new(Code::EvidenceUndecided, "one kind could not be listed");
    Report {
        cluster: Some(ClusterNote {
            environment: "prod".to_owned(),
            server: Some("v1.37.2".to_owned()),
            simulated,
            controller: Some("source-controller 1.9.6, as the environment says".to_owned()),
            scope: Some(ScopeReport {
                urls: vec!["oci://ghcr.io/acme/*".to_owned()],
                sources: vec!["tools/declared".to_owned()],
                outside_count: 1,
                outside: vec![OutsideReport {
                    kind: "OCIRepository".to_owned(),
                    name: "tools/podinfo".to_owned(),
                    url: "oci://ghcr.io/elsewhere/podinfo".to_owned(),
                }],
            }),
        }),
        sources: vec![good(), bad()],
        controls: vec![
            control("wrong-issuer", Verdict::Verified, Some("False")),
            control("unsigned", Verdict::Refused, Some("True")),
            control("foreign-log", Verdict::Unknown, None),
        ],
        findings: vec![finding],
        ..Report::new("sealwright-verifier 0.1.0", at)
    }
    .concluded()
}

#[test]
fn for_people_the_worst_comes_first() {
    let text = render(&report(false), Format::Text);
    let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    assert!(place("apps/shop") < place("flux-system/flux-system"), "{text}");
    assert!(place("ACCEPTED") < place("not tried") && place("not tried") < place("held"));
    insta::assert_snapshot!(text);
}

#[test]
fn in_a_summary() {
    insta::assert_snapshot!(render(&report(true), Format::Markdown));
}

#[test]
fn in_test_reports() {
    let xml = render(&report(true), Format::Junit);
    assert_eq!(xml.matches("<failure").count(), 4, "source, judgement, control, report");
    insta::assert_snapshot!(xml);
}

#[test]
fn every_finding_of_a_source_reaches_code_scanning_and_annotations_once() {
    let mut report = report(false);
    report.sources.push(SourceReport { name: "apps/wiki".to_owned(), ..bad() });
    let sarif: serde_json::Value = serde_json::from_str(&render(&report, Format::Sarif)).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let ids: Vec<&str> = results.iter().filter_map(|result| result["ruleId"].as_str()).collect();
    assert_eq!(ids, [Code::IdentityMismatch, Code::EvidenceUndecided].map(|code| code.entry().id));
    assert_eq!(render(&report, Format::GithubAnnotations).lines().count(), 2);
}

#[test]
fn a_simulated_cluster_is_called_so_in_every_form() {
    for form in [
        Format::Text,
        Format::ColouredText,
        Format::Json,
        Format::Sarif,
        Format::Junit,
        Format::GithubAnnotations,
        Format::Markdown,
    ] {
        assert!(render(&report(true), form).contains("simulated"), "{form:?}");
        let real = render(&report(false), form).replace("\"simulated\": false", "");
        assert!(!real.contains("simulated"), "{form:?}");
    }
}

#[test]
fn a_prediction_says_all_it_is_unsure_of() {
    let condition = ready("True", "Succeeded", "stored artifact");
    let mut either = prediction(condition, "waits", &[]);
    let other = prediction(ready("False", "VerificationError", FAILED), "retries", &["only one"]);
    either.outcomes.extend(other.outcomes);
    let none = PredictionReport {
        outcomes: vec![],
        undecided: Some("the registry did not answer".to_owned()),
        ..either.clone()
    };
    let at = "2026-11-25T13:00:00Z".parse().expect("a time");
    let sources = [either, none].map(|predicted| SourceReport {
        predicted: Some(predicted),
        ..source("apps/shop", Verdict::Unknown)
    });
    let report =
        Report { sources: sources.to_vec(), ..Report::new("sealwright-verifier 0.1.0", at) };
    let text = render(&report.concluded(), Format::Text);
    for words in [
        "predicted: Ready=True Succeeded: stored artifact",
        "or Ready=False VerificationError",
        "no matching attestations: only one",
        "predicted: cannot be said: the registry did not answer",
        "Unknown: 2 sources judged",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn very_many_sources_are_counted() {
    let at = "2026-11-25T13:00:00Z".parse().expect("a time");
    let mut sources = vec![good(); 999];
    sources.push(bad());
    let report = Report { sources, ..Report::new("sealwright-verifier 0.1.0", at) }.concluded();
    let text = render(&report, Format::Text);
    assert!(text.contains("and 950 more sources") && text.contains("apps/shop"), "{text}");
    assert!(render(&report, Format::Markdown).contains("and 950 more sources"));
}
