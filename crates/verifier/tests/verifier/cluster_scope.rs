//! What `cluster` looks at: charts by what runs and not by their tags, exceptions as such, and what
//! lies outside the scope said and counted.

use sealwright_devstack::sigstore::Mint;
use sealwright_evidence::Digest;
use sealwright_policy::{Code, Finding, Report, Severity};
use serde_json::{Value, json};

use crate::estate::{CONFIG, Estate};
use crate::plane::*;
use crate::world::{SIGNATURE, answer, mint, sigstore, statement};

/// A chart of the declared repository, as helm-controller makes it, that runs `bytes`.
fn chart(estate: &Estate, spec: Value, bytes: &[u8]) {
    let plane = &estate.plane;
    plane.room("apps");
    let registry = estate.world.registry.address();
    repository(plane, &format!("oci://{registry}/acme/platform"));
    let mut whole = json!({
        "chart": "manifests", "version": "1.0.0", "interval": "1m",
        "sourceRef": {"kind": "HelmRepository", "name": "charts"},
    });
    whole.as_object_mut().expect("a map").extend(spec.as_object().expect("a map").clone());
    helm(plane, "helmcharts", "HelmChart", "shop", &whole);
    let served = Digest::of(bytes).to_string();
    let message = "pulled 'manifests' chart with version '1.0.0'";
    let status = json!({
        "observedGeneration": 1, "artifact": {"revision": "1.0.0", "digest": served},
        "conditions": [
            condition("Ready", "True", "ChartPullSucceeded", message),
            condition("SourceVerified", "True", "Succeeded", "verified signature of version 1.0.0"),
        ],
    });
    let path = format!("{SOURCES}/namespaces/apps/helmcharts/shop/status");
    plane.merge(&path, &json!({"status": status}));
}

fn repository(plane: &Plane, url: &str) {
    let spec = json!({"type": "oci", "url": url, "interval": "1m", "insecure": true});
    helm(plane, "helmrepositories", "HelmRepository", "charts", &spec);
}

fn helm(plane: &Plane, plural: &str, kind: &str, name: &str, spec: &Value) {
    let object = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": kind,
        "metadata": {"namespace": "apps", "name": name}, "spec": spec,
    });
    plane.create(&format!("{SOURCES}/namespaces/apps/{plural}"), &object);
}

fn of_source<'a>(report: &'a Report, name: &str) -> &'a [Finding] {
    let source = report.sources.iter().find(|source| source.name == name);
    &source.unwrap_or_else(|| panic!("{name}: {report:#?}")).findings
}

fn has(findings: &[Finding], code: Code) -> bool {
    findings.iter().any(|finding| finding.code == code)
}

fn declared_block(estate: &Estate) -> Value {
    let mut block = estate.block();
    block.as_object_mut().expect("a map").remove("trustedRootSecretRef");
    json!({"verify": block})
}

#[test]
fn a_chart_whose_tag_names_other_bytes_than_run_is_refused() {
    let (old, new) = (b"the chart that runs".as_slice(), b"another chart".as_slice());
    for (named, spec, expected, why) in [
        (old, json!({}), None, "the tag names what runs"),
        (new, json!({}), Some((Code::SourceRunsOther, 1)), "the tag has moved"),
        (
            old,
            json!({"valuesFiles": ["prod.yaml"]}),
            Some((Code::SourceUncompared, 2)),
            "packed anew",
        ),
    ] {
        let estate = Estate::healthy();
        let digest = estate.world.push_chart("1.0.0", named);
        estate.world.attach(&digest, &mint(&Mint::new(statement(&digest, SIGNATURE))));
        let mut spec = spec;
        spec["verify"] = declared_block(&estate)["verify"].clone();
        chart(&estate, spec, old);
        let (report, exit) = estate.look(&[]);
        let shop = report.sources.iter().find(|source| source.name == "apps/shop");
        let shop = shop.expect("it is in scope");
        let found = |code| has(&shop.findings, code);
        let complaint =
            [Code::SourceRunsOther, Code::SourceUncompared].into_iter().find(|c| found(*c));
        assert_eq!(complaint, expected.map(|(code, _)| code), "{why}: {:#?}", shop.findings);
        assert_eq!(shop.judged.is_some(), expected.is_none(), "{why}: no verdict on other bytes");
        // What Flux says of charts, which trust the public Sigstore alone, is not known here.
        assert_eq!(exit, expected.map_or(2, |(_, exit)| exit), "{why}");
    }
}

const EXCEPTION: &str = "\
charts:
  - url: oci://ghcr.io/acme/platform/manifests
    unsigned: {reason: its publisher does not sign yet, until: 2999-12-31}
";

/// The configuration with charts of that repository in scope, and none of it declared.
fn configure(estate: &Estate, more: &str) {
    let config = CONFIG.replace("ghcr.io/acme/platform/manifests", "ghcr.io/acme/elsewhere");
    let config = config.replace("sources: [flux-system/flux-system]", "sources: []");
    std::fs::write(estate.plane.path("sealwright.yaml"), config + more).expect("it is written");
    estate.plane.delete(&format!("{SOURCES}/namespaces/flux-system/ocirepositories/flux-system"));
}

#[test]
fn an_exception_in_force_is_a_note_and_nothing_else_is_excepted() {
    let other = EXCEPTION.replace("platform/manifests", "platform/other");
    let ended = EXCEPTION.replace("2999", "2024");
    for (exceptions, exit, why) in [
        (EXCEPTION, 0, "in force, under the registry that stands in"),
        (other.as_str(), 1, "of another chart"),
        ("", 1, "none"),
    ] {
        let estate = Estate::healthy();
        estate.world.push_chart("1.0.0", b"x");
        chart(&estate, json!({}), b"x");
        configure(&estate, exceptions);
        let (report, found) = estate.look(&[]);
        let findings = of_source(&report, "apps/shop");
        assert_eq!(found, exit, "{why}: {findings:#?}");
        let note = findings.iter().find(|finding| finding.code == Code::SourceExcepted);
        assert_eq!(note.is_some(), exit == 0, "{why}");
        if let Some(note) = note {
            assert_eq!(note.severity, Severity::Note);
            assert!(note.message.contains("does not sign yet") && note.message.contains("2999"));
        }
        assert_eq!(has(findings, Code::SourceJudgedElsewhere), exit != 0, "{why}");
    }
    let estate = Estate::healthy();
    configure(&estate, &ended);
    let mut command = estate.plane.verifier(&["cluster", "--environment", "local"]);
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(65), "an exception that has ended is none");
}

#[test]
fn an_excepted_chart_that_is_not_delivered_is_still_told() {
    let estate = Estate::healthy();
    chart(&estate, json!({}), b"x");
    configure(&estate, EXCEPTION);
    let path = format!("{SOURCES}/namespaces/apps/helmcharts/shop/status");
    let failed =
        json!({"status": {"conditions": [condition("Ready", "False", "ChartPullError", "no")]}});
    estate.plane.merge(&path, &failed);
    let (report, exit) = estate.look(&[]);
    assert!(has(of_source(&report, "apps/shop"), Code::SourceNotReady));
    assert_eq!(exit, 1);
}

#[test]
fn a_chart_whose_repository_is_gone_is_not_out_of_scope() {
    let estate = Estate::healthy();
    chart(&estate, json!({}), b"x");
    configure(&estate, EXCEPTION);
    estate.plane.delete(&format!("{SOURCES}/namespaces/apps/helmrepositories/charts"));
    let (report, exit) = estate.look(&[]);
    assert_eq!(exit, 2, "nobody knows where it came from");
    let told = report.findings.iter().find(|finding| finding.code == Code::SourceMissing);
    assert!(told.is_some_and(|told| told.message.contains("apps/shop")), "{:#?}", report.findings);
}

#[test]
fn what_lies_outside_the_scope_is_counted_and_named() {
    let estate = Estate::healthy();
    estate.plane.source("tools", "podinfo", spec("oci://ghcr.io/elsewhere/podinfo", None));
    let (report, exit) = estate.look(&[]);
    assert_eq!(exit, 0, "whose they are is the configuration's to say");
    let scope = report.cluster.and_then(|cluster| cluster.scope).expect("it is told");
    assert_eq!((scope.outside_count, scope.outside.len()), (1, 1));
    assert_eq!(scope.outside[0].url, "oci://ghcr.io/elsewhere/podinfo");
    assert!(scope.urls.contains(&"oci://ghcr.io/acme/*".to_owned()), "{:?}", scope.urls);
    assert_eq!(scope.sources, ["flux-system/flux-system"]);
    let note = report.findings.iter().find(|finding| finding.code == Code::SourceOutside);
    let note = note.expect("it is said");
    assert!(note.found.as_ref().is_some_and(|found| found.contains("tools/podinfo")), "{note:#?}");
    let (report, _) = Estate::healthy().look(&[]);
    assert!(!has(&report.findings, Code::SourceOutside), "nothing is outside");
}

/// Looks without naming an environment.
fn look_unnamed(estate: &Estate, config: &str, flags: &[&str]) -> (Report, i32) {
    std::fs::write(estate.plane.path("sealwright.yaml"), config).expect("it is written");
    let registry = estate.world.registry.address().to_string();
    let mut command = estate.plane.verifier(&["cluster"]);
    command.args(["--registry", &registry, "--github-issuer", sigstore().issuer_url()]);
    command.args(["--trust", sigstore().trust_folder().as_str()]).args(flags);
    answer(&mut command)
}

#[test]
fn without_an_environment_the_organisation_is_looked_at_all_the_same_and_that_is_said() {
    let estate = Estate::healthy();
    let url = format!("oci://{}/acme/undeclared", estate.world.registry.address());
    estate.plane.source("apps", "undeclared", spec(&url, None));
    let (report, exit) = look_unnamed(&estate, CONFIG, &[]);
    assert!(has(&report.findings, Code::ScopeAssumed), "{:#?}", report.findings);
    assert!(has(of_source(&report, "apps/undeclared"), Code::SourceUnverified));
    assert_eq!(exit, 1, "it is the organisation's, whichever cluster it is in");
}

#[test]
fn the_context_in_use_names_the_environment() {
    let config = CONFIG
        .replace("trust: devstack", &format!("trust: devstack\n    context: {}", "simulated"));
    for (config, assumed, why) in [
        (config.clone(), false, "the kubeconfig's own context is the environment's"),
        (config.replace("context: simulated", "context: other"), true, "it is another one's"),
    ] {
        let estate = Estate::healthy();
        let (report, exit) = look_unnamed(&estate, &config, &[]);
        assert_eq!(has(&report.findings, Code::ScopeAssumed), assumed, "{why}");
        assert_eq!(exit, 0, "{why}: {:#?}", report.findings);
        estate
            .plane
            .delete(&format!("{SOURCES}/namespaces/flux-system/ocirepositories/flux-system"));
        let (report, exit) = look_unnamed(&estate, &config, &[]);
        let missing = has(&report.findings, Code::SourceMissing);
        assert_eq!((missing, exit), (!assumed, if assumed { 2 } else { 1 }), "{why}");
    }
}
