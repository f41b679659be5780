//! What all cases share: our binaries, the peers, the dev stack, a folder.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::tools::Tools;
use crate::devstack::DevStack;
use crate::failure::{Context as _, Outcome};
use crate::program::Program;
use crate::release::PROFILE;
use crate::say;
use crate::workspace::Workspace;

const DEV_STACK: &str = "sealwright-devstack";

/// The world.
pub(super) struct World {
    pub(super) folder: Utf8PathBuf,
    pub(super) contents: Utf8PathBuf,
    /// Where recordings are kept.
    pub(super) recorded: Utf8PathBuf,
    pub(super) tools: Tools,
    pub(super) stack: DevStack,
    state: Utf8PathBuf,
    workspace: Workspace,
}

/// Which run of which workflow a token is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) workflow: &'static str,
    /// Where the workflow is, when it is a reusable one of another repository.
    pub(super) workflow_repository: Option<&'static str>,
    pub(super) san: &'static str,
}

/// The run that may publish.
pub(super) const CD: Run = Run {
    workflow: "cd.yaml",
    workflow_repository: None,
    san: "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main",
};

/// The same repository, by way of a shared workflow.
pub(super) const REUSABLE: Run = Run {
    workflow: "publish.yaml",
    workflow_repository: Some("acme/actions"),
    san: "https://github.com/acme/actions/.github/workflows/publish.yaml@refs/heads/main",
};

impl World {
    /// Builds our binaries and starts a dev stack in a folder of its own.
    pub(super) fn start(workspace: &Workspace) -> Outcome<World> {
        say::stage("build the binaries");
        workspace.build()?;
        let folder = workspace.out().join("e2e");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).context(|| folder.to_string())?;
        }
        let home = folder.join("home");
        std::fs::create_dir_all(&home).context(|| home.to_string())?;
        let state = folder.join("devstack");
        Ok(World {
            stack: DevStack::start(workspace, &state)?,
            contents: workspace.root.join("docs/example/k8s"),
            recorded: workspace.root.join("crates/evidence/tests/data/recorded"),
            tools: Tools { folder: workspace.peers(), home },
            state,
            folder,
            workspace: workspace.clone(),
        })
    }

    /// A second dev stack, whose registry does not answer the referrers API.
    pub(super) fn stack_without_referrers_api(&self) -> Outcome<DevStack> {
        let program = self.binary(DEV_STACK);
        DevStack::serve(
            program,
            &self.folder.join("no-referrers/devstack"),
            &["--referrers-api", "off"],
        )
    }

    /// One of our binaries.
    pub(super) fn binary(&self, name: &str) -> Program {
        Program::new(self.workspace.binary(PROFILE, name))
    }

    /// A token of the dev stack's issuer, for a run.
    pub(super) fn token(&self, run: Run) -> Outcome<String> {
        let words = ["token", "--state", self.state.as_str(), "--repository", "acme/platform"];
        let mut program = self.binary(DEV_STACK).args(words).args(["--workflow", run.workflow]);
        if let Some(repository) = run.workflow_repository {
            program = program.args(["--workflow-repository", repository]);
        }
        Ok(String::from_utf8_lossy(&program.run_ok()?).trim().to_owned())
    }

    /// The same in a file.
    pub(super) fn token_file(&self, run: Run) -> Outcome<Utf8PathBuf> {
        let path = self.folder.join(format!("{}.jwt", run.workflow));
        self.write(&path, self.token(run)?.as_bytes())?;
        Ok(path)
    }

    /// What a job on GitHub would have in its environment.
    pub(super) fn job_environment(&self) -> &BTreeMap<String, String> {
        self.stack.environment()
    }

    /// Writes a file, and the folders that it is in.
    pub(super) fn write(&self, path: &Utf8Path, bytes: &[u8]) -> Outcome {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).context(|| folder.to_string())?;
        }
        std::fs::write(path, bytes).context(|| path.to_string())
    }
}
