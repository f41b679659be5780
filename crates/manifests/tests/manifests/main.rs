//! Whole repositories through the crate, from outside.

mod fix;
mod fix_patches;
mod hints;
mod mutations;
