//! A small world on loopback: OCI registry with faults, and Sigstore. For tests and local clusters only.
//!
//! Everything binds 127.0.0.1, keeps throw-away keys, and mints its bytes with its own code, so that
//! the product's encoder and decoder cannot agree on the same mistake.

mod error;
mod listen;
pub mod registry;
pub mod sigstore;
mod state;

pub use error::DevStackError;
pub use state::StateFolder;
