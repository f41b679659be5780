//! What variables hold, where a file sets them once, to a text.

use std::collections::BTreeMap;

use sealwright_yaml::{Node, Stream, Value};

use super::dialect::{Dialect, restored};
use crate::shell::{Command, Script, Word};

/// Keys whose entries are variables of what runs beside them or below: GitHub, GitLab, CircleCI, Task.
const MAPS: [&str; 4] = ["env", "environment", "variables", "vars"];

/// Names and what they hold; nothing for one that is set to several texts, or to what is not a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    values: BTreeMap<String, Option<String>>,
}

impl Known {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_deref()
    }

    /// What the variables of YAML hold in all of a file.
    pub(super) fn of_stream(stream: &Stream) -> Self {
        let mut known = Known::default();
        for document in &stream.documents {
            document.root.walk(&mut |node| {
                for (key, value) in node.entries() {
                    if MAPS.contains(&key.name.as_str()) {
                        known.all_of(value);
                    }
                }
            });
        }
        known
    }

    fn all_of(&mut self, map: &Node) {
        for (key, value) in map.entries() {
            let text = match &value.value {
                Value::Text(text) if !text.contains("${{") => Some(text.clone()),
                _ => None,
            };
            self.set(&key.name, text);
        }
    }

    /// These, and what a script sets, which overrules.
    pub(super) fn with(&self, script: &Script, text: &str, dialect: Dialect) -> Self {
        let mut own = Known::default();
        script.commands.iter().for_each(|command| own.shell(command));
        if matches!(dialect, Dialect::Make | Dialect::Just) {
            // Their lines are no assignments of a shell's.
            own = Known::default();
            assignments(text, dialect, &mut own);
        }
        let mut known = self.clone();
        known.values.extend(own.values);
        known
    }

    fn shell(&mut self, command: &Command) {
        let exported = matches!(command.first(), Some("declare" | "export" | "local" | "readonly"));
        let words = command.words.iter().skip(1).filter(|_| exported);
        let said = words.filter_map(|word| {
            let (name, _) = word.start().split_once('=')?;
            Some((name.to_owned(), word.after(&format!("{name}="))?))
        });
        let lasting = command.assignments.iter().filter(|_| command.words.is_empty()).cloned();
        for (name, value) in lasting.chain(said) {
            self.set(&name, literal(&value));
        }
        let read = command.words.iter().skip(1).filter(|_| command.first() == Some("read"));
        read.for_each(|word| self.set(&word.text(), None));
    }

    fn set(&mut self, name: &str, value: Option<String>) {
        let again = self.values.get(name).is_some_and(|known| *known != value);
        self.values.insert(name.to_owned(), value.filter(|_| !again));
    }
}

fn literal(word: &Word) -> Option<String> {
    word.literal().map(restored)
}

/// Lines `NAME := value` that stand at the beginning of a line, as make and just have them.
fn assignments(text: &str, dialect: Dialect, known: &mut Known) {
    let signs: &[&str] = if dialect == Dialect::Make { &["?=", "::=", ":=", "="] } else { &[":="] };
    for line in text.lines() {
        let words = ["export ", "override "];
        let line = words.iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line);
        let end = line.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let Some((name, rest)) = end.filter(|end| *end > 0).map(|end| line.split_at(end)) else {
            continue;
        };
        let rest = rest.trim_start();
        let Some(value) = signs.iter().find_map(|sign| rest.strip_prefix(sign)) else { continue };
        let value = value.trim();
        known.set(name, if dialect == Dialect::Make { of_make(value) } else { of_just(value) });
    }
}

/// Text up to the end of the line; a dollar is written twice, and one alone is more than a text.
fn of_make(value: &str) -> Option<String> {
    let value = value.split(" #").next().unwrap_or_default().trim_end();
    let open = value.replace("$$", "").contains(['$', '`']) || value.ends_with('\\');
    (!open).then(|| unquoted(value).unwrap_or(value).replace("$$", "$"))
}

/// One text in quotes; all else is computed.
fn of_just(value: &str) -> Option<String> {
    let text = unquoted(value)?;
    (!text.contains(['"', '\'', '\\'])).then(|| text.to_owned())
}

fn unquoted(value: &str) -> Option<&str> {
    let inside = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\''))
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Dialect;
    use super::Known;
    use crate::shell;

    #[test]
    fn a_text_that_is_set_once_is_known() {
        for (dialect, text, expected, why) in [
            (Dialect::Posix, "A=b", Some("b"), "a shell's"),
            (Dialect::Posix, "A=b\nA=c", None, "two texts"),
            (Dialect::Posix, "A=b\nA=b", Some("b"), "the same twice"),
            (Dialect::Posix, "A=$B", None, "another variable"),
            (Dialect::Posix, "read -r A < f", None, "from elsewhere"),
            (Dialect::Posix, "A=b c", None, "for one command alone"),
            (Dialect::Make, "A := b$$ # why", Some("b$"), "make's"),
            (Dialect::Make, "A ?= b", Some("b"), "unless somebody says otherwise"),
            (Dialect::Make, "A = $(shell b)", None, "computed"),
            (Dialect::Make, "\tA=b make", None, "a recipe's"),
            (Dialect::Just, "A := \"b\"", Some("b"), "just's"),
            (Dialect::Just, "A := env(\"B\")", None, "computed"),
        ] {
            let known = Known::default().with(&shell::read(text), text, dialect);
            assert_eq!(known.get("A"), expected, "{why}: {text}");
        }
    }
}
