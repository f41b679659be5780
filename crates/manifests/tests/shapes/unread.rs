//! Blocks that nobody reads, and keys that nobody knows.

use super::{VERIFY, codes, found, source};

#[test]
fn a_block_at_another_path_is_found_with_the_path_that_is_read() {
    let beside = VERIFY.replace("\n  ", "\n").trim_start().to_owned();
    let cases = [
        (source("a", &beside), "verify", "beside spec"),
        (
            source("a", &VERIFY.replace("  verify:", "  verification:")),
            "spec.verification",
            "another word",
        ),
        (source("a", &VERIFY.replace("  verify:", "  Verify:")), "spec.Verify", "another case"),
    ];
    for (text, path, reason) in cases {
        let found = found(&[("a.yaml", &text)]);
        assert_eq!(codes(&found), ["SW9105"], "{reason}\n{text}");
        assert_eq!(found.unread[0].path, path, "{reason}");
        assert_eq!(found.unread[0].read_at, "spec.verify", "{reason}");
        assert!(found.declarations.is_empty(), "{reason}: it declares nothing");
    }
    assert_eq!(codes(&found(&[("a.yaml", &source("a", VERIFY))])), [""; 0]);
}

#[test]
fn a_key_that_nobody_knows_is_found_with_the_one_that_is_meant() {
    let cases = [
        ("matchOIDCIdentity", "matchOidcIdentity", "spec.verify.matchOIDCIdentity"),
        ("matchOIDCIdentity", "matchOIDCIdentities", "spec.verify.matchOIDCIdentity"),
        ("subject:", "Subject:", "spec.verify.matchOIDCIdentity[].subject"),
        ("subject:", "subjectRegExp:", "spec.verify.matchOIDCIdentity[]"),
    ];
    for (right, wrong, read_at) in cases {
        let found = found(&[("a.yaml", &source("a", &VERIFY.replace(right, wrong)))]);
        assert_eq!(codes(&found), ["SW9105"], "{wrong}");
        assert_eq!(found.unread[0].read_at, read_at, "{wrong}");
    }
}

/// A mapping where its API takes a list is refused, and lets in nobody.
#[test]
fn what_the_api_refuses_is_told_as_such() {
    let flat = VERIFY.replace("      - issuer", "        issuer");
    let cases = [
        (flat.as_str(), "spec.verify.matchOIDCIdentity", 1),
        ("  verify: cosign\n", "spec.verify", 0),
        ("  verify: [{provider: cosign}]\n", "spec.verify", 0),
    ];
    for (block, path, declared) in cases {
        let found = found(&[("a.yaml", &source("a", block))]);
        assert_eq!(codes(&found), ["SW9105"], "{block}");
        assert_eq!((found.unread[0].path.as_str(), found.declarations.len()), (path, declared));
        assert!(found.unread[0].told.contains("refuses"), "{}", found.unread[0].told);
        let identities = found.declarations.iter().flat_map(|one| &one.identities);
        assert!(identities.clone().all(|one| one.subject.is_some()), "whom it means is known");
    }
}

#[test]
fn kinds_without_identities_have_none() {
    let text = |kind: &str, block: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec:\n  \
             url: https://acme.test\n{block}"
        )
    };
    let git = "  verify:\n    mode: HEAD\n    secretRef: {name: k}\n";
    assert_eq!(codes(&found(&[("a.yaml", &text("GitRepository", VERIFY))])), ["SW9105"]);
    assert_eq!(codes(&found(&[("a.yaml", &text("HelmRepository", VERIFY))])), ["SW9105"]);
    assert_eq!(codes(&found(&[("a.yaml", &text("GitRepository", git))])), [""; 0], "commits");
}

#[test]
fn other_consumers_know_their_own_paths() {
    for text in [
        "apiVersion: fluxcd.controlplane.io/v1\nkind: Catalog\nspec:\n  sources:\n    - verify:\n        \
         provider: cosign\n        matchOIDCIdentity: [{issuer: i, subject: s}]\n",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  verify:\n    \
         provider: cosign\n",
        "verify:\n  provider: cosign\n",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    verify:\n      \
         provider: cosign\n",
    ] {
        assert_eq!(codes(&found(&[("a.yaml", text)])), [""; 0], "{text}");
    }
}
