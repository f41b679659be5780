//! What the crate promises, from outside.

mod hostile;
mod matches;
mod refusals;
