//! What to predict, as it was typed.

use camino::Utf8PathBuf;
use clap::Args;

use crate::kubernetes::ClusterArguments;
use crate::world::WorldArguments;

/// What to predict.
#[derive(Debug, Args)]
pub struct PredictArguments {
    /// NAMESPACE/NAME of one source: of a cluster, or to leave out all others of a file.
    #[arg(value_name = "NAMESPACE/NAME")]
    pub source: Option<String>,
    /// YAML or JSON file with sources, and maybe their Secrets; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub file: Vec<Utf8PathBuf>,
    /// File with Secrets. With it, a Secret that is in no file counts as absent from the cluster.
    #[arg(long, value_name = "FILE", requires = "file")]
    pub secrets: Vec<Utf8PathBuf>,
    /// Namespace of objects in files that name none.
    #[arg(long, value_name = "NAMESPACE", default_value = "flux-system")]
    pub namespace: String,
    /// Environment of the configuration whose sources are meant; may be repeated. Without it, files
    /// and cluster: all of them.
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    pub environment: Vec<String>,
    /// Tag or digest that the environments' sources follow.
    #[arg(long, value_name = "TAG|DIGEST", default_value = "latest")]
    pub follows: String,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,
    /// Whose rules: a version of Flux (`2.9`) or of source-controller (`1.9.6`). Without it those of
    /// the environment or cluster, else the newest that are known.
    #[arg(long, visible_alias = "flux", value_name = "VERSION")]
    pub controller: Option<String>,
    /// By what it is judged.
    #[command(flatten)]
    pub world: WorldArguments,
    /// What the controller takes for the public Sigstore, where its environment names another TUF
    /// mirror: a folder with trusted_root.json, or that file. Sources that name no trusted root of
    /// their own are verified by it.
    #[arg(long, value_name = "DIR|FILE")]
    pub controller_trust: Option<String>,
    /// Predict as of another time, RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::Timestamp>,
    /// Write what was seen in the registry, for --replay.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub record: Option<Utf8PathBuf>,
    /// Predict from a recording, without any registry.
    #[arg(long, value_name = "FILE")]
    pub replay: Option<Utf8PathBuf>,
}
