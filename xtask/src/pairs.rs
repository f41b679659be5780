//! Made-up pairs, with our answer to each: somebody else's code then says where its own differs.

use camino::Utf8Path;
use serde::de::DeserializeOwned;

use crate::failure::{Context as _, Outcome};
use crate::program::Program;
use crate::workspace::Workspace;

/// How much to ask.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Pairs to make up.
    #[arg(long, value_name = "COUNT", default_value_t = 5_000)]
    pub(crate) pairs: u64,
    /// Which ones; the same number makes the same pairs.
    #[arg(long, value_name = "NUMBER", default_value_t = 2_026)]
    pub(crate) seed: u64,
}

impl Arguments {
    /// What the peer says of the pairs that an example of ours makes.
    pub(crate) fn ask<Summary: DeserializeOwned>(
        &self,
        workspace: &Workspace,
        example: &str,
        peer: &Utf8Path,
    ) -> Outcome<Summary> {
        workspace.build()?;
        let pairs = Program::new(workspace.binary("debug", &format!("examples/{example}")))
            .args([self.pairs.to_string(), self.seed.to_string()])
            .run_ok()?;
        std::fs::create_dir_all(workspace.out())?;
        let path = workspace.out().join(format!("{example}.jsonl"));
        std::fs::write(&path, pairs).context(|| path.to_string())?;
        let said = Program::new(peer).args(["pairs", path.as_str()]).run_ok()?;
        serde_json::from_slice(&said).context(|| peer.to_string())
    }
}
