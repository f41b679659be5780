//! Layers as Flux extracts them: a gzip stream with a tar archive, read to the archive's own end.

use std::io::{self, Read as _};

use flate2::read::MultiGzDecoder;
use tar::EntryType;

/// First three bytes of a gzip stream (RFC 1952): its mark, and deflate.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
/// Bytes of a gzip header.
const GZIP_HEADER_BYTES: usize = 10;
/// Most bytes that are unpacked: far beyond any artifact of manifests, and no bomb.
const UNPACKED_BYTES_MAX: u64 = 1 << 30;

/// What there is to extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Archive {
    /// A whole archive of what Flux extracts.
    Whole,
    /// No gzip stream, in Go's words.
    NotGzip(&'static str),
    /// Something in it is broken, or of a kind that is not extracted.
    Broken,
}

/// Reads a layer as far as its archive goes.
pub(crate) fn read(bytes: &[u8]) -> Archive {
    match bytes.len() {
        0 => return Archive::NotGzip("EOF"),
        1..GZIP_HEADER_BYTES => return Archive::NotGzip("unexpected EOF"),
        _ if !bytes.starts_with(&GZIP) => return Archive::NotGzip("gzip: invalid header"),
        _ => {}
    }
    let unpacked = MultiGzDecoder::new(bytes).take(UNPACKED_BYTES_MAX);
    if walk(unpacked).unwrap_or(false) { Archive::Whole } else { Archive::Broken }
}

/// Whether every entry is one that Flux extracts or passes over.
fn walk(unpacked: impl io::Read) -> io::Result<bool> {
    let mut archive = tar::Archive::new(unpacked);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        let is_extracted = matches!(
            kind,
            EntryType::Regular | EntryType::Continuous | EntryType::Directory | EntryType::Symlink
        );
        if !is_extracted || !is_relative(&entry.path_bytes()) {
            return Ok(false);
        }
        io::copy(&mut entry, &mut io::sink())?;
    }
    Ok(true)
}

/// Flux's `validRelPath`.
fn is_relative(path: &[u8]) -> bool {
    let path = String::from_utf8_lossy(path);
    !path.is_empty() && !path.contains('\\') && !path.starts_with('/') && !path.contains("../")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(path: &str, kind: EntryType) -> Vec<u8> {
        let mut archive = tar::Builder::new(vec![]);
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_size(if kind == EntryType::Regular { 5 } else { 0 });
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        let content: &[u8] = if kind == EntryType::Regular { b"hello" } else { b"" };
        archive.append(&header, content).unwrap();
        zipped(&archive.into_inner().unwrap())
    }

    fn zipped(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn what_flux_extracts_is_whole_and_nothing_else() {
        let whole = packed("a.yaml", EntryType::Regular);
        let mut flipped = whole.clone();
        flipped[20] ^= 0xff;
        for (bytes, expected, why) in [
            (whole.clone(), Archive::Whole, "a file"),
            (packed("link", EntryType::Symlink), Archive::Whole, "a link, which is passed over"),
            (packed("link", EntryType::Link), Archive::Broken, "a hard link"),
            (packed("../up", EntryType::Regular), Archive::Broken, "a way out"),
            (packed("/etc/x", EntryType::Regular), Archive::Broken, "an absolute path"),
            (whole[..whole.len() / 2].to_vec(), Archive::Broken, "half"),
            (flipped, Archive::Broken, "a byte changed"),
            (zipped(b"no archive at all"), Archive::Broken, "no archive"),
            (b"not compressed".to_vec(), Archive::NotGzip("gzip: invalid header"), "no gzip"),
            (b"short".to_vec(), Archive::NotGzip("unexpected EOF"), "too short"),
            (vec![], Archive::NotGzip("EOF"), "nothing"),
        ] {
            assert_eq!(read(&bytes), expected, "{why}");
        }
    }
}
