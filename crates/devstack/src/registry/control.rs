//! Control from another process, only where it was asked for at start: `/_faults` and `/_requests`.

use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::Registry;
use super::api_error::{ApiError, Code};
use super::fault::Fault;
use super::reply::{read_body, reply};

/// Largest list of faults.
const FAULTS_BYTES_MAX: usize = 1 << 20;

impl Registry {
    /// `GET|POST|DELETE /_faults` and `GET|DELETE /_requests`; not logged, met by no fault.
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
            (path, method) => {
                let message = format!(
                    "no {method} {path}; there is GET, POST, DELETE /_faults and GET, DELETE /_requests"
                );
                let error = ApiError::new(Code::Unsupported, message);
                Err(error.with_status(StatusCode::NOT_FOUND))
            }
        }
    }
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
