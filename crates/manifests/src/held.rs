//! Objects that another object holds, for somebody who applies them: a ResourceSet or a template of kro,
//! Crossplane's `Object`, extra objects in a chart's values, Talos' inline manifests, a text in a ConfigMap.
//! No patch of an overlay reaches them there.

use sealwright_yaml::{Complaint, Node, Stream, Trouble, Value, inside};

use crate::File;
use crate::found::{Unjudged, Why};
use crate::object::Object;
use crate::relevant::names_a_kind;

/// Most texts inside each other that are looked into.
const TEXTS_DEPTH_MAX: usize = 4;

/// Keys below which objects are parts of some, records of others, or what somebody only compares with.
const NOT_APPLIED: &[&str] = &[
    "annotations",
    "openAPIV3Schema",
    "patch",
    "patches",
    "patchesStrategicMerge",
    "postRenderers",
    "status",
];

/// What an object, or a file of values, holds.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Objects that stand in it as they are.
    pub(crate) nodes: Vec<Node>,
    /// Texts that could not be read, though a kind of ours is named there.
    pub(crate) unjudged: Vec<Unjudged>,
}

/// Everything that is held below this value, of a file that names a kind of ours somewhere.
pub(crate) fn held(root: &Node, file: File<'_>) -> Held {
    let mut held = Held::default();
    below(root, file, TEXTS_DEPTH_MAX, &mut held);
    held
}

fn below(node: &Node, file: File<'_>, depth: usize, held: &mut Held) {
    match &node.value {
        Value::Map(entries) => {
            let applied =
                entries.iter().filter(|(key, _)| !NOT_APPLIED.contains(&key.name.as_str()));
            applied.for_each(|(_, value)| one(value, file, depth, held));
        }
        Value::List(items) => items.iter().for_each(|item| one(item, file, depth, held)),
        _ => {}
    }
}

fn one(node: &Node, file: File<'_>, depth: usize, held: &mut Held) {
    match &node.value {
        Value::Text(text) if depth > 0 && may_hold(text) => in_text(node, file, depth - 1, held),
        Value::Map(_) if Object::of(node).is_some() => {
            held.nodes.push(node.clone());
            below(node, file, depth, held);
        }
        _ => below(node, file, depth, held),
    }
}

fn in_text(node: &Node, file: File<'_>, depth: usize, held: &mut Held) {
    let Stream { documents, complaints } = inside(node, file.bytes);
    let fatal = complaints.into_iter().filter(|one| one.trouble.is_fatal());
    held.unjudged.extend(fatal.map(|one| unread(one, file.path)));
    for document in &documents {
        // The items of a list are found on the way down.
        one(&document.root, file, depth, held);
    }
}

/// A text need not be YAML: a script, a page, or a template that makes some.
fn unread(complaint: Complaint, file: &str) -> Unjudged {
    let Complaint { trouble, at, told } = complaint;
    let (why, told) = match trouble {
        Trouble::Template(_) => (Why::Template, told),
        _ => (Why::NotRendered, format!("a text names a kind that pulls or verifies, and {told}")),
    };
    Unjudged { file: file.to_owned(), at, why, told, names_a_kind: true }
}

/// Whether a text may be YAML with an object of ours in it: prose has neither key.
fn may_hold(text: &str) -> bool {
    text.contains("apiVersion:") && text.contains('\n') && names_a_kind(text.as_bytes())
}
