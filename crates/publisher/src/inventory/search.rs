//! Decides by group and kind what a document is, and who searches it.

use super::document::Node;
use super::{Inventory, custom, flux, kustomize, workload};

/// Where things are found: the file, and how many lines precede the text that is searched (a patch
/// inside another manifest).
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) lines_before: u32,
}

impl Source<'_> {
    pub(super) fn line(self, node: &Node) -> u32 {
        self.lines_before.saturating_add(node.line)
    }
}

/// Searches a document of a file.
pub(super) fn document(node: &Node, file: &str, inventory: &mut Inventory) {
    let name = file.rsplit('/').next().unwrap_or_default();
    let source = Source { file, lines_before: 0 };
    if ["kustomization.yaml", "kustomization.yml", "Kustomization"].contains(&name) {
        kustomize::search(node, source, inventory);
    } else {
        object(node, source, inventory);
    }
}

/// Searches a Kubernetes object, whole or a patch of one.
pub(super) fn object(node: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let (Some(api_version), Some(kind)) = (node.text("apiVersion"), node.text("kind")) else {
        return;
    };
    if node.get("sops").is_some() {
        return inventory.note(
            source.file,
            source.line(node),
            "cannot be searched: it is encrypted with SOPS",
        );
    }
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, kind) {
        (_, kind) if kind.ends_with("List") && node.get("items").is_some() => {
            for item in node.get("items").map(Node::items).unwrap_or_default() {
                object(item, source, inventory);
            }
        }
        ("kustomize.config.k8s.io", _) => kustomize::search(node, source, inventory),
        ("" | "apps" | "batch", kind) => workload::search(kind, node, source, inventory),
        _ if flux::search(group, kind, node, source, inventory) => {}
        _ => custom::search(node, source, inventory),
    }
}
