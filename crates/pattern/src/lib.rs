//! Go regular expressions as Flux, cosign and Kyverno use them. Knows nothing of sealwright.

mod go_regex;

pub use go_regex::{GoRegex, ParseError};
