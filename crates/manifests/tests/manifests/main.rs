//! Whole repositories through the crate, from outside.

mod fix;
mod mutations;
