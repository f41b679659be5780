//! YAML as a tree in which every value knows its line: what manifests are searched in.
//!
//! Built from parser events rather than through serde, because a broken document must not hide the
//! documents after it, and because a custom resource definition is skipped without a tree of it.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{self, Event, Parser, ScanError, StrInput};

/// Most values in one document, aliases expanded. The largest real manifests have some thousands.
const NODES_COUNT_MAX: usize = 200_000;

/// Deepest nesting. A pod template with affinities has fifteen levels.
const DEPTH_MAX: usize = 100;

/// A value at its line.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) line: u32,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Any scalar, as text.
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; a repeated key is there twice.
    Map(Vec<(String, Node)>),
}

/// A document that could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) line: u32,
    pub(super) why: String,
}

impl Node {
    /// The value of the key, in a mapping. Of repeated keys the last counts, as in Kubernetes.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().rev().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The value at the path of keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of the key's value, when there is any.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// The scalar as text; nothing when it is empty.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The elements, when it is a list.
    pub(super) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }
}

/// All documents of a file, each by itself: one that is broken does not hide the others.
pub(super) fn parse(text: &str) -> Vec<Result<Node, Unreadable>> {
    let mut options = granit_parser::options! {
        block_nesting_limit: DEPTH_MAX,
        flow_nesting_limit: DEPTH_MAX,
    };
    options.set_emit_comments(false);
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        count: 0,
    };
    let mut documents = Vec::new();
    loop {
        let broken = match reader.next_document() {
            Ok(None) => return documents,
            Ok(Some(document)) => {
                documents.extend(document.map(Ok));
                continue;
            }
            Err(broken) => broken,
        };
        documents.push(Err(broken));
        if !reader.parser.proceed_next_document().unwrap_or(false) {
            return documents;
        }
    }
}

struct Reader<'text> {
    parser: Parser<'text, StrInput<'text>>,
    anchors: HashMap<usize, Node>,
    count: usize,
}

type Item<'text> = (Event<'text>, u32);

impl<'text> Reader<'text> {
    /// The next document; `None` at the end, `Some(None)` for one that is skipped.
    fn next_document(&mut self) -> Result<Option<Option<Node>>, Unreadable> {
        (self.anchors, self.count) = (HashMap::new(), 0);
        while let Some((event, line)) = self.next_event()? {
            match event {
                Event::MappingStart(_, anchor, _) => {
                    let Some(node) = self.mapping(line, anchor, true)? else {
                        let more = self.parser.proceed_next_document();
                        return more.map(|more| more.then_some(None)).map_err(unreadable);
                    };
                    return Ok(Some(Some(node)));
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => return Ok(None),
                other => return self.node((other, line)).map(Some).map(Some),
            }
        }
        Ok(None)
    }

    fn next_event(&mut self) -> Result<Option<Item<'text>>, Unreadable> {
        let next = self.parser.next().transpose().map_err(unreadable)?;
        Ok(next.map(|(event, span)| (event, line(span.start.line()))))
    }

    fn expect_event(&mut self, after: u32) -> Result<Item<'text>, Unreadable> {
        let ended = || Unreadable { line: after, why: "the file ends in the middle".to_owned() };
        self.next_event()?.ok_or_else(ended)
    }

    /// The value that begins with this event. Recursion is bounded by the parser's own limits.
    fn node(&mut self, (event, line): Item<'text>) -> Result<Node, Unreadable> {
        self.count += 1;
        let (anchor, node) = match event {
            Event::Scalar(text, _, anchor, _) => (anchor, Value::Text(text.into_owned())),
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.expect_event(line)? {
                        (Event::SequenceEnd, _) => break,
                        item => items.push(self.node(item)?),
                    }
                }
                (anchor, Value::List(items))
            }
            Event::MappingStart(_, anchor, _) => {
                let node = self.mapping(line, anchor, false)?;
                return node.ok_or_else(|| Unreadable { line, why: "skipped".to_owned() });
            }
            Event::Alias(target) => (0, self.expand(target, line)?),
            other => return Err(Unreadable { line, why: format!("unexpected {other:?}") }),
        };
        self.check_count(line)?;
        Ok(self.remember(anchor, Node { line, value: node }))
    }

    /// The rest of a mapping; `None` for a custom resource definition, which pulls nothing and is
    /// the largest thing there is.
    fn mapping(
        &mut self,
        start: u32,
        anchor: usize,
        outermost: bool,
    ) -> Result<Option<Node>, Unreadable> {
        let mut entries = Vec::new();
        loop {
            let key = match self.expect_event(start)? {
                (Event::MappingEnd, _) => break,
                item => self.node(item)?,
            };
            let item = self.expect_event(key.line)?;
            let value = self.node(item)?;
            let name = key.as_text().unwrap_or_default().to_owned();
            if outermost && name == "kind" && value.as_text() == Some("CustomResourceDefinition") {
                return Ok(None);
            }
            entries.push((name, value));
        }
        merge(&mut entries);
        Ok(Some(self.remember(anchor, Node { line: start, value: Value::Map(entries) })))
    }

    fn remember(&mut self, anchor: usize, node: Node) -> Node {
        if anchor != 0 {
            self.count += count(&node);
            self.anchors.insert(anchor, node.clone());
        }
        node
    }

    fn expand(&mut self, target: usize, line: u32) -> Result<Value, Unreadable> {
        let Some(node) = self.anchors.get(&target) else {
            return Err(Unreadable { line, why: "an alias names what contains it".to_owned() });
        };
        self.count += count(node);
        if self.count > NODES_COUNT_MAX {
            return Err(too_many(line));
        }
        Ok(node.value.clone())
    }

    fn check_count(&self, line: u32) -> Result<(), Unreadable> {
        if self.count > NODES_COUNT_MAX { Err(too_many(line)) } else { Ok(()) }
    }
}

/// `<<` brings the entries of another mapping, unless they are there already.
fn merge(entries: &mut Vec<(String, Node)>) {
    let Some(index) = entries.iter().position(|(name, _)| name == "<<") else { return };
    let (_, merged) = entries.remove(index);
    if let Value::Map(merged) = merged.value {
        entries.splice(0..0, merged);
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Text(_) => 0,
        Value::List(items) => items.iter().map(count).sum(),
        Value::Map(entries) => entries.iter().map(|(_, node)| count(node)).sum(),
    }
}

fn too_many(line: u32) -> Unreadable {
    Unreadable { line, why: format!("it has more than {NODES_COUNT_MAX} values") }
}

#[allow(clippy::needless_pass_by_value, reason = "it is a map_err")]
fn unreadable(error: ScanError) -> Unreadable {
    Unreadable { line: line(error.marker().line()), why: error.to_string() }
}

fn line(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        let mut documents = parse(text);
        assert_eq!(documents.len(), 1, "{documents:?}");
        documents.remove(0).unwrap()
    }

    #[test]
    fn every_value_knows_its_line() {
        let node = one("a: 1\nb:\n  - c: x\n    d: y\n");
        let second = &node.get("b").unwrap().items()[0];
        assert_eq!(second.get("d").unwrap().line, 4);
        assert_eq!(second.text("d"), Some("y"));
        assert_eq!(node.text("missing"), None);
    }

    #[test]
    fn a_broken_document_does_not_hide_the_next() {
        let documents = parse("a: 1\n---\nb: [1, 2\n---\nc: 3\n");
        assert_eq!(documents.len(), 3, "{documents:?}");
        assert_eq!(documents[0].as_ref().unwrap().text("a"), Some("1"));
        assert!(documents[1].is_err());
        assert_eq!(documents[2].as_ref().unwrap().text("c"), Some("3"));
    }

    #[test]
    fn custom_resource_definitions_are_skipped() {
        let documents = parse("kind: CustomResourceDefinition\nspec: {image: x}\n---\nkind: Pod\n");
        assert_eq!(documents.len(), 1, "{documents:?}");
        assert_eq!(documents[0].as_ref().unwrap().text("kind"), Some("Pod"));
        let nested = one("kind: List\nitems: [{kind: CustomResourceDefinition}]\n");
        assert_eq!(nested.get("items").unwrap().items().len(), 1, "only at the top");
    }

    #[test]
    fn aliases_and_merges_are_followed() {
        let node = one("base: &b {image: x, tag: one}\nuse:\n  <<: *b\n  tag: two\n");
        assert_eq!(node.at(&["use", "image"]).unwrap().as_text(), Some("x"));
        assert_eq!(node.at(&["use", "tag"]).unwrap().as_text(), Some("two"));
    }

    #[test]
    fn bombs_are_an_error_not_a_crash() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            let ten = vec![alias; 10].join(", ");
            bomb += &format!("a{level}: &a{level} [{ten}]\n");
        }
        for (text, why) in [
            (bomb.as_str(), "aliases of aliases"),
            (&"[".repeat(100_000), "deep brackets"),
            (&"- ".repeat(100_000), "deep dashes"),
            (&format!("{{{}}}", "a: {".repeat(5_000)), "deep braces"),
            ("a: &a [*a]\n", "an alias of itself"),
            ("a: *nobody\n", "an alias of nothing"),
            ("a: \"unfinished", "cut off"),
        ] {
            assert!(parse(text).iter().any(Result::is_err), "{why}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[-a&*:|>{}\\[\\]'\"#%!? \n<~\t.]{0,60}") {
            let _ = parse(&text);
        }
    }
}
