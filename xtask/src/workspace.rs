//! Where things are: the repository, its target folder, the programs in it.

use camino::{Utf8Path, Utf8PathBuf};

use crate::failure::Outcome;
use crate::program::Program;

/// The repository and its target folder.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// Root of the repository.
    pub(crate) root: Utf8PathBuf,
}

impl Workspace {
    /// The workspace that this `cargo xtask` was started in, else the one that it was built in.
    pub(crate) fn find() -> Outcome<Workspace> {
        let manifest = std::env::var("CARGO_MANIFEST_DIR");
        let manifest = manifest.unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        let root = Utf8Path::new(&manifest).parent().unwrap_or(Utf8Path::new(".")).to_owned();
        Ok(Workspace { root })
    }

    /// `target`, or where `CARGO_TARGET_DIR` says.
    pub(crate) fn target(&self) -> Utf8PathBuf {
        match std::env::var("CARGO_TARGET_DIR") {
            Ok(folder) => self.root.join(folder),
            Err(_) => self.root.join("target"),
        }
    }

    /// Where the built peers are.
    pub(crate) fn peers(&self) -> Utf8PathBuf {
        self.target().join("peers")
    }

    /// Real input that is not part of the repository; it may be missing.
    pub(crate) fn shared(&self) -> Utf8PathBuf {
        match std::env::var("SEALWRIGHT_SHARED") {
            Ok(folder) => Utf8PathBuf::from(folder),
            Err(_) => self.root.join("../shared"),
        }
    }

    /// Where tasks leave what they made.
    pub(crate) fn out(&self) -> Utf8PathBuf {
        self.target().join("sealwright")
    }

    /// One of our own binaries in the given profile folder (`debug` or `release`).
    pub(crate) fn binary(&self, profile: &str, name: &str) -> Utf8PathBuf {
        self.target().join(profile).join(name)
    }

    /// Builds all our binaries and examples for the debug profile: together, so that what they
    /// share is built once. Examples take the dev-dependencies, and so every crate has the
    /// features that the tests build it with: else half of them would be built a second time.
    pub(crate) fn build(&self) -> Outcome {
        let chosen = ["--workspace", "--exclude", "xtask", "--bins", "--examples"];
        self.cargo().args(["build", "--quiet", "--locked"]).args(chosen).run_shown_ok()
    }

    /// The cargo that runs this task, in the root of the repository.
    pub(crate) fn cargo(&self) -> Program {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        Program::new(cargo).folder(&self.root)
    }
}
