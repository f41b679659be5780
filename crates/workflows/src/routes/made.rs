//! What a run makes or fetches before it runs it: nobody looks for that in the repository.

use std::collections::BTreeSet;

use sealwright_manifests::shell::Command;

use crate::model::Setting;
use crate::scripts::{Lost, Why};

/// Programs that put whole folders there, with the words by which they do.
const FETCHES: &[(&str, &[&str])] = &[
    (
        "git",
        &["clone", "submodule", "checkout", "switch", "worktree", "pull", "apply", "am", "lfs"],
    ),
    ("gh", &["clone", "download"]),
    ("helm", &["pull"]),
    ("go", &["generate", "mod"]),
    ("docker", &["cp"]),
    ("npm", &["ci", "install"]),
    ("pnpm", &["install"]),
    ("yarn", &["install"]),
];
/// Programs that do so whatever they are told.
const UNPACKS: &[&str] =
    &["tar", "unzip", "7z", "rsync", "make", "cmake", "bazel", "svn", "scp", "aws", "gsutil"];
/// Programs that name a file and do not make it.
const READERS: &[&str] =
    &["chmod", "ls", "cat", "test", "[", "shellcheck", "shfmt", "echo", "printf", "grep", "stat"];
/// Actions that put files where steps find them.
const ACTIONS: &[&str] = &["actions/download-artifact", "actions/cache", "actions/cache/restore"];

/// What was made so far in a job.
#[derive(Debug, Clone, Default)]
pub(super) struct Made {
    /// Words that name files which a command may have written.
    words: BTreeSet<String>,
    /// Whether anything may have been.
    anything: bool,
}

impl Made {
    pub(super) fn by_command(&mut self, command: &Command) {
        let Some((program, arguments)) = command.program() else { return };
        let fetches = FETCHES.iter().any(|(name, verbs)| {
            *name == program && arguments.iter().any(|word| verbs.iter().any(|verb| word.is(verb)))
        });
        self.anything |= fetches || UNPACKS.contains(&program);
        let arguments = arguments.iter().filter(|_| !READERS.contains(&program));
        for word in arguments.chain(&command.outputs) {
            let text = word.text();
            let parts = text.split(['/', '=']).filter(|part| !part.is_empty() && *part != ".");
            self.words.extend(parts.map(str::to_owned));
        }
    }

    /// An action of somebody else's may put anything there, unless it is known to only set up.
    pub(super) fn by_action(&mut self, name: &str, with: &[Setting], is_known: bool) {
        let more = ["submodules", "repository", "path", "ref", "sparse-checkout"];
        let checkout = name == "actions/checkout"
            && with.iter().any(|one| more.contains(&one.name.to_lowercase().as_str()));
        self.anything |= checkout || ACTIONS.contains(&name) || !is_known;
    }

    /// Why a script is not read, and whether it surely is one of the repository's.
    pub(super) fn tell(&self, lost: &Lost) -> (String, bool) {
        let made = self.anything || self.words.contains(lost.file_name());
        match &lost.why {
            Why::NotThere(_) if made => (format!("{lost}, and may be made in the run"), false),
            Why::NotThere(_) => (lost.to_string(), lost.is_script()),
            Why::Unread(_, unread) => (lost.to_string(), unread.is_limit()),
            Why::OtherLanguage | Why::OfAnother(_) | Why::FolderOpen => (lost.to_string(), false),
        }
    }
}
