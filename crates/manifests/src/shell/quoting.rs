//! From characters to one word: quotes, variables, substitutions and expressions.

use super::reader::{Reader, Until};
use super::word::{Part, Word};

impl Reader<'_> {
    /// Reads a word; an empty range when none begins here.
    pub(super) fn word(&mut self) -> Word {
        let from = self.at;
        let mut word = Word { line: self.line(from), ..Word::default() };
        let process = self.rest().starts_with("<(") || self.rest().starts_with(">(");
        if process && !self.too_deep() {
            self.at += 2;
            word.parts.push(self.substitution(from, Until::Parenthesis));
        }
        while let Some(next) = self.peek() {
            match next {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | ')' | '<' | '>' => break,
                '(' if self.begins_array(&word) => self.array(&mut word),
                '(' => break,
                '`' if self.in_backticks => break,
                '\'' => self.single(&mut word),
                '"' => self.double(&mut word),
                '\\' => self.escape(&mut word),
                '$' | '`' => self.dollar(&mut word),
                _ => self.plain(&mut word),
            }
        }
        word.range = from..self.at;
        word
    }

    /// Everything up to the next character that means something.
    fn plain(&mut self, word: &mut Word) {
        let special =
            [' ', '\t', '\r', '\n', ';', '&', '|', '(', ')', '<', '>', '\'', '"', '\\', '$', '`'];
        let rest = self.rest();
        let end = rest.find(special).unwrap_or(rest.len());
        word.push_text(&rest[..end]);
        self.at += end;
    }

    fn begins_array(&self, word: &Word) -> bool {
        word.parts.len() == 1 && word.start().ends_with('=') && !self.in_array
    }

    /// `NAME=(a b)`: its words, with a space between them.
    fn array(&mut self, word: &mut Word) {
        self.at += 1;
        self.in_array = true;
        let mut first = true;
        loop {
            let blank = self.rest().trim_start_matches([' ', '\t', '\r', '\n']);
            self.at = self.text.len() - blank.len();
            if self.eat("\\\n") {
                continue;
            }
            if self.peek() == Some('#') {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                continue;
            }
            let element = self.word();
            if element.range.is_empty() {
                self.eat(")");
                self.in_array = false;
                return;
            }
            if !std::mem::take(&mut first) {
                word.push_text(" ");
            }
            element.parts.into_iter().for_each(|part| match part {
                Part::Text(text) => word.push_text(&text),
                other => word.parts.push(other),
            });
        }
    }

    fn single(&mut self, word: &mut Word) {
        self.at += 1;
        match self.closing('\'') {
            Some(end) => {
                word.quoted = true;
                word.push_text(&self.rest()[..end]);
                self.at += end + 1;
            }
            // An apostrophe in prose.
            None => word.push_text("'"),
        }
    }

    /// Where the quote that was opened before this place closes, in bytes from here.
    fn closing(&mut self, quote: char) -> Option<usize> {
        let known = &mut self.unclosed[usize::from(quote == '"')];
        if known.is_some_and(|from| self.at >= from) {
            return None;
        }
        let rest = &self.text[self.at..];
        let mut escaped = false;
        let found = rest.char_indices().find(|(_, letter)| {
            let closes = *letter == quote && !escaped;
            escaped = quote == '"' && *letter == '\\' && !escaped;
            closes
        });
        if found.is_none() {
            *known = Some(self.at);
        }
        Some(found?.0)
    }

    fn escape(&mut self, word: &mut Word) {
        self.at += 1;
        if self.eat("\n") || self.eat("\r\n") {
            return;
        }
        let Some(escaped) = self.peek() else { return word.push_text("\\") };
        self.at += escaped.len_utf8();
        word.quoted = true;
        word.push_text(escaped.encode_utf8(&mut [0; 4]));
    }

    fn double(&mut self, word: &mut Word) {
        self.at += 1;
        if self.closing('"').is_none() {
            return word.push_text("\"");
        }
        word.quoted = true;
        // An empty word is a word.
        word.push_text("");
        while let Some(next) = self.peek() {
            match next {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' => self.escape_in_double(word),
                '$' | '`' => self.dollar(word),
                _ => {
                    let rest = self.rest();
                    let end = rest.find(['"', '\\', '$', '`']).unwrap_or(rest.len());
                    word.push_text(&rest[..end]);
                    self.at += end;
                }
            }
        }
    }

    /// Within double quotes a backslash is itself but before a few.
    fn escape_in_double(&mut self, word: &mut Word) {
        self.at += 1;
        if self.eat("\n") || self.eat("\r\n") {
            return;
        }
        match self.peek() {
            Some(next @ ('$' | '`' | '"' | '\\')) => {
                self.at += 1;
                word.push_text(next.encode_utf8(&mut [0; 4]));
            }
            _ => word.push_text("\\"),
        }
    }

    /// What begins with `$` or a backtick.
    fn dollar(&mut self, word: &mut Word) {
        let from = self.at;
        let part = if self.eat("`") {
            (!self.too_deep()).then(|| self.substitution(from, Until::Backtick))
        } else if self.rest().starts_with("${{") {
            self.expression()
        } else if self.rest().starts_with("${") {
            self.braces()
        } else if self.rest().starts_with("$((") {
            self.arithmetic(from)
        } else if self.rest().starts_with("$(") && !self.too_deep() {
            self.at += 2;
            Some(self.substitution(from, Until::Parenthesis))
        } else if self.rest().starts_with("$'") {
            self.at += 1;
            return self.single(word);
        } else {
            self.variable()
        };
        match part {
            Some(part) => word.parts.push(part),
            None => {
                self.at = from + 1;
                word.push_text(&self.text[from..self.at]);
            }
        }
    }

    fn expression(&mut self) -> Option<Part> {
        let inner = &self.rest()["${{".len()..];
        let end = inner.find("}}")?;
        self.at += "${{".len() + end + "}}".len();
        Some(Part::Expression(inner[..end].trim().to_owned()))
    }

    fn arithmetic(&mut self, from: usize) -> Option<Part> {
        let rest = self.rest();
        self.at += rest.find("))")? + "))".len();
        Some(Part::Substitution(self.text[from..self.at].to_owned()))
    }

    /// `${NAME}`, `${NAME:-default}` and its relatives; braces may nest.
    fn braces(&mut self) -> Option<Part> {
        let rest = self.rest();
        let mut depth = 0_u32;
        let end =
            rest.char_indices().take_while(|(_, letter)| *letter != '\n').find(|(_, letter)| {
                match letter {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => (),
                }
                depth == 0 && *letter == '}'
            });
        let written = &rest[..end?.0 + 1];
        let inner = &written["${".len()..written.len() - 1];
        let name = inner.trim_start_matches(['#', '!']);
        let end = name
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(name.len());
        let (name, operation) = name.split_at(end);
        let operation = operation.strip_prefix(':').unwrap_or(operation);
        let default = operation.strip_prefix(['-', '=']).map(unquoted);
        self.at += written.len();
        Some(Part::Variable { name: name.to_owned(), default, written: written.to_owned() })
    }

    fn variable(&mut self) -> Option<Part> {
        let name = &self.rest()[1..];
        let first = name.chars().next()?;
        let end = if first.is_ascii_alphabetic() || first == '_' {
            name.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                .unwrap_or(name.len())
        } else if first.is_ascii_digit() || "@*#?$!-".contains(first) {
            1
        } else {
            return None;
        };
        self.at += 1 + end;
        let (name, written) = (name[..end].to_owned(), format!("${}", &name[..end]));
        Some(Part::Variable { name, default: None, written })
    }
}

fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.or_else(|| text.strip_prefix('\'')?.strip_suffix('\'')).unwrap_or(text).to_owned()
}
