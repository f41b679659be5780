//! How go-containerregistry words an error of a registry.

use serde_json::Value;

use crate::controller::Controller;
use crate::seen::Response;

/// How much of an error's body is read.
const ERROR_BYTES_MAX: usize = 64 * 1024;

/// Statuses that are asked for again, and whose body is lost on the way before version 0.21.6.
const ASKED_AGAIN: [u16; 7] = [408, 499, 500, 502, 503, 504, 522];

/// The error, for a request with this method.
pub(crate) fn words(method: &str, response: &Response, controller: &Controller) -> String {
    let lost = !controller.keeps_error_bodies() && ASKED_AGAIN.contains(&response.status);
    let length = if lost { 0 } else { response.body.len().min(ERROR_BYTES_MAX) };
    let body = &response.body[..length];
    let status = format!("unexpected status code {} {}", response.status, phrase(response.status));
    let said = match errors(body).as_slice() {
        [] if body.is_empty() && method == "HEAD" => {
            format!("{status} (HEAD responses have no body, use GET for details)")
        }
        [] if body.is_empty() => status,
        [] => format!("{status}: {}", String::from_utf8_lossy(body)),
        [one] => one.clone(),
        several => format!("multiple errors returned: {}", several.join("; ")),
    };
    format!("{method} {}: {said}", response.url)
}

fn errors(body: &[u8]) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let errors =
        body.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    errors
        .iter()
        .map(|error| {
            let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
            let said = format!("{}: {}", text("code"), text("message"));
            match error.get("detail") {
                None | Some(Value::Null) => said,
                Some(detail) => format!("{said}; {}", go_value(detail)),
            }
        })
        .collect()
}

/// A decoded JSON value as Go's `%v` prints it.
fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(go_value).collect::<Vec<_>>().join(" "))
        }
        Value::Object(members) => {
            let mut members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name}:{}", go_value(value))).collect();
            members.sort();
            format!("map[{}]", members.join(" "))
        }
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        416 => "Requested Range Not Satisfiable",
        418 => "I'm a teapot",
        429 => "Too Many Requests",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_worded_as_the_library_words_it() {
        for (status, body, expected, why) in [
            (
                404,
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#,
                "MANIFEST_UNKNOWN: manifest unknown",
                "one",
            ),
            (
                404,
                r#"{"errors":[{"code":"A","message":"b","detail":{"Tag":"x","Name":"y"}}]}"#,
                "A: b; map[Name:y Tag:x]",
                "with details",
            ),
            (
                403,
                r#"{"errors":[{"code":"A","message":"b"},{"code":"C"}]}"#,
                "multiple errors returned: A: b; C: ",
                "two",
            ),
            (500, "oops", "unexpected status code 500 Internal Server Error: oops", "no JSON"),
            (503, "", "unexpected status code 503 Service Unavailable", "nothing"),
        ] {
            let response = Response {
                url: "http://r/v2/".to_owned(),
                status,
                body: body.into(),
                ..Response::default()
            };
            let controller = Controller::default();
            assert_eq!(
                words("GET", &response, &controller),
                format!("GET http://r/v2/: {expected}"),
                "{why}"
            );
        }
    }
}
