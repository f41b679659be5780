//! Which repository is looked at, as it was typed.

use camino::Utf8PathBuf;
use clap::Args;

use crate::world::{
    AskingArguments, ConfigArguments, ReportArguments, StandInArguments, WorldArguments,
    config_within,
};

/// Which repository, and what it is compared with.
#[derive(Debug, Clone, Args)]
pub struct ManifestsArguments {
    /// Folder with the manifests.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: Utf8PathBuf,
    /// Who may sign what. Without it DIR/sealwright.yaml; without that only slips are found, and no
    /// intentions.
    #[arg(long, value_name = "FILE")]
    pub config: Option<Utf8PathBuf>,
    /// Findings that are known and counts that must not fall, as --write-baseline wrote them.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<Utf8PathBuf>,
    /// Where to write what is there now: these findings fail no more, new ones do.
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<Utf8PathBuf>,
    /// Ask the registries: each matcher must accept somebody who really signed.
    #[arg(long)]
    pub observe: bool,
    /// Show what would mend matchers and blocks where that is mechanical, as a diff on standard
    /// output; and on standard error what would be left.
    #[arg(long, conflicts_with_all = ["observe", "baseline", "write_baseline"])]
    pub fix: bool,
    /// With --fix, change the files; the report is on what is left.
    #[arg(long, requires = "fix")]
    pub write: bool,
    /// A folder in which nothing pulls or verifies anything is in order: plain workloads.
    #[arg(long)]
    pub may_be_empty: bool,
    /// What stands in for what the configuration names.
    #[command(flatten)]
    pub stand_in: StandInArguments,
    /// Where the answer goes.
    #[command(flatten)]
    pub report: ReportArguments,
    /// How registries are asked.
    #[command(flatten, next_help_heading = "With --observe")]
    pub asking: AskingArguments,
}

impl ManifestsArguments {
    /// The configuration that is used, when there is one.
    pub(super) fn config_file(&self) -> Option<Utf8PathBuf> {
        self.config.clone().or_else(|| config_within(&self.folder))
    }

    /// The flags that it shares with all that ask the world.
    pub fn world(&self) -> WorldArguments {
        let config = self.config_file().unwrap_or_default();
        WorldArguments {
            config: ConfigArguments { config, stand_in: self.stand_in.clone() },
            report: self.report.clone(),
            asking: self.asking.clone(),
        }
    }
}
