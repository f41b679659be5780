//! Upload sessions: bytes that arrive in pieces, hashed on the way, until their digest is claimed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::Context;
use bytes::{Bytes, BytesMut};
use camino::Utf8PathBuf;

use super::names::{Algorithm, Digest};
use super::store::Store;

/// Sessions at a time; more than any client opens, few enough to notice a leak.
pub const UPLOADS_COUNT_MAX: usize = 1024;
/// Largest blob, in bytes: ten times the largest layer that anybody ships to Flux.
pub const BLOB_BYTES_MAX: u64 = 1 << 30;
/// An upload is written to a file once it is larger than this many bytes.
const MEMORY_BYTES_MAX: usize = 1 << 20;
/// Piece in which a file is read again, to hash it with an algorithm claimed at the end.
const READ_BYTES: usize = 64 << 10;

/// The bytes of one session so far.
pub(crate) struct Upload {
    pub(crate) repository: String,
    size: u64,
    hash: Context,
    memory: BytesMut,
    file: Option<(Utf8PathBuf, File)>,
}

impl Upload {
    fn new(repository: &str) -> Self {
        Self {
            repository: repository.to_owned(),
            size: 0,
            hash: Algorithm::Sha256.start(),
            memory: BytesMut::new(),
            file: None,
        }
    }

    /// Bytes received.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Takes in more bytes; the caller keeps to [`BLOB_BYTES_MAX`].
    pub(crate) fn append(&mut self, store: &Store, bytes: &[u8]) -> io::Result<()> {
        self.size += bytes.len() as u64;
        self.hash.update(bytes);
        match &mut self.file {
            Some((_, file)) => file.write_all(bytes),
            None => {
                self.memory.extend_from_slice(bytes);
                self.spill(store)
            }
        }
    }

    /// Moves on to a file when the bytes are many and the store has a folder.
    fn spill(&mut self, store: &Store) -> io::Result<()> {
        if self.memory.len() <= MEMORY_BYTES_MAX {
            return Ok(());
        }
        let Some(path) = store.incoming() else { return Ok(()) };
        let mut file = File::create_new(&path)?;
        file.write_all(&std::mem::take(&mut self.memory))?;
        self.file = Some((path, file));
        Ok(())
    }

    /// The digest of what was received, under `algorithm`.
    pub(crate) fn digest(&self, algorithm: Algorithm) -> io::Result<Digest> {
        if algorithm == Algorithm::Sha256 {
            return Ok(Digest::finish(algorithm, self.hash.clone()));
        }
        let mut hash = algorithm.start();
        hash.update(&self.memory);
        if let Some((path, _)) = &self.file {
            let mut file = File::open(path)?;
            let mut piece = vec![0; READ_BYTES];
            loop {
                match file.read(&mut piece)? {
                    0 => break,
                    read => hash.update(&piece[..read]),
                }
            }
        }
        Ok(Digest::finish(algorithm, hash))
    }

    /// Hands the bytes to the store under a digest that the caller has checked.
    pub(crate) fn store(&mut self, store: &Store, digest: &Digest) -> io::Result<()> {
        match self.file.take() {
            Some((path, _)) => store.adopt_blob(&self.repository, digest, &path, self.size),
            None => {
                let bytes: Bytes = std::mem::take(&mut self.memory).freeze();
                store.add_blob(&self.repository, digest, bytes)
            }
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.file {
            // What cannot be removed now is removed when the store is opened again.
            let _ = fs::remove_file(path);
        }
    }
}

/// One session, used by one request at a time.
pub(crate) type Session = Arc<tokio::sync::Mutex<Upload>>;

/// The open sessions and their repositories, by id.
#[derive(Default)]
pub(crate) struct Uploads {
    open: Mutex<HashMap<String, (String, Session)>>,
}

impl Uploads {
    /// Opens a session; `None` when there are too many already.
    pub(crate) fn begin(&self, repository: &str) -> Option<(String, Session)> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= UPLOADS_COUNT_MAX {
            return None;
        }
        let id = super::random_id();
        let session = Arc::new(tokio::sync::Mutex::new(Upload::new(repository)));
        open.insert(id.clone(), (repository.to_owned(), Arc::clone(&session)));
        Some((id, session))
    }

    /// An upload that only lasts for one request.
    pub(crate) fn single(repository: &str) -> Upload {
        Upload::new(repository)
    }

    /// A session and the repository that it belongs to.
    pub(crate) fn find(&self, id: &str) -> Option<(String, Session)> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(crate) fn end(&self, id: &str) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(id).is_some()
    }

    /// Number of open sessions.
    pub(crate) fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
