//! A Flux `Kustomization` that an overlay patches lays what it says in the end.

use super::{VERIFY, codes, found, guards, source};

fn kustomization(more: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps, namespace: \
         flux-system}}\nspec:\n  path: ./apps\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n{more}"
    )
}

/// An overlay over the Kustomizations of a cluster.
fn overlay(patch: &str) -> String {
    let lines: String = patch.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "resources: [k.yaml]\npatches:\n  - target: {{kind: Kustomization}}\n    patch: |\n{lines}"
    )
}

fn lays(kind: &str, operation: &str) -> String {
    format!(
        "- op: add\n  path: /spec/patches\n  value:\n    - target: {{kind: {kind}}}\n      patch: |\n        {operation}\n"
    )
}

#[test]
fn a_patch_that_it_is_given_is_laid() {
    let remove = "- {op: remove, path: /spec/verify}";
    let by_merging = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: all}\nspec:\n  \
         patches:\n    - target: {kind: OCIRepository}\n      patch: |\n        - {op: remove, path: /spec/verify}\n";
    for (patch, expected, code, why) in [
        (lays("OCIRepository", remove), "nothing", Some("SW9106"), "by an operation"),
        (by_merging.to_owned(), "nothing", Some("SW9106"), "by merging"),
        (
            lays("Deployment", "- {op: remove, path: /spec/replicas}"),
            "^s$",
            None,
            "of something else",
        ),
        ("- {op: add, path: /spec/prune, value: true}".to_owned(), "^s$", None, "none"),
        (
            "- {op: replace, path: /spec/path, value: ./other}".to_owned(),
            "^s$",
            None,
            "another folder",
        ),
    ] {
        let found = found(&[
            ("apps/a.yaml", &source("a", VERIFY)),
            ("clusters/k.yaml", &kustomization("")),
            ("clusters/kustomization.yaml", &overlay(&patch)),
        ]);
        assert_eq!(guards(&found), [format!("OCIRepository apps/a <- {expected}")], "{why}");
        assert_eq!(codes(&found), Vec::from_iter(code), "{why}");
        let files = found.findings.iter().map(|one| one.place.file.as_deref());
        assert!(files.into_iter().all(|file| file == Some("clusters/kustomization.yaml")), "{why}");
    }
}

#[test]
fn a_patch_that_it_loses_is_not_laid() {
    let own = kustomization(&format!(
        "  patches:\n    - target: {{kind: OCIRepository}}\n      patch: |\n        - op: add\n          \
         path: /spec/verify\n          value:\n{}",
        VERIFY.lines().skip(1).map(|line| format!("        {line}\n")).collect::<String>()
    ));
    for (patch, expected, why) in [
        ("- {op: remove, path: /spec/patches}", "nothing", "taken out"),
        ("- {op: add, path: /spec/prune, value: true}", "^s$", "left there"),
    ] {
        let found = found(&[
            ("apps/a.yaml", &source("a", "")),
            ("clusters/k.yaml", &own),
            ("clusters/kustomization.yaml", &overlay(patch)),
        ]);
        assert_eq!(guards(&found), [format!("OCIRepository apps/a <- {expected}")], "{why}");
    }
}

#[test]
fn one_cluster_can_be_given_what_another_is_not() {
    let at = |cluster: &str, patch: &str| {
        let text = overlay(patch).replace("k.yaml", "../base");
        (format!("{cluster}/kustomization.yaml"), text)
    };
    let open = lays("OCIRepository", "- {op: remove, path: /spec/verify}");
    let quiet = "- {op: add, path: /spec/prune, value: true}";
    for (test, expected) in [(quiet, vec!["SW9106", "SW9108"]), (open.as_str(), vec!["SW9106"; 2])]
    {
        let (prod, test) = (at("prod", &open), at("test", test));
        let mut codes = codes(&found(&[
            ("apps/a.yaml", &source("a", VERIFY)),
            ("base/k.yaml", &kustomization("")),
            ("base/kustomization.yaml", "resources: [k.yaml]\n"),
            (&prod.0, &prod.1),
            (&test.0, &test.1),
        ]));
        codes.sort_unstable();
        assert_eq!(codes, expected);
    }
}

#[test]
fn variables_that_it_is_given_are_put_in() {
    let give = "- {op: add, path: /spec/postBuild, value: {substitute: {WHO: '.*'}}}";
    let block = VERIFY.replace("^s$", "^${WHO:=s}$");
    for (patch, expected) in
        [(give, "^.*$"), ("- {op: add, path: /spec/prune, value: true}", "^${WHO:=s}$")]
    {
        let found = found(&[
            ("apps/a.yaml", &source("a", &block)),
            ("clusters/k.yaml", &kustomization("")),
            ("clusters/kustomization.yaml", &overlay(patch)),
        ]);
        assert_eq!(guards(&found), [format!("OCIRepository apps/a <- {expected}")]);
    }
}
