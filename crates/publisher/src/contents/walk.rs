//! Finds what goes in: every file and folder that the ignore rules leave, in archive order.

use std::ffi::OsString;
use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::ignore::{IGNORE_FILE, Rules};
use super::name::parse_relative;
use super::{
    CONTENTS_BYTES_MAX, ContentsError, ENTRIES_COUNT_MAX, FOLDER_DEPTH_MAX, IGNORE_FILE_BYTES_MAX,
};

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
/// their bytes, the order of Flux's own builder. Folders without any file are left out: git cannot
/// hold them, so the digest would depend on what a machine had lying about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The folder they are in.
    pub root: Utf8PathBuf,
    /// All but the root itself.
    pub entries: Vec<Entry>,
    /// Sum of the file sizes.
    pub bytes: u64,
}

/// One file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Nothing of the user's git configuration or of the folders above counts, or the digest would
    /// depend on the machine.
    ///
    /// # Errors
    /// The first thing found that cannot be packed, by path.
    pub fn find(root: &Utf8Path, limits: Limits) -> Result<Self, ContentsError> {
        if !root.is_dir() {
            return Err(ContentsError::Missing { path: root.to_owned() });
        }
        let contents = Self { root: root.to_owned(), entries: Vec::new(), bytes: 0 };
        let mut walk = Walk { contents, rules: Rules::default(), limits };
        walk.folder("", 0, false)?;
        if walk.contents.files().next().is_none() {
            return Err(ContentsError::Empty { path: root.to_owned() });
        }
        Ok(walk.contents)
    }

    /// The files alone, with their prints.
    pub fn files(&self) -> impl Iterator<Item = (&str, FilePrint)> {
        self.entries.iter().filter_map(|entry| match entry.kind {
            EntryKind::File(print) => Some((entry.path.as_str(), print)),
            EntryKind::Folder => None,
        })
    }
}

struct Walk {
    contents: Contents,
    rules: Rules,
    limits: Limits,
}

impl Walk {
    /// Adds what is in the folder, depth first. An excluded folder is looked into as well, because
    /// a rule may take something in it back.
    fn folder(&mut self, path: &str, depth: usize, excluded: bool) -> Result<(), ContentsError> {
        if depth > FOLDER_DEPTH_MAX {
            return Err(ContentsError::Name { path: path.to_owned(), why: "it lies too deep" });
        }
        let names = match self.names_in(path) {
            Err(_) if excluded && !self.rules.keep_anything() => return Ok(()),
            names => names?,
        };
        let rules_outside = self.rules.count();
        self.read_rules(path)?;
        for name in names.iter().filter(|name| !VCS_NAMES.iter().any(|vcs| *name == *vcs)) {
            self.entry(path, name, depth)?;
        }
        self.rules.truncate(rules_outside);
        Ok(())
    }

    fn entry(&mut self, folder: &str, name: &OsString, depth: usize) -> Result<(), ContentsError> {
        let path = join(folder, &name.to_string_lossy());
        let full = self.contents.root.as_std_path().join(folder).join(name);
        let metadata = full.symlink_metadata().map_err(|source| unreadable(&path, source))?;
        let parts: Vec<&str> = path.split('/').collect();
        let excluded = self.rules.exclude(&parts, metadata.is_dir());
        if metadata.is_dir() {
            return self.subfolder(path, depth, excluded);
        }
        if excluded {
            return Ok(());
        }
        let path = parse_relative(&std::path::Path::new(folder).join(name))?;
        let print = print_of(&path, &metadata)?;
        self.contents.bytes = self.contents.bytes.saturating_add(print.size);
        if self.contents.bytes > self.limits.bytes_max {
            return Err(ContentsError::TooLarge { path, limit: self.limits.bytes_max });
        }
        self.add(path, EntryKind::File(print))
    }

    /// The folder stands before its contents, and is taken back when there are none.
    fn subfolder(
        &mut self,
        path: String,
        depth: usize,
        excluded: bool,
    ) -> Result<(), ContentsError> {
        let before = self.contents.entries.len();
        self.add(path.clone(), EntryKind::Folder)?;
        self.folder(&path, depth + 1, excluded)?;
        if self.contents.entries.len() == before + 1 {
            self.contents.entries.truncate(before);
        } else {
            parse_relative(std::path::Path::new(&path))?;
        }
        Ok(())
    }

    fn add(&mut self, path: String, kind: EntryKind) -> Result<(), ContentsError> {
        if self.contents.entries.len() >= self.limits.entries_max {
            return Err(ContentsError::TooMany { path, limit: self.limits.entries_max });
        }
        self.contents.entries.push(Entry { path, kind });
        Ok(())
    }

    fn names_in(&self, path: &str) -> Result<Vec<OsString>, ContentsError> {
        let found = self.contents.root.join(path).read_dir();
        let names = found.and_then(|found| found.map(|entry| Ok(entry?.file_name())).collect());
        let mut names: Vec<OsString> = names.map_err(|source| unreadable(path, source))?;
        names.sort();
        Ok(names)
    }

    fn read_rules(&mut self, folder: &str) -> Result<(), ContentsError> {
        let path = join(folder, IGNORE_FILE);
        let full = self.contents.root.join(&path);
        let refuse = |why: String| ContentsError::IgnoreRules { path: path.clone(), why };
        let Ok(metadata) = full.symlink_metadata() else { return Ok(()) };
        if !metadata.is_file() {
            return Err(refuse("it is not a file".to_owned()));
        }
        if metadata.len() > IGNORE_FILE_BYTES_MAX {
            return Err(refuse(format!("it is larger than {IGNORE_FILE_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(&full).map_err(|error| refuse(error.to_string()))?;
        let domain: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        self.rules
            .read(&text, &domain)
            .map_err(|bad| refuse(format!("line {}: `{}` is not a pattern", bad.line, bad.text)))
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn print_of(path: &str, metadata: &Metadata) -> Result<FilePrint, ContentsError> {
    let file_type = metadata.file_type();
    if file_type.is_file() {
        return Ok(FilePrint::of(metadata));
    }
    if file_type.is_symlink() {
        return Err(ContentsError::Symlink { path: path.to_owned() });
    }
    let kind = match () {
        () if file_type.is_fifo() => "named pipe",
        () if file_type.is_socket() => "socket",
        () if file_type.is_block_device() || file_type.is_char_device() => "device",
        () => "special file",
    };
    Err(ContentsError::Special { path: path.to_owned(), kind })
}

fn unreadable(path: &str, source: std::io::Error) -> ContentsError {
    let path = if path.is_empty() { "." } else { path };
    ContentsError::Unreadable { path: path.to_owned(), source }
}
