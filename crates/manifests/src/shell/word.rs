//! A word of a command: what is literal in it, and what the shell or GitHub will put there.

use std::ops::Range;

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands, without its quotes.
    Text(String),
    /// `$NAME` or `${NAME…}`.
    Variable {
        /// Its name; one of `@*#?$!-` or a digit for the special ones.
        name: String,
        /// What follows `:-`, `-`, `:=` or `=`.
        default: Option<String>,
        /// As written.
        written: String,
    },
    /// `$(…)`, backticks, `<(…)`, or arithmetic, as written.
    Substitution(String),
    /// A `${{ … }}` expression: what stands between the braces, trimmed.
    Expression(String),
}

/// A word, with its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// Its pieces, in order. Neighbouring literal pieces are joined.
    pub parts: Vec<Part>,
    /// The bytes of the text that it is written with, quotes included.
    pub range: Range<usize>,
    /// Line of the text, from 0.
    pub line: u32,
    /// Whether any of it stands in quotes.
    pub quoted: bool,
}

impl Word {
    /// The word without quotes, its variables as they are written.
    pub fn text(&self) -> String {
        self.parts.iter().map(Part::written).collect()
    }

    /// The word, when all of it is literal.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it is literally this.
    pub fn is(&self, text: &str) -> bool {
        self.literal() == Some(text)
    }

    /// What it literally starts with.
    pub fn start(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// The rest of the word after literal text: the value in `--flag=value`.
    pub fn after(&self, start: &str) -> Option<Word> {
        let rest = self.start().strip_prefix(start)?;
        let mut word = self.clone();
        match word.parts.first_mut() {
            Some(Part::Text(text)) if !rest.is_empty() => *text = rest.to_owned(),
            Some(_) => drop(word.parts.remove(0)),
            None => (),
        }
        Some(word)
    }

    pub(super) fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(before)) => before.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }
}

impl Part {
    /// As it is written, without quotes.
    pub fn written(&self) -> String {
        match self {
            Part::Text(text) | Part::Substitution(text) => text.clone(),
            Part::Variable { written, .. } => written.clone(),
            Part::Expression(inner) => format!("${{{{ {inner} }}}}"),
        }
    }
}
