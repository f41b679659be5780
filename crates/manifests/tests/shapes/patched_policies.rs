//! Policies about images as overlays make them: a patch can add a signer, soften a policy or take it away.

use sealwright_manifests::checks::{Expected, judge};
use sealwright_manifests::{Found, Weakening};
use sealwright_policy::{Code, Issuers};

use super::{codes, found};

const OWN: &str = "https://github.com/acme/a/.github/workflows/cd.yaml@refs/heads/main";
const OTHER: &str = "https://github.com/acme/b/.github/workflows/cd.yaml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

fn policy() -> String {
    format!(
        "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {{name: images}}\nspec:\n  \
         mode: enforce\n  images: [{{glob: 'ghcr.io/acme/**'}}]\n  authorities:\n    - signatureFormat: bundle\n      \
         keyless:\n        identities:\n          - issuer: {ISSUER}\n            subject: {OWN}\n"
    )
}

fn kyverno() -> String {
    format!(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: images}}\nspec:\n  \
         validationFailureAction: Enforce\n  rules:\n    - name: signed\n      verifyImages:\n        \
         - imageReferences: ['ghcr.io/acme/*']\n          attestors:\n            - entries:\n                \
         - keyless: {{issuer: '{ISSUER}', subject: '{OWN}'}}\n"
    )
}

fn operations(kind: &str, operations: &str) -> String {
    format!(
        "resources: [../base]\npatches:\n  - target: {{kind: {kind}}}\n    patch: |\n      {operations}\n"
    )
}

/// A policy in a base that one overlay takes.
fn laid(policy: &str, overlay: &str) -> Found {
    found(&[
        ("base/p.yaml", policy),
        ("base/kustomization.yaml", "resources: [p.yaml]\n"),
        ("prod/kustomization.yaml", overlay),
    ])
}

#[test]
fn a_signer_that_a_patch_adds_is_told_at_its_line() {
    let add = |who: &str| {
        let entry = format!("{{issuer: '{ISSUER}', subject: '{who}'}}");
        let path = "/spec/authorities/0/keyless/identities/-";
        operations("ClusterImagePolicy", &format!("- {{op: add, path: {path}, value: {entry}}}"))
    };
    let authority = |op: &str, at: &str, who: &str| {
        let keyless = format!("{{identities: [{{issuer: '{ISSUER}', subject: '{who}'}}]}}");
        let value = format!("{{signatureFormat: bundle, keyless: {keyless}}}");
        let operation = format!("- {{op: {op}, path: /spec/authorities/{at}, value: {value}}}");
        operations("ClusterImagePolicy", &operation)
    };
    let interval = "- {op: add, path: /metadata/labels, value: {a: b}}";
    for (overlay, expected, why) in [
        (add(OTHER), Some(("prod/kustomization.yaml", 5)), "one more"),
        (add(OWN), None, "the same once more"),
        (authority("add", "-", OTHER), Some(("prod/kustomization.yaml", 5)), "one more authority"),
        (authority("add", "0", OTHER), Some(("prod/kustomization.yaml", 5)), "one more before it"),
        (authority("add", "0", OWN), None, "the same authority once more"),
        (authority("replace", "0", OTHER), None, "another one instead"),
        (operations("ClusterImagePolicy", interval), None, "something else"),
        ("resources: [../base]\n".to_owned(), None, "no patch"),
    ] {
        let found = laid(&policy(), &overlay);
        let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
        let all = judged.declarations.iter().flat_map(|one| &one.findings);
        let told: Vec<_> = all.filter(|one| one.code == Code::ConsumersDisagree).collect();
        let at = told.first().map(|one| {
            (one.place.file.as_deref().unwrap_or_default(), one.place.line.unwrap_or_default())
        });
        assert_eq!(at, expected, "{why}: {told:?}");
        let who: usize = found.declarations.iter().map(|one| one.identities.len()).sum();
        assert_eq!(
            who > 1,
            overlay.contains("op: add, path: /spec"),
            "{why}: the table has them all"
        );
    }
}

#[test]
fn a_policy_that_only_warns_in_an_overlay_warns_there() {
    let to = |word: &str| {
        let path = "/spec/validationFailureAction";
        operations("ClusterPolicy", &format!("- {{op: replace, path: {path}, value: {word}}}"))
    };
    for (word, expected) in [("Audit", true), ("Enforce", false)] {
        let found = laid(&kyverno(), &to(word));
        let warns = found.declarations.iter().flat_map(|one| &one.weakened);
        assert_eq!(warns.clone().any(|one| one.how == Weakening::Warns), expected, "{word}");
        assert_eq!(found.declarations.len(), 1, "{word}");
    }
    let flux = |path: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: p}}\nspec:\n  \
             path: {path}\n  patches:\n    - target: {{kind: ClusterPolicy}}\n      patch: |\n        \
             - {{op: replace, path: /spec/validationFailureAction, value: Audit}}\n"
        )
    };
    for (path, expected) in [("./policies", true), ("./other", false)] {
        let found = found(&[("policies/p.yaml", &kyverno()), ("k.yaml", &flux(path))]);
        let warns = found.declarations.iter().flat_map(|one| &one.weakened);
        assert_eq!(warns.clone().any(|one| one.how == Weakening::Warns), expected, "{path}");
    }
}

#[test]
fn a_policy_that_a_patch_takes_away_is_told() {
    let delete = |name: &str| {
        let part = format!(
            "$patch: delete\n      apiVersion: kyverno.io/v1\n      kind: ClusterPolicy\n      metadata: {{name: {name}}}"
        );
        operations("ClusterPolicy", &part)
            .replace("target: {kind: ClusterPolicy}\n    patch", "patch")
    };
    let rules = |op: &str| operations("ClusterPolicy", op);
    for (overlay, expected, why) in [
        (delete("images"), vec!["SW9106"], "all of it"),
        (delete("others"), vec![], "another one"),
        (rules("- {op: remove, path: /spec/rules/0}"), vec!["SW9106"], "its only rule"),
        (rules("- {op: remove, path: /spec/rules/0/verifyImages}"), vec!["SW9106"], "what it asks"),
        (rules("- {op: replace, path: /spec/rules/0/name, value: x}"), vec![], "a name"),
        (rules("- {op: remove, path: /spec/rules/3}"), vec!["SW9109"], "what is not there"),
    ] {
        assert_eq!(codes(&laid(&kyverno(), &overlay)), expected, "{why}");
    }
}

#[test]
fn what_is_not_known_of_a_policy_is_said() {
    let overlay = "resources: [../base]\ncomponents: [../absent]\n";
    let told = |overlay: &str| {
        let found = laid(&kyverno(), overlay);
        found.unjudged.iter().filter(|one| one.names_a_kind).count()
    };
    assert_eq!(told(overlay), 1, "a component that is not here");
    assert_eq!(told("resources: [../base]\n"), 0);
    let release = |kind: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: kyverno-policies}}\nspec:\n  \
             postRenderers:\n    - kustomize:\n        patches:\n          - target: {{kind: {kind}}}\n            \
             patch: |\n              - {{op: replace, path: /spec/validationFailureAction, value: Audit}}\n"
        )
    };
    for (kind, expected) in [("ClusterPolicy", 1), ("Deployment", 0)] {
        assert_eq!(found(&[("h.yaml", &release(kind))]).unjudged.len(), expected, "{kind}");
    }
}
