//! What the effects of faults do to one request and its answer.

use std::io;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use http::header::{CONTENT_LENGTH, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use super::api_error::{Code, envelope};
use super::fault::Effect;
use super::names::Digest;
use super::reply::read_body;
use crate::listen::{Answer, Hangup};

/// Largest list whose sizes are made to lie.
const LIST_BYTES_MAX: usize = 64 << 20;

/// What is left of a request after the faults that come before it.
pub(crate) enum Before {
    /// It goes on.
    Proceed(Request<Body>),
    /// It ends here.
    Answered(Answer),
}

/// Applies what happens before the request takes effect.
pub(crate) async fn before(effects: &[Effect], mut request: Request<Body>) -> Before {
    if let Some(why) = effects.iter().find_map(|effect| effect.check().err()) {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let why = format!("the fault makes no sense: {why}");
        return Before::Answered(Ok(envelope(status, Code::for_status(status), &why)));
    }
    for effect in effects {
        match effect {
            Effect::Delay { milliseconds } => {
                tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
            }
            Effect::Status { code, retry_after } => {
                drain(request.into_body()).await;
                return Before::Answered(Ok(refusal(*code, retry_after.as_deref())));
            }
            Effect::Redirect { to } => {
                let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
                let target = format!("{}{path}", to.trim_end_matches('/'));
                drain(request.into_body()).await;
                return Before::Answered(Ok(redirect(&target)));
            }
            Effect::DropBefore => return Before::Answered(Err(Hangup)),
            Effect::DropDuring { bytes } => request = request.map(|body| cut_request(body, *bytes)),
            _ => {}
        }
    }
    Before::Proceed(request)
}

/// What faults change about the content of an answer.
#[derive(Debug, Default)]
pub(crate) struct Altered {
    /// Where a tag points.
    pub(crate) tag: Option<Digest>,
    /// Referrers in one page.
    pub(crate) referrers_page: Option<usize>,
}

pub(crate) fn altered(effects: &[Effect]) -> Altered {
    let mut altered = Altered::default();
    for effect in effects {
        match effect {
            Effect::MoveTag { to } => altered.tag = Digest::parse(to),
            Effect::ReferrersPage { size } => altered.referrers_page = Some(*size),
            _ => {}
        }
    }
    altered
}

/// Applies what happens to the answer.
pub(crate) async fn after(
    effects: &[Effect],
    method: &Method,
    mut response: Response<Body>,
) -> Answer {
    for effect in effects {
        response = match effect {
            Effect::StatusAfter { code } => refusal(*code, None),
            Effect::DropAfter | Effect::DropDuring { .. } => return Err(Hangup),
            Effect::OmitHeader { name } => without(response, name),
            Effect::SetHeader { name, value } => with(response, name, value),
            Effect::DescriptorSize { add } => lying_sizes(response, *add).await,
            Effect::ContentLength { add } => lying_length(response, *add),
            // A HEAD has no body to spoil.
            _ if method == Method::HEAD => response,
            Effect::Truncate { bytes } => reshape(response, |body| cut_answer(body, *bytes)),
            Effect::Stall { bytes } => reshape(response, |body| stall(body, *bytes)),
            Effect::Corrupt { at } => reshape(response, |body| corrupt(body, *at)),
            _ => response,
        };
    }
    Ok(response)
}

/// Takes in what the client still sends, so that it reads the answer and not a closed connection.
pub(crate) async fn drain(body: Body) {
    let mut pieces = body.into_data_stream();
    while let Some(Ok(_)) = pieces.next().await {}
}

fn refusal(code: u16, retry_after: Option<&str>) -> Response<Body> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = envelope(status, Code::for_status(status), "a fault was asked for");
    if let Some(value) = retry_after.and_then(|text| HeaderValue::try_from(text).ok()) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

fn redirect(target: &str) -> Response<Body> {
    with(refusal(307, None), LOCATION.as_str(), target)
}

fn without(mut response: Response<Body>, name: &str) -> Response<Body> {
    if let Ok(name) = HeaderName::try_from(name) {
        response.headers_mut().remove(name);
    }
    response
}

fn with(mut response: Response<Body>, name: &str, value: &str) -> Response<Body> {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        response.headers_mut().insert(name, value);
    }
    response
}

fn length(response: &Response<Body>) -> Option<u64> {
    let header = response.headers().get(CONTENT_LENGTH);
    let header = header.and_then(|value| value.to_str().ok()?.parse().ok());
    header.or_else(|| response.body().size_hint().exact())
}

/// Changes the bytes of a body under its true length, which has to be written down for that: the
/// server trusts the header where the body's length is unknown.
fn reshape(response: Response<Body>, change: impl FnOnce(Body) -> Body) -> Response<Body> {
    let length = length(&response);
    let mut response = response.map(change);
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// The answer to a HEAD: the length that the body would have, and no body.
pub(crate) fn without_body(response: Response<Body>) -> Response<Body> {
    reshape(response, |_| Body::empty())
}

fn lying_length(response: Response<Body>, add: i64) -> Response<Body> {
    let Some(length) = length(&response) else { return response };
    let mut response = response.map(|body| cut_answer(body, u64::MAX));
    let lie = length.saturating_add_signed(add);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(lie));
    response
}

async fn lying_sizes(response: Response<Body>, add: i64) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let bytes = read_body(body, LIST_BYTES_MAX).await.ok().flatten().unwrap_or_default();
    let Ok(mut list) = serde_json::from_slice::<serde_json::Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    let descriptors = list.get_mut("manifests").and_then(serde_json::Value::as_array_mut);
    for descriptor in descriptors.into_iter().flatten() {
        if let Some(size) = descriptor["size"].as_i64() {
            descriptor["size"] = size.saturating_add(add).into();
        }
    }
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(list.to_string()))
}

fn cut_request(body: Body, bytes: u64) -> Body {
    let broken = stream::once(async { Err(io::Error::other(Hangup)) });
    Body::from_stream(first_bytes(body, bytes).chain(broken))
}

fn cut_answer(body: Body, bytes: u64) -> Body {
    Body::from_stream(first_bytes(body, bytes))
}

fn stall(body: Body, bytes: u64) -> Body {
    Body::from_stream(first_bytes(body, bytes).chain(stream::pending()))
}

/// The first bytes of a body, piece by piece.
fn first_bytes(body: Body, bytes: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let pieces = body.into_data_stream();
    stream::unfold((pieces, bytes), |(mut pieces, left)| async move {
        let piece = if left == 0 { None } else { pieces.next().await };
        let Some(piece) = piece else {
            // One pause, in which the server sends what it has: else it would close on it.
            tokio::task::yield_now().await;
            return None;
        };
        let piece = piece.map_err(io::Error::other);
        let piece = piece.map(|mut piece| {
            piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            piece
        });
        let taken = piece.as_ref().map_or(left, |piece| piece.len() as u64);
        Some((piece, (pieces, left - taken)))
    })
}

fn corrupt(body: Body, at: u64) -> Body {
    let mut position = 0;
    Body::from_stream(body.into_data_stream().map(move |piece| {
        let piece = piece?;
        let start = position;
        position += piece.len() as u64;
        let inside = at.checked_sub(start).filter(|_| at < position);
        let Some(index) = inside.and_then(|index| usize::try_from(index).ok()) else {
            return Ok::<_, axum::Error>(piece);
        };
        let mut piece = BytesMut::from(piece);
        piece[index] ^= 0x01;
        Ok(piece.freeze())
    }))
}
