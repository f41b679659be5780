//! Whole workflows in, facts and findings out.

mod arguments;
mod hostile;
mod identities;
mod matchers;
mod pins;
mod reading;
mod rights;
mod signing;
mod support;
