//! The real programs: where they are, and how they are called.

use camino::Utf8PathBuf;

use crate::failure::{Failure, Outcome};
use crate::program::{Program, on_path};

/// What to do about a program that is not there; also how such a failure is told from others.
pub(super) const MISSING: &str = "install Go and run `cargo xtask peers`";

/// The folder of built peers.
#[derive(Debug, Clone)]
pub(super) struct Tools {
    pub(super) folder: Utf8PathBuf,
    /// Where the programs may keep what they like; never the user's own home.
    pub(super) home: Utf8PathBuf,
}

impl Tools {
    /// A peer of this name, in an environment of its own.
    pub(super) fn peer(&self, name: &str) -> Outcome<Program> {
        let path = self.folder.join(name);
        if !path.is_file() {
            return Err(Failure::new(format!("{name} is not built")).next(MISSING));
        }
        Ok(self.homely(Program::new(path)))
    }

    /// A program of the system, `None` where it is not installed.
    pub(super) fn system(&self, name: &str) -> Option<Program> {
        on_path(name).map(|path| self.homely(Program::new(path)))
    }

    fn homely(&self, program: Program) -> Program {
        program
            .empty_environment()
            .env("HOME", self.home.as_str())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("TUF_ROOT", self.home.join("tuf").as_str())
    }
}
