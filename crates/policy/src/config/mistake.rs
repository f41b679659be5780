//! One mistake in a configuration, and how people see it: the snippet, a caret, what would be right.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::ConfigErrors;
use super::node::{NotYaml, Position};
use crate::codes::Code;
use crate::finding::{Finding, Place};

/// Mistakes that are shown with their snippet; the findings have them all.
const SHOWN_MAX: usize = 20;

/// Characters of text from the file that are repeated in a message; the rest is cut.
const QUOTED_CHARS_MAX: usize = 80;

/// What is wrong, and where in the text.
#[derive(Debug, Clone)]
pub(super) struct Mistake {
    pub(super) code: Code,
    pub(super) message: String,
    /// Where it is; `None` when it is about the whole file.
    pub(super) position: Option<Position>,
    /// The text at that place as it was understood, for the length of the underline.
    pub(super) spelled: Option<String>,
    /// Config path such as `signers.cd.github`; empty at the top.
    pub(super) path: String,
    pub(super) expected: Option<String>,
    pub(super) found: Option<String>,
    pub(super) hint: Option<String>,
}

impl Mistake {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            position: None,
            spelled: None,
            path: String::new(),
            expected: None,
            found: None,
            hint: None,
        }
    }

    pub(super) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(super) fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    pub(super) fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    fn finding(&self, file: &str) -> Finding {
        let mut place = Place::file(file);
        if let Some(position) = self.position {
            place = place.at(position.line, position.column);
        }
        place.object = (!self.path.is_empty()).then(|| self.path.clone());
        let mut finding = Finding::new(self.code, self.message.clone()).with_place(place);
        finding.expected.clone_from(&self.expected);
        finding.found.clone_from(&self.found);
        finding.hint.clone_from(&self.hint);
        finding
    }

    fn render(&self, file: &str, text: &str) -> String {
        let id = self.code.to_string();
        let mut group =
            Group::with_title(Level::ERROR.primary_title(visible(&self.message)).id(id));
        group = match self.position {
            None => group.element(Origin::path(file)),
            Some(position) => {
                let span = span(text, position, self.spelled.as_deref());
                let caret = AnnotationKind::Primary.span(span);
                group.element(Snippet::source(text).path(file).annotation(caret))
            }
        };
        if let Some(expected) = &self.expected {
            group = group.element(Level::NOTE.message(format!("expected {}", visible(expected))));
        }
        let general = self.expected.is_none().then_some(self.code.entry().fix);
        if let Some(hint) = self.hint.as_deref().or(general) {
            group = group.element(Level::HELP.message(visible(hint)));
        }
        Renderer::plain().render(&[group]).replace(is_late_control, "\u{fffd}")
    }
}

impl From<NotYaml> for Mistake {
    fn from(not_yaml: NotYaml) -> Self {
        let (code, message, position) = match not_yaml {
            NotYaml::TooLarge { message, position } => (Code::ConfigTooLarge, message, position),
            NotYaml::Malformed { message, position } => (Code::ConfigUnreadable, message, position),
        };
        Self { position, ..Self::new(code, message) }
    }
}

impl ConfigErrors {
    /// In the order of the file.
    pub(super) fn new(file: &str, text: &str, mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|mistake| mistake.position.map(|at| (at.line, at.column)));
        let mut shown: Vec<String> =
            mistakes.iter().take(SHOWN_MAX).map(|mistake| mistake.render(file, text)).collect();
        if mistakes.len() > SHOWN_MAX {
            shown.push(format!("and {} more", mistakes.len() - SHOWN_MAX));
        }
        Self {
            findings: mistakes.iter().map(|mistake| mistake.finding(file)).collect(),
            rendered: shown.join("\n\n"),
        }
    }
}

/// The bytes to underline: the text as it was understood where it stands literally, with its
/// quotes if it has some, else one character.
fn span(text: &str, position: Position, spelled: Option<&str>) -> std::ops::Range<usize> {
    let start = offset(text, position);
    let rest = &text[start..];
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let quotes = if rest.starts_with(['"', '\'']) { 1 } else { 0 };
    let length = match spelled.filter(|text| !text.contains('\n')) {
        Some(spelled) if rest[quotes..].starts_with(spelled) => spelled.len() + 2 * quotes,
        _ => first,
    };
    let line_end = rest.find(['\n', '\r']).unwrap_or(rest.len());
    start..start + length.min(line_end)
}

/// Byte offset of a line and column that count from one; clamped to the text.
fn offset(text: &str, position: Position) -> usize {
    let line = text.split_inclusive('\n').nth(position.line as usize - 1).unwrap_or_default();
    let line_start =
        if line.is_empty() { text.len() } else { line.as_ptr() as usize - text.as_ptr() as usize };
    let column = line.char_indices().nth(position.column as usize - 1);
    line_start + column.map_or(line.trim_end_matches(['\n', '\r']).len(), |(index, _)| index)
}

/// Text from the file between backticks, on one line and short enough for a message.
pub(super) fn quote(text: &str) -> String {
    if text.is_empty() {
        return "the empty text".to_owned();
    }
    let (cut, end) = match text.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => (&text[..end], "…"),
        None => (text, ""),
    };
    let spelt = cut
        .chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() });
    format!("`{}{end}`", spelt.collect::<String>())
}

/// The same with control and direction characters replaced, so that a file cannot drive a terminal.
/// The renderer does so for what it shows of the source, but for the controls beyond ASCII.
fn visible(text: &str) -> String {
    annotate_snippets::normalize_untrusted_str(text).replace(is_late_control, "\u{fffd}")
}

fn is_late_control(c: char) -> bool {
    ('\u{80}'..='\u{9f}').contains(&c)
}
