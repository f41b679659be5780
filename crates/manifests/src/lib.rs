//! Every place in a repository that declares or needs an identity, found by the kind of the object
//! and read at the path that its consumer reads; and what is wrong with it, on paper. Files come in as
//! bytes: nothing is opened, asked or run here.

mod carried;
pub mod checks;
mod commands;
pub mod fix;
pub mod patterns;
pub mod shell;
pub mod written;

mod declaration;
mod discover;
mod edit;
mod escaped;
mod found;
mod held;
mod joining;
mod kustomize;
mod laying;
mod left_alone;
mod object;
mod patch;
mod paths;
mod policies;
mod present;
mod reads;
mod relaid;
mod relevant;
mod settling;
mod shapes;
mod takers;
mod target;
mod tell;
mod unread;
mod unspoken;
mod variables;

pub use declaration::{
    Claim, Claimed, Consumer, Declaration, Follows, Form, Guarded, Identity, Matcher, Provider,
    Range, Weakened, Weakening,
};
pub use discover::{Facts, discover, join, look};
pub use found::{Before, Found, Guard, NoMatch, Source, SourceKind, Unjudged, Unread, Why};
pub use reads::reads;
pub use relevant::{is_looked_into, is_utf16, is_yaml, may_tell};
/// Where something stands in a file.
pub use sealwright_yaml::Place;

/// A file of the repository.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Path relative to the folder that was given, with `/`.
    pub path: &'a str,
    /// Its bytes, whatever they are.
    pub bytes: &'a [u8],
}
