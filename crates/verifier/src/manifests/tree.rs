//! The folder, walked within limits: every file that may hold a declaration, and what was not read.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::PathBuf;

use camino::Utf8Path;
use sealwright_manifests::is_yaml;
use sealwright_policy::{Code, Finding, Place, Severity};

use super::reading;
use crate::failure::Failure;

/// Files and folders that are looked at: a monorepo of 50,000 files with its vendored charts.
const ENTRIES_MAX: usize = 200_000;
/// Folders inside each other: deeper ones are made by machines, or by loops of mounts.
const DEPTH_MAX: usize = 64;
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
    /// Links to files among them, where these are read.
    pub(super) links: Vec<String>,
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
    let mut walk = Walk::new(root);
    walk.folder(Path { shown: "", real: "" }, 0);
    walk.follow();
    walk.tree.files.sort();
    walk.tree.links.sort();
    Ok(walk.tree)
}

struct Walk {
    tree: Tree,
    entries: usize,
    /// Folders that were read, by their own paths.
    folders: HashSet<String>,
    /// Links that lead to something within the tree.
    links: Vec<Link>,
}

/// A path as it is told, and without links in it.
#[derive(Clone, Copy)]
struct Path<'a> {
    shown: &'a str,
    real: &'a str,
}

struct Link {
    path: String,
    target: String,
    depth: usize,
}

impl Walk {
    fn new(root: PathBuf) -> Self {
        let (files, links, findings) = (vec![], vec![], vec![]);
        let tree = Tree { root, files, links, findings, instead: BTreeMap::new() };
        Self { tree, entries: 0, folders: HashSet::new(), links: vec![] }
    }

    fn folder(&mut self, path: Path<'_>, depth: usize) {
        if !self.folders.insert(path.real.to_owned()) {
            return;
        }
        if depth > DEPTH_MAX {
            let message = format!("folders deeper than {DEPTH_MAX} levels are not read");
            return self.not_read(Code::TreeTooLarge, message, path.shown);
        }
        let entries = match fs::read_dir(self.tree.root.join(path.real)) {
            Ok(entries) => entries,
            Err(why) => {
                let message = format!("this folder cannot be read: {why}");
                return self.not_read(Code::TreeUnreadable, message, path.shown);
            }
        };
        for entry in entries {
            if self.entries == ENTRIES_MAX {
                let message =
                    format!("more than {ENTRIES_MAX} files and folders: the rest is not read");
                // What is left out is anywhere.
                self.not_read(Code::TreeTooLarge, message, "");
            }
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                return;
            }
            match entry {
                Ok(entry) => self.entry(&entry, path, depth),
                Err(why) => {
                    let message = format!("this folder cannot be read to its end: {why}");
                    self.not_read(Code::TreeUnreadable, message, path.shown);
                }
            }
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, folder: Path<'_>, depth: usize) {
        let name = entry.file_name();
        let within = |folder: &str| {
            let name = name.to_string_lossy();
            if folder.is_empty() { name.into_owned() } else { format!("{folder}/{name}") }
        };
        let (shown, real) = (within(folder.shown), within(folder.real));
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(why) => {
                let message = format!("it cannot be read: {why}");
                return self.not_read(Code::TreeUnreadable, message, &shown);
            }
        };
        let wanted = kind.is_dir() || sealwright_manifests::reads(&shown);
        let Some(name) = name.to_str() else {
            if wanted {
                self.not_read(
                    Code::TreeUnreadable,
                    "its name is not UTF-8: it is not read",
                    &shown,
                );
            }
            return;
        };
        if kind.is_symlink() {
            self.link(shown, depth);
        } else if kind.is_dir() {
            self.below(name, Path { shown: &shown, real: &real }, depth + 1);
        } else if wanted && kind.is_file() {
            self.tree.files.push(shown);
        } else if wanted {
            let message = "it is no plain file: a pipe, a socket or a device is not opened";
            self.not_read(Code::TreeUnreadable, message, &shown);
        }
    }

    /// A folder, when it is one that may declare something.
    fn below(&mut self, name: &str, path: Path<'_>, depth: usize) {
        if SKIPPED.contains(&name) {
            return;
        }
        let (tag, signature) = CACHE_TAG;
        let tag = reading::head(&self.tree.root.join(path.real).join(tag));
        if tag.is_ok_and(|begin| begin.starts_with(signature)) {
            let message = "its CACHEDIR.TAG says that programs fill this folder: it is not read";
            return self.not_read(Code::TreeFolderPassedOver, message, path.shown);
        }
        self.folder(path, depth);
    }

    /// What a link within the tree leads to is read at its own place, when everything is known. What
    /// is outside may be a manifest only where the link's name says so, or where it is a folder.
    fn link(&mut self, path: String, depth: usize) {
        let whole = self.tree.root.join(&path);
        let target = fs::canonicalize(&whole).ok();
        let within = target.as_ref().and_then(|to| to.strip_prefix(&self.tree.root).ok()?.to_str());
        if let Some(target) = within {
            return self.links.push(Link { path, target: target.to_owned(), depth });
        }
        let may_tell = is_yaml(&path) || target.is_some_and(|target| target.is_dir());
        let message = "a symbolic link that leads out of the folder, or nowhere, is not followed";
        self.not_read(Code::TreeLinkOutside, message, &path);
        if let Some(last) = self.tree.findings.last_mut().filter(|_| !may_tell) {
            last.severity = Severity::Note;
        }
    }

    /// Reads what links lead to and nothing else does: what is passed over, or has a name that tells
    /// nothing of what the link says that it is.
    fn follow(&mut self) {
        let mut files = Vec::new();
        while let Some(link) = self.links.pop() {
            let name = link.target.rsplit('/').next().unwrap_or_default();
            match self.tree.root.join(&link.target).is_dir() {
                true if !SKIPPED.contains(&name) => {
                    self.folder(Path { shown: &link.path, real: &link.target }, link.depth + 1);
                }
                false if sealwright_manifests::reads(&link.path) => files.push(link),
                _ => {}
            }
        }
        let known: HashSet<&String> = self.tree.files.iter().collect();
        let is_known = |link: &Link| {
            known.contains(&link.target) && is_yaml(&link.path) == is_yaml(&link.target)
        };
        let (known, own): (Vec<Link>, Vec<Link>) = files.into_iter().partition(is_known);
        self.tree.links.extend(known.into_iter().map(|link| link.path));
        self.tree.files.extend(own.into_iter().map(|link| link.path));
    }

    fn not_read(&mut self, code: Code, message: impl Into<String>, path: &str) {
        let path = if path.is_empty() { "." } else { path };
        self.tree.findings.push(Finding::new(code, message).with_place(Place::file(path)));
    }
}
