//! Scripts of the repository that steps run: files, recipes of make, just and Task, scripts of
//! `package.json`, and what a shell is given on its command line. Followed within limits; nothing is run.

mod calls;
mod folder;
mod lost;
mod package;
mod recipes;
mod targets;
mod task;

use std::collections::BTreeMap;

pub(crate) use self::calls::{At, Followed, Way, folder_of, is_errexit, sets_errexit};
pub(crate) use self::folder::{Base, Folder, Folders};
use self::lost::Unread;
pub(crate) use self::lost::{Lost, Why};
use self::recipes::Recipes;

/// Scripts within scripts.
pub(crate) const DEPTH_MAX: usize = 6;
/// Texts that are read for one step, each as often as it is called.
pub(crate) const TEXTS_MAX: usize = 200;

/// Bytes of a script; what is longer holds data, and is told as not followed.
pub(crate) const SCRIPT_BYTES_MAX: usize = 256 * 1024;

/// All scripts of a repository, as far as their names tell that they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scripts {
    /// Shell scripts, by path.
    files: BTreeMap<String, String>,
    /// The paths of those, by the name of the file.
    named: BTreeMap<String, Vec<String>>,
    /// Files of recipes, by path.
    recipes: BTreeMap<String, Recipes>,
    /// What is there and not read.
    unread: BTreeMap<String, Unread>,
}

/// What a file holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Shell,
    Make,
    Just,
    Task,
    Package,
}

impl Kind {
    fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        let stem = lower.strip_suffix(".yml").or_else(|| lower.strip_suffix(".yaml"));
        if stem.is_some_and(|stem| stem == "taskfile" || stem == "taskfile.dist") {
            return Some(Kind::Task);
        }
        match (lower.as_str(), lower.rsplit_once('.').map(|(_, end)| end)) {
            ("makefile" | "gnumakefile", _) | (_, Some("mk")) => Some(Kind::Make),
            ("justfile" | ".justfile", _) | (_, Some("just")) => Some(Kind::Just),
            ("package.json", _) => Some(Kind::Package),
            (_, Some("sh" | "bash" | "zsh" | "ksh")) => Some(Kind::Shell),
            // Whether it is a script, its first line tells.
            (_, None) => Some(Kind::Shell),
            _ => None,
        }
    }
}

/// Whether a file of this name may be a script.
pub(crate) fn may_be(path: &str) -> bool {
    Kind::of(path).is_some()
}

impl Scripts {
    /// Takes in a file that may be a script.
    pub(crate) fn add(&mut self, path: &str, bytes: &[u8]) {
        let Some(kind) = Kind::of(path) else { return };
        if let Err(why) = self.read(kind, path, bytes) {
            self.unread.insert(path.to_owned(), why);
        }
    }

    fn read(&mut self, kind: Kind, path: &str, bytes: &[u8]) -> Result<(), Unread> {
        if bytes.len() > SCRIPT_BYTES_MAX {
            return Err(Unread::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Unread::NoText)?;
        let recipes = match kind {
            Kind::Shell => {
                let name = path.rsplit('/').next().unwrap_or_default();
                // Without a first line that says otherwise, a shell reads it.
                if !name.contains('.') && text.starts_with("#!") && !is_shell(text) {
                    return Err(Unread::OtherProgram);
                }
                self.named.entry(name.to_owned()).or_default().push(path.to_owned());
                self.files.insert(path.to_owned(), text.to_owned());
                return Ok(());
            }
            Kind::Make => recipes::make(text),
            Kind::Just => recipes::just(text),
            Kind::Task => task::read(bytes),
            Kind::Package => package::read(bytes),
        };
        self.recipes.insert(path.to_owned(), recipes);
        Ok(())
    }
}

/// `#!/usr/bin/env bash` and its kin.
fn is_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let mut words = first.split([' ', '/']);
    first.starts_with("#!")
        && words.any(|word| ["sh", "bash", "dash", "zsh", "ash"].contains(&word))
}
