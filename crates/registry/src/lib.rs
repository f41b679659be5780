//! The only crate that speaks OCI: resolve, push, referrers, gather.
//!
//! Three answers are kept apart all the way up: found, absent ([`Lookup::Absent`]), and "could not
//! tell" ([`RegistryError`], or a gap in gathered evidence). Requests are our own on reqwest;
//! docs/decisions/0009-registry-requests-are-our-own.md says why.

mod attach;
mod auth;
mod blobs;
mod client;
mod error;
mod expected;
mod flux_view;
mod gather;
pub mod limits;
mod manifests;
mod options;
mod paging;
mod reference;
mod referrers;
mod tags;
mod transport;
mod upload;

pub use attach::{Attached, ListedBy};
pub use client::{Client, Lookup};
pub use error::{Fault, RegistryError};
pub use expected::Expected;
pub use gather::GatherOptions;
pub use manifests::PushedManifest;
pub use options::{ClientOptions, CredentialSource};
pub use reference::{Reference, Repository, Target};
pub use upload::{BlobSource, Pushed};
