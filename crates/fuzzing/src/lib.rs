//! What must hold of any bytes that strangers send, as plain functions: for cargo-fuzz in `fuzz/`, and
//! for the program of this crate, which needs nothing but stable Rust.

mod mutation;
mod seeds;
pub mod targets;

pub use mutation::Mutator;
pub use seeds::seeds;
pub use targets::{TARGETS, Target};
