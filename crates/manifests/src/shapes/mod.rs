//! One file for each consumer: which objects it reads, and at which paths.

pub(crate) mod charts;
pub(crate) mod flux;
pub(crate) mod flux_instance;
pub(crate) mod kro;
pub(crate) mod ksail;
pub(crate) mod kyverno;
mod kyverno_effect;
mod kyverno_keyless;
pub(crate) mod others;
pub(crate) mod policy_controller;
pub(crate) mod talos;

use sealwright_yaml::{Node, Value};

use crate::declaration::{Declaration, Form, Guarded, Matcher, Weakened, Weakening};
use crate::object::Object;

/// Kinds of admission controllers that say who may sign images.
pub(crate) const IMAGE_POLICIES: &[&str] = &[
    "ClusterPolicy",
    "Policy",
    "ImageValidatingPolicy",
    "NamespacedImageValidatingPolicy",
    "ClusterImagePolicy",
];

/// What a policy about images declares; nothing when an object is none.
pub(crate) fn image_policy(object: &Object<'_>, file: &str) -> Vec<Declaration> {
    match (object.group(), object.kind) {
        ("kyverno.io", "ClusterPolicy" | "Policy") => kyverno::policy(object, file),
        ("policies.kyverno.io", "ImageValidatingPolicy" | "NamespacedImageValidatingPolicy") => {
            kyverno::image_validating_policy(object, file)
        }
        (policy_controller::GROUP, "ClusterImagePolicy") => policy_controller::policy(object, file),
        _ => Vec::new(),
    }
}

/// A matcher from the key that takes a pattern, else from the one that takes a text.
pub(crate) fn pattern_or(entry: &Node, pattern: &str, text: &str, form: Form) -> Option<Matcher> {
    matcher(entry, pattern, Form::Regex).or_else(|| matcher(entry, text, form))
}

/// The matcher in a field that holds something.
fn matcher(entry: &Node, key: &str, form: Form) -> Option<Matcher> {
    let node = entry.get(key).filter(|node| node.scalar().is_some_and(|text| !text.is_empty()));
    node.and_then(|node| Matcher::of(node, form))
}

/// What the scalars of a list name.
pub(crate) fn guarded(list: Option<&Node>) -> Vec<Guarded> {
    list.map(Node::items).unwrap_or_default().iter().filter_map(Guarded::of).collect()
}

/// A field whose value weakens a verification.
pub(crate) fn weakened(
    node: &Node,
    path: &[&str],
    how: Weakening,
    weakens: impl Fn(&Value) -> bool,
) -> Option<Weakened> {
    let found = node.at_path(path).filter(|found| weakens(&found.value))?;
    let field = format!("{}: {}", path.join("."), found.scalar().unwrap_or_default());
    Some(Weakened { how, field, at: found.at.clone() })
}

/// A condition that a request must meet before anything is verified. What it comes to is not known here.
pub(crate) fn narrowed(node: &Node, path: &[&str]) -> Option<Weakened> {
    let written = |found: &&Node| !found.items().is_empty() || !found.entries().is_empty();
    let found = node.at_path(path).filter(written)?;
    let at = found.at.clone();
    Some(Weakened { how: Weakening::Narrows, field: path.join("."), at })
}

/// Trust that is written into a declaration, in place of what Sigstore's repository gives.
pub(crate) fn trust(node: &Node, paths: &[&[&str]]) -> Vec<Weakened> {
    let written = paths.iter().filter_map(|path| {
        let found = node.at_path(path).filter(|found| !found.is_null())?;
        Some(Weakened { how: Weakening::Trusts, field: path.join("."), at: found.at.clone() })
    });
    written.collect()
}

/// Whether a text is one of these, whatever its case.
pub(crate) fn is_word(value: &Value, words: &[&str]) -> bool {
    matches!(value, Value::Text(text) if words.iter().any(|word| word.eq_ignore_ascii_case(text)))
}
