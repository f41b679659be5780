//! GitHub workflows on paper: the identity that each signing job's certificate will carry, what it may
//! do, and every route by which a production tag can move. Files come in as bytes.

mod expression;
pub mod model;
pub mod permissions;
mod place;
mod read;
mod routes;
mod tree;
pub mod triggers;
pub mod uses;

pub use read::{JOBS_COUNT_MAX, STEPS_COUNT_MAX};
pub use routes::{Routes, routes};
pub use tree::{FILE_BYTES_MAX, Tree, is_wanted};
