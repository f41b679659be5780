//! Where a release reads from and leaves what it made.

use camino::{Utf8Path, Utf8PathBuf};

use super::flow::Stage;
use super::outcome::{Judged, Published};
use super::{Arguments, EXAMPLE, Released, run};
use crate::failure::{Context as _, Outcome};
use crate::workspace::Workspace;

/// Where things are, all of them absolute: the steps run in other folders.
pub(super) struct Places {
    pub(super) config: Utf8PathBuf,
    /// The folder to publish, when it is not the one that the configuration names.
    pub(super) given_contents: Option<Utf8PathBuf>,
    pub(super) out: Utf8PathBuf,
}

impl Places {
    pub(super) fn of(workspace: &Workspace, arguments: &Arguments) -> Outcome<Places> {
        let config = match &arguments.config {
            Some(config) => config.clone(),
            None => workspace.root.join(EXAMPLE),
        };
        let out = arguments.out.clone().unwrap_or_else(|| workspace.out());
        std::fs::create_dir_all(&out).context(|| format!("create {out}"))?;
        Ok(Places {
            config: existing(&config)?,
            given_contents: arguments.contents.as_deref().map(existing).transpose()?,
            out: existing(&out)?,
        })
    }

    /// The folder that is published; `None` where only the publisher can say.
    pub(super) fn contents(&self, artifact: Option<&str>) -> Option<Utf8PathBuf> {
        let named = || run::contents(&self.config, artifact);
        self.given_contents.clone().or_else(|| Some(self.config.parent()?.join(named()?)))
    }

    /// The folder whose workflows are judged: that of the configuration.
    pub(super) fn repository(&self) -> &Utf8Path {
        self.config.parent().unwrap_or(Utf8Path::new("."))
    }

    /// The folder whose manifests are judged: the same, unless something else is published.
    pub(super) fn manifests(&self) -> &Utf8Path {
        self.given_contents.as_deref().unwrap_or(self.repository())
    }

    /// Takes away what an earlier run left: a file that is there was made by this run.
    pub(super) fn clear(&self) -> Outcome {
        let of_planes = Stage::ALL.into_iter().flat_map(|stage| {
            [self.source(stage), self.controls_report(stage), self.cluster_report(stage)]
        });
        let files = [self.receipt(), self.report(), self.promotion(), self.controls()];
        for file in files.into_iter().chain(of_planes) {
            if file.exists() {
                std::fs::remove_file(&file).context(|| file.to_string())?;
            }
        }
        let site = self.site();
        if site.exists() {
            std::fs::remove_dir_all(&site).context(|| site.to_string())?;
        }
        Ok(())
    }

    pub(super) fn receipt(&self) -> Utf8PathBuf {
        self.out.join("receipt.json")
    }

    pub(super) fn promotion(&self) -> Utf8PathBuf {
        self.out.join("promotion.json")
    }

    pub(super) fn report(&self) -> Utf8PathBuf {
        self.out.join("report.json")
    }

    pub(super) fn controls(&self) -> Utf8PathBuf {
        self.out.join("controls.json")
    }

    pub(super) fn site(&self) -> Utf8PathBuf {
        self.out.join("site")
    }

    pub(super) fn source(&self, stage: Stage) -> Utf8PathBuf {
        self.out.join(format!("source-{}.yaml", stage.name()))
    }

    pub(super) fn controls_report(&self, stage: Stage) -> Utf8PathBuf {
        self.out.join(format!("controls-{}.json", stage.name()))
    }

    pub(super) fn cluster_report(&self, stage: Stage) -> Utf8PathBuf {
        self.out.join(format!("cluster-{}.json", stage.name()))
    }

    /// Reads back what the steps left and compares it: the stranger must have judged the digest
    /// that the publisher promoted.
    pub(super) fn released(&self) -> Outcome<Released> {
        let published = Published::read(&self.receipt())?;
        let promoted = Published::read(&self.promotion())?;
        promoted.insist_same(&published)?;
        let judged = Judged::read(&self.report())?;
        judged.insist_on(&published)?;
        Ok(Released { published, judged })
    }
}

fn existing(path: &Utf8Path) -> Outcome<Utf8PathBuf> {
    path.canonicalize_utf8().context(|| format!("cannot use {path}")).map_err(|failure| {
        failure.next("check the path; it is relative to the current folder").exit_code(74)
    })
}
