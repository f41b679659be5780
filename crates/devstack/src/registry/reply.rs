//! Answers, put together in one line each, and the reading of request bodies.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::api_error::{ApiError, Code};
use super::names::Digest;

pub(crate) const DOCKER_CONTENT_DIGEST: HeaderName =
    HeaderName::from_static("docker-content-digest");
pub(crate) const DOCKER_UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");
pub(crate) const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");
pub(crate) const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

/// An answer in the making.
pub(crate) struct Reply(Response<Body>);

/// Begins an answer.
pub(crate) fn reply(status: StatusCode) -> Reply {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    Reply(response)
}

impl Reply {
    /// Adds a header; a value that is no header value is left out (a media type comes from outside).
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().insert(name, value);
        }
        self
    }

    pub(crate) fn location(self, path: &str) -> Self {
        self.header(LOCATION, path)
    }

    pub(crate) fn digest(self, digest: &Digest) -> Self {
        self.header(DOCKER_CONTENT_DIGEST, digest.as_str())
    }

    pub(crate) fn empty(self) -> Response<Body> {
        self.0
    }

    pub(crate) fn body(self, content_type: &str, body: impl Into<Body>) -> Response<Body> {
        let mut response = self.header(CONTENT_TYPE, content_type).0;
        *response.body_mut() = body.into();
        response
    }

    pub(crate) fn json(self, value: &serde_json::Value) -> Response<Body> {
        self.body("application/json", value.to_string())
    }
}

/// Reads a body that may have at most `bytes_max` bytes; `None` when it has more.
pub(crate) async fn read_body(body: Body, bytes_max: usize) -> Result<Option<Bytes>, ApiError> {
    let mut pieces = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(broke_off)?;
        if bytes.len() + piece.len() > bytes_max {
            return Ok(None);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Some(bytes.freeze()))
}

/// The answer to a body that did not arrive whole; its sender is mostly gone.
pub(crate) fn broke_off(error: axum::Error) -> ApiError {
    ApiError::new(Code::SizeInvalid, format!("the body broke off: {error}"))
}
