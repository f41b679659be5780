//! Flows and repository checks.
fn main() {}
