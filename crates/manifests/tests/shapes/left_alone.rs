//! Objects into which Flux puts no variables, by a label or an annotation: what is written is read.

use sealwright_manifests::checks::{Expected, judge};
use sealwright_policy::{Issuers, Severity};

use super::{VERIFY, found, source};

const FLUX: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: apps\n\
     spec:\n  path: ./apps\n  postBuild:\n    substitute:\n      ORG: acme\n";

fn block() -> String {
    VERIFY.replace("subject: ^s$", "subject: ^https://github\\.com/${ORG}/shop$")
}

/// A source that has this beside its name.
fn with(metadata: &str) -> String {
    let text = source("a", &block()).replace("ghcr.io/acme/a", "ghcr.io/${ORG}/a");
    text.replace("  namespace: apps\n", &format!("  namespace: apps\n{metadata}"))
}

#[test]
fn nothing_is_put_into_an_object_that_is_left_alone() {
    let (acme, kept) = ("acme", "${ORG}");
    for (metadata, expected, why) in [
        ("", acme, "neither"),
        (
            "  annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n",
            kept,
            "an annotation",
        ),
        ("  labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n", kept, "a label"),
        (
            "  labels: {kustomize.toolkit.fluxcd.io/substitute: Disabled}\n",
            acme,
            "Flux knows one word",
        ),
        ("  labels: {kustomize.toolkit.fluxcd.io/reconcile: disabled}\n", acme, "another label"),
    ] {
        let found = found(&[("apps/a.yaml", &with(metadata)), ("clusters/apps.yaml", FLUX)]);
        let subject = found.declarations[0].identities[0].subject.as_ref().unwrap();
        assert_eq!(subject.text, format!("^https://github\\.com/{expected}/shop$"), "{why}");
        assert!(subject.whole && found.sources[0].whole, "{why}: it is judged");
        assert_eq!(found.sources[0].url, format!("oci://ghcr.io/{expected}/a"), "{why}");
    }
}

#[test]
fn an_overlay_can_give_the_label() {
    let overlay =
        |key: &str| format!("resources: [a.yaml]\ncommonAnnotations: {{{key}: disabled}}\n");
    for (key, expected) in
        [("kustomize.toolkit.fluxcd.io/substitute", "${ORG}"), ("acme.io/x", "acme")]
    {
        let files = [
            ("apps/a.yaml", &with("")),
            ("apps/kustomization.yaml", &overlay(key)),
            ("c.yaml", &FLUX.to_owned()),
        ];
        let found = found(&files.map(|(path, text)| (path, text.as_str())));
        assert_eq!(found.sources[0].url, format!("oci://ghcr.io/{expected}/a"));
    }
}

#[test]
fn a_variable_that_stays_lets_in_nobody() {
    let annotated = "  annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n";
    let policy = |annotations: &str| {
        format!(
            "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata:\n  name: p\n{annotations}\
             spec:\n  mode: enforce\n  images: [{{glob: '**'}}]\n  authorities:\n    - signatureFormat: bundle\n      \
             keyless:\n        identities:\n          - issuer: https://i.example\n            \
             subject: https://github.com/${{ORG}}/x\n"
        )
    };
    for (text, path, expected, why) in [
        (with(annotated), "apps/a.yaml", Some("SW9009"), "a pattern"),
        (with(""), "apps/a.yaml", None, "Flux puts it in"),
        (policy(annotated), "apps/p.yaml", Some("SW9009"), "a name"),
        (policy(""), "apps/p.yaml", None, "a name that Flux puts in"),
    ] {
        let found = found(&[(path, &text), ("clusters/apps.yaml", FLUX)]);
        let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
        let errors = judged.declarations.iter().flat_map(|one| &one.findings);
        let errors =
            errors.filter(|one| one.severity == Severity::Error && one.code.entry().id != "SW9132");
        let errors: Vec<_> = errors.collect();
        let hints = errors.iter().filter_map(|one| one.hint.as_deref());
        let is_hinted = hints.clone().all(|hint| hint.contains("/substitute: disabled"));
        assert!(is_hinted && hints.count() == errors.len(), "{why}: {errors:?}");
        let codes: Vec<&str> = errors.iter().map(|one| one.code.entry().id).collect();
        assert_eq!(codes, Vec::from_iter(expected), "{why}");
    }
}

#[test]
fn what_holds_an_object_decides_for_it() {
    let set = |metadata: &str| {
        let inner: String = with("").lines().map(|line| format!("      {line}\n")).collect();
        format!(
            "apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nmetadata:\n  name: set\n{metadata}spec:\n  \
             resources:\n    - {}",
            inner.trim_start()
        )
    };
    for (metadata, expected) in [
        ("", "acme"),
        ("  annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n", "${ORG}"),
    ] {
        let found = found(&[("apps/set.yaml", &set(metadata)), ("clusters/apps.yaml", FLUX)]);
        assert_eq!(found.sources[0].url, format!("oci://ghcr.io/{expected}/a"));
        assert!(found.sources[0].whole);
    }
}
