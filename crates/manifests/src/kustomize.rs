//! Overlays: which objects a `kustomization.yaml` or a Flux `Kustomization` takes, and the patches
//! that it lays over them.

use sealwright_yaml::{Node, Place, inside};

use crate::File;
use crate::object::Object;
use crate::patch::{Patch, patches};
use crate::paths::{folder, joined, normal};
use crate::target::Target;

/// One overlay.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Overlay {
    /// Its folder, by which others name it; absent for a Flux `Kustomization`, which nobody names.
    pub(crate) folder: Option<String>,
    pub(crate) file: String,
    /// Line of a Flux `Kustomization`.
    pub(crate) line: u32,
    /// Laid over what others take; has no objects of its own.
    pub(crate) is_component: bool,
    /// Files and folders that it takes.
    pub(crate) takes: Vec<String>,
    pub(crate) components: Vec<String>,
    /// What it takes from elsewhere, which is never fetched.
    pub(crate) remote: Vec<(String, Place)>,
    pub(crate) patches: Vec<Laid>,
    /// Patches that are laid when all have their new names: `patchesJson6902`.
    pub(crate) late: Vec<Laid>,
    pub(crate) renames: Renames,
    pub(crate) replacements: Vec<Replacement>,
    /// It makes objects: not all of them are known.
    pub(crate) makes: Option<&'static str>,
    /// It changes objects in ways that are not followed here.
    pub(crate) transforms: Option<&'static str>,
}

/// What an overlay does to the names and labels of all objects.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Renames {
    pub(crate) namespace: Option<String>,
    pub(crate) prefix: String,
    pub(crate) suffix: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) annotations: Vec<(String, String)>,
}

/// A patch as an overlay names it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Laid {
    /// In the overlay's own file.
    Here(Patch),
    /// In another file.
    At { path: String, target: Option<Target>, at: Place },
}

/// Fields that a replacement copies a value to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Replacement {
    pub(crate) target: Target,
    pub(crate) fields: Vec<String>,
}

/// Fields that make objects in ways that are not followed here.
const MAKERS: &[&str] = &["generators", "helmCharts", "helmChartInflationGenerator"];

/// Fields that change objects in ways that are not followed here.
const CHANGERS: &[&str] = &["transformers", "openapi"];

impl Overlay {
    /// It takes what is not in the repository, or makes objects.
    pub(crate) fn is_open(&self) -> bool {
        self.makes.is_some() || !self.remote.is_empty()
    }
}

/// What Kustomize reads in a `kustomization.yaml`.
pub(crate) fn overlay(root: &Node, file: File<'_>) -> Overlay {
    let here = folder(file.path).to_owned();
    let names = |key| root.get(key).map(Node::items).unwrap_or_default().iter();
    let named = |item| Some((Node::text(item)?, &item.at));
    let all = names("resources").chain(names("bases")).filter_map(named);
    let (remote, local): (Vec<_>, Vec<_>) = all.partition(|(name, _)| is_remote(name));
    let components = names("components").filter_map(Node::text);
    let (patches, late) = laid(root, &here, file);
    Overlay {
        takes: local.into_iter().map(|(name, _)| joined(&here, name)).collect(),
        components: components.map(|name| joined(&here, name)).collect(),
        remote: remote.into_iter().map(|(name, at)| (name.to_owned(), at.clone())).collect(),
        patches,
        late,
        renames: renames(root, "namespace"),
        replacements: names("replacements").flat_map(replacement).collect(),
        makes: first_of(root, MAKERS),
        transforms: first_of(root, CHANGERS),
        is_component: root.text_at(&["kind"]) == Some("Component"),
        folder: Some(here),
        file: file.path.to_owned(),
        line: root.at.line,
    }
}

fn first_of(root: &Node, fields: &[&'static str]) -> Option<&'static str> {
    fields.iter().copied().find(|key| root.get(key).is_some_and(|node| !node.is_null()))
}

/// What kustomize-controller makes of a Flux `Kustomization`.
pub(crate) fn flux_kustomization(object: &Object<'_>, file: File<'_>) -> Option<Overlay> {
    let spec = object.node.get("spec")?;
    let path = normal(spec.text_at(&["path"])?);
    let components = spec.get("components").map(Node::items).unwrap_or_default();
    let (patches, late) = laid(spec, "", file);
    Some(Overlay {
        components: components
            .iter()
            .filter_map(Node::text)
            .map(|name| joined(&path, name))
            .collect(),
        takes: vec![path],
        patches,
        late,
        renames: renames(spec, "targetNamespace"),
        file: file.path.to_owned(),
        line: object.node.at.line,
        ..Overlay::default()
    })
}

fn renames(root: &Node, namespace: &str) -> Renames {
    let field = |key| root.get(key).and_then(Node::scalar).map(str::to_owned);
    let pairs = |node: Option<&Node>| -> Vec<(String, String)> {
        let entries = node.map(Node::entries).unwrap_or_default().iter();
        entries.filter_map(|(key, it)| Some((key.name.clone(), it.scalar()?.to_owned()))).collect()
    };
    let labels = root.get("labels").map(Node::items).unwrap_or_default();
    let labels = labels.iter().flat_map(|item| pairs(item.get("pairs")));
    let common = |key| pairs(root.get(key).or_else(|| root.at_path(&["commonMetadata", key])));
    Renames {
        namespace: field(namespace),
        prefix: field("namePrefix").unwrap_or_default(),
        suffix: field("nameSuffix").unwrap_or_default(),
        labels: labels.chain(pairs(root.get("commonLabels"))).chain(common("labels")).collect(),
        annotations: pairs(root.get("commonAnnotations"))
            .into_iter()
            .chain(common("annotations"))
            .collect(),
    }
}

/// A replacement in a file of its own is about an unknown field of anything.
fn replacement(item: &Node) -> Vec<Replacement> {
    let Some(targets) = item.get("targets") else {
        return vec![Replacement { target: Target::default(), fields: vec!["spec".to_owned()] }];
    };
    let fields = |target: &Node| -> Vec<String> {
        let paths = target.get("fieldPaths").map(Node::items).unwrap_or_default();
        match paths {
            // Without one it is the name.
            [] => vec!["metadata.name".to_owned()],
            paths => paths.iter().filter_map(Node::text).map(str::to_owned).collect(),
        }
    };
    let of = |one: &Node| Replacement {
        target: one.get("select").map(Target::of).unwrap_or_default(),
        fields: fields(one),
    };
    targets.items().iter().map(of).collect()
}

fn is_remote(name: &str) -> bool {
    name.contains("://") || name.contains("?ref=") || name.starts_with("git@") || {
        let first = name.split('/').next().unwrap_or_default();
        name.contains('/') && !first.starts_with('.') && first.ends_with(".com")
    }
}

/// The patches, and those that are laid behind the new names.
fn laid(root: &Node, here: &str, file: File<'_>) -> (Vec<Laid>, Vec<Laid>) {
    let items = |key| root.get(key).map(Node::items).unwrap_or_default().iter();
    let merged = items("patchesStrategicMerge").flat_map(|item| match item.text() {
        Some(text) if !text.contains('\n') && !text.contains(':') => {
            vec![Laid::At { path: joined(here, text), target: None, at: item.at.clone() }]
        }
        Some(_) => in_text(Some(item), None, file).into_iter().map(Laid::Here).collect(),
        None => patches(std::slice::from_ref(item), None).into_iter().map(Laid::Here).collect(),
    });
    let first = merged.chain(items("patches").flat_map(|item| entry(item, here, file))).collect();
    (first, items("patchesJson6902").flat_map(|item| entry(item, here, file)).collect())
}

/// The patches that stand in a value with the fields of a `kustomization.yaml`, and in no other file.
pub(crate) fn patches_in(root: &Node, file: File<'_>) -> Vec<Patch> {
    let (first, late) = laid(root, "", file);
    let here = |laid| match laid {
        Laid::Here(patch) => Some(patch),
        Laid::At { .. } => None,
    };
    first.into_iter().chain(late).filter_map(here).collect()
}

/// An entry with `target`, and `patch` or `path`.
fn entry(item: &Node, here: &str, file: File<'_>) -> Vec<Laid> {
    let target = item.get("target").filter(|target| !target.is_null()).map(Target::of);
    if let Some(path) = item.text_at(&["path"]) {
        return vec![Laid::At { path: joined(here, path), target, at: item.at.clone() }];
    }
    in_text(item.get("patch"), target.as_ref(), file).into_iter().map(Laid::Here).collect()
}

/// The patches in a text, or in a value that is written out.
pub(crate) fn in_text(node: Option<&Node>, target: Option<&Target>, file: File<'_>) -> Vec<Patch> {
    let Some(node) = node else { return Vec::new() };
    let documents = inside(node, file.bytes).documents;
    let roots: Vec<Node> = documents.into_iter().map(|document| document.root).collect();
    patches(&roots, target)
}
