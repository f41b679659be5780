//! The JSON Schemas of the two formats that strangers read and write, committed beside the types
//! that they come from.

use crate::failure::{Context as _, Failure, Outcome};
use crate::say;
use crate::workspace::Workspace;

/// Where each is committed (the example's modeline points at the first), and what prints it.
const SCHEMAS: &[(&str, &str)] = &[
    ("crates/policy/sealwright.schema.json", "config"),
    ("crates/policy/report.schema.json", "report"),
];

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only says whether the committed schemas are current.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Writes or checks the schemas.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    for (path, name) in SCHEMAS {
        let program =
            ["run", "--quiet", "--package", "sealwright-policy", "--example", "schema", "--", name];
        let current = workspace.cargo().args(program).run_ok()?;
        let file = workspace.root.join(path);
        if std::fs::read(&file).is_ok_and(|committed| committed == current) {
            say::line(&format!("{path} is current"));
        } else if arguments.check {
            return Err(Failure::new(format!("{path} is not what the types give"))
                .next("run `cargo xtask schema` and commit it"));
        } else {
            std::fs::write(&file, current).context(|| path.to_string())?;
            say::line(&format!("wrote {path}"));
        }
    }
    Ok(())
}
