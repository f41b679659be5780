//! flux-operator: a patch is the only way to a verification, and it says nothing when it misses.

use sealwright_manifests::{Consumer, Follows, SourceKind};

use super::{codes, found, guards};

const PATCH: &str = "- op: add\n  path: /spec/verify\n  value:\n    provider: cosign\n    \
     matchOIDCIdentity:\n      - issuer: '^i$'\n        subject: '^s$'\n";

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

fn instance(kind: &str, target: &str, patch: &str) -> String {
    format!(
        "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata:\n  name: flux\n  \
         namespace: flux-system\nspec:\n  sync:\n    kind: {kind}\n    url: oci://ghcr.io/acme/fleet\n  \
         kustomize:\n    patches:\n      - {target}patch: |\n{}",
        indented(patch, 10)
    )
}

#[test]
fn a_patch_that_hits_the_generated_source_guards_it() {
    let strategic = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  \
         name: flux-system\nspec:\n  verify:\n    provider: cosign\n    matchOIDCIdentity:\n      \
         - {issuer: ^i$, subject: ^s$}\n";
    let cases = [
        ("target: {kind: OCIRepository}\n        ", PATCH, "by kind"),
        (
            "target: {kind: OCIRepository, name: flux-system, namespace: flux-system}\n        ",
            PATCH,
            "by all",
        ),
        ("target: {kind: OCIRepository, name: flux.*}\n        ", PATCH, "by a pattern"),
        ("", strategic, "strategic merge, by its own names"),
        ("target: {kind: OCIRepository}\n        ", strategic, "strategic merge with a target"),
    ];
    for (target, patch, reason) in cases {
        let found = found(&[("flux.yaml", &instance("OCIRepository", target, patch))]);
        assert_eq!(guards(&found), ["OCIRepository flux-system/flux-system <- ^s$"], "{reason}");
        assert_eq!(codes(&found), [""; 0], "{reason}");
        assert_eq!(found.sources[0].kind, SourceKind::FluxInstance);
        assert_eq!(found.declarations[0].consumer, Consumer::FluxInstance);
        assert_eq!(found.declarations[0].guards[0].what, "oci://ghcr.io/acme/fleet");
    }
}

#[test]
fn a_patch_that_misses_leaves_the_source_open() {
    let cases = [
        ("{kind: GitRepository, name: flux-system}", "another kind"),
        ("{kind: OCIRepository, name: flux}", "another name"),
        ("{kind: OCIRepository, namespace: default}", "another namespace"),
        ("{kind: OCIRepositry}", "misspelt"),
    ];
    for (target, reason) in cases {
        let text = instance("OCIRepository", &format!("target: {target}\n        "), PATCH);
        let found = found(&[("flux.yaml", &text)]);
        assert_eq!(
            guards(&found),
            ["OCIRepository flux-system/flux-system <- nothing"],
            "{reason}"
        );
        assert_eq!(codes(&found), ["SW9104"], "{reason}");
        assert_eq!(found.findings[0].place.line, Some(14), "{reason}: at the patch");
    }
}

#[test]
fn the_matcher_in_a_patch_stands_at_its_line() {
    let text = instance("OCIRepository", "target: {kind: OCIRepository}\n        ", PATCH);
    let found = found(&[("flux.yaml", &text)]);
    let subject = found.declarations[0].identities[0].subject.as_ref().unwrap();
    let line = text.lines().position(|line| line.contains("'^s$'")).unwrap();
    assert_eq!(subject.at.line as usize, line + 1);
    assert_eq!(&text[subject.at.range.clone()], "'^s$'");
}

#[test]
fn commits_are_verified_otherwise() {
    let git = "- op: add\n  path: /spec/verify\n  value: {mode: HEAD, secretRef: {name: k}}\n";
    let target = "target: {kind: GitRepository}\n        ";
    let found_git = found(&[("flux.yaml", &instance("GitRepository", target, git))]);
    assert_eq!(codes(&found_git), [""; 0], "commits and their keys are no business of ours");
    assert!(found_git.sources.is_empty());
    let cosign = found(&[("flux.yaml", &instance("GitRepository", target, PATCH))]);
    assert_eq!(codes(&cosign), ["SW9105"], "a GitRepository has no such block");
}

#[test]
fn a_block_beside_the_patches_is_read_by_nobody() {
    let text = "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata:\n  name: flux\n\
         spec:\n  sync:\n    kind: OCIRepository\n    url: oci://ghcr.io/acme/fleet\n    verify:\n      \
         provider: cosign\n";
    let found = found(&[("flux.yaml", text)]);
    assert_eq!(codes(&found), ["SW9105"]);
    assert_eq!(found.unread[0].path, "spec.sync.verify");
    assert_eq!(guards(&found), ["OCIRepository flux-system/flux-system <- nothing"]);
}

#[test]
fn values_of_the_chart_make_an_instance() {
    let values = |kind: &str| {
        format!(
            "instance:\n  sync:\n    kind: OCIRepository\n    url: oci://ghcr.io/acme/fleet\n  \
             kustomize:\n    patches:\n      - target: {{kind: {kind}}}\n        patch: |\n{}",
            indented(PATCH, 10)
        )
    };
    let release = |values: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: flux\nspec:\n  \
             values:\n{}",
            indented(values, 4)
        )
    };
    // A chart of k3s holds values, which hold a patch, which holds operations: three texts.
    let k3s = |values: &str| {
        format!(
            "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata:\n  name: flux\nspec:\n  \
             valuesContent: |-\n{}",
            indented(values, 4)
        )
    };
    let config = |values: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\ndata:\n  values.yaml: |\n{}", indented(values, 4))
    };
    let plain = |values: &str| values.to_owned();
    type Around<'a> = &'a dyn Fn(&str) -> String;
    let around: [(&str, Around<'_>); 4] =
        [("plain", &plain), ("release", &release), ("k3s", &k3s), ("config map", &config)];
    for (name, around) in around {
        let text = around(&values("OCIRepository"));
        let good = found(&[("f.yaml", &text)]);
        assert_eq!(
            guards(&good),
            ["OCIRepository flux-system/flux-system <- ^s$"],
            "{name}\n{text}"
        );
        let subject = good.declarations[0].identities[0].subject.as_ref().unwrap();
        assert_eq!(&text[subject.at.range.clone()], "'^s$'", "{name}: at its own bytes");
        let bad = found(&[("f.yaml", &around(&values("GitRepository")))]);
        assert_eq!(codes(&bad), ["SW9104"], "{name}");
        assert_eq!(guards(&bad), ["OCIRepository flux-system/flux-system <- nothing"], "{name}");
    }
}

#[test]
fn values_without_patches_make_a_source_that_nobody_verifies() {
    let values = |kind: &str| {
        let url = "url: oci://ghcr.io/acme/fleet";
        format!("instance:\n  sync:\n    kind: {kind}\n    {url}\n    ref: v1\n")
    };
    let config = |values: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\ndata:\n  values.yaml: |\n{}", indented(values, 4))
    };
    for (kind, expected) in [
        ("OCIRepository", vec!["OCIRepository flux-system/flux-system <- nothing"]),
        ("GitRepository", vec![]),
    ] {
        for text in [values(kind), config(&values(kind))] {
            assert_eq!(guards(&found(&[("values.yaml", &text)])), expected, "{text}");
        }
    }
}

#[test]
fn values_that_do_not_tell_are_not_judged() {
    let text = format!(
        "instance:\n  kustomize:\n    patches:\n      - target: {{kind: OCIRepository}}\n        \
         patch: |\n{}",
        indented(PATCH, 10)
    );
    let found = found(&[("values.yaml", &text)]);
    assert_eq!(codes(&found), [""; 0], "another values file may say what is synced");
    assert_eq!(found.unjudged.len(), 1);
}

#[test]
fn the_generated_source_follows_what_the_instance_says() {
    let text = instance("OCIRepository", "target: {kind: OCIRepository}\n        ", PATCH);
    let with =
        |reference: &str| text.replace("    url: ", &format!("    ref: {reference}\n    url: "));
    let moved = format!("{PATCH}- {{op: replace, path: /spec/ref/tag, value: v2}}\n");
    let moved = instance("OCIRepository", "target: {kind: OCIRepository}\n        ", &moved);
    let moved = moved.replace("    url: ", "    ref: v1\n    url: ");
    for (text, expected, why) in [
        (with("v1"), Follows::Tag("v1".to_owned()), "a tag"),
        (text.clone(), Follows::NotResolved("`sync` has no `ref`".to_owned()), "nothing is said"),
        (moved, Follows::Tag("v2".to_owned()), "a patch changes it"),
    ] {
        let found = found(&[("flux.yaml", &text)]);
        assert_eq!(found.sources[0].follows, expected, "{why}");
        assert_eq!(found.declarations[0].guards[0].follows, expected, "{why}");
    }
}
