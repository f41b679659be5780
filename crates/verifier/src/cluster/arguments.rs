//! Which cluster is looked at, as it was typed.

use camino::Utf8PathBuf;
use clap::Args;

use crate::kubernetes::ClusterArguments;
use crate::world::WorldArguments;

/// Which cluster is looked at, and what it is compared with.
#[derive(Debug, Args)]
pub struct SurveyArguments {
    /// Environment in the configuration; without it the one that names the context.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,
    /// The sources that were there last time, as --write-baseline wrote them.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<Utf8PathBuf>,
    /// Where to write the sources that are there now.
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<Utf8PathBuf>,
    /// What it is judged by.
    #[command(flatten)]
    pub world: WorldArguments,
}
