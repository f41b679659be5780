//! Whole repositories through the crate, from outside.

mod fix;
mod hints;
mod mutations;
