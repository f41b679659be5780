//! What Kustomize pulls or renames: remote resources, `images:` overrides, charts, and patches
//! written inside another manifest.

use super::document::{self, Node, Value};
use super::search::{self, Source};
use super::{ChartRepository, ImageReference, Inventory, Pulled, Rule};

/// Searches a `kustomization.yaml`.
pub(super) fn search(node: &Node, source: Source<'_>, inventory: &mut Inventory) {
    for list in ["resources", "bases", "components", "crds", "transformers", "generators"] {
        for item in node.get(list).map(Node::items).unwrap_or_default() {
            remote(item, source, inventory);
        }
    }
    for chart in node.get("helmCharts").map(Node::items).unwrap_or_default() {
        helm_chart(chart, source, inventory);
    }
    overrides(node, source, inventory);
}

/// Searches `images:` and patches, which Flux's `Kustomization` and `FluxInstance` have too.
pub(super) fn overrides(node: &Node, source: Source<'_>, inventory: &mut Inventory) {
    for item in node.get("images").map(Node::items).unwrap_or_default() {
        image_override(item, source, inventory);
    }
    for item in node.get("patches").map(Node::items).unwrap_or_default() {
        if let Some(text) = item.get("patch") {
            inline_patch(text, source, inventory);
        }
    }
    for text in node.get("patchesStrategicMerge").map(Node::items).unwrap_or_default() {
        inline_patch(text, source, inventory);
    }
}

/// `[newName or name][:newTag][@digest]` (kustomize, `api/types/image.go`).
fn image_override(item: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let Some(name) = item.text("newName").or_else(|| item.text("name")) else { return };
    let tag = item.text("newTag").map_or(String::new(), |tag| format!(":{tag}"));
    let digest = item.text("digest").map_or(String::new(), |digest| format!("@{digest}"));
    let text = format!("{name}{tag}{digest}");
    inventory.add_image(&text, source.file, source.line(item), Rule::ImageOverride);
}

fn helm_chart(chart: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let (Some(name), Some(repository)) = (chart.text("name"), chart.text("repo")) else { return };
    let version = chart.text("version").map(str::to_owned);
    let pulled = match repository.strip_prefix("oci://") {
        Some(path) => {
            let reference = ImageReference::parse(&format!("{path}/{name}"));
            let Some(reference) = reference else { return };
            let reference = ImageReference { tag: version, ..reference };
            Pulled::OciArtifact { reference, range: None }
        }
        None => {
            let repository = ChartRepository::Url(repository.to_owned());
            Pulled::Chart { repository, name: name.to_owned(), version }
        }
    };
    inventory.add(pulled, source.file, source.line(chart), Rule::Chart);
}

/// A resource that is not a path: a file on the web, or a git repository with `//folder?ref=`.
fn remote(item: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let Some(text) = item.as_text() else { return };
    let Some(pulled) = parse_remote(text) else { return };
    inventory.add(pulled, source.file, source.line(item), Rule::RemoteBase);
}

fn parse_remote(text: &str) -> Option<Pulled> {
    let known_host = ["github.com/", "gitlab.com/", "bitbucket.org/", "git@", "git::"];
    let is_remote = text.contains("://") || known_host.iter().any(|host| text.starts_with(host));
    if !is_remote {
        return None;
    }
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    let web_file = address.starts_with("http")
        && [".yaml", ".yml", ".json"].iter().any(|end| address.ends_with(end));
    if web_file {
        return Some(Pulled::File { url: text.to_owned() });
    }
    let parameter = |wanted: &[&str]| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| wanted.contains(name)).map(|(_, value)| value.to_owned()).next()
    };
    Some(Pulled::Git { url: address.to_owned(), revision: parameter(&["ref", "version"]) })
}

/// A patch as text: a piece of an object, or a list of JSON 6902 operations.
fn inline_patch(node: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let Some(text) = node.as_text() else { return };
    let inside = Source { lines_before: source.line(node).saturating_sub(1), ..source };
    // A path to a file is one line without a colon, and no patch.
    for patch in document::parse(text).into_iter().flatten() {
        match &patch.value {
            Value::List(operations) => {
                for operation in operations {
                    replaced_image(operation, inside, inventory);
                }
            }
            _ => search::object(&patch, inside, inventory),
        }
    }
}

fn replaced_image(operation: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let is_image = operation.text("path").is_some_and(|path| path.ends_with("/image"));
    let Some(value) = operation.get("value").filter(|_| is_image) else { return };
    if let Some(text) = value.as_text() {
        inventory.add_image(text, source.file, source.line(value), Rule::Patch);
    }
}
