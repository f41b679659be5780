//! Control from another process, only where it was asked for at start: `POST /_mint` gives a bundle
//! in any [`Situation`], so that a program can meet what no honest Sigstore would issue.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;

use super::mint::mint;
use super::{LogVersion, Mint, Situation, TokenRequest, World};

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new().route("/_mint", post(answer))
}

/// A [`Mint`] in JSON; what is left out is as in [`Mint::new`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MintRequest {
    statement: String,
    #[serde(default)]
    run: TokenRequest,
    #[serde(default)]
    log: LogVersion,
    #[serde(default)]
    situation: Situation,
}

async fn answer(State(world): State<Arc<World>>, Json(request): Json<MintRequest>) -> Response {
    let MintRequest { statement, run, log, situation } = request;
    let wanted = Mint { run, log, situation, ..Mint::new(statement) };
    match mint(&world, &wanted) {
        Ok(bundle) => ([(CONTENT_TYPE, "application/json")], bundle).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}
