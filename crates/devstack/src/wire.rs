//! One request to a server on loopback: from a command to the dev stack that runs beside it.

use axum::body::{Body, Bytes, to_bytes};
use http::header::HOST;
use http::{HeaderValue, Request, Response};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// Nobody listens there.
    #[error("nobody answers at {0}")]
    Nobody(String),
    /// The conversation broke off, or the answer is too long.
    #[error("{0}")]
    Broken(String),
}

/// Sends a request with an absolute URL, and reads the answer up to a limit.
pub(crate) async fn send(
    request: Request<Bytes>,
    answer_bytes_max: usize,
) -> Result<Response<Bytes>, WireError> {
    let broken = |error: &dyn std::fmt::Display| WireError::Broken(error.to_string());
    let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
    let stream =
        TcpStream::connect(&authority).await.map_err(|_| WireError::Nobody(authority.clone()))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    tokio::spawn(connection);
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path.parse().map_err(|error: http::uri::InvalidUri| broken(&error))?;
    let host = HeaderValue::try_from(&authority).map_err(|error| broken(&error))?;
    parts.headers.insert(HOST, host);
    let request = Request::from_parts(parts, Body::from(body));
    let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let (parts, body) = answer.into_parts();
    let body = to_bytes(Body::new(body), answer_bytes_max).await.map_err(|error| broken(&error))?;
    Ok(Response::from_parts(parts, body))
}
