//! A small world on loopback: OCI registry with faults, and Sigstore. For tests and local clusters only.
//!
//! Everything binds 127.0.0.1, keeps throw-away keys, and mints its bytes with its own code, so that
//! the product's encoder and decoder cannot agree on the same mistake.

pub mod controls;
mod endpoints;
mod error;
mod faults;
pub mod front;
pub mod kubernetes;
mod listen;
pub mod registry;
pub mod sigstore;
mod stack;
mod state;
mod wire;

pub use endpoints::Endpoints;
pub use error::DevStackError;
pub use stack::{DevStack, Options};
pub use state::StateFolder;
