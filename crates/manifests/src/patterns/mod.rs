//! Whom patterns over identities let in, told as findings. Shared by all that read patterns on paper.

mod judge;
mod told;

pub use judge::{Judge, Pair};
