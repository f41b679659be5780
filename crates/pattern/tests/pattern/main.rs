//! What the crate promises, from outside.

mod hostile;
mod languages;
mod matches;
mod refusals;
mod weaknesses;
