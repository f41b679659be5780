//! The state folder: whose it is, and who may use it now.
//!
//! ```text
//! DIR/sealwright-devstack.json     marker: this folder is ours, and how it is laid out
//! DIR/sealwright-devstack.lock     locked while a process runs on it; holds its process id
//! DIR/registry  DIR/sigstore  DIR/trust  DIR/endpoints.json
//! ```
//!
//! The lock is the operating system's, so it goes with its process however that dies: a stale lock
//! file locks nobody out.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::DevStackError;

const MARKER: &str = "sealwright-devstack.json";
const LOCK: &str = "sealwright-devstack.lock";
/// Layout of the folder; raised when an older program could not read a newer folder.
const LAYOUT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    layout: u32,
    about: String,
}

/// A state folder that this process owns until the value is dropped.
#[derive(Debug)]
pub struct StateFolder {
    path: Utf8PathBuf,
    lock: File,
}

impl Drop for StateFolder {
    /// Closing the file is not enough: a child process that is being started at this moment has it
    /// open as well, for as long as it takes to become another program.
    fn drop(&mut self) {
        // Nothing is lost when this fails: the lock goes with the last who has the file open.
        let _ = self.lock.unlock();
    }
}

impl StateFolder {
    /// Takes a folder: new, empty, or made by the dev stack before.
    ///
    /// # Errors
    /// [`DevStackError::ForeignFolder`] when it holds anything else, [`DevStackError::InUse`] when
    /// another process runs on it, [`DevStackError::Damaged`] when its layout is not known.
    pub fn claim(path: &Utf8Path) -> Result<Self, DevStackError> {
        create_private(path)?;
        let path = path.canonicalize_utf8().map_err(DevStackError::file("find", path))?;
        if !is_ours(&path)? {
            if !is_empty(&path)? {
                return Err(DevStackError::ForeignFolder(path));
            }
            // The marker comes first: a crash after it leaves a folder that is known to be ours.
            write_marker(&path)?;
        }
        let lock = lock(&path)?;
        Ok(Self { path, lock })
    }

    /// The folder, as an absolute path.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }
}

/// The keys in it are throw-away, but nobody else's business either.
fn create_private(path: &Utf8Path) -> Result<(), DevStackError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(DevStackError::file("create", path))
}

/// Whether the folder bears our marker; an unknown layout is an error.
fn is_ours(folder: &Utf8Path) -> Result<bool, DevStackError> {
    let path = folder.join(MARKER);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(DevStackError::file("read", path)(error)),
    };
    match serde_json::from_str::<Marker>(&text) {
        Ok(Marker { layout: LAYOUT, .. }) => Ok(true),
        Ok(Marker { layout, .. }) => {
            let detail = format!("it has layout {layout}, this program knows {LAYOUT}");
            Err(DevStackError::Damaged { path, detail })
        }
        Err(error) => Err(DevStackError::Damaged { path, detail: error.to_string() }),
    }
}

fn is_empty(folder: &Utf8Path) -> Result<bool, DevStackError> {
    let mut entries = folder.read_dir_utf8().map_err(DevStackError::file("read", folder))?;
    Ok(entries.next().is_none())
}

fn write_marker(folder: &Utf8Path) -> Result<(), DevStackError> {
    let about = "State of sealwright-devstack: throw-away keys and test data. Safe to delete when it is not running.";
    let marker = Marker { layout: LAYOUT, about: about.to_owned() };
    write_json(&folder.join(MARKER), &marker)
}

/// Writes a JSON file that is there whole or not at all.
pub(crate) fn write_json(path: &Utf8Path, value: &impl Serialize) -> Result<(), DevStackError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| DevStackError::mint("a JSON file", error))?;
    let partial = Utf8PathBuf::from(format!("{path}.{}.partial", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // A secret may be in it, and the folder may have been made by somebody else.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&partial).and_then(|mut file| writeln!(file, "{text}"));
    written.map_err(DevStackError::file("write", &partial))?;
    std::fs::rename(&partial, path).map_err(DevStackError::file("write", path))
}

/// Locks the folder against a second process, and leaves our process id for its message.
fn lock(folder: &Utf8Path) -> Result<File, DevStackError> {
    let path = folder.join(LOCK);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(DevStackError::file("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let pid = holder(&mut file);
            return Err(DevStackError::InUse { state: folder.to_owned(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(DevStackError::file("lock", path)(error)),
    }
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(DevStackError::file("write", &path))?;
    Ok(file)
}

/// The process that holds the lock; 0 when it has not written its id yet.
fn holder(file: &mut File) -> u32 {
    let mut text = String::new();
    let _ = file.read_to_string(&mut text);
    text.trim().parse().unwrap_or_default()
}
