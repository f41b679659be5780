//! Where looking at a cluster ends in doubt, it says so, in time, and looks nowhere else.

use std::time::{Duration, Instant};

use sealwright_devstack::kubernetes::{Effect, Fault};
use sealwright_devstack::registry as dev;
use sealwright_policy::Code;
use serde_json::json;

use crate::estate::{CONFIG, Estate, status};
use crate::plane::*;
use crate::world::{answer, sigstore};

#[test]
fn what_runs_under_a_revision_without_digest_is_not_verified() {
    let estate = Estate::healthy();
    let mut seen = running(&estate.digest);
    seen["artifact"]["revision"] = "latest".into();
    status(&estate, seen);
    let (codes, exit) = estate.complaints(&[]);
    assert_eq!(exit, 2, "nobody judged it: {codes:?}");
    assert!(codes.contains(&Code::ClusterProtocol), "{codes:?}");
}

#[test]
fn names_in_the_spec_of_a_source_lead_nowhere_else() {
    let estate = Estate::healthy();
    estate.plane.room("kube-system");
    estate.plane.create(
        "/api/v1/namespaces/kube-system/secrets",
        &json!({"metadata": {"name": "key", "namespace": "kube-system"}, "data": {"cosign.pub": "aGk="}}),
    );
    let mut block = estate.block();
    block["secretRef"] = json!({"name": "../../kube-system/secrets/key"});
    estate.plane.source("apps", "curious", spec(&estate.url(), Some(block)));
    let (report, exit) = estate.look(&[]);
    assert_eq!(exit, 1, "it is not the declared block");
    let curious = report.sources.iter().find(|source| source.name == "apps/curious");
    let predicted = curious.and_then(|source| source.predicted.as_ref()).expect("it is foretold");
    let told = serde_json::to_string(predicted).expect("JSON");
    assert!(told.contains("not found"), "there can be no such Secret: {told}");
}

#[test]
fn registries_that_never_answer_cost_their_time_once() {
    let estate = Estate::healthy();
    let digests = (0..48).map(|number| format!("sha256:{number:064x}"));
    let statuses: Vec<_> = digests.map(|digest| running(&digest)).collect();
    estate.plane.fleet("apps", &spec(&estate.url(), Some(estate.block())), statuses);
    let slow = dev::Fault::new(dev::Effect::Delay { milliseconds: 30_000 });
    estate.world.registry.set_faults(vec![slow.on(dev::Kind::Manifest)]);
    let began = Instant::now();
    let (report, exit) = estate.look(&["--deadline", "2"]);
    let took = began.elapsed();
    assert_eq!(report.sources.len(), 49);
    assert_ne!(exit, 0);
    assert!(took < Duration::from_secs(9), "not eight digests at a time: {took:?}");
}

#[test]
fn a_context_of_two_environments_says_nothing() {
    let plane = Plane::start();
    let both = CONFIG.replace("trust: devstack", "trust: devstack\n    context: shared");
    let other = "  other: {trust: devstack, flux: '2.9', context: shared}\n";
    std::fs::write(plane.path("sealwright.yaml"), both + other).expect("it is written");
    let output = plane.verifier(&["cluster", "--context", "shared"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains("local and other") && said.contains("--environment"), "{said}");
}

#[test]
fn the_repository_of_a_chart_that_may_not_be_read_is_not_absent() {
    let plane = Plane::start();
    plane.room("apps");
    plane.create(
        &format!("{SOURCES}/namespaces/apps/helmcharts"),
        &json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmChart",
            "metadata": {"namespace": "apps", "name": "shop"},
            "spec": {"chart": "shop", "interval": "1m",
                "sourceRef": {"kind": "HelmRepository", "name": "charts"}},
        }),
    );
    plane.cluster.set_faults(vec![Fault::new(Effect::Forbidden).on("helmrepositories")]);
    let trust = sigstore().trust_folder().as_str();
    let (report, exit) = answer(&mut plane.verifier(&["predict", "apps/shop", "--trust", trust]));
    assert_eq!(exit, 2, "there may be one: {:#?}", report.findings);
    assert!(report.findings.iter().any(|finding| finding.code == Code::ClusterDenied));
}
