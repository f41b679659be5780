//! The committed pages of the example platform: made from its configuration alone, so that the same
//! commit gives the same pages on every machine.

use crate::failure::Outcome;
use crate::program::Program;
use crate::workspace::Workspace;

/// Configuration that the committed pages are made from.
const CONFIG: &str = "docs/example/sealwright.yaml";
/// Folder of the committed pages.
const PAGES: &str = "docs/trust";

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only says whether the committed pages are current.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Writes or checks the pages.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    let verb = if arguments.check { "check" } else { "build" };
    workspace.build(&["sealwright-docs"])?;
    Program::new(workspace.binary("debug", "sealwright-docs"))
        .args([verb, "--config", CONFIG, "--pages", PAGES])
        .folder(&workspace.root)
        .run_shown_ok()
}
