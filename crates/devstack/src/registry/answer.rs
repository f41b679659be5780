//! One request from arrival to answer.

use std::sync::Arc;

use axum::body::Body;
use http::header::HeaderName;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::json;

use super::Registry;
use super::api_error::{ApiError, Code};
use super::auth::Admitted;
use super::disturb::{self, Altered, Before};
use super::query::Query;
use super::reply::{read_body, reply};
use super::route::{Kind, Route};
use crate::listen::Answer;

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
/// Largest form that the token server reads.
const FORM_BYTES_MAX: usize = 64 << 10;

impl Registry {
    /// Control, or: note, wait, admit, strike, do, spoil, note again.
    pub(super) async fn answer(self: Arc<Self>, request: Request<Body>) -> Answer {
        if self.control && request.uri().path().starts_with("/_") {
            return Ok(self.control(request).await.unwrap_or_else(ApiError::into_response));
        }
        let route = Route::read(request.uri().path());
        let kind = route.as_ref().map_or(Kind::Other, Route::kind);
        let record = self.log.begin(&request, kind);
        if let Some(latency) = self.latency {
            tokio::time::sleep(latency).await;
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let (answer, fault) = match route {
            Ok(route) => self.admitted(&route, request).await,
            Err(error) => (refuse(error, request.into_body()).await, false),
        };
        let answer = answer.map(|response| finish(&method, response));
        let status = answer.as_ref().ok().map(|response| response.status().as_u16());
        tracing::debug!(%method, path, status, fault, "answered");
        self.log.end(record, status, fault);
        answer
    }

    /// The answer, and whether a fault took part in it.
    async fn admitted(&self, route: &Route, request: Request<Body>) -> (Answer, bool) {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let admitted = match self.access.admit(route, &method, request.headers()) {
            Ok(admitted) => admitted,
            Err(error) => return (refuse(error, request.into_body()).await, false),
        };
        let effects = self.faults.strike(|fault| fault.matches(&method, route.kind(), &path));
        let request = match disturb::before(&effects, request).await {
            Before::Proceed(request) => request,
            Before::Answered(answer) => return (answer, true),
        };
        let altered = disturb::altered(&effects);
        let response = self.respond(route, &admitted, &altered, request).await;
        let response = response.unwrap_or_else(ApiError::into_response);
        (disturb::after(&effects, &method, response).await, !effects.is_empty())
    }

    async fn respond(
        &self,
        route: &Route,
        admitted: &Admitted,
        altered: &Altered,
        request: Request<Body>,
    ) -> Result<Response<Body>, ApiError> {
        let (parts, body) = request.into_parts();
        let headers = &parts.headers;
        let query = Query::read(parts.uri.query().unwrap_or_default());
        let read = matches!(parts.method, Method::GET | Method::HEAD);
        match (route, &parts.method) {
            (Route::Token, &Method::GET) => self.access.give_token(&parts.method, headers, &query),
            (Route::Token, &Method::POST) => {
                let form = read_body(body, FORM_BYTES_MAX).await?.ok_or_else(form_too_large)?;
                let form = Query::read(&String::from_utf8_lossy(&form));
                self.access.give_token(&parts.method, headers, &form)
            }
            (Route::Base, _) if read => Ok(reply(StatusCode::OK).json(&json!({}))),
            (Route::Catalog, _) if read => self.list_repositories(&query),
            (Route::Tags { repository }, _) if read => self.list_tags(repository, &query),
            (Route::Referrers { repository, digest }, _) if read => {
                let size = altered.referrers_page.or(self.referrers_page);
                Ok(self.list_referrers(repository, digest, &query, size))
            }
            (Route::Blob { repository, digest }, _) if read => {
                self.get_blob(repository, digest, headers).await
            }
            (Route::Blob { repository, digest }, &Method::DELETE) => {
                self.delete_blob(repository, digest)
            }
            (Route::Uploads { repository }, &Method::POST) => {
                self.begin_upload(repository, &query, |name| admitted.may_pull(name), body).await
            }
            (Route::Upload { repository, id }, &Method::PATCH) => {
                self.append_upload(repository, id, headers, body).await
            }
            (Route::Upload { repository, id }, &Method::PUT) => {
                self.finish_upload(repository, id, &query, headers, body).await
            }
            (Route::Upload { repository, id }, _) if read => {
                self.upload_status(repository, id).await
            }
            (Route::Upload { repository, id }, &Method::DELETE) => {
                self.cancel_upload(repository, id)
            }
            (Route::Manifest { repository, reference }, _) if read => {
                self.get_manifest(repository, reference, altered.tag.as_ref())
            }
            (Route::Manifest { repository, reference }, &Method::PUT) => {
                self.put_manifest(repository, reference, headers, body).await
            }
            (Route::Manifest { repository, reference }, &Method::DELETE) => {
                self.delete_manifest(repository, reference)
            }
            (_, method) => {
                let message = format!("{method} is not a method of this path");
                Err(ApiError::new(Code::Unsupported, message))
            }
        }
    }
}

fn form_too_large() -> ApiError {
    ApiError::new(Code::SizeInvalid, "the form is too large")
}

async fn refuse(error: ApiError, body: Body) -> Answer {
    disturb::drain(body).await;
    Ok(error.into_response())
}

/// What every answer has; and a HEAD has the headers of the GET, but no body.
fn finish(method: &Method, mut response: Response<Body>) -> Response<Body> {
    let version = HeaderValue::from_static("registry/2.0");
    response.headers_mut().insert(API_VERSION, version);
    if method == Method::HEAD { disturb::without_body(response) } else { response }
}
