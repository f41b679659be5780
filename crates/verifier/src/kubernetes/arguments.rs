//! Which cluster, as it was typed.

use camino::Utf8PathBuf;
use clap::Args;

/// Which cluster.
#[derive(Debug, Clone, Default, Args)]
pub struct ClusterArguments {
    /// Kubeconfig; without it KUBECONFIG, then ~/.kube/config, then the service account of the pod.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<Utf8PathBuf>,
    /// Context of the kubeconfig; without it the environment's, then the current one.
    #[arg(long, value_name = "CONTEXT")]
    pub context: Option<String>,
}
