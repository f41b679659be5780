//! The folder, walked within limits: every file that may hold a declaration, and what was not read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::thread;

use camino::Utf8Path;
use sealwright_manifests::{Facts, File as Seen, look as look_at};
use sealwright_policy::{Code, Finding, Place};

use crate::failure::Failure;

/// Files and folders that are looked at: a monorepo of 50,000 files with its vendored charts.
const ENTRIES_MAX: usize = 200_000;
/// Folders inside each other: deeper ones are made by machines, or by loops of mounts.
const DEPTH_MAX: usize = 64;
/// Bytes of one file; one more is read, so that the reader of YAML says at its place that it is too
/// large.
const FILE_BYTES_MAX: usize = sealwright_yaml::FILE_BYTES_MAX;
/// Threads that read: more only wait for the disk.
const THREADS_MAX: usize = 8;

/// Bytes in which a zero tells that a file is no text.
const HEAD_BYTES: u64 = 8 << 10;
/// What marks a folder as a cache that programs fill, such as cargo's `target`: <https://bford.info/cachedir>.
const CACHE_TAG: (&str, &[u8]) = ("CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55");

/// Folders that hold no declarations of this repository: the history, and what was installed.
const SKIPPED: [&str; 2] = [".git", "node_modules"];

/// A folder with everything in it that is read.
#[derive(Debug)]
pub(super) struct Tree {
    /// The folder, without links in its own path.
    pub(super) root: PathBuf,
    /// Paths in it, with `/`, sorted.
    pub(super) files: Vec<String>,
    /// What was not read.
    pub(super) findings: Vec<Finding>,
    /// What is looked at instead of a file's own bytes.
    pub(super) instead: BTreeMap<String, Vec<u8>>,
}

/// Lists the folder.
///
/// # Errors
/// It is no folder, or cannot be opened at all.
pub(super) fn walk(folder: &Utf8Path) -> Result<Tree, Failure> {
    let cannot = |why| Failure::file(folder, "read", why);
    let root = fs::canonicalize(folder).map_err(cannot)?;
    fs::read_dir(&root).map_err(cannot)?;
    let mut walk = Walk {
        tree: Tree { root, files: vec![], findings: vec![], instead: BTreeMap::new() },
        entries: 0,
    };
    walk.folder("", 0);
    walk.tree.files.sort();
    Ok(walk.tree)
}

struct Walk {
    tree: Tree,
    entries: usize,
}

impl Walk {
    fn folder(&mut self, path: &str, depth: usize) {
        if depth > DEPTH_MAX {
            let message = format!("folders deeper than {DEPTH_MAX} levels are not read");
            return self.not_read(Code::TreeTooLarge, message, path);
        }
        let entries = match fs::read_dir(self.tree.root.join(path)) {
            Ok(entries) => entries,
            Err(why) => {
                let message = format!("this folder cannot be read: {why}");
                return self.not_read(Code::TreeUnreadable, message, path);
            }
        };
        for entry in entries {
            if self.entries == ENTRIES_MAX {
                let message =
                    format!("more than {ENTRIES_MAX} files and folders: the rest is not read");
                self.entries += 1;
                self.not_read(Code::TreeTooLarge, message, path);
            }
            if self.entries > ENTRIES_MAX {
                return;
            }
            self.entries += 1;
            match entry {
                Ok(entry) => self.entry(&entry, path, depth),
                Err(why) => {
                    let message = format!("this folder cannot be read to its end: {why}");
                    self.not_read(Code::TreeUnreadable, message, path);
                }
            }
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, folder: &str, depth: usize) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") };
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(why) => {
                return self.not_read(
                    Code::TreeUnreadable,
                    format!("it cannot be read: {why}"),
                    &path,
                );
            }
        };
        if kind.is_symlink() {
            self.link(&path);
        } else if kind.is_dir() {
            if !SKIPPED.contains(&name.as_ref()) && !self.is_cache(&path) {
                self.folder(&path, depth + 1);
            }
        } else if kind.is_file() && sealwright_manifests::reads(&path) {
            self.tree.files.push(path);
        }
    }

    fn is_cache(&self, path: &str) -> bool {
        let (name, signature) = CACHE_TAG;
        let file = File::open(self.tree.root.join(path).join(name));
        let mut begin = Vec::new();
        let read = file.and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut begin));
        read.is_ok() && begin.starts_with(signature)
    }

    /// What a link within the folder leads to is read at its own place.
    fn link(&mut self, path: &str) {
        let inside = fs::canonicalize(self.tree.root.join(path))
            .is_ok_and(|target| target.starts_with(&self.tree.root));
        if !inside {
            let message =
                "a symbolic link that leads out of the folder, or nowhere, is not followed";
            self.not_read(Code::TreeLinkOutside, message, path);
        }
    }

    fn not_read(&mut self, code: Code, message: impl Into<String>, path: &str) {
        let path = if path.is_empty() { "." } else { path };
        self.tree.findings.push(Finding::new(code, message).with_place(Place::file(path)));
    }
}

/// What every file says, in the order of the paths; and which could not be read.
pub(super) fn look(tree: &Tree) -> (Vec<Facts>, Vec<Finding>) {
    let threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, THREADS_MAX);
    let share = tree.files.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let started: Vec<_> = tree
            .files
            .chunks(share)
            .map(|files| scope.spawn(|| look_at_all(tree, files)))
            .collect();
        let (mut facts, mut findings) = (Vec::new(), Vec::new());
        for part in started {
            let (mut some, mut wrong) = part.join().expect("readers do not panic");
            facts.append(&mut some);
            findings.append(&mut wrong);
        }
        (facts, findings)
    })
}

fn look_at_all(tree: &Tree, files: &[String]) -> (Vec<Facts>, Vec<Finding>) {
    let (mut facts, mut findings) = (Vec::new(), Vec::new());
    for path in files {
        let instead = tree.instead.get(path).cloned().map(Ok);
        match instead.unwrap_or_else(|| read(&tree.root.join(path))) {
            Ok(bytes) if !is_text(&bytes) => {}
            Ok(bytes) => facts.push(look_at(Seen { path, bytes: &bytes })),
            Err(why) => {
                let finding =
                    Finding::new(Code::TreeUnreadable, format!("it cannot be read: {why}"));
                findings.push(finding.with_place(Place::file(path)));
            }
        }
    }
    (facts, findings)
}

/// The file, up to one byte more than is read of one.
pub(super) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    file.by_ref().take(HEAD_BYTES).read_to_end(&mut bytes)?;
    if is_text(&bytes) {
        file.take(FILE_BYTES_MAX as u64 + 1 - bytes.len() as u64).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().take(HEAD_BYTES as usize).any(|byte| *byte == 0)
}
