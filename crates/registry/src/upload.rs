//! Uploading blobs (distribution specification 1.1, "Pushing blobs").
//!
//! One session a blob. A small blob goes in one request; a large one, and whatever is left after
//! a fault, in chunks from where the registry says that it stands.

use bytes::Bytes;
use camino::Utf8PathBuf;
use http::header::{
    CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RANGE,
};
use http::{Method, StatusCode};
use url::Url;

use sealwright_evidence::Digest;

use crate::auth::Access;
use crate::client::Client;
use crate::error::{Fault, RegistryError};
use crate::limits::{
    CHUNK_BYTES, CHUNK_BYTES_MAX, SINGLE_UPLOAD_BYTES_MAX, UPLOAD_RESUMES_COUNT_MAX,
};
use crate::manifests::refusal;
use crate::reference::Repository;
use crate::transport::{Answer, Ask, Payload, same_origin};

const CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// What to upload.
#[derive(Debug, Clone)]
pub enum BlobSource {
    /// From memory.
    Bytes(Bytes),
    /// From a file, which must not change meanwhile; read as it is sent.
    File(Utf8PathBuf),
}

/// What became of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It was sent.
    Uploaded,
    /// The repository had it.
    AlreadyThere,
}

/// An upload that the registry has opened.
#[derive(Debug)]
struct Session {
    url: Url,
    /// Bytes that the registry has.
    offset: u64,
    chunk_bytes: u64,
}

struct Upload<'a> {
    client: &'a Client,
    repository: &'a Repository,
    digest: Digest,
    size: u64,
    source: BlobSource,
    what: String,
}

impl Client {
    /// Puts a blob into the repository, unless it is there.
    pub async fn push_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        size: u64,
        source: BlobSource,
    ) -> Result<Pushed, RegistryError> {
        if self.knows_blob(repository, *digest) || self.has_blob(repository, *digest).await? {
            self.remember_blob(repository, *digest);
            return Ok(Pushed::AlreadyThere);
        }
        self.upload_blob(repository, *digest, size, source).await?;
        Ok(Pushed::Uploaded)
    }

    /// Uploads without looking whether it is there.
    pub(crate) async fn upload_blob(
        &self,
        repository: &Repository,
        digest: Digest,
        size: u64,
        source: BlobSource,
    ) -> Result<(), RegistryError> {
        let what = format!("the upload of {repository}@{digest}");
        let upload = Upload { client: self, repository, digest, size, source, what };
        upload.check_size().await?;
        upload.run().await?;
        self.remember_blob(repository, digest);
        Ok(())
    }

    async fn has_blob(
        &self,
        repository: &Repository,
        digest: Digest,
    ) -> Result<bool, RegistryError> {
        let url = self.transport().url(repository, &format!("blobs/{digest}"))?;
        let ask = Ask::new(Method::HEAD, url, format!("{repository}@{digest}"));
        // Who is going to write asks for that at once, which saves a second token.
        let ask = ask.scope(repository.scope(Access::Push));
        let answer = self.transport().send(&ask, self.call()).await?;
        match answer.status {
            StatusCode::OK => Ok(true),
            // Not being able to look is no reason not to write.
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Ok(false),
            _ => Err(ask.error(refusal(&answer))),
        }
    }
}

impl Upload<'_> {
    /// Goes on after a fault as long as the registry has more to take. A fault that came after
    /// the deed ("failed but it happened") shows as the blob being there.
    async fn run(&self) -> Result<(), RegistryError> {
        let mut session = None;
        let mut resumes = 0;
        loop {
            let Err(error) = self.attempt(&mut session, resumes > 0).await else { return Ok(()) };
            resumes += 1;
            let backoff = self.client.transport().backoff().after(resumes);
            let wait = error.asked_wait().unwrap_or_default().max(backoff);
            let in_time = self.client.call().leaves(wait);
            if !goes_on(error.fault()) || resumes > UPLOAD_RESUMES_COUNT_MAX || !in_time {
                return Err(error);
            }
            tracing::debug!(what = self.what, %error, "going on with the upload");
            tokio::time::sleep(wait).await;
            if self.client.has_blob(self.repository, self.digest).await? {
                return Ok(());
            }
            session = self.found_again(session).await;
        }
    }

    async fn attempt(
        &self,
        kept: &mut Option<Session>,
        resumed: bool,
    ) -> Result<(), RegistryError> {
        let session = match kept {
            Some(session) => session,
            None => kept.insert(self.open().await?),
        };
        if self.size <= SINGLE_UPLOAD_BYTES_MAX && session.offset == 0 && !resumed {
            return self.close(session, self.part(0, self.size)).await;
        }
        while session.offset < self.size {
            self.send_chunk(session).await?;
        }
        self.close(session, Payload::Empty).await
    }

    /// `POST …/blobs/uploads/`. A crash leaves a session that the registry ends by itself.
    async fn open(&self) -> Result<Session, RegistryError> {
        let url = self.client.transport().url(self.repository, "blobs/uploads/")?;
        let ask = self.ask(Method::POST, url);
        let answer = self.client.transport().send(&ask, self.client.call()).await?;
        if answer.status != StatusCode::ACCEPTED {
            return Err(ask.error(refusal(&answer)));
        }
        let url = self.located(&ask, &answer)?.ok_or_else(|| {
            let why = "an upload was opened without a Location".to_owned();
            ask.error(Fault::Protocol { why })
        })?;
        let asked = number(&answer.headers, &CHUNK_MIN_LENGTH).unwrap_or_default();
        if asked > CHUNK_BYTES_MAX {
            let why = format!("it wants chunks of {asked} bytes, more than {CHUNK_BYTES_MAX}");
            return Err(ask.error(Fault::Limit { why }));
        }
        Ok(Session { url, offset: 0, chunk_bytes: asked.max(CHUNK_BYTES) })
    }

    /// `PATCH`: the next chunk. The registry's count of what it has decides, not ours.
    async fn send_chunk(&self, session: &mut Session) -> Result<(), RegistryError> {
        let size = session.chunk_bytes.min(self.size - session.offset);
        let sent = session.offset + size;
        let range = format!("{}-{}", session.offset, sent - 1);
        let ask = self
            .ask(Method::PATCH, session.url.clone())
            .header(CONTENT_TYPE, OCTETS)
            .header(CONTENT_RANGE, HeaderValue::from_str(&range).unwrap_or(OCTETS))
            .payload(self.part(session.offset, size));
        let answer = self.send(&ask).await?;
        if !answer.status.is_success() {
            return Err(ask.error(refusal(&answer)));
        }
        let offset = received(&answer.headers).unwrap_or(sent);
        if offset > sent || offset <= session.offset {
            let why = format!("after {sent} bytes it says that it has {offset}");
            return Err(ask.error(Fault::Protocol { why }));
        }
        session.offset = offset;
        if let Some(url) = self.located(&ask, &answer)? {
            session.url = url;
        }
        Ok(())
    }

    /// `PUT …?digest=`: the rest, or nothing more, and the name. The registry checks the digest.
    async fn close(&self, session: &Session, rest: Payload) -> Result<(), RegistryError> {
        let mut url = session.url.clone();
        url.query_pairs_mut().append_pair("digest", &self.digest.to_string());
        let ask = self.ask(Method::PUT, url).header(CONTENT_TYPE, OCTETS).payload(rest);
        let ask = ask.not_repeatable();
        let answer = self.send(&ask).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        Err(ask.error(refusal(&answer)))
    }

    /// Where the session stands, asked of the registry. `None` when it is gone, cannot say, or
    /// has nothing: then it is cancelled, and a new one begins at the first byte.
    async fn found_again(&self, session: Option<Session>) -> Option<Session> {
        let session = session?;
        let ask = self.ask(Method::GET, session.url.clone());
        let answer = self.client.transport().send(&ask, self.client.call()).await.ok()?;
        if !answer.status.is_success() {
            return None;
        }
        let url = self.located(&ask, &answer).ok()?.unwrap_or(session.url);
        let offset = received(&answer.headers).unwrap_or_default();
        if (1..=self.size).contains(&offset) {
            return Some(Session { url, offset, ..session });
        }
        let cancel = self.ask(Method::DELETE, url);
        // Whether that succeeds does not matter: registries end forgotten sessions by themselves.
        let _ = self.client.transport().send(&cancel, self.client.call()).await;
        None
    }

    async fn send(&self, ask: &Ask) -> Result<Answer, RegistryError> {
        let call = self.client.transport().call_with(ask.payload.size());
        self.client.transport().send(ask, call).await
    }

    /// Credentials go to the registry only: an upload may be sent on to a store elsewhere.
    fn ask(&self, method: Method, url: Url) -> Ask {
        let home = self.client.transport().url(self.repository, "");
        let at_home = home.is_ok_and(|home| same_origin(&home, &url));
        let ask = Ask::new(method, url, &self.what);
        if at_home { ask.scope(self.repository.scope(Access::Push)) } else { ask }
    }

    fn located(&self, ask: &Ask, answer: &Answer) -> Result<Option<Url>, RegistryError> {
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let url = location.map(|location| self.client.transport().next_url(&ask.url, location));
        url.transpose().map_err(|fault| ask.error(fault))
    }

    fn part(&self, offset: u64, size: u64) -> Payload {
        match &self.source {
            BlobSource::File(path) => Payload::File { path: path.clone(), offset, size },
            BlobSource::Bytes(bytes) => {
                let at = |position: u64| {
                    usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len())
                };
                Payload::Bytes(bytes.slice(at(offset)..at(offset + size)))
            }
        }
    }

    async fn check_size(&self) -> Result<(), RegistryError> {
        let (path, found) = match &self.source {
            BlobSource::Bytes(bytes) => ("memory".to_owned(), Ok(bytes.len() as u64)),
            BlobSource::File(path) => {
                (path.to_string(), tokio::fs::metadata(path).await.map(|file| file.len()))
            }
        };
        let why = match found {
            Ok(size) if size == self.size => return Ok(()),
            Ok(size) => format!("{} bytes were expected, {size} are there", self.size),
            Err(reason) => reason.to_string(),
        };
        Err(RegistryError::new(&self.what, Fault::File { path, why }))
    }
}

/// Faults that leave a session, or nothing, behind; all others would come again.
fn goes_on(fault: &Fault) -> bool {
    match fault {
        Fault::Unreachable { .. } => true,
        Fault::Status { status, .. } => {
            status.is_server_error()
                || matches!(
                    *status,
                    // The session is gone, took too long, or stands elsewhere.
                    StatusCode::NOT_FOUND
                        | StatusCode::REQUEST_TIMEOUT
                        | StatusCode::RANGE_NOT_SATISFIABLE
                )
        }
        _ => false,
    }
}

/// How many bytes the registry has: `Range: 0-<last>`, both ends included. Nothing and one byte
/// look the same in it; nothing is the likelier.
fn received(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(RANGE)?.to_str().ok()?;
    let last: u64 = text.trim_start_matches("bytes=").strip_prefix("0-")?.parse().ok()?;
    if last == 0 { Some(0) } else { last.checked_add(1) }
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_much_has_arrived() {
        for (range, expected, why) in [
            ("0-99", Some(100), "both ends are included"),
            ("bytes=0-99", Some(100), "as some spell it"),
            ("0-0", Some(0), "nothing, as registries spell it"),
            ("1-99", None, "does not begin at the start"),
            ("0-", None, "no end"),
            ("0--1", None, "a negative end"),
            ("", None, "empty"),
            ("0-18446744073709551615", None, "no overflow"),
        ] {
            let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_str(range).unwrap())]);
            assert_eq!(received(&headers), expected, "{why}");
        }
        assert_eq!(received(&HeaderMap::new()), None);
    }
}
