//! What Flux pulls: sources and charts, at the paths that its controllers read.

use super::document::Node;
use super::search::Source;
use super::{ChartRepository, ImageReference, Inventory, Pulled, Rule, custom, kustomize};

/// Searches an object of Flux or of a chart controller; whether it was one.
pub(super) fn search(
    group: &str,
    kind: &str,
    node: &Node,
    source: Source<'_>,
    inventory: &mut Inventory,
) -> bool {
    let Some(spec) = node.get("spec") else { return false };
    match (group, kind) {
        ("source.toolkit.fluxcd.io", "HelmRepository") => {
            if let Some(url) = spec.text("url") {
                let (namespace, name) = identity(node);
                inventory.add_helm_repository(namespace, name, url);
            }
        }
        ("source.toolkit.fluxcd.io", "OCIRepository") => oci_repository(spec, source, inventory),
        ("source.toolkit.fluxcd.io", "GitRepository") => git_repository(spec, source, inventory),
        ("source.toolkit.fluxcd.io", "Bucket") => bucket(spec, source, inventory),
        ("source.toolkit.fluxcd.io", "HelmChart") => chart(spec, node, source, inventory),
        ("helm.toolkit.fluxcd.io", "HelmRelease") => {
            if let Some(chart_spec) = spec.at(&["chart", "spec"]) {
                chart(chart_spec, node, source, inventory);
            }
            for values in ["values", "postRenderers"] {
                if let Some(values) = spec.get(values) {
                    custom::values("", values, source, inventory);
                }
            }
        }
        ("helm.cattle.io", "HelmChart") => cattle_chart(spec, source, inventory),
        ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
            kustomize::overrides(spec, source, inventory);
        }
        ("fluxcd.controlplane.io", "FluxInstance") => flux_instance(spec, source, inventory),
        _ => return false,
    }
    true
}

fn identity(node: &Node) -> (&str, &str) {
    let metadata = node.get("metadata");
    let text = |key| metadata.and_then(|metadata| metadata.text(key)).unwrap_or_default();
    (text("namespace"), text("name"))
}

fn oci_repository(spec: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let reference = spec.get("ref");
    let part = |key| reference.and_then(|reference| reference.text(key));
    let (tag, digest, range) = (part("tag"), part("digest"), part("semver"));
    oci_artifact(spec.get("url"), (tag, digest, range), source, inventory);
}

/// An `oci://` URL with tag, digest and range. Flux takes the digest first, then the range.
fn oci_artifact(
    url: Option<&Node>,
    (tag, digest, range): (Option<&str>, Option<&str>, Option<&str>),
    source: Source<'_>,
    inventory: &mut Inventory,
) {
    let Some((node, url)) = url.and_then(|node| Some((node, node.as_text()?))) else { return };
    let line = source.line(node);
    let repository = url.strip_prefix("oci://").and_then(ImageReference::parse);
    let Some(mut reference) = repository else {
        return unknown(url, source.file, line, inventory);
    };
    let range = range.filter(|_| digest.is_none()).map(str::to_owned);
    if let Some(digest) = digest {
        reference.digest = Some(digest.to_owned());
    } else if range.is_none() && reference.digest.is_none() && reference.tag.is_none() {
        reference.tag = Some(tag.unwrap_or("latest").to_owned());
    }
    let pulled = Pulled::OciArtifact { reference, range };
    inventory.add(pulled, source.file, line, Rule::FluxSource);
}

fn git_repository(spec: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let Some((node, url)) = spec.get("url").and_then(|node| Some((node, node.as_text()?))) else {
        return;
    };
    let line = source.line(node);
    if url.contains("${") {
        return unknown(url, source.file, line, inventory);
    }
    let reference = spec.get("ref");
    let revision = ["commit", "name", "semver", "tag", "branch"]
        .iter()
        .find_map(|key| reference.and_then(|reference| reference.text(key)));
    let revision = Some(revision.unwrap_or("master").to_owned());
    let pulled = Pulled::Git { url: url.to_owned(), revision };
    inventory.add(pulled, source.file, line, Rule::FluxSource);
}

fn bucket(spec: &Node, source: Source<'_>, inventory: &mut Inventory) {
    if let (Some(endpoint), Some(name)) = (spec.text("endpoint"), spec.text("bucketName")) {
        let line = spec.get("endpoint").map_or(spec.line, |node| node.line);
        let line = source.lines_before.saturating_add(line);
        let pulled = Pulled::Bucket { endpoint: endpoint.to_owned(), name: name.to_owned() };
        inventory.add(pulled, source.file, line, Rule::FluxSource);
    }
}

/// A chart of a named source. Charts of git repositories and buckets come with those.
fn chart(spec: &Node, owner: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let Some((node, name)) = spec.get("chart").and_then(|node| Some((node, node.as_text()?)))
    else {
        return;
    };
    let reference = spec.get("sourceRef");
    let part = |key| reference.and_then(|reference| reference.text(key));
    if part("kind").is_some_and(|kind| kind != "HelmRepository") {
        return;
    }
    let namespace = part("namespace").unwrap_or_else(|| identity(owner).0).to_owned();
    let repository =
        ChartRepository::Named { namespace, name: part("name").unwrap_or_default().to_owned() };
    let version = spec.text("version").map(str::to_owned);
    let pulled = Pulled::Chart { repository, name: name.to_owned(), version };
    inventory.add(pulled, source.file, source.line(node), Rule::Chart);
}

/// The chart controller of K3s.
fn cattle_chart(spec: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let Some((node, name)) = spec.get("chart").and_then(|node| Some((node, node.as_text()?)))
    else {
        return;
    };
    if let Some(reference) = name.strip_prefix("oci://").and_then(ImageReference::parse) {
        let reference =
            ImageReference { tag: spec.text("version").map(str::to_owned), ..reference };
        let pulled = Pulled::OciArtifact { reference, range: None };
        return inventory.add(pulled, source.file, source.line(node), Rule::Chart);
    }
    let repository = ChartRepository::Url(spec.text("repo").unwrap_or_default().to_owned());
    let version = spec.text("version").map(str::to_owned);
    let pulled = Pulled::Chart { repository, name: name.to_owned(), version };
    inventory.add(pulled, source.file, source.line(node), Rule::Chart);
}

/// The operator's own manifests, what it syncs from, and the patches of it all.
fn flux_instance(spec: &Node, source: Source<'_>, inventory: &mut Inventory) {
    oci_artifact(spec.at(&["distribution", "artifact"]), (None, None, None), source, inventory);
    if let Some(sync) = spec.get("sync") {
        match sync.text("kind") {
            Some("OCIRepository") => {
                let revision = (sync.text("ref"), None, None);
                oci_artifact(sync.get("url"), revision, source, inventory);
            }
            Some("GitRepository") => {
                if let (Some(node), Some(url)) = (sync.get("url"), sync.text("url")) {
                    let revision = sync.text("ref").map(str::to_owned);
                    let pulled = Pulled::Git { url: url.to_owned(), revision };
                    inventory.add(pulled, source.file, source.line(node), Rule::FluxSource);
                }
            }
            _ => {}
        }
    }
    if let Some(kustomize) = spec.get("kustomize") {
        kustomize::overrides(kustomize, source, inventory);
    }
}

fn unknown(text: &str, file: &str, line: u32, inventory: &mut Inventory) {
    inventory.note(file, line, &format!("`{text}` is not a URL that can be resolved here"));
}
