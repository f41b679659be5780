//! Files of the tree, read within limits and told when they are not what they were listed as.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use nix::fcntl::OFlag;
use sealwright_manifests::{
    Facts, File as Seen, is_looked_into, is_utf16, is_yaml, look as look_at, may_tell,
};
use sealwright_policy::{Code, Finding, Place};

use super::tree::Tree;

/// Bytes of one file; one more is read, so that it is known to have more.
const FILE_BYTES_MAX: usize = sealwright_yaml::FILE_BYTES_MAX;
/// Bytes of a file beyond the limit that are looked through for a word that could tell something: data
/// that people keep in a repository is smaller.
const SCANNED_BYTES_MAX: u64 = 1 << 30;
/// Bytes of all files: text of a whole operating system.
const TREE_BYTES_MAX: u64 = 8 << 30;
/// Bytes of files that are kept, for names to be looked for: text of a large repository.
const KEPT_BYTES_MAX: usize = 256 << 20;
/// Threads that read: more only wait for the disk.
const THREADS_MAX: usize = 8;

/// Bytes in which a zero tells that a file is no text.
const HEAD_BYTES: usize = 8 << 10;
/// Bytes that are looked through at a time.
const PART_BYTES: usize = 1 << 20;
/// Bytes of a part that are looked through once more with the next one: a word may stand across.
const OVERLAP_BYTES: usize = 256;

/// What every file says, in the order of the paths; and which could not be read.
pub(super) fn look(tree: &Tree) -> (Vec<Facts>, Vec<Finding>) {
    let threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, THREADS_MAX);
    let share = tree.files.len().div_ceil(threads).max(1);
    let left = Left(AtomicU64::new(TREE_BYTES_MAX));
    let (facts, mut findings) = thread::scope(|scope| {
        let started: Vec<_> = tree
            .files
            .chunks(share)
            .map(|files| scope.spawn(|| look_at_all(tree, files, &left)))
            .collect();
        let (mut facts, mut findings) = (Vec::new(), Vec::new());
        for part in started {
            let (mut some, mut wrong) = part.join().expect("readers do not panic");
            facts.append(&mut some);
            findings.append(&mut wrong);
        }
        (facts, findings)
    });
    if left.is_nothing() {
        let message = format!("more than {TREE_BYTES_MAX} bytes in all: the rest is not read");
        findings.push(too_large(message));
    }
    (facts, findings)
}

/// Bytes that may still be read.
struct Left(AtomicU64);

impl Left {
    fn take(&self, bytes: usize) {
        let less = |left: u64| Some(left.saturating_sub(bytes as u64));
        // It always gives something, so nothing is refused.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn is_nothing(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

fn look_at_all(tree: &Tree, files: &[String], left: &Left) -> (Vec<Facts>, Vec<Finding>) {
    let (mut facts, mut findings) = (Vec::new(), Vec::new());
    for path in files.iter().take_while(|_| !left.is_nothing()) {
        let seen = match tree.instead.get(path) {
            Some(bytes) => Ok(Some(look_at(Seen { path, bytes }))),
            None => look_at_one(&tree.root.join(path), path, left),
        };
        match seen {
            Ok(some) => facts.extend(some),
            Err(why) => findings.push(unreadable(path, &why)),
        }
    }
    (facts, findings)
}

/// Files with their bytes, and what could not be read or kept of them.
pub(super) fn keep<'a>(
    tree: &Tree,
    paths: impl Iterator<Item = &'a String>,
) -> (Vec<(String, Vec<u8>)>, Vec<Finding>) {
    let (mut files, mut findings, mut kept) = (Vec::new(), Vec::new(), 0);
    for path in paths {
        match read(&tree.root.join(path)) {
            Ok(bytes) if kept + bytes.len() > KEPT_BYTES_MAX => {
                let message =
                    format!("more than {KEPT_BYTES_MAX} bytes in all: not all is looked through");
                findings.push(too_large(message));
                break;
            }
            Ok(bytes) => {
                kept += bytes.len();
                files.push((path.clone(), bytes));
            }
            Err(why) => findings.push(unreadable(path, &why)),
        }
    }
    (files, findings)
}

/// That all of it together is too much.
fn too_large(message: String) -> Finding {
    Finding::new(Code::TreeTooLarge, message).with_place(Place::file("."))
}

/// That a file could not be read.
fn unreadable(path: &str, why: &io::Error) -> Finding {
    let message = format!("it cannot be read: {why}");
    Finding::new(Code::TreeUnreadable, message).with_place(Place::file(path))
}

/// What a file says; nothing when it is no text.
fn look_at_one(whole: &Path, path: &str, left: &Left) -> io::Result<Option<Facts>> {
    let mut open = Open::at(whole)?;
    let bytes = open.read()?;
    left.take(bytes.len());
    let seen = Seen { path, bytes: &bytes };
    if bytes.len() <= FILE_BYTES_MAX {
        return Ok(is_text(whole, &bytes).then(|| look_at(seen)));
    }
    let tells = is_looked_into(path, &bytes)
        && (may_tell(path, &bytes) || open.goes_on_to_tell(path, &bytes)?);
    // All that is said of it is that it is too large.
    Ok(tells.then(|| look_at(seen)))
}

/// The file, up to one byte more than is read of one.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    Open::at(path)?.read()
}

/// The first bytes of a file.
pub(super) fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Open::at(path)?.file.take(HEAD_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file that is being read.
struct Open<'a> {
    path: &'a Path,
    file: File,
    before: std::fs::Metadata,
}

impl<'a> Open<'a> {
    /// Opens a plain file. A pipe that has come to stand in its place is not waited for.
    fn at(path: &'a Path) -> io::Result<Self> {
        let waits_not = OFlag::O_NONBLOCK.bits();
        let file = OpenOptions::new().read(true).custom_flags(waits_not).open(path)?;
        let before = file.metadata()?;
        if !before.is_file() {
            return Err(io::Error::other("it is no plain file"));
        }
        Ok(Self { path, file, before })
    }

    /// Its bytes, up to one more than is read of one file; of what is no text, only the first.
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut bytes)?;
        if !is_text(self.path, &bytes) {
            return Ok(bytes);
        }
        let more = (FILE_BYTES_MAX + 1 - bytes.len()) as u64;
        self.file.by_ref().take(more).read_to_end(&mut bytes)?;
        if bytes.len() <= FILE_BYTES_MAX && self.has_changed(bytes.len() as u64)? {
            return Err(io::Error::other("it was changed while it was read"));
        }
        Ok(bytes)
    }

    fn has_changed(&self, read: u64) -> io::Result<bool> {
        let now = self.file.metadata()?;
        Ok(now.len() != read || now.modified().ok() != self.before.modified().ok())
    }

    /// Whether what comes after the bytes that were read may tell something; also when there is too
    /// much of it to find out.
    fn goes_on_to_tell(&mut self, path: &str, read: &[u8]) -> io::Result<bool> {
        // Parts of a file in UTF-16 have no mark to know it by.
        if is_utf16(read) {
            return Ok(true);
        }
        let mut part = read[read.len() - OVERLAP_BYTES..].to_vec();
        let mut scanned = 0;
        while scanned < SCANNED_BYTES_MAX {
            let kept = part.len();
            self.file.by_ref().take(PART_BYTES as u64).read_to_end(&mut part)?;
            if part.len() == kept {
                return Ok(false);
            }
            if may_tell(path, &part) {
                return Ok(true);
            }
            scanned += (part.len() - kept) as u64;
            part.drain(..part.len() - OVERLAP_BYTES);
        }
        Ok(true)
    }
}

/// What is called YAML is read as such whatever is in it; anything else with a zero in its first bytes
/// is no text, unless it says that it is in UTF-16.
fn is_text(path: &Path, bytes: &[u8]) -> bool {
    is_utf16(bytes)
        || path.to_str().is_some_and(is_yaml)
        || !bytes[..bytes.len().min(HEAD_BYTES)].contains(&0)
}
