//! What is waited for, as it was typed.

use clap::Args;

use crate::kubernetes::ClusterArguments;
use crate::world::WorldArguments;

/// What is waited for.
#[derive(Debug, Args)]
pub struct WaitArguments {
    /// NAMESPACE/NAME of OCIRepositories; without any, those of the environment.
    #[arg(value_name = "NAMESPACE/NAME", required_unless_present = "environment")]
    pub sources: Vec<String>,
    /// The digest that they must run.
    #[arg(long, value_name = "sha256:HEX")]
    pub digest: String,
    /// Environment in the configuration whose cluster and sources are meant.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Artifact in the configuration whose sources are meant, when the environment has those of
    /// several.
    #[arg(long, value_name = "NAME", requires = "environment", conflicts_with = "sources")]
    pub artifact: Option<String>,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,
    /// Seconds to wait altogether.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
    /// What it is judged by.
    #[command(flatten)]
    pub world: WorldArguments,
}
