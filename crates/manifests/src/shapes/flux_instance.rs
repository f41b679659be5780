//! flux-operator's `FluxInstance`: its `sync` generates a source that has no `verify`; a patch in
//! `kustomize.patches` is the only way to one. The same fields stand under `instance` in the values of
//! the chart flux-instance, which other charts and configuration maps hold as a text.

use sealwright_yaml::{Node, Place, Stream, inside, template_in};

use crate::File;
use crate::declaration::{Consumer, Declaration, Follows, Guarded};
use crate::found::{Guard, Source, SourceKind};
use crate::object::Object;
use crate::patch::{Act, Patch, is_about_git, patches};
use crate::shapes::flux::{Pulled, SOURCE_GROUP, verify};
use crate::target::{Hit, Named, Target};

/// Most texts inside each other that are looked into.
const TEXTS_DEPTH_MAX: usize = 4;

/// An instance, or the values that make one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Instance {
    /// The source it generates; absent when the fields do not tell.
    pub(crate) source: Option<Pulled>,
    pub(crate) patched: Vec<Patched>,
}

/// What a patch in an instance comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Patched {
    /// It aims at nothing that the instance generates.
    Nothing { target: String, at: Place },
    /// It takes the block out of the generated source.
    Removes(Place),
    /// It sets a block at a path that nobody reads.
    Elsewhere { path: String, at: Place },
    /// It cannot be told.
    Unknown { why: &'static str, at: Place },
}

/// A source by the names that Flux gives it.
pub(crate) fn generated(kind: &str, namespace: &str, name: &str) -> Named {
    Named {
        group: SOURCE_GROUP.to_owned(),
        version: "v1".to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        namespace: namespace.to_owned(),
    }
}

/// A `FluxInstance`.
pub(crate) fn instance(object: &Object<'_>, file: File<'_>) -> Option<Instance> {
    let spec = object.node.get("spec")?;
    let namespace = if object.namespace.is_empty() { "flux-system" } else { object.namespace };
    Some(read(spec, namespace, object.at(), file))
}

/// All instances in the values of charts: in a document, or in the texts that it holds.
pub(crate) fn in_values(root: &Node, file: File<'_>) -> Vec<Instance> {
    let mut found = Vec::new();
    search(root, file, TEXTS_DEPTH_MAX, &mut found);
    found
}

fn search(root: &Node, file: File<'_>, depth: usize, found: &mut Vec<Instance>) {
    let mut texts = Vec::new();
    root.walk(&mut |node| {
        if let Some(instance) = node.get("instance").filter(|it| is_instance(it)) {
            found.push(read(instance, "flux-system", instance.at.clone(), file));
        }
        let holds = |text: &str| text.contains("instance:") && text.contains("/spec/verify");
        if depth > 0 && node.text().is_some_and(holds) {
            texts.push(inside(node, file.bytes));
        }
    });
    for document in texts.iter().flat_map(|Stream { documents, .. }| documents) {
        search(&document.root, file, depth - 1, found);
    }
}

fn is_instance(node: &Node) -> bool {
    node.at_path(&["kustomize", "patches"]).is_some_and(|list| !list.items().is_empty())
}

fn read(spec: &Node, namespace: &str, at: Place, file: File<'_>) -> Instance {
    let source = spec.get("sync").and_then(|sync| sync_source(sync, namespace, &at, file.path));
    let mut instance = Instance { source, patched: Vec::new() };
    let list = spec.at_path(&["kustomize", "patches"]).map(Node::items).unwrap_or_default();
    for item in list {
        let target = item.get("target").filter(|target| !target.is_null()).map(Target::of);
        for patch in in_text(item.get("patch"), target.as_ref(), file) {
            apply(&patch, &mut instance, file.path);
        }
    }
    instance
}

/// The patches in a text, or in a value that is written out.
pub(crate) fn in_text(node: Option<&Node>, target: Option<&Target>, file: File<'_>) -> Vec<Patch> {
    let Some(node) = node else { return Vec::new() };
    let documents = inside(node, file.bytes).documents;
    let roots: Vec<Node> = documents.into_iter().map(|document| document.root).collect();
    patches(&roots, target)
}

fn sync_source(sync: &Node, namespace: &str, at: &Place, file: &str) -> Option<Pulled> {
    let kind = sync.text_at(&["kind"])?;
    // The source has the name of its namespace unless one is given.
    let named = generated(kind, namespace, sync.text_at(&["name"]).unwrap_or(namespace));
    let url = sync.get("url").and_then(Guarded::of);
    let source = Source {
        kind: SourceKind::FluxInstance,
        object: named.told(),
        url: url.as_ref().map(|url| url.what.clone()).unwrap_or_default(),
        follows: match sync.get("ref").and_then(Node::scalar) {
            Some(tag) if !tag.is_empty() => Follows::Tag(tag.to_owned()),
            _ => Follows::NotResolved("`sync` has no `ref`".to_owned()),
        },
        whole: url.is_none_or(|url| url.whole) && template_in(kind).is_none(),
        file: file.to_owned(),
        at: at.clone(),
        guarded_by: Guard::Nothing,
    };
    Some(Pulled { named, source, declaration: None })
}

fn apply(patch: &Patch, instance: &mut Instance, file: &str) {
    let Some(pulled) = &mut instance.source else {
        let why = "the fields beside it do not tell which source is generated";
        return instance.patched.push(Patched::Unknown { why, at: patch.at.clone() });
    };
    let Some(target) = &patch.target else { return };
    let is_oci = pulled.named.kind == "OCIRepository";
    if patch.refers && target.takes(&pulled.named) != Hit::No {
        refer(pulled);
    }
    if patch.acts.is_empty() {
        return;
    }
    match target.takes(&pulled.named) {
        Hit::Unknown => {
            let why = "it selects its target by labels, annotations or a template";
            instance.patched.push(Patched::Unknown { why, at: patch.at.clone() });
        }
        Hit::No if is_about_git(patch) => {}
        Hit::No => {
            let (target, at) = (target.told(), patch.at.clone());
            instance.patched.push(Patched::Nothing { target, at });
        }
        // Commits are verified by a block of another form, which is not judged.
        Hit::Yes if !is_oci && is_about_git(patch) => {}
        Hit::Yes if !is_oci => {
            let path = format!("spec.verify of a {}", pulled.named.kind);
            instance.patched.push(Patched::Elsewhere { path, at: patch.at.clone() });
        }
        Hit::Yes => {
            for act in &patch.acts {
                instance.patched.extend(take(act, pulled, file));
            }
        }
    }
}

fn refer(pulled: &mut Pulled) {
    let told = Follows::NotResolved("a patch beside it changes `spec.ref`".to_owned());
    let guards = pulled.declaration.iter_mut().flat_map(|one| &mut one.guards);
    guards.for_each(|guarded| guarded.follows = told.clone());
    pulled.source.follows = told;
}

fn take(act: &Act, pulled: &mut Pulled, file: &str) -> Option<Patched> {
    match act {
        Act::Declares(block) => {
            pulled.declaration = Some(declaration(block, pulled, file));
            None
        }
        Act::Removes(at) => {
            pulled.declaration = None;
            Some(Patched::Removes(at.clone()))
        }
        Act::Changes(at) => {
            let why = "it changes a part of a block that another patch makes";
            Some(Patched::Unknown { why, at: at.clone() })
        }
        Act::Elsewhere(path, at) => Some(Patched::Elsewhere { path: path.clone(), at: at.clone() }),
    }
}

fn declaration(block: &Node, pulled: &Pulled, file: &str) -> Declaration {
    let what = match pulled.source.url.as_str() {
        "" => pulled.source.object.clone(),
        url => url.to_owned(),
    };
    let guard = Guarded {
        what,
        at: pulled.source.at.clone(),
        whole: pulled.source.whole,
        follows: pulled.source.follows.clone(),
    };
    verify(block, Consumer::FluxInstance, pulled.source.object.clone(), file, vec![guard])
}
