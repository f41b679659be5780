//! The JSON Schema that editors use for `sealwright.yaml`, committed beside the types it comes from.

use crate::failure::{Context as _, Failure, Outcome};
use crate::program::Program;
use crate::workspace::Workspace;

/// Where it is committed; the example's modeline points here.
const SCHEMA: &str = "crates/policy/sealwright.schema.json";

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only says whether the committed schema is current.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Writes or checks the schema.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    workspace.build(&["sealwright-docs"])?;
    let current =
        Program::new(workspace.binary("debug", "sealwright-docs")).args(["schema"]).run_ok()?;
    let path = workspace.root.join(SCHEMA);
    let committed = std::fs::read(&path).unwrap_or_default();
    if committed == current {
        return Ok(());
    }
    if arguments.check {
        return Err(Failure::new(format!("{SCHEMA} is not what the types give"))
            .next("run `cargo xtask schema` and commit it"));
    }
    std::fs::write(&path, current).context(|| path.to_string())
}
