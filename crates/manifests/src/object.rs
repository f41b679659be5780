//! A Kubernetes object among the documents of a file.

use sealwright_yaml::{Node, Place};

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
    /// The object that a document is, when it is one.
    pub(crate) fn of(node: &'a Node) -> Option<Self> {
        let (api_version, kind) = (node.text_at(&["apiVersion"])?, node.text_at(&["kind"])?);
        let meta = |key| node.at_path(&["metadata", key]).and_then(Node::scalar).unwrap_or("");
        Some(Self { node, api_version, kind, name: meta("name"), namespace: meta("namespace") })
    }

    /// The group of its API; empty for the core group.
    pub(crate) fn group(&self) -> &'a str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// `Kind namespace/name`.
    pub(crate) fn told(&self) -> String {
        match (self.namespace, self.name) {
            ("", name) => format!("{} {name}", self.kind),
            (namespace, name) => format!("{} {namespace}/{name}", self.kind),
        }
    }

    /// Where it begins.
    pub(crate) fn at(&self) -> Place {
        self.node.at.clone()
    }
}
