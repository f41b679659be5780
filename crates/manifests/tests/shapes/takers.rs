//! What takes from a source that stands elsewhere: nobody knows here whether anything verifies it.

use sealwright_manifests::{Found, Guard, SourceKind};

use super::{VERIFY, codes, found, guards, source};

fn taker(group: &str, kind: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: {group}/v1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: flux-system\n\
         spec:\n  path: ./deploy\n{spec}---\n"
    )
}

fn kustomization(name: &str, reference: &str) -> String {
    taker(
        "kustomize.toolkit.fluxcd.io",
        "Kustomization",
        name,
        &format!("  sourceRef: {reference}\n"),
    )
}

/// The sources that are named and not there.
fn absent(found: &Found) -> Vec<&str> {
    let elsewhere =
        found.sources.iter().filter(|one| matches!(one.guarded_by, Guard::Elsewhere(_)));
    elsewhere.map(|one| one.object.as_str()).collect()
}

#[test]
fn a_source_that_is_named_and_not_there_is_not_known() {
    let here = source("a", VERIFY);
    for (reference, expected, why) in [
        ("{kind: OCIRepository, name: a, namespace: apps}", None, "it is in another folder"),
        (
            "{kind: OCIRepository, name: a}",
            Some("OCIRepository flux-system/a"),
            "of its own namespace",
        ),
        (
            "{kind: OCIRepository, name: b, namespace: apps}",
            Some("OCIRepository apps/b"),
            "another name",
        ),
        ("{kind: GitRepository, name: flux-system}", None, "commits are verified otherwise"),
        ("{kind: Bucket, name: b}", None, "a bucket has no signatures"),
        (
            "{kind: ExternalArtifact, name: b}",
            Some("ExternalArtifact flux-system/b"),
            "somebody makes it of something",
        ),
        ("{kind: OCIRepository}", None, "the API refuses it"),
    ] {
        let text = kustomization("apps", reference);
        let found = found(&[("apps/a.yaml", &here), ("clusters/k.yaml", &text)]);
        assert_eq!(absent(&found), Vec::from_iter(expected), "{why}");
        assert_eq!(codes(&found), [""; 0], "{why}");
    }
}

#[test]
fn one_source_is_told_of_once() {
    let reference = "{kind: OCIRepository, name: flux-system}";
    let all: String =
        ["apps", "infra", "tenants"].map(|one| kustomization(one, reference)).concat();
    let found = found(&[("k.yaml", &all)]);
    assert_eq!(absent(&found), ["OCIRepository flux-system/flux-system"]);
    let [source] = found.sources.as_slice() else { panic!("{:?}", found.sources) };
    let Guard::Elsewhere(why) = &source.guarded_by else { panic!("{source:?}") };
    assert_eq!(
        why,
        "Kustomization flux-system/apps takes from it (and 2 more), and it is not in these files"
    );
    assert_eq!((source.file.as_str(), source.at.line), ("k.yaml", 1), "at the first that names it");
}

#[test]
fn what_generates_a_source_has_it() {
    let text = kustomization("apps", "{kind: OCIRepository, name: flux-system}");
    let instance = "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, \
         namespace: flux-system}\nspec: {sync: {kind: OCIRepository, url: 'oci://ghcr.io/acme/fleet'}}\n";
    let ksail =
        "apiVersion: ksail.io/v1alpha1\nkind: Cluster\nspec: {cluster: {gitOpsEngine: Flux}}\n";
    for (path, other, is_there, why) in [
        ("flux.yaml", instance.to_owned(), true, "flux-operator"),
        ("ksail.yaml", ksail.to_owned(), true, "KSail"),
        ("flux.yaml", instance.replace("OCIRepository", "GitRepository"), false, "another kind"),
    ] {
        let found = found(&[(path, &other), ("k.yaml", &text)]);
        assert_eq!(absent(&found).is_empty(), is_there, "{why}");
    }
}

#[test]
fn a_reference_is_what_overlays_make_of_it() {
    let base = kustomization("apps", "{kind: GitRepository, name: flux-system}");
    let to_oci = "resources: [k.yaml]\npatches:\n  - target: {kind: Kustomization}\n    patch: |\n      \
         - {op: replace, path: /spec/sourceRef/kind, value: OCIRepository}\n";
    let of = |overlay: &str| {
        let found = found(&[("k.yaml", &base), ("kustomization.yaml", overlay)]);
        absent(&found).join(" ")
    };
    assert_eq!(of(to_oci), "OCIRepository flux-system/flux-system", "a patch changes the kind");
    assert_eq!(of("resources: [k.yaml]\n"), "", "nothing does");

    let own = kustomization("apps", "{kind: OCIRepository, name: a}")
        .replace("  namespace: flux-system\n", "");
    for (namespace, expected) in [("apps", ""), ("other", "OCIRepository other/a")] {
        let overlay = format!("resources: [k.yaml]\nnamespace: {namespace}\n");
        let files = [
            ("k.yaml", own.as_str()),
            ("kustomization.yaml", &overlay),
            ("s/a.yaml", &source("a", VERIFY)),
        ];
        assert_eq!(absent(&found(&files)).join(" "), expected, "the overlay gives the namespace");
    }
}

#[test]
fn others_take_from_sources_too() {
    let generator = |sources: &str| {
        taker(
            "source.extensions.fluxcd.io",
            "ArtifactGenerator",
            "g",
            &format!("  sources: [{sources}]\n  artifacts: [{{name: mixed}}]\n"),
        )
    };
    let mixed = kustomization("apps", "{kind: ExternalArtifact, name: mixed}");
    let git = generator("{alias: a, kind: GitRepository, name: a}");
    assert_eq!(absent(&found(&[("g.yaml", &git), ("k.yaml", &mixed)])), [""; 0], "it is made here");
    let oci = generator("{alias: a, kind: OCIRepository, name: a}");
    assert_eq!(
        absent(&found(&[("g.yaml", &oci)])),
        ["OCIRepository flux-system/a"],
        "of what is not"
    );
    let terraform = taker(
        "infra.contrib.fluxcd.io",
        "Terraform",
        "t",
        "  sourceRef: {kind: OCIRepository, name: modules}\n",
    );
    assert_eq!(absent(&found(&[("t.yaml", &terraform)])), ["OCIRepository flux-system/modules"]);
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: w, namespace: \
         flux-system}\nspec: {chartRef: {kind: ExternalArtifact, name: mixed}}\n";
    let alone = found(&[("h.yaml", release)]);
    assert_eq!(absent(&alone), ["ExternalArtifact flux-system/mixed"]);
    assert_eq!(absent(&found(&[("g.yaml", &git), ("h.yaml", release)])), [""; 0]);
}

#[test]
fn a_name_that_is_filled_in_is_no_slip_of_the_name() {
    let of = |name: &str| {
        kustomization("apps", &format!("{{kind: OCIRepository, name: '{name}', namespace: apps}}"))
    };
    let here = source("'${CLUSTER}-a'", VERIFY);
    let same = found(&[("a.yaml", &here), ("k.yaml", &of("${CLUSTER}-a"))]);
    assert_eq!(absent(&same), [""; 0], "both are written alike");
    let other = found(&[("a.yaml", &here), ("k.yaml", &of("${CLUSTER}-b"))]);
    let told = other.sources.iter().find_map(|one| match &one.guarded_by {
        Guard::Elsewhere(why) => Some((one.kind, why.ends_with("its name is filled in later"))),
        _ => None,
    });
    assert_eq!(told, Some((SourceKind::OciRepository, true)));
    assert_eq!(guards(&other).len(), 2);
}
