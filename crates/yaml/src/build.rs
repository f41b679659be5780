//! From events to a tree: anchors, aliases and merge keys, within limits.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, ScalarStyle, Span, StructureStyle, Tag};

use crate::complaint::{Complaint, Trouble};
use crate::node::{Key, Node, Place, Style, Value};
use crate::read::{DEPTH_MAX, NODES_MAX, TEXT_BYTES_MAX, span_place};
use crate::scalar;

/// Mappings up to this size are searched for keys that stand twice without a set.
const SEARCHED_WITHOUT_SET: usize = 16;

/// Whether the document is worth going on with.
pub(crate) enum Step {
    On,
    Off(Trouble, Place, String),
}

/// Builds one document at a time; the size counts over all of them.
pub(crate) struct Builder<'a> {
    text: &'a str,
    frames: Vec<Frame>,
    root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    duplicates: Vec<Complaint>,
    kept: Size,
    size: Size,
}

/// How much there is, once aliases are expanded.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    nodes: usize,
    /// Bytes of their texts.
    text: usize,
}

impl Size {
    /// A collection without what is in it.
    const ONE: Size = Size { nodes: 1, text: 0 };

    fn plus(self, more: Size) -> Size {
        let nodes = self.nodes.saturating_add(more.nodes);
        Size { nodes, text: self.text.saturating_add(more.text) }
    }

    fn since(self, before: Size) -> Size {
        Size { nodes: self.nodes - before.nodes, text: self.text - before.text }
    }
}

struct Anchored {
    node: Node,
    size: Size,
    height: usize,
}

/// A collection that is not complete.
struct Frame {
    at: Place,
    style: Style,
    anchor: usize,
    /// What was there before it, to know how much is below it.
    before: Size,
    /// Levels below it.
    height: usize,
    collected: Collected,
}

enum Collected {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>, Option<PendingKey>),
}

struct PendingKey {
    key: Key,
    is_merge: bool,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            frames: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            duplicates: Vec::new(),
            kept: Size::default(),
            size: Size::default(),
        }
    }

    pub(crate) fn begin(&mut self) {
        self.abandon();
    }

    /// Forgets the document that was begun.
    pub(crate) fn abandon(&mut self) {
        self.frames.clear();
        self.anchors.clear();
        self.duplicates.clear();
        self.root = None;
        self.size = self.kept;
    }

    /// The complete document, with the keys that stand twice.
    pub(crate) fn finish(&mut self) -> Option<(Node, Vec<Complaint>)> {
        let root = self.root.take();
        let duplicates = std::mem::take(&mut self.duplicates);
        self.kept = self.size;
        self.abandon();
        root.map(|root| (root, duplicates))
    }

    pub(crate) fn take(&mut self, event: Event<'_>, span: &Span) -> Step {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let text = text.into_owned();
                // A key keeps its spelling: `on` stays `on`.
                let value = match self.expects_key() {
                    true => Value::Text(text),
                    false => value(text, style, tag.as_deref()),
                };
                let style = scalar_style(style);
                self.leaf(self.scalar_place(span, style), value, style, anchor)
            }
            Event::SequenceStart(style, anchor, _) => {
                self.open(span, style, anchor, Collected::List(Vec::new()))
            }
            Event::MappingStart(style, anchor, _) => {
                self.open(span, style, anchor, Collected::Map(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => self.alias(id, span_place(span)),
            _ => Step::On,
        }
    }

    /// The parser lets a block scalar reach into the indentation of what follows.
    fn scalar_place(&self, span: &Span, style: Style) -> Place {
        let mut at = span_place(span);
        if matches!(style, Style::Literal | Style::Folded) {
            let length = self.text.get(at.range.clone()).map_or(0, |text| text.trim_end().len());
            at.range.end = at.range.start + length;
        }
        at
    }

    fn leaf(&mut self, at: Place, value: Value, style: Style, anchor: usize) -> Step {
        let text = match &value {
            Value::Text(text) | Value::Number(text) => text.len(),
            _ => 0,
        };
        let size = Size { nodes: 1, text };
        if let off @ Step::Off(..) = self.count(size, &at) {
            return off;
        }
        self.put(Node { at, value, style, defined: None }, anchor, size, 0)
    }

    fn count(&mut self, more: Size, at: &Place) -> Step {
        self.size = self.size.plus(more);
        let told = if self.size.nodes > NODES_MAX {
            format!("there are more than {NODES_MAX} values once aliases are expanded")
        } else if self.size.text > TEXT_BYTES_MAX {
            format!("there are more than {TEXT_BYTES_MAX} bytes of text once aliases are expanded")
        } else {
            return Step::On;
        };
        Step::Off(Trouble::TooManyNodes, at.clone(), told)
    }

    fn open(
        &mut self,
        span: &Span,
        style: StructureStyle,
        anchor: usize,
        collected: Collected,
    ) -> Step {
        let at = span_place(span);
        if self.expects_key() {
            return not_a_key(at);
        }
        if self.frames.len() >= DEPTH_MAX {
            return too_deep(at);
        }
        let style = match style {
            StructureStyle::Block => Style::Block,
            StructureStyle::Flow => Style::Flow,
        };
        let before = self.size;
        let counted = self.count(Size::ONE, &at);
        self.frames.push(Frame { at, style, anchor, before, height: 0, collected });
        counted
    }

    fn close(&mut self, span: &Span) -> Step {
        let Some(mut frame) = self.frames.pop() else { return Step::On };
        let flow_end = (frame.style == Style::Flow).then(|| span_place(span).range.end);
        let (value, last) = match frame.collected {
            Collected::List(items) => {
                let last = items.last().map(|node| node.at.range.end);
                (Value::List(items), last)
            }
            Collected::Map(entries, _) => {
                let last = entries.last().map(|(_, node)| node.at.range.end);
                self.duplicates.extend(duplicate_keys(&entries));
                (Value::Map(merged(entries)), last)
            }
        };
        let end = flow_end.or(last).unwrap_or(frame.at.range.end);
        frame.at.range.end = end.max(frame.at.range.start);
        let node = Node { at: frame.at, value, style: frame.style, defined: None };
        self.put(node, frame.anchor, self.size.since(frame.before), frame.height)
    }

    fn alias(&mut self, id: usize, at: Place) -> Step {
        let Some(anchored) = self.anchors.get(&id) else {
            let told = "this is not YAML: an alias stands within its own anchor".to_owned();
            return Step::Off(Trouble::NotYaml, at, told);
        };
        let (size, height) = (anchored.size, anchored.height);
        if self.frames.len() + height > DEPTH_MAX {
            return too_deep(at);
        }
        if let off @ Step::Off(..) = self.count(size, &at) {
            return off;
        }
        let Some(anchored) = self.anchors.get(&id) else { return Step::On };
        let mut node = anchored.node.clone();
        let defined = std::mem::replace(&mut node.at, at);
        node.defined = Some(Box::new(defined));
        self.put(node, 0, size, height)
    }

    /// A complete value goes where it belongs.
    fn put(&mut self, node: Node, anchor: usize, size: Size, height: usize) -> Step {
        if anchor != 0 {
            if let off @ Step::Off(..) = self.count(size, &node.at) {
                return off;
            }
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, height });
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Step::On;
        };
        frame.height = frame.height.max(height + 1);
        match &mut frame.collected {
            Collected::List(items) => items.push(node),
            Collected::Map(entries, pending) => match pending.take() {
                Some(PendingKey { key, is_merge }) => {
                    let name = if is_merge { MERGE.to_owned() } else { key.name };
                    entries.push((Key { at: key.at, name }, node));
                }
                None => match key(node) {
                    Ok(key) => *pending = Some(key),
                    Err(at) => return not_a_key(at),
                },
            },
        }
        Step::On
    }

    fn expects_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { collected: Collected::Map(_, None), .. }))
    }
}

/// Name of a merge key until its mapping is complete. A key in quotes is no merge key, and no text
/// can hold this.
const MERGE: &str = "\0<<";

fn key(node: Node) -> Result<PendingKey, Place> {
    let is_merge = node.style == Style::Plain && node.text() == Some("<<");
    let name = match (node.value, node.style) {
        (Value::Text(text) | Value::Number(text), _) => text,
        (Value::Bool(value), _) => value.to_string(),
        (Value::Null, _) => String::new(),
        (Value::List(_) | Value::Map(_), _) => return Err(node.at),
    };
    Ok(PendingKey { key: Key { at: node.at, name }, is_merge })
}

fn not_a_key(at: Place) -> Step {
    let told = "this is not YAML as Kubernetes reads it: a key is a list or a mapping".to_owned();
    Step::Off(Trouble::NotYaml, at, told)
}

fn too_deep(at: Place) -> Step {
    Step::Off(Trouble::TooDeep, at, format!("it is nested deeper than {DEPTH_MAX} levels"))
}

fn duplicate_keys(entries: &[(Key, Node)]) -> Vec<Complaint> {
    let complain = |key: &Key| {
        let told = format!("the key `{}` stands twice in one mapping", key.name);
        Complaint::new(Trouble::DuplicateKey, key.at.clone(), told)
    };
    if entries.len() <= SEARCHED_WITHOUT_SET {
        let again = |i: &usize| entries[..*i].iter().any(|(k, _)| k.name == entries[*i].0.name);
        let twice = (1..entries.len()).filter(again).map(|i| &entries[i].0);
        return twice.filter(|key| key.name != MERGE).map(complain).collect();
    }
    let mut seen = HashSet::with_capacity(entries.len());
    let twice = entries.iter().map(|(key, _)| key).filter(|key| !seen.insert(key.name.as_str()));
    twice.filter(|key| key.name != MERGE).map(complain).collect()
}

/// A mapping with what its merge keys bring: its own keys win, then the first that brings one.
fn merged(entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
    if entries.iter().all(|(key, _)| key.name != MERGE) {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| key.name == MERGE);
    let mut names: HashSet<String> = own.iter().map(|(key, _)| key.name.clone()).collect();
    for (key, node) in merges {
        let brought = match node.value {
            Value::Map(entries) => entries,
            Value::List(items) => items.into_iter().flat_map(into_entries).collect(),
            // Not what a merge key takes: kept under its name, for whoever reads it.
            value => vec![(Key { name: "<<".to_owned(), ..key }, Node { value, ..node })],
        };
        own.extend(brought.into_iter().filter(|(key, _)| names.insert(key.name.clone())));
    }
    own
}

fn into_entries(node: Node) -> Vec<(Key, Node)> {
    match node.value {
        Value::Map(entries) => entries,
        _ => Vec::new(),
    }
}

fn value(text: String, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_text = tag.is_some_and(|tag| {
        !["null", "bool", "int", "float"].iter().any(|core| tag.is_yaml_core_schema_tag(core))
    });
    match style {
        ScalarStyle::Plain if !is_text => scalar::plain(text),
        _ => Value::Text(text),
    }
}

fn scalar_style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}
