//! Patches that let in more than what they change: whoever reads the base believes in another lock.

use sealwright_manifests::checks::{Expected, judge};
use sealwright_policy::{Code, Issuers};

use super::{VERIFY, found, source};

const ISSUER: &str = r"^https://token\.actions\.githubusercontent\.com$";
const OWN: &str = r"^https://github\.com/acme/a/\.github/workflows/cd\.yaml@refs/heads/main$";
const OTHER: &str = r"^https://github\.com/acme/b/\.github/workflows/cd\.yaml@refs/heads/main$";
const BOTH: &str =
    r"^https://github\.com/acme/(?:a|b)/\.github/workflows/cd\.yaml@refs/heads/main$";

fn base() -> String {
    let block = VERIFY.replace("^i$", ISSUER).replace("^s$", OWN);
    source("a", &block)
}

/// Where it is told that a declaration lets in more, and what of.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let judged = judge(&found(files), &Expected { config: None, issuers: Issuers::public() });
    let all = judged.declarations.iter().flat_map(|one| &one.findings);
    let disagree = all.filter(|one| one.code == Code::ConsumersDisagree);
    let told = disagree.map(|one| {
        let file = one.place.file.clone().unwrap_or_default();
        format!("{file}:{} {}", one.place.line.unwrap_or_default(), one.message)
    });
    told.collect()
}

fn by_operations(operations: &str) -> String {
    let lines: String = operations.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "resources: [a.yaml]\npatches:\n  - target: {{kind: OCIRepository}}\n    patch: |\n{lines}"
    )
}

fn one_more(who: &str) -> String {
    format!(
        "- op: add\n  path: /spec/verify/matchOIDCIdentity/-\n  value:\n    issuer: {ISSUER}\n    subject: {who}\n"
    )
}

fn instead(who: &str) -> String {
    format!("- op: replace\n  path: /spec/verify/matchOIDCIdentity/0/subject\n  value: {who}\n")
}

#[test]
fn a_patch_that_lets_in_more_is_told_at_its_line() {
    let merged = |who: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {{name: a, namespace: apps}}\n\
             spec:\n  verify:\n    matchOIDCIdentity:\n      - issuer: {ISSUER}\n        subject: {who}\n"
        )
    };
    let with = "resources: [a.yaml]\npatches: [{path: p.yaml}]\n".to_owned();
    let remove = "- {op: test, path: /spec/verify/provider, value: cosign}\n";
    for (overlay, patch, at, why) in [
        (
            by_operations(&one_more(OTHER)),
            String::new(),
            Some("kustomization.yaml:9"),
            "one entry more",
        ),
        (by_operations(&one_more(OWN)), String::new(), None, "the same once more"),
        (
            by_operations(&instead(BOTH)),
            String::new(),
            Some("kustomization.yaml:7"),
            "a wider pattern",
        ),
        (
            by_operations(&instead(OTHER)),
            String::new(),
            None,
            "another signer is what patches are for",
        ),
        (by_operations(remove), String::new(), None, "nothing is changed"),
        (with.clone(), merged(BOTH), Some("p.yaml:8"), "by merging"),
        (with, merged(OWN), None, "the same by merging"),
    ] {
        let base = base();
        let files =
            [("a.yaml", base.as_str()), ("kustomization.yaml", &overlay), ("p.yaml", &patch)];
        let told = told(&files);
        assert_eq!(told.len(), usize::from(at.is_some()), "{why}: {told:?}");
        for (one, at) in told.iter().zip(at) {
            assert!(
                one.starts_with(&format!("{at} this patch lets in https://github.com/acme/b/")),
                "{why}: {one}"
            );
            assert!(
                one.ends_with("whom OCIRepository apps/a in a.yaml:9 keeps out"),
                "{why}: {one}"
            );
        }
    }
}

#[test]
fn where_the_base_is_in_force_too_it_is_told_once() {
    let base = base();
    let overlay = by_operations(&instead(BOTH)).replace("a.yaml", "../base");
    let files = [
        ("base/a.yaml", base.as_str()),
        ("base/kustomization.yaml", "resources: [a.yaml]\n"),
        ("prod/kustomization.yaml", &overlay),
        ("test/kustomization.yaml", "resources: [../base]\n"),
    ];
    let told = told(&files);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains(" ghcr.io/acme/a: lets in "),
        "as consumers of one artifact: {told:?}"
    );
}

#[test]
fn a_later_patch_of_an_instance_is_one_too() {
    let block = format!(
        "- op: add\n  path: /spec/verify\n  value:\n    provider: cosign\n    matchOIDCIdentity:\n      \
         - issuer: {ISSUER}\n        subject: {OWN}\n"
    );
    let instance = |later: &str| {
        let patch = |text: &str| -> String {
            let lines: String = text.lines().map(|line| format!("          {line}\n")).collect();
            format!("      - target: {{kind: OCIRepository}}\n        patch: |\n{lines}")
        };
        format!(
            "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {{name: flux}}\nspec:\n  sync:\n    \
             kind: OCIRepository\n    url: oci://ghcr.io/acme/fleet\n    ref: v1\n  kustomize:\n    patches:\n{}{}",
            patch(&block),
            patch(later)
        )
    };
    for (later, expected) in
        [(instead(BOTH), 1), (one_more(OTHER), 1), (instead(OTHER), 0), (instead(OWN), 0)]
    {
        let text = instance(&later);
        assert_eq!(told(&[("f.yaml", &text)]).len(), expected, "{later}");
    }
}

#[test]
fn a_chart_is_patched_like_a_source() {
    let chart = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {{name: w, namespace: apps}}\nspec:\n  \
         chart: w\n  sourceRef: {{kind: HelmRepository, name: r}}\n{}---\n\
         apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: r, namespace: apps}}\n\
         spec: {{type: oci, url: 'oci://ghcr.io/acme'}}\n",
        VERIFY.replace("^i$", ISSUER).replace("^s$", OWN)
    );
    for (patch, expected) in [(instead(BOTH), 1), (instead(OTHER), 0)] {
        let overlay = by_operations(&patch).replace("OCIRepository", "HelmChart");
        let told = told(&[("a.yaml", &chart), ("kustomization.yaml", &overlay)]);
        assert_eq!(told.len(), expected, "{told:?}");
    }
}

#[test]
fn what_a_release_patches_in_its_chart_is_not_known() {
    let release = |operation: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: w, namespace: apps}}\nspec:\n  \
             chartRef: {{kind: OCIRepository, name: a}}\n  postRenderers:\n    - kustomize:\n        patches:\n          \
             - target: {{kind: OCIRepository, name: x}}\n            patch: |\n              {operation}\n"
        )
    };
    let base = base();
    for (operation, expected, why) in [
        (
            "- {op: add, path: /spec/verify/matchOIDCIdentity/-, value: {issuer: ^i$, subject: ^s$}}",
            1,
            "one more",
        ),
        ("- {op: remove, path: /spec/verify}", 1, "taken out"),
        ("- {op: add, path: /spec/interval, value: 1m}", 0, "something else"),
    ] {
        let found = found(&[("a.yaml", &base), ("h.yaml", &release(operation))]);
        assert_eq!(found.unjudged.len(), expected, "{why}");
        assert!(found.unjudged.iter().all(|one| one.names_a_kind && one.at.line == 11), "{why}");
    }
}
