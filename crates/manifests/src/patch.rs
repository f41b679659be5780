//! Patches as Kustomize reads them: operations of RFC 6902, or partial objects that are merged; in an
//! overlay, in a file, or in a text.

use sealwright_yaml::{Node, Place, Value};

use crate::edit::{self, Failed, Operation};
use crate::object::Object;
use crate::target::Target;

/// One patch, with everything that it does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Patch {
    /// Whom it aims at, by its own names or by the `target` beside it; absent for operations in a file
    /// of their own.
    pub(crate) target: Option<Target>,
    pub(crate) changes: Vec<Change>,
    /// Where it begins.
    pub(crate) at: Place,
}

/// One thing that it does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    Operation(Operation),
    /// A partial object.
    Merge(Node),
}

/// Paths of an object that say what is pulled and who may sign it.
const MATTERS: &[&str] = &[
    "/spec/verify",
    "/spec/url",
    "/spec/ref",
    "/spec/type",
    "/spec/sourceRef",
    "/spec/chart",
    "/spec/chartRef",
    "/spec/version",
    // Of a Flux Kustomization, which lays patches itself.
    "/spec/path",
    "/spec/components",
    "/spec/patches",
    "/spec/patchesStrategicMerge",
    "/spec/patchesJson6902",
    "/spec/targetNamespace",
    "/spec/commonMetadata",
    "/spec/postBuild",
    // Of policies about images.
    "/spec/rules",
    "/spec/validationFailureAction",
    "/spec/validationFailureActionOverrides",
    "/spec/validationActions",
    "/spec/failurePolicy",
    "/spec/webhookConfiguration",
    "/spec/admission",
    "/spec/evaluation",
    "/spec/attestors",
    "/spec/matchImageReferences",
    "/spec/images",
    "/spec/authorities",
    "/spec/mode",
];

/// Where a block is read: of a source, of a release.
const BLOCKS: &[&str] = &["/spec/verify", "/spec/chart/spec/verify"];

/// The patches in the documents of a patch: a list of operations, or partial objects.
pub(crate) fn patches(documents: &[Node], target: Option<&Target>) -> Vec<Patch> {
    documents.iter().filter_map(|document| patch(document, target)).collect()
}

fn patch(document: &Node, target: Option<&Target>) -> Option<Patch> {
    let (own, changes) = match &document.value {
        Value::List(items) => {
            let operations = items.iter().filter_map(Operation::of).map(Change::Operation);
            (None, operations.collect::<Vec<_>>())
        }
        Value::Map(_) => {
            let own = Object::of(document).map(|object| Target::of_object(object.named()));
            (own, vec![Change::Merge(document.clone())])
        }
        _ => return None,
    };
    let target = target.cloned().or(own);
    let patch = Patch { target, changes, at: document.at.clone() };
    Some(patch).filter(Patch::matters)
}

impl Patch {
    /// Whether it changes what is pulled, who may sign it, or how the object is called.
    pub(crate) fn matters(&self) -> bool {
        self.changes.iter().any(Change::matters)
    }

    /// Whether it is there to set, change or remove a verification.
    pub(crate) fn verifies(&self) -> bool {
        self.changes.iter().any(Change::verifies)
    }

    /// Whether all that it sets is the verification of commits, with a mode and keys, which has
    /// another form and is not judged.
    pub(crate) fn is_about_git(&self) -> bool {
        let is_git =
            |block: &Node| block.get("mode").is_some() && block.get("matchOIDCIdentity").is_none();
        self.changes.iter().filter(|change| change.verifies()).all(|change| match change {
            Change::Operation(Operation { value: Some(value), .. }) => is_git(value),
            Change::Merge(part) => part.at_path(&["spec", "verify"]).is_some_and(is_git),
            Change::Operation(_) => false,
        })
    }
}

impl Change {
    /// The object with this change.
    pub(crate) fn apply(&self, object: &mut Node) -> Result<(), Failed> {
        match self {
            Change::Operation(operation) => operation.apply(object),
            Change::Merge(part) => edit::merge(object, part),
        }
    }

    /// Where it stands: the verification that it sets, when it sets one.
    pub(crate) fn at(&self) -> &Place {
        match self {
            Change::Operation(operation) => &operation.at,
            Change::Merge(part) => {
                let spec = part.get("spec");
                let chart = spec.and_then(|spec| spec.at_path(&["chart", "spec"]));
                let block = [spec, chart].into_iter().flatten().find_map(|it| it.entry("verify"));
                block.map_or(&part.at, |(key, _)| &key.at)
            }
        }
    }

    /// See [`Patch::matters`].
    fn matters(&self) -> bool {
        match self {
            Change::Operation(one) => {
                one.changes()
                    && (one.value.as_ref().is_some_and(is_block)
                        || one.paths().any(|path| is_about(path, MATTERS))
                        || one.paths().any(|path| path.starts_with("/metadata")))
            }
            Change::Merge(part) => {
                let deletes = |node: &Node| node.get("$patch").is_some();
                let is_set = |path: &&str| {
                    let path: Vec<&str> = path.split('/').skip(1).collect();
                    part.at_path(&path).is_some()
                };
                let spec = part.get("spec");
                deletes(part)
                    || spec.is_some_and(|spec| spec.is_null() || deletes(spec))
                    || MATTERS.iter().any(is_set)
                    || holds_block(part)
            }
        }
    }

    /// See [`Patch::verifies`].
    pub(crate) fn verifies(&self) -> bool {
        match self {
            Change::Operation(one) => {
                let sets = one.value.as_ref().is_some_and(|it| is_block(it) || holds_block(it));
                let below = |path: &str| BLOCKS.iter().any(|block| is_below(path, block));
                one.changes() && (sets || one.paths().any(below))
            }
            Change::Merge(part) => {
                let is_set = |path: &&str| {
                    let path: Vec<&str> = path.split('/').skip(1).collect();
                    part.at_path(&path).is_some()
                };
                BLOCKS.iter().any(is_set) || holds_block(part)
            }
        }
    }
}

/// Whether a pointer leads to one of these, into it, or to something that holds it.
pub(crate) fn is_about(path: &str, fields: &[&str]) -> bool {
    fields.iter().any(|field| is_below(path, field) || is_below(field, path))
}

/// Whether a replacement's field, with dots, says what is pulled or who may sign it.
pub(crate) fn matters(field: &str) -> bool {
    is_about(&format!("/{}", field.replace('.', "/")), MATTERS)
}

fn is_below(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a value that looks like a block stands anywhere in this one.
fn holds_block(node: &Node) -> bool {
    let mut holds = false;
    node.walk(&mut |one| holds |= one.entries().iter().any(|(_, value)| is_block(value)));
    holds
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it matters, and whether it is about verification.
    fn of(text: &str) -> (bool, bool) {
        let documents = sealwright_yaml::read(text.as_bytes()).documents;
        let roots: Vec<Node> = documents.into_iter().map(|document| document.root).collect();
        let read = patches(&roots, Some(&Target::default()));
        (!read.is_empty(), read.iter().any(Patch::verifies))
    }

    #[test]
    fn what_a_patch_is_about_is_known_without_its_object() {
        for (text, expected, reason) in [
            ("- {op: replace, path: /spec/ref/tag, value: x}", (true, false), "what is pulled"),
            ("- {op: replace, path: /spec/url, value: x}", (true, false), "from where"),
            ("- {op: add, path: /spec/verify, value: {provider: cosign}}", (true, true), "a block"),
            ("- {op: add, path: /spec, value: {verify: {provider: cosign}}}", (true, true), "all"),
            ("- {op: replace, path: /spec, value: {url: x}}", (true, false), "all without a block"),
            ("- {op: remove, path: /spec/verify}", (true, true), "taken out"),
            ("- {op: replace, path: /spec/verify/provider, value: x}", (true, true), "a part"),
            ("- {op: remove, path: /spec/chart/spec/verify}", (true, true), "a release's"),
            ("- {op: move, from: /spec/verify, path: /spec/x}", (true, true), "moved away"),
            (
                "- {op: test, path: /spec/verify, value: {provider: cosign}}",
                (false, false),
                "asked",
            ),
            (
                "- {op: add, path: /spec/sync/verify, value: {provider: cosign}}",
                (true, true),
                "where nobody reads",
            ),
            ("- {op: add, path: /spec/interval, value: 1m}", (false, false), "something else"),
            ("- {op: add, path: /spec/verifyX, value: 1m}", (false, false), "part of a name"),
            ("- {op: replace, path: /metadata/name, value: x}", (true, false), "its name"),
            ("{spec: {verify: {provider: cosign}}}", (true, true), "strategic merge"),
            ("{spec: {verify: null}}", (true, true), "strategic merge that takes it out"),
            ("{spec: {verify: {$patch: delete}}}", (true, true), "by its directive"),
            ("{$patch: delete}", (true, false), "the object itself"),
            ("{spec: {chart: {spec: {verify: null}}}}", (true, true), "a release's"),
            ("{spec: {interval: 1m}}", (false, false), "strategic merge about something else"),
            ("just text", (false, false), "no patch at all"),
        ] {
            assert_eq!(of(text), expected, "{text}: {reason}");
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
