//! Everything that can be checked on this machine without Go.

use crate::failure::Outcome;
use crate::workspace::Workspace;

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Workspace, _: &Arguments) -> Outcome {
    Err(crate::failure::Failure::new("ci is not built yet"))
}
