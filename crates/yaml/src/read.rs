//! From bytes to documents: one after the other, going on after a broken one.

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{ErrorKind, Event, Marker, Parser, ScanError, Span, options};

use crate::build::{Builder, Step};
use crate::complaint::{Complaint, Trouble};
use crate::node::{Document, Node, Place, Stream, Style, Value};
use crate::template::template_in;

/// Largest file that is read, in bytes. The largest bundles of custom resource definitions that
/// people commit have about 5 MB.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most values of one file, after aliases are expanded: as many as fit into the largest file when
/// each takes a short line.
pub const NODES_MAX: usize = 1_000_000;

/// Most text of one file, in bytes, after aliases are expanded: a long text that many aliases repeat
/// is few values. Four times the largest file.
pub const TEXT_BYTES_MAX: usize = 4 * FILE_BYTES_MAX;

/// Deepest nesting of one document. Schemas in custom resource definitions reach about forty.
pub const DEPTH_MAX: usize = 128;

/// Most complaints about one file; after that the rest of it is not read.
pub const COMPLAINTS_MAX: usize = 100;

/// Reads a file. Never fails, never panics: what is wrong stands in the complaints.
pub fn read(bytes: &[u8]) -> Stream {
    if let Some(complaint) = too_large(bytes) {
        return Stream { documents: Vec::new(), complaints: vec![complaint] };
    }
    let (text, bad) = text_of(bytes);
    Reader::new(&text, bad).read()
}

/// What is said of a file that is larger than is read, or of the beginning of one. Nothing of any
/// other.
pub fn too_large(bytes: &[u8]) -> Option<Complaint> {
    let told = format!("the file has more than {FILE_BYTES_MAX} bytes: it is not read");
    let at = Place { line: 1, column: 1, range: 0..0 };
    (bytes.len() > FILE_BYTES_MAX).then(|| Complaint::new(Trouble::TooLarge, at, told))
}

/// The bytes as text of the same length, and where bytes were that no YAML can have: those that
/// are not UTF-8, and NUL.
fn text_of(bytes: &[u8]) -> (Cow<'_, str>, Vec<usize>) {
    match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.contains(&0) => (Cow::Borrowed(text), Vec::new()),
        _ => {
            let (text, bad) = mended(bytes);
            (Cow::Owned(text), bad)
        }
    }
}

fn mended(bytes: &[u8]) -> (String, Vec<usize>) {
    let (mut text, mut bad) = (String::with_capacity(bytes.len()), Vec::new());
    for chunk in bytes.utf8_chunks() {
        for part in chunk.valid().split_inclusive('\0') {
            text.push_str(part.trim_end_matches('\0'));
            if part.ends_with('\0') {
                bad.push(text.len());
                text.push('?');
            }
        }
        for _ in chunk.invalid() {
            bad.push(text.len());
            text.push('?');
        }
    }
    (text, bad)
}

struct Reader<'a> {
    text: &'a str,
    bad: Vec<usize>,
    builder: Builder<'a>,
    stream: Stream,
    /// Where the document that is being read begins.
    begin: usize,
    /// How far the document reaches that was refused last: it is refused once.
    refused: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, bad: Vec<usize>) -> Self {
        Self {
            text,
            bad,
            builder: Builder::new(text),
            stream: Stream::default(),
            begin: 0,
            refused: 0,
        }
    }

    fn read(mut self) -> Stream {
        let mut options = options! {
            block_scalar_eof_without_line_feed: true,
            flow_nesting_limit: DEPTH_MAX,
            block_nesting_limit: DEPTH_MAX,
        };
        options.set_emit_comments(false);
        let mut parser = Parser::new_from_str_with_options(self.text, options);
        while let Some(next) = parser.next_event() {
            let goes_on = match next {
                Ok((event, span)) => self.take(event, &span),
                Err(error) => {
                    self.refuse(&error);
                    false
                }
            };
            if goes_on {
                continue;
            }
            self.builder.abandon();
            if self.is_full() || parser.proceed_next_document().is_err() {
                break;
            }
        }
        self.stream
    }

    /// One event; false when the rest of its document is not worth reading.
    fn take(&mut self, event: Event<'_>, span: &Span) -> bool {
        match event {
            Event::DocumentStart(..) => {
                self.begin = offset(span.start);
                self.builder.begin();
                true
            }
            Event::DocumentEnd => {
                self.finish(offset(span.end));
                true
            }
            event => match self.builder.take(event, span) {
                Step::On => true,
                Step::Off(trouble, at, told) => {
                    self.complain_of_document(trouble, at, told);
                    false
                }
            },
        }
    }

    /// A document is complete.
    fn finish(&mut self, end: usize) {
        let Some((root, duplicates)) = self.builder.finish() else { return };
        let first_bad = self.bad.get(self.bad.partition_point(|at| *at < self.begin));
        if let Some(at) = first_bad.copied().filter(|at| *at < end) {
            let told = "there is a byte here that is no text: NUL, or not UTF-8";
            return self.complain(Complaint::new(Trouble::NotYaml, place_at(self.text, at), told));
        }
        for complaint in duplicates {
            self.complain(complaint);
        }
        let encrypted = sops(&root);
        if let Some(at) = &encrypted {
            let told = "SOPS has encrypted values in this document: those are not judged";
            self.complain(Complaint::new(Trouble::Encrypted, at.clone(), told));
        }
        if !root.is_null() {
            self.stream.documents.push(Document { root, encrypted: encrypted.is_some() });
        }
    }

    fn refuse(&mut self, error: &ScanError) {
        let at = place(*error.marker());
        let (trouble, told) = match error.kind() {
            ErrorKind::RecursionLimitExceeded => {
                (Trouble::TooDeep, format!("it is nested deeper than {DEPTH_MAX} levels"))
            }
            kind => (Trouble::NotYaml, format!("this is not YAML: {kind}")),
        };
        self.complain_of_document(trouble, at, told);
    }

    /// What cannot be read because it is a template is told as one.
    fn complain_of_document(&mut self, trouble: Trouble, at: Place, told: String) {
        if self.refused > 0 && at.range.start <= self.refused {
            return;
        }
        let around = document_around(self.text, at.range.start);
        self.refused = around.end;
        let around = &self.text[around];
        let complaint = match template_in(around) {
            Some(template) if trouble == Trouble::NotYaml => {
                let told = format!("this is {}, which was not rendered", template.name());
                Complaint::new(Trouble::Template(template), at, told)
            }
            _ => Complaint::new(trouble, at, told),
        };
        self.complain(complaint);
    }

    fn complain(&mut self, complaint: Complaint) {
        if !self.is_full() {
            self.stream.complaints.push(complaint);
        }
        if self.stream.complaints.len() == COMPLAINTS_MAX - 1 {
            let at = self.stream.complaints.last().map(|last| last.at.clone()).unwrap_or_default();
            let told = format!("more than {} complaints; the rest is not read", COMPLAINTS_MAX - 1);
            self.stream.complaints.push(Complaint::new(Trouble::TooManyComplaints, at, told));
        }
    }

    fn is_full(&self) -> bool {
        self.stream.complaints.len() >= COMPLAINTS_MAX
    }
}

/// Where the key `sops` of an encrypted document stands: a mapping with a message
/// authentication code.
fn sops(root: &Node) -> Option<Place> {
    let (key, node) = root.entry("sops")?;
    let is_sops = matches!(node.value, Value::Map(_)) && node.get("mac").is_some();
    (is_sops && root.style != Style::Plain).then(|| key.at.clone())
}

/// The bytes between the document markers around an offset.
fn document_around(text: &str, at: usize) -> Range<usize> {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let begin = text[..at].rfind("\n---").map_or(0, |at| at + 1);
    let end = text[at..].find("\n---").map_or(text.len(), |found| at + found);
    begin..end
}

pub(crate) fn offset(mark: Marker) -> usize {
    mark.byte_offset().unwrap_or_default()
}

/// A place with no bytes.
pub(crate) fn place(mark: Marker) -> Place {
    let at = offset(mark);
    Place { line: count(mark.line()), column: count(mark.col() + 1), range: at..at }
}

/// A place of some bytes.
pub(crate) fn span_place(span: &Span) -> Place {
    let (begin, end) = (offset(span.start), offset(span.end));
    Place { range: begin..end.max(begin), ..place(span.start) }
}

/// The place of a byte.
fn place_at(text: &str, at: usize) -> Place {
    let before = &text[..at];
    let line = 1 + before.bytes().filter(|b| *b == b'\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap_or("").chars().count();
    Place { line: count(line), column: count(column), range: at..at + 1 }
}

pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
