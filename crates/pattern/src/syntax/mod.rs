//! Go's `regexp/syntax` with the flags that `regexp.Compile` gives it, as of Go 1.26.

mod classes;
mod emit;
mod error;
mod escapes;
mod factor;
mod limits;
mod parse;
mod runes;
mod stack;
mod tree;
mod unicode;

use regex_syntax::hir::Hir;

use crate::depth::with_stack_for;

pub use error::{ErrorCode, ParseError};
pub use limits::{AUTOMATON_BYTES_MAX, PATTERN_BYTES_MAX};

/// An expression in the automata's own form, without groups.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) hir: Hir,
    /// Levels of it: what walks it takes stack for each.
    pub(crate) height: usize,
}

/// Parses a pattern: the expression that Go would compile, or Go's refusal.
pub(crate) fn parse(pattern: &str) -> Result<Expression, ParseError> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(ParseError::TooLong { bytes: pattern.len() });
    }
    let (mut tree, root) = parse::Parser::new(pattern).parse()?;
    let height = tree.height(root, true);
    let hir = with_stack_for(height, || emit::hir(&tree, root)).ok_or(ParseError::TooLarge)?;
    Ok(Expression { hir, height })
}
