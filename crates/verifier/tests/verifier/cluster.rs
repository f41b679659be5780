//! `cluster`: green only when every source of the organisation is locked by the declared block, in
//! effect, and runs what a stranger verifies today. Every acceptance has its refused neighbour.

use sealwright_devstack::kubernetes::{ClusterOptions, Effect, Fault};
use sealwright_devstack::registry::Kind as RegistryRequest;
use sealwright_policy::{Code, Verdict};
use serde_json::{Value, json};

use crate::estate::*;
use crate::plane::*;
use crate::world::{answer, sigstore};

#[test]
fn a_closed_lock_is_green_and_says_what_was_seen() {
    let estate = Estate::healthy();
    let (report, exit) = estate.look(&[]);
    assert_eq!((report.verdict, exit), (Verdict::Verified, 0), "{report:#?}");
    let cluster = report.cluster.expect("it was looked at");
    assert!(cluster.simulated);
    assert!(cluster.controller.is_some_and(|said| said.contains("by the configuration")));
    let source = &report.sources[0];
    assert_eq!(source.name, "flux-system/flux-system");
    assert_eq!(source.artifact.as_deref(), Some("manifests"));
    assert_eq!(source.owners.len(), 1, "somebody owns the block");
    let judged = source.judged.as_ref().expect("what runs is judged");
    assert_eq!(judged.digest.as_deref(), Some(estate.digest.as_str()));
    assert_eq!(judged.requirements[0].signer.as_deref(), Some("cd"), "by whom it was signed");
}

#[test]
fn every_way_to_leave_the_lock_open_is_refused() {
    type Break = fn(&Estate);
    let cases: [(Break, Code, &str); 11] = [
        (
            |e| patch(e, json!({"spec": {"verify": null}})),
            Code::SourceUnverified,
            "the block is gone",
        ),
        (
            |e| patch(e, json!({"spec": {"verify": {"secretRef": {"name": "keys"}}}})),
            Code::SourceDiffers,
            "keys beside identities",
        ),
        (
            |e| {
                patch(
                    e,
                    json!({"spec": {"verify": {"matchOIDCIdentity": [{"issuer": ".*", "subject": ".*"}]}}}),
                )
            },
            Code::SourceDiffers,
            "anybody may sign",
        ),
        (
            |e| patch(e, json!({"spec": {"interval": "9m"}})),
            Code::SourceStale,
            "changed since the controller looked",
        ),
        (
            |e| status(e, refused(&e.digest, "no signatures found")),
            Code::SourceNotInEffect,
            "refused",
        ),
        (
            |e| {
                status(
                    e,
                    json!({"conditions": [condition("Ready", "True", "Succeeded", "stored")]}),
                )
            },
            Code::SourceNotInEffect,
            "never verified",
        ),
        (
            |e| {
                status(
                    e,
                    json!({"conditions": [condition("Ready", "False", "OCIArtifactPullFailed", "no"), condition("SourceVerified", "True", "Succeeded", "")]}),
                )
            },
            Code::SourceNotReady,
            "not ready",
        ),
        (
            |e| status(e, running(&e.world.push("unsigned"))),
            Code::NothingAttached,
            "runs what nobody signed",
        ),
        (|e| e.plane.delete(&path()), Code::SourceMissing, "declared and not there"),
        (
            |e| e.source("apps", "shop", None),
            Code::SourceUnverified,
            "another one of the organisation without a block",
        ),
        (
            |e| {
                e.trusted_root("apps", b"{}");
                e.source("apps", "shop", Some(e.block()));
                e.plane.status("apps", "shop", running(&e.digest));
            },
            Code::TrustedRootDiffers,
            "another trusted root",
        ),
    ];
    std::thread::scope(|scope| {
        for (break_it, code, why) in cases {
            scope.spawn(move || {
                let estate = Estate::healthy();
                break_it(&estate);
                let (codes, exit) = estate.complaints(&[]);
                assert_eq!(exit, 1, "{why}: {codes:?}");
                assert!(codes.contains(&code), "{why}: {codes:?}");
            });
        }
    });
}

fn patch(estate: &Estate, patch: Value) {
    estate.plane.merge(&path(), &patch);
}

#[test]
fn a_suspended_source_is_a_warning() {
    let estate = Estate::healthy();
    patch(&estate, json!({"spec": {"suspend": true}}));
    let mut seen = running(&estate.digest);
    for condition in seen["conditions"].as_array_mut().expect("conditions") {
        condition["observedGeneration"] = json!(2);
    }
    seen["observedGeneration"] = json!(2);
    status(&estate, seen);
    assert_eq!(estate.complaints(&[]), (vec![Code::SourceSuspended], 0));
}

#[test]
fn what_cannot_be_read_is_unknown_and_never_green() {
    for kind in [
        "ocirepositories",
        "helmcharts",
        "helmrepositories",
        "helmreleases",
        "fluxinstances",
        "secrets",
    ] {
        let estate = Estate::healthy();
        estate.plane.cluster.set_faults(vec![Fault::new(Effect::Forbidden).on(kind)]);
        let (report, exit) = estate.look(&[]);
        assert_eq!(exit, 2, "403 on {kind} alone: {:?}", loud(&report));
        let denied = report.findings.iter().find(|finding| finding.code == Code::ClusterDenied);
        let hint = denied.and_then(|finding| finding.hint.clone()).unwrap_or_default();
        assert!(hint.contains(kind), "{kind}: the rule that is missing: {hint}");
    }
}

#[test]
fn a_kind_that_is_not_installed_is_none_of_it_but_flux_must_be_there() {
    let without = |plural: &str| ClusterOptions {
        missing: vec![plural.to_owned()],
        ..ClusterOptions::default()
    };
    for (plural, why) in
        [("fluxinstances", "no flux-operator"), ("helmreleases", "no helm-controller")]
    {
        assert_eq!(Estate::with(without(plural)).complaints(&[]), (vec![], 0), "{why}");
    }
    let plane = Plane::with(without("ocirepositories"));
    let (codes, exit) = look_alone(&plane);
    assert_eq!((codes, exit), (vec![Code::ClusterKindMissing], 2), "no source-controller");
}

/// A plane with an organisation and no declared source, looked at without a registry.
fn look_alone(plane: &Plane) -> (Vec<Code>, i32) {
    let config = CONFIG.replace("sources: [flux-system/flux-system]", "sources: []");
    std::fs::write(plane.path("sealwright.yaml"), config).expect("it is written");
    let mut command = plane.verifier(&["cluster", "--environment", "local"]);
    command.args(["--trust", sigstore().trust_folder().as_str()]);
    let (report, exit) = answer(&mut command);
    (loud(&report), exit)
}

#[test]
fn nothing_in_scope_is_not_green() {
    let plane = Plane::start();
    plane.source("apps", "other", spec("oci://ghcr.io/somebody/else", None));
    assert_eq!(look_alone(&plane), (vec![Code::SourceNoneFound], 2));
}

#[test]
fn what_nobody_declared_runs_under_no_verdict() {
    let estate = Estate::healthy();
    let url = format!("oci://{}/acme/undeclared", estate.world.registry.address());
    estate.plane.source("apps", "undeclared", spec(&url, Some(estate.block())));
    estate.plane.status("apps", "undeclared", running(&estate.digest));
    estate.trusted_root("apps", &root());
    let (codes, exit) = estate.complaints(&[]);
    assert_eq!((codes.first(), exit == 0), (Some(&Code::SourceJudgedElsewhere), false));
}

#[test]
fn a_registry_that_does_not_answer_is_unknown() {
    use sealwright_devstack::registry as dev;
    let estate = Estate::healthy();
    let fault = dev::Fault::new(dev::Effect::Status { code: 503, retry_after: None });
    estate.world.registry.set_faults(vec![fault.on(RegistryRequest::Referrers)]);
    let (report, exit) = estate.look(&["--deadline", "2"]);
    assert_eq!(exit, 2, "{:?}", loud(&report));
}

#[test]
fn a_controller_that_is_declared_and_does_not_run_is_refused() {
    let deployment = |ready: u64| {
        json!({
            "metadata": {"name": "source-controller", "namespace": "flux-system"},
            "spec": {"replicas": 1, "template": {"spec": {"containers": [
                {"name": "manager", "image": "ghcr.io/fluxcd/source-controller:v1.9.4"}]}}},
            "status": {"readyReplicas": ready},
        })
    };
    for (ready, exit, why) in [(1, 0, "it runs"), (0, 1, "no pod is ready")] {
        let estate = Estate::healthy();
        let path = "/apis/apps/v1/namespaces/flux-system/deployments";
        estate.plane.create(path, &deployment(ready));
        estate.plane.merge(
            &format!("{path}/source-controller/status"),
            &json!({"status": {"readyReplicas": ready}}),
        );
        let (report, found) = estate.look(&[]);
        assert_eq!(found, exit, "{why}: {:?}", loud(&report));
        let said = report.cluster.and_then(|cluster| cluster.controller).unwrap_or_default();
        assert!(said.contains("1.9.4") && said.contains("by its Deployment"), "{said}");
    }
}

#[test]
fn what_was_there_last_time_is_missed() {
    let estate = Estate::healthy();
    estate.trusted_root("apps", &root());
    estate.source("apps", "shop", Some(estate.block()));
    estate.plane.status("apps", "shop", running(&estate.digest));
    assert_eq!(estate.complaints(&["--write-baseline", "before.json"]), (vec![], 0));
    assert_eq!(estate.complaints(&["--baseline", "before.json"]), (vec![], 0), "as it was");
    let path = format!("{SOURCES}/namespaces/apps/ocirepositories/shop");
    estate.plane.delete(&path);
    assert_eq!(estate.complaints(&[]), (vec![], 0), "nobody remembers it");
    let missed = estate.complaints(&["--baseline", "before.json"]);
    assert_eq!(missed, (vec![Code::SourceVanished], 1));
    estate.plane.cluster.set_faults(vec![Fault::new(Effect::Forbidden).on("ocirepositories")]);
    let (codes, exit) =
        estate.complaints(&["--baseline", "before.json", "--write-baseline", "after.json"]);
    assert_eq!(exit, 2, "who may not look cannot say that it is gone: {codes:?}");
    assert!(!estate.plane.path("after.json").exists(), "half a list is no baseline");
}

#[test]
fn files_that_are_no_baseline_stop_it() {
    let estate = Estate::healthy();
    for (text, exit, why) in [
        ("{}", 65, "something else"),
        ("no JSON", 65, "no JSON"),
        (
            r#"{"apiVersion":"sealwright.dev/v1alpha1","kind":"Baseline","environment":"prod","sources":[]}"#,
            64,
            "of another environment",
        ),
    ] {
        std::fs::write(estate.plane.path("b.json"), text).expect("it is written");
        let registry = estate.world.registry.address().to_string();
        let mut command =
            estate.plane.verifier(&["cluster", "--environment", "local", "--baseline", "b.json"]);
        command.args(["--registry", &registry, "--trust", sigstore().trust_folder().as_str()]);
        let output = command.output().expect("it runs");
        assert_eq!(
            output.status.code(),
            Some(exit),
            "{why}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn many_sources_come_in_pages_and_each_digest_is_judged_once() {
    let estate = Estate::healthy();
    estate.trusted_root("apps", &root());
    // More than one page of 500.
    let many = 600;
    let statuses = std::iter::repeat_n(running(&estate.digest), many);
    estate.plane.fleet("apps", &spec(&estate.url(), Some(estate.block())), statuses);
    let before = estate.world.registry.requests().len();
    let (report, exit) = estate.look(&[]);
    assert_eq!(exit, 0, "{:?}", loud(&report));
    assert_eq!(report.sources.len(), many + 1);
    let asked = estate.world.registry.requests().len() - before;
    assert!(asked <= 20, "one digest, not one for each source: {asked} requests");
}

#[test]
fn a_list_whose_pages_expire_starts_again() {
    let estate = Estate::healthy();
    let gone = || Fault::new(Effect::Gone).verb("list").on("ocirepositories");
    estate.plane.cluster.set_faults(vec![gone().times(2)]);
    assert_eq!(estate.complaints(&[]), (vec![], 0));
    estate.plane.cluster.set_faults(vec![gone()]);
    let (codes, exit) = estate.complaints(&[]);
    assert_eq!(exit, 2, "for ever is Unknown");
    assert!(codes.contains(&Code::ClusterStatus), "{codes:?}");
}

#[test]
fn an_environment_that_is_not_there_is_usage() {
    let estate = Estate::healthy();
    let output = estate.plane.verifier(&["cluster", "--environment", "nowhere"]).output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there are: local"));
}
