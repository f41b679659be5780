//! Whole repositories through the crate, from outside.

mod mutations;
