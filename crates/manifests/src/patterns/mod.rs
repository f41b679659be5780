//! Whom patterns over identities let in, told as findings. Shared by all that read patterns on paper.

mod judge;
mod told;
mod words;

pub use judge::{Judge, Pair, as_regex};
pub use words::who;
