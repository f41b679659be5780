//! Go regular expressions as Flux, cosign and Kyverno use them. Knows nothing of sealwright.

mod depth;
mod go_regex;
mod syntax;

pub use go_regex::GoRegex;
pub use syntax::{AUTOMATON_BYTES_MAX, ErrorCode, PATTERN_BYTES_MAX, ParseError};
