//! Control from another process, only where it was asked for at start: `/_faults` and `/_restart`.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde_json::json;

use super::Cluster;
use super::fault::Fault;
use super::route::Query;
use super::status::{Refusal, answer as reply};

/// `GET|POST|DELETE /_faults` and `POST /_restart?milliseconds=N`; they need no token and meet no fault.
pub(crate) fn answer(
    cluster: &Cluster,
    method: &Method,
    path: &str,
    query: &Query,
    body: &Bytes,
) -> Response<Body> {
    let done = || reply(StatusCode::OK, &json!({}));
    match (path, method.as_str()) {
        ("/_faults", "GET") => reply(StatusCode::OK, &json!(cluster.faults.left())),
        ("/_faults", "DELETE") => {
            cluster.faults.set(Vec::new());
            done()
        }
        ("/_faults", "POST") => match parse(body) {
            Ok(faults) => {
                cluster.faults.set(faults);
                done()
            }
            Err(refusal) => refusal.response(),
        },
        ("/_restart", "POST") => {
            let time = query.get("milliseconds").unwrap_or("0").parse();
            match time {
                Ok(milliseconds) => {
                    cluster.restart(Duration::from_millis(milliseconds));
                    done()
                }
                Err(_) => Refusal::malformed("milliseconds is no number").response(),
            }
        }
        _ => {
            let why = format!(
                "no {method} {path}; there is GET, POST, DELETE /_faults and POST /_restart"
            );
            Refusal::new(StatusCode::NOT_FOUND, why).response()
        }
    }
}

fn parse(body: &Bytes) -> Result<Vec<Fault>, Refusal> {
    let malformed =
        |why: String| Refusal::malformed(format!("the body is not a JSON list of faults: {why}"));
    let faults: Vec<Fault> =
        serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))?;
    faults.iter().try_for_each(Fault::check).map_err(malformed)?;
    Ok(faults)
}
