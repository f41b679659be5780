//! Which repository is looked at, as it was typed.

use camino::Utf8PathBuf;
use clap::Args;

use crate::world::{ConfigArguments, ReportArguments, StandInArguments, config_within};

/// Which repository, and who should be accepted.
#[derive(Debug, Clone, Args)]
pub struct WorkflowsArguments {
    /// Root of the repository.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: Utf8PathBuf,
    /// Who may sign what. Without it DIR/sealwright.yaml, when that is there.
    #[arg(long, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
    /// Name of the repository on GitHub, as owner/name. Without it, that of the configuration or
    /// of the remotes in DIR/.git.
    #[arg(long, value_name = "OWNER/NAME")]
    pub repository: Option<String>,
    /// Its default branch. Without it, that of the remote `origin` in DIR/.git.
    #[arg(long, value_name = "NAME")]
    pub default_branch: Option<String>,
    /// Compare with the workflows of this revision, and list every place that still names what
    /// signed there and does no more. Needs git.
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// A repository without any workflow is in order.
    #[arg(long)]
    pub may_be_empty: bool,
    /// Where the answer goes.
    #[command(flatten)]
    pub report: ReportArguments,
}

impl WorkflowsArguments {
    /// The configuration that is used, when there is one.
    pub(super) fn config_file(&self) -> Option<ConfigArguments> {
        let file = self.config.clone().or_else(|| config_within(&self.folder));
        file.map(|config| ConfigArguments { config, stand_in: StandInArguments::default() })
    }
}
