//! Bodies: what is sent, and how much of an answer is read.

use bytes::{Bytes, BytesMut};
use camino::Utf8PathBuf;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// Bytes of a file read at a time.
const READ_BYTES: usize = 256 << 10;

/// What a request carries. Can be sent again.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Empty,
    Bytes(Bytes),
    /// Part of a file, streamed.
    File {
        path: Utf8PathBuf,
        offset: u64,
        size: u64,
    },
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl Payload {
    /// How many bytes.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { size, .. } => *size,
        }
    }

    pub(super) fn to_body(&self) -> reqwest::Body {
        match self {
            Self::Empty => reqwest::Body::default(),
            Self::Bytes(bytes) => reqwest::Body::from(bytes.clone()),
            Self::File { path, offset, size } => {
                reqwest::Body::wrap_stream(stream(path.clone(), *offset, *size))
            }
        }
    }
}

enum Source {
    Unopened(Utf8PathBuf, u64),
    Open(tokio::fs::File),
}

fn stream(
    path: Utf8PathBuf,
    offset: u64,
    size: u64,
) -> impl futures::Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    futures::stream::try_unfold(
        (Source::Unopened(path, offset), size),
        |(source, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let mut file = match source {
                Source::Open(file) => file,
                Source::Unopened(path, offset) => {
                    let mut file = tokio::fs::File::open(path).await?;
                    file.seek(std::io::SeekFrom::Start(offset)).await?;
                    file
                }
            };
            let mut buffer = BytesMut::with_capacity(
                READ_BYTES.min(usize::try_from(left).unwrap_or(READ_BYTES)),
            );
            let room = (&mut file).take(left);
            tokio::pin!(room);
            if room.read_buf(&mut buffer).await? == 0 {
                let why = "the file is shorter than it was";
                return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, why));
            }
            let left = left - buffer.len() as u64;
            Ok(Some((buffer.freeze(), (Source::Open(file), left))))
        },
    )
}

/// Reads up to `bytes_max` bytes; says whether there were more.
pub(super) async fn read(
    response: &mut reqwest::Response,
    bytes_max: usize,
) -> Result<(Bytes, bool), reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > bytes_max {
            body.extend_from_slice(&chunk[..bytes_max - body.len()]);
            return Ok((body.freeze(), true));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body.freeze(), false))
}
