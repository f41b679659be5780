//! A script that a command runs and that is not read, and why.

use super::Kind;

/// What is run and not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    /// As the command names it.
    pub(crate) name: String,
    /// Whether a shell is told to read it, so that it surely is a script.
    pub(crate) by_shell: bool,
    pub(crate) why: Why,
}

/// Why it is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// It is there, at this path.
    Unread(String, Unread),
    /// Nothing is at this path.
    NotThere(String),
    /// Its name is that of another language's script.
    OtherLanguage,
    /// It stands in another repository that was checked out.
    OfAnother(String),
    /// The folder is not on paper, and no file or several have that name.
    FolderOpen,
}

/// Why a file is not read that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It has so many bytes.
    TooLong(usize),
    /// It is no text in UTF-8.
    NoText,
    /// Its first line says that another program reads it.
    OtherProgram,
}

impl Unread {
    /// Whether it is a shell's as far as is known, and too much for this.
    pub(crate) fn is_limit(self) -> bool {
        matches!(self, Unread::TooLong(_) | Unread::NoText)
    }
}

/// Endings of scripts that are no shell's.
const OTHERS: &[&str] = &["py", "rb", "js", "mjs", "cjs", "ts", "pl", "ps1", "php", "lua"];
/// Folders that builds and installers fill.
const MADE: &[&str] =
    &["bin", ".bin", "target", "dist", "build", "out", "node_modules", "venv", ".venv", "tmp"];

impl Lost {
    /// One at a path where nothing is; `None` for what is no script by its name, or is made there.
    pub(super) fn at(name: &str, path: &str) -> Option<Self> {
        let lost = |why| Some(Self { name: name.to_owned(), by_shell: false, why });
        let mut folders = path.split('/').rev().skip(1);
        let ending = path.rsplit('/').next().unwrap_or_default().rsplit_once('.');
        match (Kind::of(path), ending) {
            (Some(Kind::Shell), None) if folders.any(|one| MADE.contains(&one)) => None,
            (Some(Kind::Shell), _) => lost(Why::NotThere(path.to_owned())),
            (_, Some((_, ending))) if OTHERS.contains(&ending) => lost(Why::OtherLanguage),
            _ => None,
        }
    }

    /// Whether it surely is a script of a shell.
    pub(crate) fn is_script(&self) -> bool {
        self.by_shell || self.file_name().contains('.')
    }

    /// Its name without folders.
    pub(crate) fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.why {
            Why::Unread(path, Unread::TooLong(bytes)) => {
                let most = super::SCRIPT_BYTES_MAX;
                write!(f, "{path} has {bytes} bytes, and at most {most} of a script are read")
            }
            Why::Unread(path, Unread::NoText) => write!(f, "{path} is no text in UTF-8"),
            Why::Unread(path, Unread::OtherProgram) => {
                write!(f, "{path} is no script of a shell, and no other is read")
            }
            Why::OtherLanguage => f.write_str("no scripts but those of shells are read"),
            Why::NotThere(path) => write!(f, "{path} is not in the repository"),
            Why::OfAnother(name) => write!(f, "it stands in {name}, and not here"),
            Why::FolderOpen => {
                f.write_str("the folder is not on paper, and no single file has that name")
            }
        }
    }
}
