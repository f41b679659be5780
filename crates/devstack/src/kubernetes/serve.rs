//! One request from its first line to its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::body::to_bytes;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::fault::{Asked, Effect};
use super::kinds::{Kind, named};
use super::route::{Query, Target};
use super::status::{Refusal, answer};
use super::store::Key;
use super::write::{PatchForm, Writing, Written};
use super::{Cluster, control, discovery, read, watch};
use crate::listen::{Answer, Hangup};

/// Largest body of a request, as in the API server.
const BODY_BYTES_MAX: usize = 3 << 20;
const WARNING: HeaderName = HeaderName::from_static("warning");

impl Cluster {
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Body>) -> Answer {
        if self.is_down() {
            return Err(Hangup);
        }
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        // The body is taken in whatever comes of it, so that the client reads the answer and not a
        // closed connection.
        let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
            return Ok(
                Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large").response()
            );
        };
        if self.control && path.starts_with("/_") {
            return Ok(control::answer(&self, &parts.method, &path, &query, &body));
        }
        if !self.knows(&parts.headers) {
            return Ok(Refusal::new(StatusCode::UNAUTHORIZED, "Unauthorized").response());
        }
        let target = Target::parse(&path).filter(|target| self.serves(target.kind));
        let verb = target.as_ref().and_then(|target| target.verb(&parts.method, &query));
        let asked = Asked {
            verb: verb.unwrap_or("get"),
            resource: target.as_ref().map_or("", |target| target.kind.plural),
            namespace: target.as_ref().and_then(|t| t.namespace.as_deref()).unwrap_or_default(),
        };
        let effects = self.faults.strike(|fault| fault.matches(&asked));
        for effect in &effects {
            if let Some(answer) = self.disturb(effect, target.as_ref(), verb.unwrap_or("get")).await
            {
                return answer;
            }
        }
        let done = match (&target, verb) {
            (Some(target), Some(verb)) => {
                self.serve(target, verb, &query, &parts.headers, &body, &effects)
            }
            (Some(_), None) => {
                let why = "the server does not allow this method on the requested resource";
                Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, why))
            }
            (None, _) => self.discover(&parts.method, &path),
        };
        Ok(done.unwrap_or_else(|refusal| refusal.response()))
    }

    fn discover(&self, method: &Method, path: &str) -> Result<Response<Body>, Refusal> {
        let found = discovery::answer(path, |kind| self.serves(kind));
        let found = found.filter(|_| method == Method::GET);
        match found.ok_or_else(Refusal::no_such_resource)? {
            Value::String(word) => Ok(Response::new(Body::from(word))),
            document => Ok(answer(StatusCode::OK, &document)),
        }
    }

    /// Who says nothing is let in, since kubectl sends no token over plain HTTP; who brings a token
    /// must bring the right one.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let expected = format!("Bearer {}", self.token);
        headers.get(AUTHORIZATION).is_none_or(|said| said.as_bytes() == expected.as_bytes())
    }

    /// Kinds of Flux are served as long as their definition is there.
    pub(crate) fn serves(&self, kind: &Kind) -> bool {
        let Some(definitions) = named("customresourcedefinitions") else { return false };
        let name = kind.resource();
        !kind.is_custom()
            || self.store.get(&Key { kind: definitions, namespace: String::new(), name }).is_some()
    }

    /// What a fault makes of a request before anything happens.
    async fn disturb(
        &self,
        effect: &Effect,
        target: Option<&Target>,
        verb: &str,
    ) -> Option<Answer> {
        let refused = |code: u16, message: String| {
            let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Refusal::new(code, message)
        };
        let refusal = match effect {
            Effect::Delay { milliseconds } => {
                tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
                return None;
            }
            Effect::Drop => return Some(Err(Hangup)),
            Effect::Page => {
                let page = "<!doctype html><title>Sign in</title><p>Please sign in to go on.\n";
                let mut response = Response::new(Body::from(page));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
                return Some(Ok(response));
            }
            Effect::Forbidden => {
                let why = "forbidden: a fault was asked for".to_owned();
                refused(403, target.map_or(why, |target| target.forbidden(verb)))
            }
            Effect::Unauthorized => refused(401, "Unauthorized".to_owned()),
            Effect::Gone if verb != "watch" => Refusal::expired(0, self.store.version()),
            Effect::Status { code, retry_after } => {
                refused(*code, "a fault was asked for".to_owned()).retry_after(retry_after.clone())
            }
            _ => return None,
        };
        Some(Ok(refusal.response()))
    }

    fn serve(
        self: &Arc<Self>,
        target: &Target,
        verb: &str,
        query: &Query,
        headers: &HeaderMap,
        body: &Bytes,
        effects: &[Effect],
    ) -> Result<Response<Body>, Refusal> {
        let writing = || self.writing(target, query, headers);
        match verb {
            "get" => Ok(answer(StatusCode::OK, &*read::get(&self.store, target)?)),
            "list" => Ok(answer(StatusCode::OK, &read::list(&self.store, target, query)?)),
            "watch" => watch::begin(self, target, query, effects),
            "create" => writing().create(json_body(headers, body)?).map(written),
            "update" => writing().update(json_body(headers, body)?).map(written),
            "patch" => {
                let form = patch_form(headers)?;
                writing().patch(form, parse(body)?).map(written)
            }
            "delete" => {
                let options = if body.is_empty() { Value::Null } else { parse(body)? };
                let (object, gone) = writing().delete(&options)?;
                Ok(deleted(target, &object, gone))
            }
            _ => self.delete_collection(target, query, headers),
        }
    }

    fn writing<'a>(
        &'a self,
        target: &'a Target,
        query: &'a Query,
        headers: &HeaderMap,
    ) -> Writing<'a> {
        let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let agent = agent.and_then(|agent| agent.split('/').next()).unwrap_or("unknown");
        let manager = query.get("fieldManager").unwrap_or(agent).to_owned();
        let now = format!("{:.0}", jiff::Timestamp::now());
        Writing { store: &self.store, target, query, manager, now }
    }

    fn delete_collection(
        &self,
        target: &Target,
        query: &Query,
        headers: &HeaderMap,
    ) -> Result<Response<Body>, Refusal> {
        let listed = read::list(&self.store, target, query)?;
        for object in listed["items"].as_array().into_iter().flatten() {
            let name = object["metadata"]["name"].as_str().map(str::to_owned);
            let namespace = object["metadata"]["namespace"].as_str().map(str::to_owned);
            let one = Target { namespace, name, ..target.clone() };
            self.writing(&one, query, headers).delete(&Value::Null)?;
        }
        Ok(answer(StatusCode::OK, &listed))
    }
}

fn written(written: Written) -> Response<Body> {
    let mut response = answer(written.code, &written.object);
    for path in written.dropped {
        let text = format!("299 - \"unknown field \\\"{path}\\\"\"");
        if let Ok(value) = HeaderValue::try_from(text) {
            response.headers_mut().append(WARNING, value);
        }
    }
    response
}

/// While finalizers hold it, the object; else that it is gone.
fn deleted(target: &Target, object: &Value, gone: bool) -> Response<Body> {
    if !gone {
        return answer(StatusCode::OK, object);
    }
    let metadata = &object["metadata"];
    let mut details =
        json!({"name": metadata["name"], "kind": target.kind.plural, "uid": metadata["uid"]});
    if !target.kind.group.is_empty() {
        details["group"] = json!(target.kind.group);
    }
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {},
        "status": "Success", "details": details});
    answer(StatusCode::OK, &status)
}

fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn patch_form(headers: &HeaderMap) -> Result<PatchForm, Refusal> {
    match media_type(headers) {
        "application/merge-patch+json" => Ok(PatchForm::Merge),
        "application/strategic-merge-patch+json" => Ok(PatchForm::Strategic),
        "application/apply-patch+yaml" => Ok(PatchForm::Apply),
        other => {
            let why =
                format!("{other:?} is no patch that this server knows: merge, strategic, apply");
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why))
        }
    }
}

fn json_body(headers: &HeaderMap, body: &Bytes) -> Result<Value, Refusal> {
    match media_type(headers) {
        "application/json" | "" => parse(body),
        other => {
            let why = format!("this server reads application/json, not {other}");
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why))
        }
    }
}

/// JSON is YAML, too; what a client writes in YAML's own way is not read here.
fn parse(body: &Bytes) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        Refusal::malformed(format!(
            "the body is not JSON, which is all that this server reads: {error}"
        ))
    })
}
