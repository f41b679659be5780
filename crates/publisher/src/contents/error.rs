//! Why a folder cannot be an artifact's contents. Every error names the path.

use camino::Utf8PathBuf;
use sealwright_policy::{Code, Finding, Place};

/// Why a folder cannot be packed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it; every field is named by its message")]
pub enum ContentsError {
    #[error("the contents folder {path} does not exist or is not a folder")]
    Missing { path: Utf8PathBuf },
    #[error("the contents folder {path} holds nothing to publish")]
    Empty { path: Utf8PathBuf },
    #[error("{path} cannot be read: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error("{path} is a symbolic link")]
    Symlink { path: String },
    #[error("{path} is a {kind}, not a file or folder")]
    Special { path: String, kind: &'static str },
    #[error("{path} has a name that cannot travel: {why}")]
    Name { path: String, why: &'static str },
    #[error("the contents exceed {limit} bytes at {path}")]
    TooLarge { path: String, limit: u64 },
    #[error("the contents hold more than {limit} files and folders, reached at {path}")]
    TooMany { path: String, limit: usize },
    #[error("{path} changed while it was being packed: {what}")]
    Changed { path: String, what: &'static str },
    #[error("the ignore rules in {path} cannot be read: {why}")]
    IgnoreRules { path: String, why: String },
    #[error("the archive cannot be written: {source}")]
    Archive { source: std::io::Error },
}

impl ContentsError {
    /// The finding's code.
    pub fn code(&self) -> Code {
        match self {
            Self::Missing { .. } => Code::ContentsMissing,
            Self::Empty { .. } => Code::ContentsEmpty,
            Self::Unreadable { .. } => Code::ContentsUnreadable,
            Self::Symlink { .. } => Code::ContentsSymlink,
            Self::Special { .. } => Code::ContentsSpecialFile,
            Self::Name { .. } => Code::ContentsName,
            Self::TooLarge { .. } => Code::ContentsTooLarge,
            Self::TooMany { .. } => Code::ContentsTooMany,
            Self::Changed { .. } => Code::ContentsChanged,
            Self::IgnoreRules { .. } => Code::ContentsIgnoreRules,
            Self::Archive { .. } => Code::ArchiveUnwritable,
        }
    }

    /// The same as a finding, with its place.
    pub fn finding(&self) -> Finding {
        let finding = Finding::new(self.code(), self.to_string());
        match self.path() {
            Some(path) => finding.with_place(Place::file(path)),
            None => finding,
        }
    }

    fn path(&self) -> Option<&str> {
        match self {
            Self::Missing { path } | Self::Empty { path } => Some(path.as_str()),
            Self::Unreadable { path, .. }
            | Self::Symlink { path }
            | Self::Special { path, .. }
            | Self::Name { path, .. }
            | Self::TooLarge { path, .. }
            | Self::TooMany { path, .. }
            | Self::Changed { path, .. }
            | Self::IgnoreRules { path, .. } => Some(path),
            Self::Archive { .. } => None,
        }
    }
}
