//! Kustomize and Flux' `Kustomization`: what patches hit, and variables.

use sealwright_manifests::Guard;

use super::{VERIFY, codes, found, guards, source};

const PATCH: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  \
     name: a\n  namespace: apps\nspec:\n";

fn overlay(rest: &str) -> String {
    format!("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n{rest}")
}

fn patch(name: &str) -> String {
    format!("{PATCH}{VERIFY}").replace("name: a", &format!("name: {name}"))
}

#[test]
fn a_patch_in_a_file_guards_the_source_that_it_hits() {
    let base = source("a", "");
    for (entry, reason) in [
        ("patches:\n  - path: verify.yaml\n", "patches"),
        ("patchesStrategicMerge:\n  - verify.yaml\n", "the older spelling"),
        ("patches:\n  - path: verify.yaml\n    target: {kind: OCIRepository}\n", "with a target"),
    ] {
        let kustomization = overlay(&format!("resources:\n  - ../base\n{entry}"));
        let files = |name: &str| {
            found(&[
                ("base/a.yaml", &base),
                ("base/kustomization.yaml", &overlay("resources:\n  - a.yaml\n")),
                ("prod/kustomization.yaml", &kustomization),
                ("prod/verify.yaml", &patch(name)),
            ])
        };
        let hit = files("a");
        assert_eq!(guards(&hit), ["OCIRepository apps/a <- ^s$"], "{reason}");
        assert_eq!(codes(&hit), [""; 0], "{reason}");
        assert_eq!(hit.declarations[0].file, "prod/verify.yaml", "{reason}");
        if !entry.contains("target") {
            let miss = files("b");
            assert_eq!(guards(&miss), ["OCIRepository apps/a <- nothing"], "{reason}");
            assert_eq!(codes(&miss), ["SW9104"], "{reason}");
        }
    }
}

#[test]
fn operations_in_a_file_and_in_the_overlay_hit_too() {
    let operations = "- op: add\n  path: /spec/verify\n  value:\n    provider: cosign\n    \
         matchOIDCIdentity: [{issuer: ^i$, subject: ^s$}]\n";
    let inline: String = operations.lines().map(|line| format!("      {line}\n")).collect();
    for (entry, reason) in [
        (
            "patches:\n  - path: ops.yaml\n    target: {kind: OCIRepository, name: NAME}\n"
                .to_owned(),
            "a file",
        ),
        (
            "patchesJson6902:\n  - path: ops.yaml\n    target: {kind: OCIRepository, name: NAME}\n"
                .to_owned(),
            "older",
        ),
        (
            format!(
                "patches:\n  - target: {{kind: OCIRepository, name: NAME}}\n    patch: |-\n{inline}"
            ),
            "inline",
        ),
    ] {
        for (name, expected, code) in [("a", "^s$", None), ("b", "nothing", Some("SW9104"))] {
            let text = overlay(&format!("resources: [a.yaml]\n{}", entry.replace("NAME", name)));
            let found = found(&[
                ("a.yaml", &source("a", "")),
                ("kustomization.yaml", &text),
                ("ops.yaml", operations),
            ]);
            assert_eq!(guards(&found), [format!("OCIRepository apps/a <- {expected}")], "{reason}");
            assert_eq!(codes(&found), Vec::from_iter(code), "{reason}");
        }
    }
}

#[test]
fn what_is_not_in_the_repository_may_be_what_a_patch_hits() {
    let entry = "resources:\n  - https://github.com/acme/base?ref=v1\npatches:\n  - path: v.yaml\n";
    let found = found(&[("kustomization.yaml", &overlay(entry)), ("v.yaml", &patch("a"))]);
    assert_eq!(codes(&found), [""; 0], "a remote base is never fetched");
    assert_eq!(found.unjudged.len(), 2, "but it is said, of the base and of the patch");
}

#[test]
fn a_component_is_laid_over_what_its_overlay_takes() {
    let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - path: v.yaml\n";
    let files = |names: &str| {
        found(&[
            ("app/a.yaml", &source("a", "")),
            ("app/kustomization.yaml", &overlay(&format!("resources: [a.yaml]\n{names}"))),
            ("lock/kustomization.yaml", component),
            ("lock/v.yaml", &patch("a")),
        ])
    };
    let used = files("components: [../lock]\n");
    assert_eq!(guards(&used), ["OCIRepository apps/a <- ^s$"]);
    let unused = files("");
    assert_eq!(guards(&unused), ["OCIRepository apps/a <- nothing"], "nobody uses the component");
}

#[test]
fn what_an_overlay_does_unseen_has_to_be_rendered() {
    for (entry, expected, why) in [
        ("", "^s$", "nothing is laid over it"),
        ("transformers: [t.yaml]\n", "not rendered", "a program may change it"),
        ("patches: [{path: gone.yaml}]\n", "not rendered", "a patch that is not here"),
        ("patches: [{path: broken.yaml}]\n", "not rendered", "one that cannot be read"),
        (
            "patches: [{path: gone.yaml, target: {kind: Deployment}}]\n",
            "^s$",
            "a patch of something else",
        ),
        ("components: [../gone]\n", "not rendered", "a component that is not here"),
    ] {
        let found = found(&[
            ("app/a.yaml", &source("a", VERIFY)),
            ("app/broken.yaml", "kind: OCIRepository\nspec: [\n"),
            ("app/kustomization.yaml", &overlay(&format!("resources: [a.yaml]\n{entry}"))),
        ]);
        assert_eq!(guards(&found), [format!("OCIRepository apps/a <- {expected}")], "{why}");
    }
}

#[test]
fn a_patch_may_hit_what_an_overlay_makes() {
    let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
    for (own, of_component, expected, why) in [
        ("", "", &["SW9104"][..], "all objects are here, and none of the name"),
        ("generators: [g.yaml]\n", "", &[], "a program makes more"),
        ("", "generators: [g.yaml]\n", &[], "that of a component does"),
    ] {
        let entry = "resources: [a.yaml]\ncomponents: [../lock]\npatches: [{path: v.yaml}]\n";
        let found = found(&[
            ("app/a.yaml", &source("a", VERIFY)),
            ("app/v.yaml", &patch("b")),
            ("app/kustomization.yaml", &overlay(&format!("{entry}{own}"))),
            ("lock/kustomization.yaml", &format!("{component}{of_component}")),
        ]);
        assert_eq!(codes(&found), expected, "{why}");
    }
}

#[test]
fn overlays_can_disagree() {
    let files = |other: &str| {
        found(&[
            ("base/a.yaml", &source("a", "")),
            ("base/kustomization.yaml", &overlay("resources: [a.yaml]\n")),
            (
                "prod/kustomization.yaml",
                &overlay("resources: [../base]\npatches: [{path: v.yaml}]\n"),
            ),
            ("prod/v.yaml", &patch("a")),
            ("test/kustomization.yaml", &overlay(&format!("resources: [../base]\n{other}"))),
        ])
    };
    let partly = files("");
    assert_eq!(codes(&partly), ["SW9108"]);
    assert_eq!(guards(&partly), ["OCIRepository apps/a <- unknown"]);
    let both = files("patches: [{path: ../prod/v.yaml}]\n");
    assert_eq!(codes(&both), [""; 0]);
    assert_eq!(guards(&both), ["OCIRepository apps/a <- ^s$"]);
}

#[test]
fn an_overlay_can_take_the_block_out() {
    let remove = "- {op: remove, path: /spec/verify}\n";
    let files = |name: &str| {
        let target =
            format!("patches: [{{path: r.yaml, target: {{kind: OCIRepository, name: {name}}}}}]\n");
        found(&[
            ("a.yaml", &source("a", VERIFY)),
            ("kustomization.yaml", &overlay(&format!("resources: [a.yaml]\n{target}"))),
            ("r.yaml", remove),
        ])
    };
    let removed = files("a");
    assert_eq!(codes(&removed), ["SW9106"]);
    assert_eq!(guards(&removed), ["OCIRepository apps/a <- nothing"]);
    assert_eq!(guards(&files("b")), ["OCIRepository apps/a <- ^s$"], "another one is meant");
}

#[test]
fn flux_lays_patches_over_the_folder_of_a_kustomization() {
    let flux = |path: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: apps\n\
             spec:\n  path: {path}\n  patches:\n    - target:\n        kind: OCIRepository\n      patch: |\n\
             \x20       - op: add\n          path: /spec/verify\n          value:\n            \
             provider: cosign\n            matchOIDCIdentity: [{{issuer: ^i$, subject: ^s$}}]\n"
        )
    };
    let base = source("a", "");
    let covered = found(&[("apps/x/a.yaml", &base), ("clusters/apps.yaml", &flux("./apps"))]);
    assert_eq!(guards(&covered), ["OCIRepository apps/a <- ^s$"]);
    let other = found(&[("apps/x/a.yaml", &base), ("clusters/apps.yaml", &flux("./infra"))]);
    assert_eq!(guards(&other), ["OCIRepository apps/a <- nothing"]);
    assert_eq!(other.unjudged.len(), 1, "the path may be of another repository");
}

#[test]
fn variables_have_the_values_that_flux_gives_them() {
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: apps\n\
         spec:\n  path: ./apps\n  postBuild:\n    substitute:\n      ORG: acme\n";
    let block =
        VERIFY.replace("subject: ^s$", "subject: ^https://github\\.com/${ORG}/${REPO:=shop}$");
    let text = source("a", &block).replace("ghcr.io/acme/a", "ghcr.io/${ORG}/${UNSET}");
    let found = found(&[("apps/a.yaml", &text), ("clusters/apps.yaml", flux)]);
    let subject = found.declarations[0].identities[0].subject.as_ref().unwrap();
    assert_eq!(subject.text, "^https://github\\.com/acme/shop$");
    assert!(subject.whole && subject.at.range.is_empty() && subject.at.line == 12);
    assert!(!found.sources[0].whole, "a variable without a value");
    assert_eq!(found.sources[0].url, "oci://ghcr.io/${ORG}/${UNSET}");
}

#[test]
fn variables_have_the_values_of_a_config_map_that_can_be_read() {
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: a}\n\
         spec:\n  path: ./apps\n  postBuild:\n    substituteFrom: [{kind: ConfigMap, name: vars}]\n";
    let block = VERIFY.replace("subject: ^s$", "subject: ^https://github\\.com/acme/${REPO}$");
    for (namespace, value, expected, why) in [
        ("a", "shop", Some("^https://github\\.com/acme/shop$"), "its value"),
        ("a", "ENC[AES256_GCM,data:c2hvcA==,iv:x,tag:x,type:str]", None, "an encrypted one"),
        ("b", "shop", None, "that of another namespace"),
    ] {
        let map = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: vars, namespace: {namespace}}}\ndata:\n  REPO: \"{value}\"\n"
        );
        let text = source("a", &block);
        let files = [("apps/a.yaml", &*text), ("clusters/apps.yaml", flux), ("vars.yaml", &map)];
        let found = found(&files);
        let subject = found.declarations[0].identities[0].subject.as_ref().unwrap();
        let known = subject.whole.then_some(subject.text.as_str());
        assert_eq!(known, expected, "{why}");
    }
}

#[test]
fn overlays_that_take_each_other_without_end_or_measure_are_said_to_be_too_many() {
    // Every level takes the next one twice: sixteen levels are 65,536 copies of one source.
    let tower = |levels: usize| {
        let mut files = vec![("bottom/a.yaml".to_owned(), source("a", VERIFY))];
        files.push(("bottom/kustomization.yaml".to_owned(), overlay("resources: [a.yaml]\n")));
        for level in 0..levels {
            let next = |side| match level + 1 == levels {
                true => "bottom".to_owned(),
                false => format!("{}{side}", level + 1),
            };
            let taken = overlay(&format!("resources: [../{}, ../{}]\n", next("x"), next("y")));
            for side in ["x", "y"] {
                files.push((format!("{level}{side}/kustomization.yaml"), taken.clone()));
            }
        }
        files
    };
    let circle = vec![
        ("a/a.yaml".to_owned(), source("a", VERIFY)),
        ("a/kustomization.yaml".to_owned(), overlay("resources: [a.yaml, ../b]\n")),
        ("b/kustomization.yaml".to_owned(), overlay("resources: [../a]\n")),
        ("c/kustomization.yaml".to_owned(), overlay("resources: [../a]\n")),
    ];
    for (files, is_too_much, reason) in [
        (tower(3), false, "a few copies"),
        (tower(30), true, "more copies than any machine holds"),
        (circle, true, "no end"),
    ] {
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let found = found(&files);
        assert_eq!(codes(&found).contains(&"SW9102"), is_too_much, "{reason}");
        let closed =
            found.sources.iter().all(|one| matches!(one.guarded_by, Guard::Declaration(_)));
        assert_eq!(closed, !is_too_much, "{reason}");
    }
}
