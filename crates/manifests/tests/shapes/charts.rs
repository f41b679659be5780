//! Charts: what guards one depends on the repository that it comes from.

use sealwright_manifests::{Consumer, SourceKind};

use super::{VERIFY, codes, found, guards, source};

fn repository(kind: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata:\n  name: acme\n  \
         namespace: apps\nspec:\n{kind}  url: oci://ghcr.io/acme/charts\n"
    )
}

fn chart(verify: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata:\n  name: web\n  \
         namespace: apps\nspec:\n  chart: web\n  sourceRef:\n    kind: HelmRepository\n    name: acme\n{verify}"
    )
}

fn release(spec: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: web\n  \
         namespace: apps\nspec:\n{spec}"
    )
}

const TEMPLATE: &str = "  chart:\n    spec:\n      chart: web\n      sourceRef:\n        \
     kind: HelmRepository\n        name: acme\n";

#[test]
fn a_chart_of_an_oci_repository_is_a_source() {
    let oci = repository("  type: oci\n");
    let with = found(&[("r.yaml", &oci), ("c.yaml", &chart(VERIFY))]);
    assert_eq!(guards(&with), ["HelmChart apps/web <- ^s$"]);
    assert_eq!(with.sources[0].url, "oci://ghcr.io/acme/charts/web");
    assert_eq!(with.declarations[0].guards[0].what, "oci://ghcr.io/acme/charts/web");
    let without = found(&[("r.yaml", &oci), ("c.yaml", &chart(""))]);
    assert_eq!(guards(&without), ["HelmChart apps/web <- nothing"]);
}

#[test]
fn a_chart_of_another_repository_is_never_verified() {
    let http = repository("");
    let with = found(&[("r.yaml", &http), ("c.yaml", &chart(VERIFY))]);
    assert_eq!(guards(&with), ["HelmChart apps/web <- nothing"]);
    assert_eq!(codes(&with), ["SW9105"], "the block is read for `type: oci` alone");
    let without = found(&[("r.yaml", &http), ("c.yaml", &chart(""))]);
    assert_eq!(guards(&without), ["HelmChart apps/web <- nothing"], "it is pulled all the same");
    assert_eq!(codes(&without), [""; 0]);
}

#[test]
fn a_chart_of_a_repository_of_files_is_never_verified() {
    let git = |verify| chart(verify).replace("HelmRepository", "GitRepository");
    let told = |text: &str| codes(&found(&[("c.yaml", text)]));
    assert_eq!(told(&git(VERIFY)), ["SW9105"]);
    assert_eq!(told(&git("")), [""; 0]);
}

#[test]
fn a_repository_of_another_namespace_is_another_one() {
    let elsewhere = repository("  type: oci\n").replace("namespace: apps", "namespace: infra");
    let found = found(&[("r.yaml", &elsewhere), ("c.yaml", &chart(""))]);
    assert_eq!(guards(&found), ["HelmChart apps/web <- nothing"]);
    assert_eq!(found.sources[0].url, "", "what it pulls is not told here");
}

#[test]
fn a_release_has_no_field_for_identities() {
    let verify = VERIFY.replace("\n  ", "\n      ");
    let block = format!("{TEMPLATE}      {}", verify.trim_start());
    let found = found(&[("r.yaml", &repository("  type: oci\n")), ("h.yaml", &release(&block))]);
    assert_eq!(guards(&found), ["HelmRelease apps/web <- no identity"]);
    assert_eq!(found.declarations[0].consumer, Consumer::FluxHelmRelease);
    assert_eq!(codes(&found), ["SW9105"], "the identities are dropped by the API");
    assert_eq!(found.unread[0].path, "spec.chart.spec.verify.matchOIDCIdentity");
}

#[test]
fn a_release_can_name_the_source_of_its_chart() {
    let reference = release("  chartRef:\n    kind: OCIRepository\n    name: a\n");
    let named = found(&[("a.yaml", &source("a", VERIFY)), ("h.yaml", &reference)]);
    assert_eq!(
        guards(&named),
        ["OCIRepository apps/a <- ^s$", "HelmRelease apps/web <- OCIRepository apps/a"]
    );
    assert_eq!(named.sources[1].kind, SourceKind::HelmRelease);
    let nowhere = reference.replace("  namespace: apps\n", "");
    let beside = found(&[("a.yaml", &source("a", VERIFY)), ("h.yaml", &nowhere)]);
    assert!(guards(&beside).contains(&"HelmRelease web <- OCIRepository apps/a".to_owned()));
    let by_chart = release("  chartRef:\n    kind: HelmChart\n    name: web\n");
    let files = [("a.yaml", by_chart.as_str()), ("c.yaml", &chart(""))];
    assert_eq!(
        guards(&found(&files)),
        ["HelmRelease apps/web <- HelmChart apps/web", "HelmChart apps/web <- nothing"]
    );
    let absent = found(&[("b.yaml", &source("b", VERIFY)), ("h.yaml", &reference)]);
    assert!(guards(&absent).contains(&"HelmRelease apps/web <- unknown".to_owned()));
}

#[test]
fn a_chart_of_k3s_is_not_one_of_flux() {
    let k3s = chart(VERIFY).replace("source.toolkit.fluxcd.io", "helm.cattle.io");
    let found = found(&[("r.yaml", &repository("  type: oci\n")), ("c.yaml", &k3s)]);
    assert!(found.sources.is_empty() && found.declarations.is_empty() && found.findings.is_empty());
}
