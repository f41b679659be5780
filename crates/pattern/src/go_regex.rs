//! A pattern in Go's syntax, matched as Go matches it.

use std::sync::Arc;

use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::WhichCaptures;

use crate::depth::with_stack_for;
use crate::syntax::{self, AUTOMATON_BYTES_MAX, Expression, ParseError};

/// A compiled pattern. Accepts and matches as Go 1.26's `regexp.Compile` and `MatchString` do.
///
/// One difference is known: Go finds U+FFFD in a text where an anchored pattern names a surrogate
/// (`^\x{D800}`). Here a surrogate matches nothing.
#[derive(Debug, Clone)]
pub struct GoRegex {
    pattern: String,
    regex: Regex,
    expression: Arc<Expression>,
}

impl GoRegex {
    /// Parses and compiles, or refuses, as Go's `regexp.Compile` does.
    ///
    /// # Errors
    /// Go's own refusal, or a limit of ours ([`ParseError::is_gos`] says which).
    pub fn parse(pattern: &str) -> Result<Self, ParseError> {
        let expression = syntax::parse(pattern)?;
        let config = meta::Config::new()
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(AUTOMATON_BYTES_MAX))
            // A pattern is matched a few times: what is built ahead of that is built in vain.
            .dfa(false)
            .onepass(false);
        // Go's grammar leaves nothing to complain of but the size.
        let build = || Regex::builder().configure(config).build_from_hir(&expression.hir).ok();
        let built = with_stack_for(expression.height, build).flatten();
        let regex = built.ok_or(ParseError::TooLarge)?;
        Ok(Self { pattern: pattern.to_owned(), regex, expression: Arc::new(expression) })
    }

    /// Whether it matches anywhere in the text, as Go's `MatchString` says: unanchored.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// The expression that it stands for.
    pub(crate) fn expression(&self) -> &Expression {
        &self.expression
    }
}
