//! Go regular expressions as Flux, cosign and Kyverno use them. Knows nothing of sealwright.

mod analysis;
mod depth;
mod go_regex;
mod language;
mod syntax;

pub use analysis::{About, Allowed, Weakness, WeaknessKind, analyse, marked, tightened};
pub use go_regex::GoRegex;
pub use language::{Containment, Equivalence, Language, Witness};
pub use syntax::{AUTOMATON_BYTES_MAX, ErrorCode, PATTERN_BYTES_MAX, ParseError};
