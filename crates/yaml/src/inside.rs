//! YAML or JSON that a scalar holds: a patch, a template, chart values.
//!
//! Where the scalar's text stands in the file as it is (a literal block, one line without escapes),
//! every place inside is exact. Otherwise (folded, escaped) all are the scalar's own, with no bytes.

use std::ops::Range;

use crate::complaint::Complaint;
use crate::node::{Node, Place, Stream, Style, Value};
use crate::read::{count, read};

/// Reads the text of a scalar. `file` is the whole outer file, also when the scalar itself came
/// from inside another one. What is no text has no documents.
pub fn inside(node: &Node, file: &[u8]) -> Stream {
    let Some(text) = node.text() else { return Stream::default() };
    let outer = node.origin();
    let lines = lines_of(node.style, text, outer, file);
    let mut stream = read(text.as_bytes());
    let moved = |place: &mut Place| match &lines {
        Some(lines) => *place = lines.outer(place, outer),
        None => *place = Place { range: 0..0, ..outer.clone() },
    };
    for document in &mut stream.documents {
        move_node(&mut document.root, &moved);
    }
    for Complaint { at, .. } in &mut stream.complaints {
        moved(at);
    }
    stream
}

/// Where the text of a scalar stands in its file, for a reader of text that is no YAML.
pub struct Inside<'a> {
    text: &'a str,
    scalar: &'a Place,
    lines: Option<Lines>,
}

impl<'a> Inside<'a> {
    /// For a scalar and the whole file that it stands in; nothing for what is no text.
    pub fn of(node: &'a Node, file: &[u8]) -> Option<Self> {
        let (text, scalar) = (node.text()?, node.origin());
        Some(Self { text, scalar, lines: lines_of(node.style, text, scalar, file) })
    }

    /// The place of these bytes of the text.
    pub fn place(&self, range: Range<usize>) -> Place {
        let begin = self.text.get(..range.start).unwrap_or_default();
        let line = begin.rsplit('\n').next().unwrap_or_default();
        let place = Place { line: 0, column: count(line.chars().count()) + 1, range };
        match &self.lines {
            Some(lines) => lines.outer(&place, self.scalar),
            None => Place { range: 0..0, ..self.scalar.clone() },
        }
    }
}

fn move_node(node: &mut Node, moved: &impl Fn(&mut Place)) {
    moved(&mut node.at);
    if let Some(defined) = &mut node.defined {
        moved(defined);
    }
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| move_node(item, moved)),
        Value::Map(entries) => {
            for (key, value) in entries {
                moved(&mut key.at);
                move_node(value, moved);
            }
        }
        _ => {}
    }
}

/// Where each line of the inner text stands in the file.
struct Lines(Vec<Line>);

struct Line {
    /// Byte of the inner text at which it begins.
    inner: usize,
    /// Byte of the file.
    outer: usize,
    /// Characters before it on its line of the file.
    column: u32,
    /// Line of the file.
    line: u32,
}

impl Lines {
    fn outer(&self, place: &Place, scalar: &Place) -> Place {
        let Some(line) = self.line_at(place.range.start) else {
            return Place { range: 0..0, ..scalar.clone() };
        };
        let range = self.byte(place.range.start)..self.byte(place.range.end);
        Place { line: line.line, column: line.column + place.column, range }
    }

    fn line_at(&self, inner: usize) -> Option<&Line> {
        let after = self.0.partition_point(|line| line.inner <= inner);
        self.0.get(after.checked_sub(1)?)
    }

    fn byte(&self, inner: usize) -> usize {
        self.line_at(inner).map_or(0, |line| line.outer + (inner - line.inner))
    }
}

fn lines_of(style: Style, text: &str, outer: &Place, file: &[u8]) -> Option<Lines> {
    let source = file.get(outer.range.clone()).filter(|source| !source.is_empty())?;
    match style {
        Style::Literal => block_lines(text, outer, file),
        Style::Plain => one_line(text, source, outer, 0),
        Style::SingleQuoted | Style::DoubleQuoted => one_line(text, source, outer, 1),
        Style::Folded | Style::Block | Style::Flow => None,
    }
}

/// A scalar whose text stands in the file as it is.
fn one_line(text: &str, source: &[u8], outer: &Place, quote: usize) -> Option<Lines> {
    let end = source.len().checked_sub(quote)?;
    let same = source.get(quote..end)? == text.as_bytes() && !text.contains('\n');
    let column = outer.column - 1 + count(quote);
    let line = Line { inner: 0, outer: outer.range.start + quote, column, line: outer.line };
    same.then(|| Lines(vec![line]))
}

/// The lines of a literal block: each is its text behind some indentation. The parser points at
/// the first line that has text, or at the first line at all.
fn block_lines(text: &str, outer: &Place, file: &[u8]) -> Option<Lines> {
    let blank = text.len() - text.trim_start_matches('\n').len();
    let from = |skipped: &str, first: u32| {
        let begin = line_begin(file, outer.range.start);
        lines_from(&text[skipped.len()..], skipped.len(), begin, first, file)
    };
    from(&text[..blank], outer.line).or_else(|| from("", outer.line))
}

fn lines_from(
    text: &str,
    mut inner: usize,
    mut next: usize,
    first: u32,
    file: &[u8],
) -> Option<Lines> {
    let mut lines = Vec::new();
    for (line, part) in (first..).zip(text.split_inclusive('\n')) {
        let end = after_line(file, next);
        let wanted = part.trim_end_matches('\n').as_bytes();
        let indent = indent_of(trim_break(file.get(next..end)?), wanted)?;
        lines.push(Line { inner, outer: next + indent, column: count(indent), line });
        (inner, next) = (inner + part.len(), end);
    }
    Some(Lines(lines))
}

/// How far a line of the file is indented when it holds this text.
fn indent_of(source: &[u8], wanted: &[u8]) -> Option<usize> {
    if wanted.is_empty() {
        return source.iter().all(u8::is_ascii_whitespace).then_some(source.len());
    }
    let indent = source.len().checked_sub(wanted.len())?;
    let (before, rest) = source.split_at(indent);
    (rest == wanted && before.iter().all(|b| *b == b' ')).then_some(indent)
}

fn line_begin(file: &[u8], at: usize) -> usize {
    let before = file.get(..at).unwrap_or_default();
    before.iter().rposition(|b| *b == b'\n').map_or(0, |found| found + 1)
}

fn after_line(file: &[u8], from: usize) -> usize {
    let rest = file.get(from..).unwrap_or_default();
    rest.iter().position(|b| *b == b'\n').map_or(file.len(), |at| from + at + 1)
}

fn trim_break(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::Inside;
    use crate::read;

    #[test]
    fn bytes_of_a_text_lead_to_the_file() {
        for (file, line, column, exact, why) in [
            ("run: |\n  a\n  b word\n", 3, 5, true, "a literal block"),
            ("run: |2-\n\n    b word\n", 3, 7, true, "with an empty line first"),
            ("run: b word\n", 1, 8, true, "one line"),
            ("run: 'b word'\n", 1, 9, true, "in quotes"),
            ("run: \"b\\u0020word\"\n", 1, 6, false, "escapes: only the scalar is known"),
            ("run: >\n  b\n  word\n", 2, 3, false, "folded lines"),
        ] {
            let stream = read(file.as_bytes());
            let node = stream.documents[0].root.get("run").unwrap();
            let text = node.text().unwrap();
            let at = text.find("word").unwrap();
            let place = Inside::of(node, file.as_bytes()).unwrap().place(at..at + 4);
            assert_eq!((place.line, place.column), (line, column), "{why}: {file}");
            let bytes = if exact { "word" } else { "" };
            assert_eq!(&file[place.range], bytes, "{why}: {file}");
        }
    }
}
