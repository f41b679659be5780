//! What a Kustomize patch does to verification: JSON6902 or strategic merge, in a file or in a text.

use sealwright_yaml::{Key, Node, Place, Style, Value};

use crate::object::Object;
use crate::target::Target;

/// Everything one patch does that is about verification.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Patch {
    /// Whom it aims at, by its own names or by the `target` beside it; absent for operations in a file
    /// of their own.
    pub(crate) target: Option<Target>,
    pub(crate) acts: Vec<Act>,
    /// It changes which artifact is pulled: what comes of it takes a rendering.
    pub(crate) refers: bool,
    /// Where it begins.
    pub(crate) at: Place,
}

/// One thing that it does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    /// Sets the block that source-controller reads.
    Declares(Node),
    /// Takes the block out.
    Removes(Place),
    /// Changes a part of the block: what comes of it takes a rendering.
    Changes(Place),
    /// Sets a block at a path that nobody reads.
    Elsewhere(String, Place),
}

/// The patches in the documents of a patch: a list of operations, or partial objects.
pub(crate) fn patches(documents: &[Node], target: Option<&Target>) -> Vec<Patch> {
    documents.iter().filter_map(|document| patch(document, target)).collect()
}

fn patch(document: &Node, target: Option<&Target>) -> Option<Patch> {
    let (own, acts, refers) = match &document.value {
        Value::List(operations) => {
            let acts = operations.iter().filter_map(operation).collect();
            (None, acts, operations.iter().any(operation_refers))
        }
        Value::Map(_) => {
            let own = Object::of(document).map(|object| Target::of_object(object.named()));
            (own, merge(document), document.at_path(&["spec", "ref"]).is_some())
        }
        _ => return None,
    };
    let target = target.cloned().or(own);
    let patch = Patch { target, acts, refers, at: document.at.clone() };
    Some(patch).filter(|patch| patch.refers || !patch.acts.is_empty())
}

/// One operation of RFC 6902.
fn operation(node: &Node) -> Option<Act> {
    let (op, path) = (node.text_at(&["op"])?, node.text_at(&["path"])?);
    let value = node.get("value");
    let at = node.get("path").map(|path| path.at.clone()).unwrap_or_default();
    let set = op == "add" || op == "replace";
    match (path, value) {
        ("/spec/verify", None) if op == "remove" => Some(Act::Removes(at)),
        ("/spec/verify", Some(value)) if set && value.is_null() => Some(Act::Removes(at)),
        ("/spec/verify", Some(value)) if set => Some(Act::Declares(value.clone())),
        ("/spec/verify/matchOIDCIdentity", Some(value)) if set => {
            Some(Act::Declares(block_of("matchOIDCIdentity", value)))
        }
        ("/spec", Some(value)) if set => value.get("verify").cloned().map(Act::Declares),
        (path, _) if path.starts_with("/spec/verify/") => Some(Act::Changes(at)),
        // A release's own path, at which no identity can be told.
        ("/spec/chart/spec/verify", _) => None,
        (path, Some(value)) if set && is_block(value) => {
            Some(Act::Elsewhere(path.trim_start_matches('/').replace('/', "."), at))
        }
        _ => None,
    }
}

/// Whether an operation of RFC 6902 changes `spec.ref`.
fn operation_refers(node: &Node) -> bool {
    let changes = node.text_at(&["op"]).is_some_and(|op| op != "test");
    changes
        && node.text_at(&["path"]).is_some_and(|path| {
            matches!(path, "/spec" | "/spec/ref") || path.starts_with("/spec/ref/")
        })
}

/// A partial object.
fn merge(document: &Node) -> Vec<Act> {
    if document.text_at(&["$patch"]) == Some("delete") {
        return Vec::new();
    }
    let Some((key, block)) = document.get("spec").and_then(|spec| spec.entry("verify")) else {
        return Vec::new();
    };
    match (&block.value, block.text_at(&["$patch"])) {
        (Value::Null, _) | (_, Some("delete")) => vec![Act::Removes(key.at.clone())],
        _ => vec![Act::Declares(block.clone())],
    }
}

/// Whether all that it sets is the verification of commits, with a mode and keys, which has
/// another form and is not judged.
pub(crate) fn is_about_git(patch: &Patch) -> bool {
    patch.acts.iter().all(|act| match act {
        Act::Declares(block) => {
            block.get("mode").is_some() && block.get("matchOIDCIdentity").is_none()
        }
        _ => false,
    })
}

/// Whether a value looks like a block that declares identities.
pub(crate) fn is_block(value: &Node) -> bool {
    let provider = value.text_at(&["provider"]).map(str::trim);
    value.entries().iter().any(|(key, _)| is_like(&key.name, "matchOIDCIdentity"))
        || matches!(provider, Some("cosign" | "notation"))
}

/// Whether somebody who wrote one key may have meant the other: case, plural, separators.
pub(crate) fn is_like(written: &str, meant: &str) -> bool {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|c| c.to_ascii_lowercase()).collect()
    };
    let (written, meant) = (plain(written), plain(meant));
    let stem = meant.trim_end_matches('y').trim_end_matches('s').to_owned();
    written == meant
        || [format!("{stem}ies"), format!("{meant}s"), meant.trim_end_matches('s').to_owned()]
            .contains(&written)
}

fn block_of(name: &str, value: &Node) -> Node {
    let key = Key { at: value.at.clone(), name: name.to_owned() };
    let entries = vec![(key, value.clone())];
    Node { at: value.at.clone(), value: Value::Map(entries), style: Style::Block, defined: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts(text: &str) -> Vec<&'static str> {
        let documents = sealwright_yaml::read(text.as_bytes()).documents;
        let roots: Vec<Node> = documents.into_iter().map(|document| document.root).collect();
        let target = Target::default();
        let name = |act: &Act| match act {
            Act::Declares(_) => "declares",
            Act::Removes(_) => "removes",
            Act::Changes(_) => "changes",
            Act::Elsewhere(..) => "elsewhere",
        };
        patches(&roots, Some(&target))
            .iter()
            .flat_map(|patch| patch.acts.iter().map(name))
            .collect()
    }

    #[test]
    fn patches_are_read_as_kustomize_applies_them() {
        let cases: &[(&str, &[&str], &str)] = &[
            ("- {op: replace, path: /spec/ref/tag, value: x}", &[], "about what is pulled"),
            ("- {op: add, path: /spec/verify, value: {provider: cosign}}", &["declares"], "add"),
            (
                "- {op: replace, path: /spec/verify, value: {provider: cosign}}",
                &["declares"],
                "replace",
            ),
            ("- {op: add, path: /spec, value: {verify: {}, url: x}}", &["declares"], "all of spec"),
            ("- {op: remove, path: /spec/verify}", &["removes"], "remove"),
            ("- {op: add, path: /spec/verify, value: null}", &["removes"], "null takes it out"),
            ("- {op: replace, path: /spec/verify/provider, value: x}", &["changes"], "a part"),
            (
                "- {op: add, path: /spec/sync/verify, value: {provider: cosign}}",
                &["elsewhere"],
                "another path",
            ),
            (
                "- {op: add, path: /spec/chart/spec/verify, value: {provider: cosign}}",
                &[],
                "a release",
            ),
            (
                "- {op: test, path: /spec/verify, value: {provider: cosign}}",
                &[],
                "a test sets nothing",
            ),
            ("- {op: add, path: /spec/interval, value: 1m}", &[], "about something else"),
            ("{spec: {verify: {provider: cosign}}}", &["declares"], "strategic merge"),
            ("{spec: {verify: null}}", &["removes"], "strategic merge that takes it out"),
            ("{spec: {verify: {$patch: delete}}}", &["removes"], "by its directive"),
            ("{spec: {interval: 1m}}", &[], "strategic merge about something else"),
            ("just text", &[], "no patch at all"),
        ];
        for (text, expected, reason) in cases {
            assert_eq!(acts(text), *expected, "{text}: {reason}");
        }
    }

    #[test]
    fn slips_of_the_pen_are_told_from_other_words() {
        for written in ["matchOidcIdentity", "matchOIDCIdentities", "match_oidc_identity"] {
            assert!(is_like(written, "matchOIDCIdentity"), "{written}");
        }
        for written in ["matchLabels", "matchOIDC", "identity"] {
            assert!(!is_like(written, "matchOIDCIdentity"), "{written}");
        }
    }
}
