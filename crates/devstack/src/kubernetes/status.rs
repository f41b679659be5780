//! Refusals, in the words of the API server: a `Status` object that clients take apart.

use axum::body::Body;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::kinds::Kind;

/// Why a request is not done.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    code: StatusCode,
    /// What clients go by, such as `NotFound`.
    reason: &'static str,
    message: String,
    /// What it is about, where it is about an object. Boxed, since every result carries the room for it.
    details: Option<Box<Value>>,
    retry_after: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, reason: reason_of(code), message, details: None, retry_after: None }
    }

    /// Clients are told when to come again.
    pub(crate) fn retry_after(mut self, value: Option<String>) -> Self {
        self.retry_after = value;
        self
    }

    pub(crate) fn not_found(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", kind.resource());
        Self::new(StatusCode::NOT_FOUND, message).of(kind, name)
    }

    /// What is served for a path, or a kind, that this server does not know.
    pub(crate) fn no_such_resource() -> Self {
        Self::new(StatusCode::NOT_FOUND, "the server could not find the requested resource")
    }

    pub(crate) fn already_exists(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", kind.resource());
        let refusal = Self::new(StatusCode::CONFLICT, message).of(kind, name);
        Self { reason: "AlreadyExists", ..refusal }
    }

    pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        let resource = kind.resource();
        let message = format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}");
        Self::new(StatusCode::CONFLICT, message).of(kind, name)
    }

    /// `why` begins with the field: `spec.url: Required value`.
    pub(crate) fn invalid(kind: &Kind, name: &str, why: &str) -> Self {
        Self::invalid_as(kind, kind.name, name, why)
    }

    /// The same of an object that calls its kind `said`.
    pub(crate) fn invalid_as(kind: &Kind, said: &str, name: &str, why: &str) -> Self {
        let message = match kind.group {
            "" => format!("{said} \"{name}\" is invalid: {why}"),
            group => format!("{said}.{group} \"{name}\" is invalid: {why}"),
        };
        let mut refusal = Self::new(StatusCode::UNPROCESSABLE_ENTITY, message).of(kind, name);
        if let Some(details) = &mut refusal.details {
            details["kind"] = json!(said);
        }
        let (field, message) = why.split_once(": ").unwrap_or(("", why));
        let reason = match message.split(':').next() {
            Some("Required value") => "FieldValueRequired",
            Some("Unsupported value") => "FieldValueNotSupported",
            _ => "FieldValueInvalid",
        };
        refusal.causes(vec![json!({"reason": reason, "message": message, "field": field})])
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A resource version from which nothing can be told any more.
    pub(crate) fn expired(asked: u64, oldest: u64) -> Self {
        let message = format!("too old resource version: {asked} ({oldest})");
        Self { reason: "Expired", ..Self::new(StatusCode::GONE, message) }
    }

    /// The same with its causes, each a (reason, message, field).
    pub(crate) fn causes(mut self, causes: Vec<Value>) -> Self {
        self.details.get_or_insert_with(|| Box::new(json!({})))["causes"] = Value::Array(causes);
        self
    }

    /// Names the object that it is about.
    pub(crate) fn of(mut self, kind: &Kind, name: &str) -> Self {
        let mut details = json!({"name": name, "kind": kind.plural});
        if !kind.group.is_empty() {
            details["group"] = json!(kind.group);
        }
        self.details = Some(Box::new(details));
        self
    }

    /// The `Status` object.
    pub(crate) fn object(&self) -> Value {
        let mut object = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code.as_u16(),
        });
        if let Some(details) = &self.details {
            object["details"] = Value::clone(details);
        }
        object
    }

    pub(crate) fn response(&self) -> Response<Body> {
        let mut response = answer(self.code, &self.object());
        let value = self.retry_after.as_deref().and_then(|text| HeaderValue::try_from(text).ok());
        if let Some(value) = value {
            response.headers_mut().insert(RETRY_AFTER, value);
        }
        response
    }
}

fn reason_of(code: StatusCode) -> &'static str {
    match code.as_u16() {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        409 => "Conflict",
        410 => "Gone",
        413 => "RequestEntityTooLarge",
        415 => "UnsupportedMediaType",
        422 => "Invalid",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        500..=599 => "InternalError",
        _ => "",
    }
}

/// An answer in JSON.
pub(crate) fn answer(code: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = code;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
