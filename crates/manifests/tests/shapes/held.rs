//! Objects that other objects hold for somebody who applies them.

use sealwright_manifests::Why;

use crate::{VERIFY, found, guards, source};

/// A source with its lines moved to the right, and with other letters before it.
fn held(spec: &str, before: &str) -> String {
    let text = source("app", spec);
    let rest = " ".repeat(before.len());
    let lines = text.lines().enumerate();
    lines.map(|(at, line)| format!("{}{line}\n", if at == 0 { before } else { &rest })).collect()
}

fn holder(api: &str, kind: &str, rest: &str) -> String {
    format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: all, namespace: infra}}\n{rest}")
}

#[test]
fn a_source_is_found_wherever_somebody_applies_it_from() {
    const KRO: &str = "kro.run/v1alpha1";
    const OPERATOR: &str = "fluxcd.controlplane.io/v1";
    for (api, kind, rest, before) in [
        (OPERATOR, "ResourceSet", "spec:\n  resources:\n", "    - "),
        (OPERATOR, "ResourceSet", "spec:\n  resourcesTemplate: |\n", "    "),
        (KRO, "ResourceGraphDefinition", "spec:\n  resources:\n  - template:\n", "      "),
        ("v1", "ConfigMap", "data:\n  source.yaml: |\n", "    "),
        ("v1", "Secret", "stringData:\n  source.yaml: |\n    ---\n", "    "),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease", "spec:\n  values:\n    extra:\n", "    - "),
        ("helm.cattle.io/v1", "HelmChart", "spec:\n  valuesContent: |\n    extra:\n", "    - "),
        (
            "kubernetes.crossplane.io/v1alpha2",
            "Object",
            "spec:\n  forProvider:\n    manifest:\n",
            "      ",
        ),
    ] {
        let text = |spec: &str| holder(api, kind, &format!("{rest}{}", held(spec, before)));
        let told = |spec: &str| guards(&found(&[("a.yaml", &text(spec))]));
        let name = format!("OCIRepository apps/app in {kind} infra/all");
        assert_eq!(told(""), [format!("{name} <- nothing")], "{}", text(""));
        assert_eq!(told(VERIFY), [format!("{name} <- ^s$")], "{}", text(VERIFY));
    }
}

#[test]
fn what_somebody_only_compares_with_or_changes_is_no_source() {
    for (api, kind, rest, before, why) in [
        ("v1", "ConfigMap", "metadata:\n  annotations:\n    last: |\n", "      ", "a record"),
        (
            "kustomize.toolkit.fluxcd.io/v1",
            "Kustomization",
            "spec:\n  patches:\n  - patch: |\n",
            "      ",
            "a patch",
        ),
        ("apps/v1", "Deployment", "spec:\n  ref:\n", "    # ", "a comment"),
    ] {
        let text = holder(api, kind, &format!("{rest}{}", held("", before)));
        assert_eq!(guards(&found(&[("a.yaml", &text)])), [""; 0], "{why}: {text}");
    }
}

#[test]
fn extra_objects_in_the_values_of_a_chart_are_found() {
    let values = format!("replicas: 1\nextraObjects:\n{}", held("", "  - "));
    assert_eq!(
        guards(&found(&[("chart/values.yaml", &values)])),
        ["OCIRepository apps/app in chart/values.yaml <- nothing"]
    );
}

#[test]
fn the_items_of_a_list_need_not_tell_what_they_are() {
    let list = |items: &str| {
        format!("apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepositoryList\nitems:\n{items}")
    };
    let bare = "- {metadata: {name: app, namespace: apps}, spec: {url: oci://ghcr.io/acme/app}}\n";
    let told = |text: &str| guards(&found(&[("a.yaml", text)]));
    assert_eq!(told(&list(bare)), ["OCIRepository apps/app <- nothing"]);
    assert_eq!(told(&list(&held("", "- "))), ["OCIRepository apps/app <- nothing"]);
    let other = list(bare).replace("OCIRepositoryList", "List");
    assert_eq!(told(&other), [""; 0], "a plain list says nothing of its items");
}

/// kustomize changes the objects of its files, and none that stand inside of one.
#[test]
fn a_patch_of_an_overlay_does_not_reach_what_is_held() {
    let set = holder(
        "fluxcd.controlplane.io/v1",
        "ResourceSet",
        &format!("spec:\n  resources:\n{}", held("", "    - ")),
    );
    let patch = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {{name: app, \
         namespace: apps}}\nspec:\n{VERIFY}"
    );
    let overlay = "resources: [set.yaml, app.yaml]\npatches: [{path: patch.yaml}]\n";
    let files = |rest: &str| {
        let text = source("app", rest);
        let files = [
            ("kustomization.yaml", overlay),
            ("set.yaml", &set),
            ("app.yaml", &text),
            ("patch.yaml", &patch),
        ];
        guards(&found(&files))
    };
    assert_eq!(
        files(""),
        [
            "OCIRepository apps/app <- ^s$",
            "OCIRepository apps/app in ResourceSet infra/all <- nothing"
        ]
    );
}

#[test]
fn a_release_beside_its_source_in_a_set_is_guarded_by_it() {
    let release = "    - apiVersion: helm.toolkit.fluxcd.io/v2\n      kind: HelmRelease\n      \
                   metadata: {name: web, namespace: apps}\n      spec: {chartRef: {kind: \
                   OCIRepository, name: app}}\n";
    let set = holder(
        "fluxcd.controlplane.io/v1",
        "ResourceSet",
        &format!("spec:\n  resources:\n{release}{}", held(VERIFY, "    - ")),
    );
    let told = guards(&found(&[("a.yaml", &set)]));
    let source = "OCIRepository apps/app in ResourceSet infra/all";
    assert!(told.contains(&format!("HelmRelease apps/web <- {source}")), "{told:?}");
}

#[test]
fn a_template_that_makes_a_source_is_said_to_hide_one() {
    let set = |body: &str| {
        let rest = format!("spec:\n  resourcesTemplate: |\n{body}");
        found(&[("a.yaml", &holder("fluxcd.controlplane.io/v1", "ResourceSet", &rest))])
    };
    let ranged = format!("    << range .x >>\n{}    << end >>\n", held("", "    "));
    let hidden = set(&ranged);
    assert_eq!(hidden.sources, []);
    let [unjudged] = hidden.unjudged.as_slice() else { panic!("{:?}", hidden.unjudged) };
    assert_eq!((unjudged.why, unjudged.names_a_kind), (Why::Template, true));
    let others = ranged.replace("OCIRepository", "Deployment");
    assert_eq!(set(&others).unjudged, [], "nothing of ours is named there");
}
