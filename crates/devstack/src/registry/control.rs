//! Control from another process, only where it was asked for at start: `/_faults`, `/_requests` and
//! `/_content`.

use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::Registry;
use super::api_error::{ApiError, Code};
use super::fault::Fault;
use super::names::{Digest, is_repository};
use super::reply::{read_body, reply};

/// Largest list of faults.
const FAULTS_BYTES_MAX: usize = 1 << 20;
/// Largest blob that is kept under a digest that is not its own: it is held in memory.
const FORGED_BYTES_MAX: usize = 64 << 20;

impl Registry {
    /// `GET|POST|DELETE /_faults`, `GET|DELETE /_requests` and `PUT /_content/REPOSITORY/DIGEST`;
    /// not logged, met by no fault.
    pub(super) async fn control(&self, request: Request<Body>) -> Result<Response<Body>, ApiError> {
        let (parts, body) = request.into_parts();
        match (parts.uri.path(), &parts.method) {
            ("/_faults", &Method::GET) => {
                Ok(reply(StatusCode::OK).json(&json!(self.faults.left())))
            }
            ("/_faults", &Method::POST) => {
                let text = read_body(body, FAULTS_BYTES_MAX).await?.unwrap_or_default();
                self.faults.set(parse(&text)?);
                Ok(reply(StatusCode::NO_CONTENT).empty())
            }
            ("/_faults", &Method::DELETE) => {
                self.faults.set(Vec::new());
                Ok(reply(StatusCode::NO_CONTENT).empty())
            }
            ("/_requests", &Method::GET) => Ok(reply(StatusCode::OK).json(&json!(self.log.all()))),
            ("/_requests", &Method::DELETE) => {
                self.log.clear();
                Ok(reply(StatusCode::NO_CONTENT).empty())
            }
            (path, &Method::PUT) if path.starts_with(CONTENT) => {
                let (repository, digest) = forged(path)?;
                let bytes = read_body(body, FORGED_BYTES_MAX).await?.ok_or_else(too_large)?;
                let kept = self.store.add_blob(&repository, &digest, bytes);
                kept.map_err(|error| ApiError::new(Code::Unsupported, error.to_string()))?;
                Ok(reply(StatusCode::CREATED).empty())
            }
            (path, method) => {
                let message = format!(
                    "no {method} {path}; there is GET, POST, DELETE /_faults, GET, DELETE /_requests \
                     and PUT /_content/REPOSITORY/DIGEST"
                );
                let error = ApiError::new(Code::Unsupported, message);
                Err(error.with_status(StatusCode::NOT_FOUND))
            }
        }
    }
}

const CONTENT: &str = "/_content/";

/// A blob's place, whatever its bytes are: `/_content/acme/platform/sha256:…`.
fn forged(path: &str) -> Result<(String, Digest), ApiError> {
    let named = path.strip_prefix(CONTENT).and_then(|rest| rest.rsplit_once('/'));
    let place = named.and_then(|(repository, digest)| {
        let digest = Digest::parse(digest)?;
        is_repository(repository).then(|| (repository.to_owned(), digest))
    });
    place.ok_or_else(|| {
        let message = format!("{path} is not {CONTENT}REPOSITORY/DIGEST");
        ApiError::new(Code::Unsupported, message).with_status(StatusCode::BAD_REQUEST)
    })
}

fn too_large() -> ApiError {
    ApiError::new(Code::SizeInvalid, format!("more than {FORGED_BYTES_MAX} bytes"))
}

fn parse(text: &[u8]) -> Result<Vec<Fault>, ApiError> {
    let malformed = |why: String| {
        let message = format!("the body is not a JSON list of faults: {why}");
        ApiError::new(Code::Unsupported, message).with_status(StatusCode::BAD_REQUEST)
    };
    let faults: Vec<Fault> =
        serde_json::from_slice(text).map_err(|error| malformed(error.to_string()))?;
    for fault in &faults {
        fault.effect.check().map_err(malformed)?;
    }
    Ok(faults)
}
