//! Which cluster is looked at, as it was typed.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

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
    /// Where source-controller runs. In the cluster its Deployment or Lease must show that it works;
    /// outside of it the Lease alone, whatever a Deployment says.
    #[arg(
        long,
        value_name = "inside|outside",
        default_value = "inside",
        hide_possible_values = true
    )]
    pub controller_runs: Controller,
    /// What it is judged by.
    #[command(flatten)]
    pub world: WorldArguments,
}

/// Where source-controller runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Controller {
    /// In the cluster, as it is shipped.
    Inside,
    /// As a program on another machine, such as this one.
    Outside,
}
