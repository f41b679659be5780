//! Uploads: begin, append, ask, finish, cancel; or all in one request; or mount from a neighbour.

use axum::body::Body;
use futures::StreamExt;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use http::{HeaderMap, Response, StatusCode};

use super::Registry;
use super::api_error::{ApiError, Code};
use super::names::{Digest, is_repository};
use super::query::Query;
use super::reply::{DOCKER_UPLOAD_UUID, Reply, broke_off, reply};
use super::route::digest;
use super::upload::{BLOB_BYTES_MAX, Session, Upload, Uploads};

impl Registry {
    /// `POST …/blobs/uploads/`: mounts, or takes the whole blob (`digest`), or opens a session.
    pub(super) async fn begin_upload(
        &self,
        repository: &str,
        query: &Query,
        may_pull: impl Fn(&str) -> bool,
        body: Body,
    ) -> Result<Response<Body>, ApiError> {
        if let Some(mount) = query.get("mount") {
            let mount = digest(mount)?;
            // Where the neighbour does not have it, or may not be read, the client is to upload.
            let from = query.get("from").filter(|from| is_repository(from) && may_pull(from));
            if let Some(from) = from
                && self.store.mount(from, repository, &mount)?
            {
                return Ok(created(repository, &mount));
            }
        }
        if let Some(claimed) = query.get("digest") {
            let claimed = digest(claimed)?;
            let mut upload = Uploads::single(repository);
            self.receive(&mut upload, body).await?;
            return self.finish(&mut upload, &claimed);
        }
        let (id, _) = self.uploads.begin(repository).ok_or_else(|| {
            ApiError::new(Code::TooManyRequests, "too many uploads are open; finish or cancel some")
        })?;
        Ok(progress(StatusCode::ACCEPTED, repository, &id, 0).empty())
    }

    /// `PATCH`: the next piece. When the connection breaks, what has arrived stays.
    pub(super) async fn append_upload(
        &self,
        repository: &str,
        id: &str,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response<Body>, ApiError> {
        let session = self.session(repository, id)?;
        let mut upload = session.lock().await;
        check_place(repository, id, &upload, headers)?;
        self.receive(&mut upload, body).await?;
        Ok(progress(StatusCode::ACCEPTED, repository, id, upload.size()).empty())
    }

    /// `GET`: how much has arrived.
    pub(super) async fn upload_status(
        &self,
        repository: &str,
        id: &str,
    ) -> Result<Response<Body>, ApiError> {
        let session = self.session(repository, id)?;
        let size = session.lock().await.size();
        Ok(progress(StatusCode::NO_CONTENT, repository, id, size).empty())
    }

    /// `PUT`: the last piece, if any, and the digest of all of it. A wrong digest ends the session.
    pub(super) async fn finish_upload(
        &self,
        repository: &str,
        id: &str,
        query: &Query,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response<Body>, ApiError> {
        let session = self.session(repository, id)?;
        let claimed = query.get("digest").ok_or_else(|| {
            ApiError::new(Code::DigestInvalid, "the upload cannot end without its digest")
        })?;
        let claimed = digest(claimed)?;
        let mut upload = session.lock().await;
        check_place(repository, id, &upload, headers)?;
        self.receive(&mut upload, body).await?;
        self.uploads.end(id);
        self.finish(&mut upload, &claimed)
    }

    /// `DELETE`: throws the session away.
    pub(super) fn cancel_upload(
        &self,
        repository: &str,
        id: &str,
    ) -> Result<Response<Body>, ApiError> {
        self.session(repository, id)?;
        self.uploads.end(id);
        Ok(reply(StatusCode::NO_CONTENT).empty())
    }

    fn session(&self, repository: &str, id: &str) -> Result<Session, ApiError> {
        let unknown = || ApiError::new(Code::BlobUploadUnknown, "no such upload is open");
        let (owner, session) = self.uploads.find(id).ok_or_else(unknown)?;
        if owner == repository { Ok(session) } else { Err(unknown()) }
    }

    async fn receive(&self, upload: &mut Upload, body: Body) -> Result<(), ApiError> {
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(broke_off)?;
            if upload.size() + piece.len() as u64 > BLOB_BYTES_MAX {
                let message = format!("the blob is larger than {BLOB_BYTES_MAX} bytes");
                return Err(ApiError::new(Code::SizeInvalid, message)
                    .with_status(StatusCode::PAYLOAD_TOO_LARGE));
            }
            upload.append(&self.store, &piece)?;
        }
        Ok(())
    }

    fn finish(&self, upload: &mut Upload, claimed: &Digest) -> Result<Response<Body>, ApiError> {
        let found = upload.digest(claimed.algorithm())?;
        if found != *claimed {
            let message = format!("the bytes have digest {found}, not {claimed}");
            return Err(ApiError::new(Code::DigestInvalid, message));
        }
        upload.store(&self.store, claimed)?;
        Ok(created(&upload.repository, claimed))
    }
}

fn created(repository: &str, digest: &Digest) -> Response<Body> {
    let location = format!("/v2/{repository}/blobs/{digest}");
    reply(StatusCode::CREATED).location(&location).digest(digest).empty()
}

/// Where to go on, and how much is there. An empty session says `0-0`, as registries do.
fn progress(status: StatusCode, repository: &str, id: &str, size: u64) -> Reply {
    reply(status)
        .location(&format!("/v2/{repository}/blobs/uploads/{id}"))
        .header(RANGE, &format!("0-{}", size.saturating_sub(1)))
        .header(DOCKER_UPLOAD_UUID, id)
}

/// A piece that says where it belongs must begin where the last one ended.
fn check_place(
    repository: &str,
    id: &str,
    upload: &Upload,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let Some(range) = text(CONTENT_RANGE) else { return Ok(()) };
    let range = range.strip_prefix("bytes ").unwrap_or(range);
    let range = range.split_once('/').map_or(range, |(range, _)| range);
    let ends = range.split_once('-').and_then(|(start, end)| {
        Some((start.trim().parse::<u64>().ok()?, end.trim().parse::<u64>().ok()?))
    });
    let Some((start, end)) = ends else {
        return Err(ApiError::new(Code::BlobUploadInvalid, "Content-Range is not START-END"));
    };
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let fits = length.is_none_or(|length| end.checked_sub(start) == length.checked_sub(1));
    if start == upload.size() && fits {
        return Ok(());
    }
    let message = format!("{} bytes are here, the piece claims {range}", upload.size());
    Err(ApiError::new(Code::BlobUploadInvalid, message)
        .with_status(StatusCode::RANGE_NOT_SATISFIABLE)
        .with_header(http::header::LOCATION, &format!("/v2/{repository}/blobs/uploads/{id}"))
        .with_header(RANGE, &format!("0-{}", upload.size().saturating_sub(1))))
}
