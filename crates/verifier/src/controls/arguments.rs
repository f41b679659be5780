//! What to try, as it was typed.

use camino::Utf8PathBuf;
use clap::Args;

use crate::kubernetes::ClusterArguments;
use crate::world::WorldArguments;

/// Which controls, against what.
#[derive(Debug, Args)]
pub struct ControlsArguments {
    /// Whose lock is tried.
    #[command(flatten)]
    pub world: WorldArguments,
    /// The controls, as `sealwright-devstack controls` printed them.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["clean", "from"])]
    pub set: Option<Utf8PathBuf>,
    /// Make the controls that need no signer from this good artifact (HOST/PATH@DIGEST), instead of
    /// reading a set.
    #[arg(long, value_name = "REF", requires = "into", conflicts_with = "set")]
    pub from: Option<String>,
    /// Staging repository of the same registry that they are pushed to.
    #[arg(long, value_name = "HOST/PATH", requires = "from")]
    pub into: Option<String>,
    /// Name of the artifact in the configuration whose lock is tried, when its repository does not
    /// tell.
    #[arg(long, value_name = "NAME", display_order = 1)]
    pub artifact: Option<String>,
    /// Environment of the configuration: its context and Flux version.
    #[arg(long, value_name = "NAME", display_order = 1)]
    pub environment: Option<String>,
    /// Flux or source-controller version whose rules predict, such as 2.9 or 1.9.6.
    #[arg(long, value_name = "VERSION")]
    pub controller: Option<String>,
    /// Try each control in a real cluster, too: in a scratch namespace, by digest, cleaned up after.
    /// The sources there bring along what is named with --trust and --ca-certificates.
    #[arg(long)]
    pub live: bool,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,
    /// The scratch namespace; made and removed when it is not there.
    #[arg(long, value_name = "NAME", default_value = "sealwright-controls")]
    pub namespace: String,
    /// Seconds that the cluster may take to decide about all controls.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub timeout: u64,
    /// Remove what killed runs left in the scratch namespace, and nothing else. What a run that is
    /// still at work put there goes, too.
    #[arg(long, conflicts_with_all = ["set", "from", "live"])]
    pub clean: bool,
}
