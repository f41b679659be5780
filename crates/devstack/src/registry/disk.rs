//! The registry's folder: content by digest, and one small file for each fact about a repository.
//!
//! ```text
//! content/<algorithm>-<hex>                              exact bytes
//! repositories/<name>/_blobs/<algorithm>-<hex>           empty: the repository holds this blob
//! repositories/<name>/_manifests/<algorithm>-<hex>       the media type it was pushed with
//! repositories/<name>/_tags/<tag>                        a digest
//! incoming/<id>                                          not finished; emptied at start
//! ```
//!
//! A file appears under its name by rename only, content before the fact that names it, so a killed
//! process leaves a smaller state, never half a file. Nothing is synced to the device: what survives
//! a power cut does not matter here, speed does. Writes go to the page cache and are made in place
//! rather than on another thread, which would cost more than the write.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};

use super::names::Digest;
use crate::DevStackError;

/// The folders of a repository. A path component of a repository name cannot start with `_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Blob,
    Manifest,
    Tag,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Blob, Self::Manifest, Self::Tag];

    fn folder(self) -> &'static str {
        match self {
            Self::Blob => "_blobs",
            Self::Manifest => "_manifests",
            Self::Tag => "_tags",
        }
    }
}

/// One fact read back at start.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) repository: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Disk {
    root: Utf8PathBuf,
    incoming_count: AtomicU64,
}

impl Disk {
    /// Opens or creates the folder, and throws away what a killed process left unfinished.
    pub(crate) fn open(root: &Utf8Path) -> Result<Self, DevStackError> {
        let incoming = root.join("incoming");
        if incoming.exists() {
            fs::remove_dir_all(&incoming).map_err(DevStackError::file("empty", &incoming))?;
        }
        for folder in [incoming, root.join("content"), root.join("repositories")] {
            fs::create_dir_all(&folder).map_err(DevStackError::file("create", &folder))?;
        }
        Ok(Self { root: root.to_owned(), incoming_count: AtomicU64::new(0) })
    }

    /// A fresh path under `incoming/`.
    pub(crate) fn incoming(&self) -> Utf8PathBuf {
        let number = self.incoming_count.fetch_add(1, Ordering::Relaxed);
        self.root.join("incoming").join(number.to_string())
    }

    pub(crate) fn content_path(&self, digest: &Digest) -> Utf8PathBuf {
        self.root.join("content").join(digest.file_name())
    }

    pub(crate) fn write_content(&self, digest: &Digest, bytes: &[u8]) -> io::Result<()> {
        self.write(&self.content_path(digest), bytes)
    }

    /// Moves a finished upload to its name.
    pub(crate) fn adopt_content(&self, digest: &Digest, incoming: &Utf8Path) -> io::Result<()> {
        fs::rename(incoming, self.content_path(digest))
    }

    pub(crate) fn read_content(&self, digest: &Digest) -> io::Result<Bytes> {
        fs::read(self.content_path(digest)).map(Bytes::from)
    }

    pub(crate) fn remove_content(&self, digest: &Digest) -> io::Result<()> {
        fs::remove_file(self.content_path(digest))
    }

    pub(crate) fn record(
        &self,
        repository: &str,
        kind: Kind,
        name: &str,
        text: &str,
    ) -> io::Result<()> {
        let folder = self.folder(repository, kind);
        fs::create_dir_all(&folder)?;
        self.write(&folder.join(name), text.as_bytes())
    }

    pub(crate) fn forget(&self, repository: &str, kind: Kind, name: &str) -> io::Result<()> {
        fs::remove_file(self.folder(repository, kind).join(name))
    }

    fn folder(&self, repository: &str, kind: Kind) -> Utf8PathBuf {
        self.root.join("repositories").join(repository).join(kind.folder())
    }

    fn write(&self, path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
        let incoming = self.incoming();
        fs::write(&incoming, bytes)?;
        fs::rename(&incoming, path)
    }

    /// Every fact on disk: blobs and manifests of a repository before its tags.
    pub(crate) fn facts(&self) -> Result<Vec<Fact>, DevStackError> {
        let mut facts = Vec::new();
        let repositories = self.root.join("repositories");
        read_repository(&repositories, "", &mut facts)
            .map_err(DevStackError::file("read", &repositories))?;
        Ok(facts)
    }
}

fn read_repository(folder: &Utf8Path, name: &str, facts: &mut Vec<Fact>) -> io::Result<()> {
    for kind in Kind::ALL {
        read_kind(folder, name, kind, facts)?;
    }
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        let component = entry.file_name();
        if !component.starts_with('_') && entry.file_type()?.is_dir() {
            let nested =
                if name.is_empty() { component.to_owned() } else { format!("{name}/{component}") };
            read_repository(entry.path(), &nested, facts)?;
        }
    }
    Ok(())
}

fn read_kind(folder: &Utf8Path, name: &str, kind: Kind, facts: &mut Vec<Fact>) -> io::Result<()> {
    let folder = folder.join(kind.folder());
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        let text =
            if kind == Kind::Blob { String::new() } else { fs::read_to_string(entry.path())? };
        let (repository, name) = (name.to_owned(), entry.file_name().to_owned());
        facts.push(Fact { repository, kind, name, text });
    }
    Ok(())
}
