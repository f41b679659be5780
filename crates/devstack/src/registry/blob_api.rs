//! Finished blobs: whether they are there, their bytes or a range of them, and their removal.

use std::io::{self, SeekFrom};

use axum::body::Body;
use bytes::BytesMut;
use camino::Utf8Path;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use http::{HeaderMap, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::Registry;
use super::api_error::{ApiError, Code};
use super::names::Digest;
use super::reply::reply;
use super::store::Blob;

/// Piece in which a blob is read from its file.
const PIECE_BYTES: usize = 64 << 10;
const OCTETS: &str = "application/octet-stream";

impl Registry {
    pub(super) async fn get_blob(
        &self,
        repository: &str,
        digest: &Digest,
        headers: &HeaderMap,
    ) -> Result<Response<Body>, ApiError> {
        let blob = self.store.blob(repository, digest).ok_or_else(unknown)?;
        let size = blob.size();
        let header = headers.get(RANGE).and_then(|range| range.to_str().ok());
        let (status, start, length) = match Requested::read(header, size) {
            Requested::Whole => (StatusCode::OK, 0, size),
            Requested::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end - start + 1),
            Requested::Nothing => {
                return Err(ApiError::new(Code::SizeInvalid, "the range lies outside the blob")
                    .with_status(StatusCode::RANGE_NOT_SATISFIABLE)
                    .with_header(CONTENT_RANGE, &format!("bytes */{size}")));
            }
        };
        let mut answer = reply(status)
            .digest(digest)
            .header(ACCEPT_RANGES, "bytes")
            .header(CONTENT_LENGTH, &length.to_string());
        if status == StatusCode::PARTIAL_CONTENT {
            let part = format!("bytes {start}-{}/{size}", start + length - 1);
            answer = answer.header(CONTENT_RANGE, &part);
        }
        Ok(answer.body(OCTETS, part(blob, start, length).await?))
    }

    pub(super) fn delete_blob(
        &self,
        repository: &str,
        digest: &Digest,
    ) -> Result<Response<Body>, ApiError> {
        if self.store.remove_blob(repository, digest)? {
            return Ok(reply(StatusCode::ACCEPTED).empty());
        }
        Err(unknown())
    }
}

fn unknown() -> ApiError {
    ApiError::new(Code::BlobUnknown, "the repository does not hold this blob")
}

async fn part(blob: Blob, start: u64, length: u64) -> io::Result<Body> {
    match blob {
        Blob::Memory(bytes) => {
            let start = usize::try_from(start).map_err(io::Error::other)?;
            let length = usize::try_from(length).map_err(io::Error::other)?;
            Ok(Body::from(bytes.slice(start..start + length)))
        }
        Blob::File { path, .. } => file_part(&path, start, length).await,
    }
}

async fn file_part(path: &Utf8Path, start: u64, length: u64) -> io::Result<Body> {
    let mut file = tokio::fs::File::open(path).await?;
    file.seek(SeekFrom::Start(start)).await?;
    let pieces = futures::stream::try_unfold(file.take(length), |mut file| async move {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES);
        let read = file.read_buf(&mut piece).await?;
        Ok::<_, io::Error>((read > 0).then(|| (piece.freeze(), file)))
    });
    Ok(Body::from_stream(pieces))
}

/// What a `Range` header asks of a blob (RFC 9110, section 14).
#[derive(Debug, PartialEq, Eq)]
enum Requested {
    Whole,
    /// Both ends belong to it.
    Part {
        start: u64,
        end: u64,
    },
    /// Not a byte of the blob.
    Nothing,
}

impl Requested {
    /// Several ranges, other units and malformed headers get the whole blob, as the RFC allows.
    fn read(header: Option<&str>, size: u64) -> Self {
        let Some((first, last)) = header
            .and_then(|header| header.strip_prefix("bytes="))
            .and_then(|ranges| ranges.trim().split_once('-'))
        else {
            return Self::Whole;
        };
        let (start, end) = match (first.parse::<u64>(), last.parse::<u64>()) {
            (Ok(start), Ok(end)) if end < start => return Self::Whole,
            (Ok(start), Ok(end)) => (start, end.min(size.saturating_sub(1))),
            (Ok(start), Err(_)) if last.is_empty() => (start, size.saturating_sub(1)),
            (Err(_), Ok(suffix)) if first.is_empty() => {
                let start = if suffix == 0 { size } else { size.saturating_sub(suffix) };
                (start, size.saturating_sub(1))
            }
            _ => return Self::Whole,
        };
        if start >= size { Self::Nothing } else { Self::Part { start, end } }
    }
}

#[cfg(test)]
mod tests {
    use super::Requested::{self, Nothing, Part, Whole};

    #[test]
    fn ranges() {
        for (header, expected, reason) in [
            (None, Whole, "no header"),
            (Some("bytes=0-3"), Part { start: 0, end: 3 }, "both ends"),
            (Some("bytes=4-"), Part { start: 4, end: 9 }, "open end: how a download resumes"),
            (Some("bytes=-3"), Part { start: 7, end: 9 }, "suffix"),
            (Some("bytes=-99"), Part { start: 0, end: 9 }, "suffix longer than the blob"),
            (Some("bytes=8-99"), Part { start: 8, end: 9 }, "end past the blob"),
            (Some("bytes=10-"), Nothing, "starts behind the last byte"),
            (Some("bytes=-0"), Nothing, "no byte at all"),
            (Some("bytes=3-1"), Whole, "ends before it starts"),
            (Some("bytes=0-1,3-4"), Whole, "several ranges"),
            (Some("pages=1-2"), Whole, "another unit"),
            (Some("bytes=x-2"), Whole, "malformed"),
        ] {
            assert_eq!(Requested::read(header, 10), expected, "{reason}");
        }
        assert_eq!(Requested::read(Some("bytes=0-"), 0), Nothing, "the empty blob has no range");
    }
}
