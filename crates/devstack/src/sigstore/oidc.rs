//! The OIDC issuer's HTTP side, shaped like GitHub's: discovery, keys, and the request that a job makes for its token.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::World;
use super::claims::TokenRequest;

/// The path of the token request, and the parameter that makes `&audience=` a valid continuation of the URL.
const REQUEST_PATH: &str = "/token";
const REQUEST_QUERY: &str = "api-version=2.0";

/// What GitHub would set as `ACTIONS_ID_TOKEN_REQUEST_URL`.
pub(crate) fn request_url(issuer: &str) -> String {
    format!("{issuer}{REQUEST_PATH}?{REQUEST_QUERY}")
}

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/.well-known/jwks", get(keys))
        .route(REQUEST_PATH, get(request_token))
}

async fn discovery(State(world): State<Arc<World>>) -> Json<Value> {
    let url = &world.tokens.url;
    Json(json!({
        "issuer": url,
        "jwks_uri": format!("{url}/.well-known/jwks"),
        "subject_types_supported": ["public", "pairwise"],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
        "claims_supported": ["sub", "aud", "exp", "iat", "iss", "jti", "nbf", "ref", "sha", "repository",
            "repository_id", "repository_owner", "repository_owner_id", "repository_visibility", "run_id",
            "run_number", "run_attempt", "runner_environment", "actor", "actor_id", "workflow", "workflow_ref",
            "workflow_sha", "job_workflow_ref", "job_workflow_sha", "event_name", "ref_type"],
    }))
}

async fn keys(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.tokens.json_web_keys())
}

/// `GET tokenRequestUrl&audience=sigstore` with the request token: `{"value": JWT}`.
///
/// Every field of [`TokenRequest`] may stand in the query; what does not comes from the start options.
async fn request_token(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    if bearer(&headers) != Some(world.tokens.request_secret()) {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "the request token is missing or wrong".to_owned(),
        );
    }
    let request = match overridden(&world.default_run, &query) {
        Ok(request) => request,
        Err(problem) => return refuse(StatusCode::BAD_REQUEST, problem),
    };
    match world.tokens.token(&request, Timestamp::now()) {
        Ok(token) => Json(json!({"count": token.len(), "value": token})).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// The token of an `Authorization: Bearer` header; the scheme's case does not matter (RFC 9110, section 11.1),
/// and cosign writes it small.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The default run with the fields that the query names; GitHub's own parameter is passed over.
fn overridden(
    default_run: &TokenRequest,
    query: &[(String, String)],
) -> Result<TokenRequest, String> {
    let mut run = serde_json::to_value(default_run).map_err(|error| error.to_string())?;
    for (name, value) in query.iter().filter(|(name, _)| name != "api-version") {
        let field = run.get_mut(name).ok_or_else(|| format!("unknown parameter `{name}`"))?;
        *field = match field {
            Value::Number(_) => {
                json!(value.parse::<u64>().map_err(|_| format!("`{name}` must be a number"))?)
            }
            _ => json!(value),
        };
    }
    serde_json::from_value(run).map_err(|error| error.to_string())
}

fn refuse(status: StatusCode, message: String) -> Response {
    (status, Json(json!({"message": message}))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigstore::claims::TokenFault;

    #[test]
    fn a_query_changes_the_run_and_an_unknown_parameter_is_an_error() {
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>()
        };
        let query = pairs(&[
            ("api-version", "2.0"),
            ("gitRef", "refs/heads/dev"),
            ("runId", "7"),
            ("fault", "expired"),
        ]);
        let run = overridden(&TokenRequest::default(), &query).unwrap();
        assert_eq!(
            (run.git_ref.as_str(), run.run_id, run.fault),
            ("refs/heads/dev", 7, TokenFault::Expired)
        );
        for (query, complaint) in [
            (pairs(&[("branch", "dev")]), "unknown parameter `branch`"),
            (pairs(&[("runId", "seven")]), "`runId` must be a number"),
            (pairs(&[("fault", "tired")]), "unknown variant"),
        ] {
            let error = overridden(&TokenRequest::default(), &query).unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
    }
}
