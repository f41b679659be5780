//! From a folder to a layer: a gzip-compressed tarball whose bytes depend on the files alone.

use std::fs::File;
use std::io::{self, BufWriter};
use std::num::NonZeroUsize;

use camino::Utf8Path;
use sealwright_evidence::Digest;

use super::{Contents, ContentsError, Limits, archive, gzip};

/// A packed layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Digest of the compressed bytes: what the manifest names.
    pub layer: Digest,
    /// How many there are.
    pub layer_bytes: u64,
    /// Digest of the tarball before compression (OCI calls it the DiffID): the same for the same
    /// files even when a later version of the compressor writes other bytes.
    pub tarball: Digest,
    /// How many bytes that has.
    pub tarball_bytes: u64,
    /// Files in it.
    pub files_count: usize,
}

/// Sees the very bytes that are packed, so that what is said about the contents cannot be about
/// another state of them.
pub trait Inspect {
    /// Whether it wants the whole file, which is then held in memory.
    fn wants(&self, path: &str, bytes: u64) -> bool;
    /// Is given the file.
    fn inspect(&mut self, path: &str, bytes: &[u8]);
    /// Is told of a file that it did not want.
    fn pass(&mut self, path: &str, bytes: u64) {
        let _ = (path, bytes);
    }
}

/// Wants nothing.
impl Inspect for () {
    fn wants(&self, _: &str, _: u64) -> bool {
        false
    }

    fn inspect(&mut self, _: &str, _: &[u8]) {}
}

/// Packs `folder` into `output`.
///
/// # Errors
/// What cannot be packed, by path; that something changed meanwhile; that the output failed.
pub fn pack(
    folder: &Utf8Path,
    limits: Limits,
    threads: NonZeroUsize,
    output: File,
    inspect: &mut dyn Inspect,
) -> Result<Packed, ContentsError> {
    let contents = Contents::find(folder, limits)?;
    let output = BufWriter::with_capacity(256 * 1024, output);
    let compressed =
        gzip::compress(threads, output, |blocks| archive::write(&contents, blocks, inspect));
    let compressed = compressed.map_err(unwritable)??;
    check_unchanged(&contents, limits)?;
    Ok(Packed {
        layer: digest(compressed.sha256)?,
        layer_bytes: compressed.bytes,
        tarball: digest(compressed.plain_sha256)?,
        tarball_bytes: compressed.plain_bytes,
        files_count: contents.files().count(),
    })
}

/// As many compressors as there are cores, within the limit that bounds the memory.
pub fn threads_available() -> NonZeroUsize {
    let available = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(gzip::THREADS_MAX).map_or(available, |most| available.min(most))
}

/// Each file was the same before and after it was read; this is about the tree as a whole.
fn check_unchanged(before: &Contents, limits: Limits) -> Result<(), ContentsError> {
    let now = Contents::find(&before.root, limits)?;
    let differing = before.entries.iter().zip(&now.entries).find(|(before, now)| before != now);
    let path = match differing {
        Some((before, now)) => &before.path.as_str().min(now.path.as_str()).to_owned(),
        None if before.entries.len() == now.entries.len() => return Ok(()),
        None => {
            let longer = if before.entries.len() > now.entries.len() { before } else { &now };
            &longer.entries[before.entries.len().min(now.entries.len())].path
        }
    };
    Err(ContentsError::Changed { path: path.clone(), what: "it was added, removed or written to" })
}

fn digest(sha256: [u8; 32]) -> Result<Digest, ContentsError> {
    let parsed = Digest::parse_hex(&hex::encode(sha256));
    parsed.ok_or_else(|| unwritable(io::Error::other("the digest cannot be written")))
}

fn unwritable(source: io::Error) -> ContentsError {
    ContentsError::Archive { source }
}
