//! Overlays: which objects a `kustomization.yaml` or a Flux `Kustomization` takes, and the patches
//! that it lays over them.

use sealwright_yaml::{Node, Place};

use crate::File;
use crate::object::Object;
use crate::patch::{Patch, patches};
use crate::paths::{folder, joined, normal};
use crate::shapes::flux_instance::in_text;
use crate::target::Target;

/// One overlay.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Overlay {
    /// Its folder, by which others name it; absent for a Flux `Kustomization`, which nobody names.
    pub(crate) folder: Option<String>,
    pub(crate) file: String,
    /// Laid over what others take; has no objects of its own.
    pub(crate) is_component: bool,
    /// Files and folders that it takes.
    pub(crate) takes: Vec<String>,
    pub(crate) components: Vec<String>,
    pub(crate) patches: Vec<Laid>,
    /// The namespace that it gives to all.
    pub(crate) namespace: Option<String>,
    /// It takes what is not in the repository, or makes objects: not all of them are known.
    pub(crate) is_open: bool,
}

/// A patch as an overlay names it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Laid {
    /// In the overlay's own file.
    Here(Patch),
    /// In another file.
    At { path: String, target: Option<Target>, at: Place },
}

/// Fields that make or change objects in ways that are not followed here.
const MAKERS: &[&str] =
    &["generators", "transformers", "helmCharts", "helmChartInflationGenerator"];

/// What Kustomize reads in a `kustomization.yaml`.
pub(crate) fn overlay(root: &Node, file: File<'_>) -> Overlay {
    let here = folder(file.path).to_owned();
    let names = |key| root.get(key).map(Node::items).unwrap_or_default().iter();
    let all = names("resources").chain(names("bases")).filter_map(Node::text);
    let (remote, local): (Vec<&str>, Vec<&str>) = all.partition(|name| is_remote(name));
    let components = names("components").filter_map(Node::text);
    let makers = MAKERS.iter().any(|key| root.get(key).is_some_and(|node| !node.is_null()));
    Overlay {
        takes: local.into_iter().map(|name| joined(&here, name)).collect(),
        components: components.map(|name| joined(&here, name)).collect(),
        patches: laid(root, &here, file),
        namespace: root.text_at(&["namespace"]).map(str::to_owned),
        is_open: makers || !remote.is_empty(),
        is_component: root.text_at(&["kind"]) == Some("Component"),
        folder: Some(here),
        file: file.path.to_owned(),
    }
}

/// What kustomize-controller makes of a Flux `Kustomization`.
pub(crate) fn flux_kustomization(object: &Object<'_>, file: File<'_>) -> Option<Overlay> {
    let spec = object.node.get("spec")?;
    let path = normal(spec.text_at(&["path"])?);
    let components = spec.get("components").map(Node::items).unwrap_or_default();
    Some(Overlay {
        folder: None,
        components: components
            .iter()
            .filter_map(Node::text)
            .map(|name| joined(&path, name))
            .collect(),
        takes: vec![path],
        patches: laid(spec, "", file),
        namespace: spec.text_at(&["targetNamespace"]).map(str::to_owned),
        is_open: false,
        is_component: false,
        file: file.path.to_owned(),
    })
}

fn is_remote(name: &str) -> bool {
    name.contains("://") || name.contains("?ref=") || name.starts_with("git@") || {
        let first = name.split('/').next().unwrap_or_default();
        name.contains('/') && !first.starts_with('.') && first.ends_with(".com")
    }
}

fn laid(root: &Node, here: &str, file: File<'_>) -> Vec<Laid> {
    let mut found = Vec::new();
    for item in root.get("patches").map(Node::items).unwrap_or_default() {
        found.extend(entry(item, here, file));
    }
    for item in root.get("patchesJson6902").map(Node::items).unwrap_or_default() {
        found.extend(entry(item, here, file));
    }
    for item in root.get("patchesStrategicMerge").map(Node::items).unwrap_or_default() {
        match item.text() {
            Some(text) if !text.contains('\n') && !text.contains(':') => {
                let path = joined(here, text);
                found.push(Laid::At { path, target: None, at: item.at.clone() });
            }
            Some(_) => found.extend(in_text(Some(item), None, file).into_iter().map(Laid::Here)),
            None => {
                found.extend(patches(std::slice::from_ref(item), None).into_iter().map(Laid::Here))
            }
        }
    }
    found
}

/// An entry with `target`, and `patch` or `path`.
fn entry(item: &Node, here: &str, file: File<'_>) -> Vec<Laid> {
    let target = item.get("target").filter(|target| !target.is_null()).map(Target::of);
    if let Some(path) = item.text_at(&["path"]) {
        return vec![Laid::At { path: joined(here, path), target, at: item.at.clone() }];
    }
    in_text(item.get("patch"), target.as_ref(), file).into_iter().map(Laid::Here).collect()
}
