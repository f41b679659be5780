//! GitHub workflows on paper: the identity that each signing job's certificate will carry, what it may
//! do, and every route by which a production tag can move. Files come in as bytes.

mod base;
mod check;
mod condition;
mod cosign;
mod defaults;
mod expression;
mod facts;
mod globs;
mod goreleaser;
mod identity;
mod jobs;
mod matrix;
pub mod model;
pub mod permissions;
mod place;
mod read;
mod refs;
mod routes;
mod scripts;
mod signing;
mod tree;
pub mod triggers;
pub mod uses;

pub use base::compare;
pub use check::{ConfigFile, Expected, Judged, judge};
pub use facts::{Makes, With};
pub use identity::{ISSUER, Identity, Overlap};
pub use jobs::{About, CALL_DEPTH_MAX, Caller, RUNS_COUNT_MAX, Run, SigningJob};
pub use read::{JOBS_COUNT_MAX, STEPS_COUNT_MAX};
pub use refs::Refs;
pub use routes::{Routes, routes};
pub use signing::Signing;
pub use tree::{FILE_BYTES_MAX, Tree, is_wanted};
