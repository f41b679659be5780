//! The tree: values and keys at their places.

use std::ops::Range;

use crate::complaint::Complaint;

/// What could be read of a file, and what could not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stream {
    /// The documents that are YAML, in their order. Empty ones are left out.
    pub documents: Vec<Document>,
    /// What is wrong, in the order of its place.
    pub complaints: Vec<Complaint>,
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its value.
    pub root: Node,
    /// SOPS has encrypted values in it: they begin with `ENC[` and say nothing; the others are clear.
    pub encrypted: bool,
}

/// Where something stands in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Line, from 1; 0 when unknown.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// Bytes in the file, quotes and block headers included; empty when no bytes of the file are
    /// exactly this.
    pub range: Range<usize>,
}

/// A value at the place where it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it is used: that of the alias, when it is one.
    pub at: Place,
    /// The value, with anchors expanded and merge keys applied.
    pub value: Value,
    /// How it is written.
    pub style: Style,
    /// Where its anchor stands, when `at` is an alias.
    pub defined: Option<Box<Place>>,
}

/// A value, as Kubernetes' reader (YAML 1.1) takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// `true`, `yes`, `on` and their opposites, without quotes.
    Bool(bool),
    /// A number, in its spelling.
    Number(String),
    /// Any other scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file; entries that a merge key brought come last.
    Map(Vec<(Key, Node)>),
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// A collection by indentation.
    Block,
    /// `[…]` or `{…}`
    Flow,
}

/// A key at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where it stands.
    pub at: Place,
    /// Its text as written: `on` stays `on`.
    pub name: String,
}

impl Node {
    /// The value of a key. Of a key that stands twice, the last: Kubernetes' reader keeps that one.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// A key with its value; see [`Node::get`].
    pub fn entry(&self, key: &str) -> Option<&(Key, Node)> {
        self.entries().iter().rev().find(|(k, _)| k.name == key)
    }

    /// The value at the end of these keys.
    pub fn at_path(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text, when it is text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text at the end of these keys.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at_path(path)?.text()
    }

    /// Text or number in its spelling, booleans as `true` and `false`; nothing for the others.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Whether there is nothing: Kubernetes treats `key:` as if the key were not there.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// Whether SOPS has encrypted it.
    pub fn is_encrypted(&self) -> bool {
        self.text().is_some_and(|text| text.starts_with("ENC[") && text.ends_with(']'))
    }

    /// Where the value's own bytes are: at the anchor when it is used by an alias.
    pub fn origin(&self) -> &Place {
        self.defined.as_deref().unwrap_or(&self.at)
    }

    /// Calls `visit` for this value and all below it, outermost first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Node)) {
        visit(self);
        match &self.value {
            Value::List(items) => items.iter().for_each(|item| item.walk(visit)),
            Value::Map(entries) => entries.iter().for_each(|(_, node)| node.walk(visit)),
            _ => {}
        }
    }
}

impl Value {
    /// What it is, for a message.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}
