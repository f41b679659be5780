//! What Flux says of charts: HelmChart, HelmRepository and HelmRelease.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test reads files and the clock, and may fail"
)]

mod world;

use sealwright_devstack::sigstore::{Identity, Mint};
use sealwright_evidence::statement::sign_statement;
use sealwright_flux::Prediction;
use serde_json::{Value, json};
use world::{REPOSITORY, SIGSTORE, World, predicted_with, ready_text, secrets};

fn repository(insecure: bool) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmRepository",
        "metadata": {"name": "acme", "namespace": "apps"},
        "spec": {"url": "oci://127.0.0.1:5000/acme", "type": "oci", "insecure": insecure},
    })
}

fn chart(version: &str, verify: Value) -> Value {
    let mut spec = json!({
        "chart": "platform", "version": version,
        "sourceRef": {"kind": "HelmRepository", "name": "acme"},
    });
    if !verify.is_null() {
        spec["verify"] = verify;
    }
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmChart",
        "metadata": {"name": "platform", "namespace": "apps", "generation": 1}, "spec": spec,
    })
}

fn keyed() -> Value {
    json!({"provider": "cosign", "secretRef": {"name": "keys"}})
}

/// An artifact under two versions, with a bundle by the key `ours`.
fn world() -> World {
    let mut world = World::new();
    let manifest = world.manifests["v1"].1.clone();
    world.manifest("1.0.0", &manifest);
    world.manifest("1.2.0", &manifest);
    let signer = Identity { key: Some("ours".to_owned()), ..Identity::default() };
    let statement = sign_statement(&world.artifact).to_bytes();
    let bundle = SIGSTORE.mint(&Mint::new(statement).signer(signer)).unwrap();
    world.with(&bundle)
}

fn said(chart: &Value, insecure: bool, keys: &[(&str, &str)], controller: &str) -> Prediction {
    let others = [repository(insecure)];
    predicted_with(chart, &others, &world(), &secrets(keys), controller)
}

#[test]
fn charts_get_the_controller_s_words() {
    let (ours, other) =
        (SIGSTORE.public_key("ours").unwrap(), SIGSTORE.public_key("other").unwrap());
    let named = format!("oci://{REPOSITORY}@{}", world().artifact);
    let refused = format!(
        "chart verification error: failed to verify {named}: no matching attestations: failed to verify signature: could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1"
    );
    let pulled = |version: &str| format!("pulled 'platform' chart with version '{version}'");
    let provider = "failed to verify the signature using provider 'cosign': ";
    for (chart, keys, expected, why) in [
        (chart("1.0.0", Value::Null), vec![], pulled("1.0.0"), "not verified"),
        (chart("1.x", Value::Null), vec![], pulled("1.2.0"), "the highest of a range"),
        (chart("1.0.0", keyed()), vec![("a.pub", &*ours)], pulled("1.0.0"), "by its key"),
        (chart("1.0.0", keyed()), vec![("a.pub", &*other)], refused.clone(), "by another key"),
        (
            chart("1.0.0", keyed()),
            vec![("a.pub", &*other), ("b.pub", &*ours)],
            format!("{refused} OR {}", pulled("1.0.0")),
            "of two keys the first decides, and the order is random",
        ),
        (
            chart("1.0.0", keyed()),
            vec![],
            format!("{provider}no public keys found in secret 'apps/keys'"),
            "no key",
        ),
        (
            chart("3.x", keyed()),
            vec![("a.pub", &*ours)],
            "chart pull error: failed to get chart version for remote reference: could not locate a version matching provided version string 3.x".to_owned(),
            "no such version",
        ),
        (
            chart("9.0.0", Value::Null),
            vec![],
            format!("chart pull error: failed to download chart for remote reference: failed to get 'oci://{REPOSITORY}:9.0.0': failed to perform \"FetchReference\" on source: {REPOSITORY}:9.0.0: not found"),
            "a version that is not there",
        ),
    ] {
        assert_eq!(ready_text(&said(&chart, true, &keys, "1.9.6")), expected, "{why}");
    }
    let failed = said(&chart("1.0.0", keyed()), true, &[("a.pub", &other)], "1.9.6");
    let kinds: Vec<&str> = failed.outcomes[0].conditions.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, ["Ready", "SourceVerified", "BuildFailed"], "verification fails the build");
}

#[test]
fn helm_speaks_plain_http_only_where_it_is_told() {
    let ours = SIGSTORE.public_key("ours").unwrap();
    let keys = [("a.pub", &*ours)];
    for (controller, starts) in [
        ("1.9.6", "chart verification error: failed to resolve digest for 'oci://"),
        (
            "1.8.5",
            "chart pull error: failed to download chart for remote reference: failed to get 'oci://",
        ),
    ] {
        let text = ready_text(&said(&chart("1.0.0", keyed()), false, &keys, controller));
        assert!(text.starts_with(starts), "{controller}: {text}");
        assert!(text.ends_with("http: server gave HTTP response to HTTPS client"), "{text}");
    }
}

#[test]
fn a_release_is_judged_through_its_chart() {
    let release = |spec: Value| {
        json!({
            "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": {"name": "platform", "namespace": "apps"}, "spec": spec,
        })
    };
    let template = release(json!({"chart": {"spec": {
        "chart": "platform", "version": "1.0.0",
        "sourceRef": {"kind": "HelmRepository", "name": "acme"}, "verify": keyed(),
    }}}));
    let ours = SIGSTORE.public_key("ours").unwrap();
    let prediction = said(&template, true, &[("a.pub", &ours)], "2.9");
    assert_eq!(prediction.ready(), Some(true), "{}", ready_text(&prediction));
    assert!(prediction.because.iter().any(|rule| rule.name == "release-no-identities"));

    let by_reference = release(json!({"chartRef": {"kind": "OCIRepository", "name": "platform"}}));
    let others = [world::source(Value::Null)];
    let prediction = predicted_with(&by_reference, &others, &world(), &secrets(&[]), "2.9");
    assert_eq!(prediction.ready(), Some(true), "{}", ready_text(&prediction));
    let alone = predicted_with(&by_reference, &[], &world(), &secrets(&[]), "2.9");
    assert!(ready_text(&alone).starts_with("undecided: OCIRepository `apps/platform`"));
}
