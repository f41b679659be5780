//! Not built yet.

use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Fails: there is nothing here yet, and that must not look like success.
pub(crate) fn run(_: &Workspace, _: &Arguments) -> Outcome {
    Err(Failure::new("e2e is not built yet"))
}
