//! Finds what goes in: every file and folder that the ignore rules leave, in archive order.

use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::{DirEntry, WalkBuilder};

use super::name::parse_relative;
use super::{CONTENTS_BYTES_MAX, ContentsError, ENTRIES_COUNT_MAX};

/// Ignore rules inside the tree, the file that Flux reads too.
const IGNORE_FILE: &str = ".sourceignore";

/// What belongs to git and not to the platform; Flux leaves the same out
/// (`github.com/fluxcd/pkg/sourceignore`, `ExcludeVCS`). `.git` may be a file, in a worktree.
const VCS_NAMES: [&str; 4] = [".git", ".gitignore", ".gitmodules", ".gitattributes"];

/// How much may go in.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Sum of file sizes, in bytes.
    pub bytes_max: u64,
    /// Files and folders together.
    pub entries_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes_max: CONTENTS_BYTES_MAX, entries_max: ENTRIES_COUNT_MAX }
    }
}

/// The files and folders to pack, in archive order: each folder before what is in it, names by
/// their bytes, the order of Flux's own builder.
#[derive(Debug, Clone)]
pub struct Contents {
    /// The folder they are in.
    pub root: Utf8PathBuf,
    /// All but the root itself.
    pub entries: Vec<Entry>,
    /// Sum of the file sizes.
    pub bytes: u64,
}

/// One file or folder.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Relative to the root, with `/`.
    pub path: String,
    /// File or folder.
    pub kind: EntryKind,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// A file, as it was when it was found.
    File(FilePrint),
}

/// By what a file is recognised as still the same: a change shows in at least one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePrint {
    /// Bytes.
    pub size: u64,
    /// Whether its owner may execute it: the one mode bit that travels.
    pub executable: bool,
    mtime: (i64, i64),
    ctime: (i64, i64),
    inode: (u64, u64),
}

impl FilePrint {
    /// The print of what this metadata describes.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            executable: metadata.mode() & 0o100 != 0,
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            ctime: (metadata.ctime(), metadata.ctime_nsec()),
            inode: (metadata.dev(), metadata.ino()),
        }
    }

    /// What differs between the two, if anything.
    pub fn difference(&self, now: &FilePrint) -> Option<&'static str> {
        if self.inode != now.inode {
            return Some("it was replaced by another file");
        }
        if self.size != now.size {
            return Some("its size differs");
        }
        (self != now).then_some("it was written to")
    }
}

impl Contents {
    /// Walks `root`.
    ///
    /// # Errors
    /// The first thing found that cannot be packed, by path.
    pub fn find(root: &Utf8Path, limits: Limits) -> Result<Self, ContentsError> {
        if !root.is_dir() {
            return Err(ContentsError::Missing { path: root.to_owned() });
        }
        let mut contents = Self { root: root.to_owned(), entries: Vec::new(), bytes: 0 };
        for found in walker(root).build() {
            let found = found.map_err(|error| unreadable(root, error))?;
            if found.depth() > 0 {
                contents.add(&found, limits)?;
            }
        }
        if !contents.entries.iter().any(|entry| matches!(entry.kind, EntryKind::File(_))) {
            return Err(ContentsError::Empty { path: root.to_owned() });
        }
        contents.entries.sort_by(|a, b| archive_order(&a.path).cmp(archive_order(&b.path)));
        Ok(contents)
    }

    fn add(&mut self, found: &DirEntry, limits: Limits) -> Result<(), ContentsError> {
        if let Some(error) = found.error() {
            return Err(ContentsError::IgnoreRules {
                path: found.path().join(IGNORE_FILE).to_string_lossy().into_owned(),
                why: error.to_string(),
            });
        }
        let relative = found.path().strip_prefix(&self.root).unwrap_or(found.path());
        let path = parse_relative(relative)?;
        let metadata = found.metadata().map_err(|error| unreadable(&self.root, error))?;
        let kind = kind_of(&path, &metadata)?;
        if let EntryKind::File(print) = kind {
            self.bytes = self.bytes.saturating_add(print.size);
        }
        if self.bytes > limits.bytes_max {
            return Err(ContentsError::TooLarge { path, limit: limits.bytes_max });
        }
        if self.entries.len() >= limits.entries_max {
            return Err(ContentsError::TooMany { path, limit: limits.entries_max });
        }
        self.entries.push(Entry { path, kind });
        Ok(())
    }
}

/// Only the rules inside the tree count: nothing of the user's git configuration, of the folders
/// above, or of hidden names, or the digest would depend on the machine.
fn walker(root: &Utf8Path) -> WalkBuilder {
    let mut walker = WalkBuilder::new(root);
    walker
        .standard_filters(false)
        .follow_links(false)
        .add_custom_ignore_filename(IGNORE_FILE)
        .filter_entry(|found| found.depth() == 0 || !is_vcs(found.file_name()));
    walker
}

fn is_vcs(name: &std::ffi::OsStr) -> bool {
    VCS_NAMES.iter().any(|vcs| name == *vcs)
}

fn kind_of(path: &str, metadata: &Metadata) -> Result<EntryKind, ContentsError> {
    let file_type = metadata.file_type();
    if file_type.is_symlink() {
        return Err(ContentsError::Symlink { path: path.to_owned() });
    }
    if file_type.is_dir() {
        return Ok(EntryKind::Folder);
    }
    if file_type.is_file() {
        return Ok(EntryKind::File(FilePrint::of(metadata)));
    }
    let kind = match () {
        () if file_type.is_fifo() => "named pipe",
        () if file_type.is_socket() => "socket",
        () if file_type.is_block_device() || file_type.is_char_device() => "device",
        () => "special file",
    };
    Err(ContentsError::Special { path: path.to_owned(), kind })
}

/// A folder's contents come before any sibling whose name merely starts like the folder's.
fn archive_order(path: &str) -> impl Iterator<Item = u8> + '_ {
    path.bytes().map(|byte| if byte == b'/' { 0 } else { byte })
}

fn unreadable(root: &Utf8Path, error: ignore::Error) -> ContentsError {
    let path = path_of(&error).map_or_else(|| root.to_string(), |path| path.to_string_lossy().into_owned());
    let why = error.to_string();
    let source = error.into_io_error().unwrap_or_else(|| std::io::Error::other(why));
    ContentsError::Unreadable { path, source }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}
