//! Why a pattern is not one, in Go's words.

use crate::{AUTOMATON_BYTES_MAX, PATTERN_BYTES_MAX};

/// Why there is no matcher for a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Go would not compile it either. The text is that of Go's own error, such as
    /// ``error parsing regexp: missing closing ): `(a` ``.
    #[error("error parsing regexp: {code}: `{part}`")]
    Refused {
        /// What is wrong.
        code: ErrorCode,
        /// The part of the pattern that Go quotes.
        part: String,
    },
    /// Longer than we read; Go may well accept it.
    #[error("the pattern is {bytes} bytes long, and more than {PATTERN_BYTES_MAX} are not read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Takes more memory than we give it; Go accepts it.
    #[error(
        "the automaton for the pattern takes more than {} MiB, and larger ones are not built",
        AUTOMATON_BYTES_MAX >> 20
    )]
    TooLarge,
}

impl ParseError {
    /// Whether Go refuses the pattern: `false` means that a limit of ours was hit, and that nothing
    /// is known about what Go would say.
    pub fn is_gos(&self) -> bool {
        matches!(self, ParseError::Refused { .. })
    }
}

/// What Go finds wrong with a pattern. `Display` is Go's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts document each")]
pub enum ErrorCode {
    #[error("invalid character class range")]
    InvalidCharRange,
    #[error("invalid escape sequence")]
    InvalidEscape,
    #[error("invalid named capture")]
    InvalidNamedCapture,
    #[error("invalid or unsupported Perl syntax")]
    InvalidPerlOp,
    #[error("invalid nested repetition operator")]
    InvalidRepeatOp,
    #[error("invalid repeat count")]
    InvalidRepeatSize,
    #[error("missing closing ]")]
    MissingBracket,
    #[error("missing closing )")]
    MissingParen,
    #[error("missing argument to repetition operator")]
    MissingRepeatArgument,
    #[error("trailing backslash at end of expression")]
    TrailingBackslash,
    #[error("unexpected )")]
    UnexpectedParen,
    #[error("expression nests too deeply")]
    NestingDepth,
    #[error("expression too large")]
    Large,
}

impl ErrorCode {
    /// With the part of the pattern that is to blame.
    pub(super) fn at(self, part: &str) -> ParseError {
        ParseError::Refused { code: self, part: part.to_owned() }
    }
}
