//! A Kubernetes object among the documents of a file.

use sealwright_yaml::{Node, Place};

use crate::target::Named;

/// An object and its names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<'a> {
    pub(crate) node: &'a Node,
    /// Group and version; the group alone before the `/`.
    pub(crate) api_version: &'a str,
    pub(crate) kind: &'a str,
    /// Empty when it has none.
    pub(crate) name: &'a str,
    /// Empty when it has none.
    pub(crate) namespace: &'a str,
}

impl<'a> Object<'a> {
    /// The objects of a document: itself, or the items of a list.
    pub(crate) fn all_of(node: &'a Node) -> Vec<Self> {
        let list = Self::of(node).and_then(|list| Some((list, list.kind.strip_suffix("List")?)));
        match (list, node.get("items")) {
            (Some((list, kind)), Some(items)) => {
                // Items need not say what they are where the list does (apimachinery, UnstructuredList).
                let of = |item| Self::named_or(item, Some((list.api_version, kind)));
                items.items().iter().filter_map(of).collect()
            }
            _ => Self::of(node).into_iter().collect(),
        }
    }

    /// The object that a document is, when it is one.
    pub(crate) fn of(node: &'a Node) -> Option<Self> {
        Self::named_or(node, None)
    }

    fn named_or(node: &'a Node, else_is: Option<(&'a str, &'a str)>) -> Option<Self> {
        let said = |key| node.text_at(&[key]);
        let (api_version, kind) = match (said("apiVersion"), said("kind"), else_is) {
            (Some(api_version), Some(kind), _) => (api_version, kind),
            (_, None, Some((api_version, kind))) if !kind.is_empty() => (api_version, kind),
            _ => return None,
        };
        let meta = |key| node.at_path(&["metadata", key]).and_then(Node::scalar).unwrap_or("");
        Some(Self { node, api_version, kind, name: meta("name"), namespace: meta("namespace") })
    }

    /// The group of its API; empty for the core group.
    pub(crate) fn group(&self) -> &'a str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The version of its API.
    pub(crate) fn version(&self) -> &'a str {
        self.api_version.rsplit('/').next().unwrap_or_default()
    }

    /// Its names alone.
    pub(crate) fn named(&self) -> Named {
        Named {
            group: self.group().to_owned(),
            version: self.version().to_owned(),
            kind: self.kind.to_owned(),
            name: self.name.to_owned(),
            namespace: self.namespace.to_owned(),
        }
    }

    /// `Kind namespace/name`.
    pub(crate) fn told(&self) -> String {
        self.named().told()
    }

    /// Where it begins.
    pub(crate) fn at(&self) -> Place {
        self.node.at.clone()
    }
}
