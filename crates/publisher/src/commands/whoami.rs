//! `whoami`: under which identity this process would sign, and which artifacts that may sign.

use sealwright_keyless::{SIGSTORE_AUDIENCE, Token};
use sealwright_policy::{API_VERSION, Claims, Finding, Requirements};
use serde::Serialize;

use super::{Failure, Outcome, json};
use crate::cli::WhoamiArguments;
use crate::publish::Stopped;
use crate::settings;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whoami {
    api_version: &'static str,
    kind: &'static str,
    /// What the certificate would say.
    identity: Claims,
    artifacts: Vec<Answer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    artifact: String,
    /// The signer that it is; absent when it may not sign.
    signer: Option<String>,
    /// Why it is none of the signers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<String>,
}

pub(super) async fn run(arguments: &WhoamiArguments) -> Outcome {
    let WhoamiArguments { common, signing } = arguments;
    let config = settings::read_config(common)?;
    let http = settings::http(common);
    let token = Token::at_hand(signing.token_file.as_deref(), SIGSTORE_AUDIENCE, &http).await;
    let checked = token.and_then(|token| {
        token.check(SIGSTORE_AUDIENCE, None, jiff::Timestamp::now()).map(|()| token)
    });
    let token =
        checked.map_err(|error| Stopped::from(Finding::new(error.code(), error.to_string())))?;
    let identity = token.claims().predicted();
    let wanted = |name: &String| common.artifact.as_ref().is_none_or(|only| only == name);
    let issuers = settings::issuers(common);
    let artifacts: Vec<Answer> = config
        .artifacts
        .keys()
        .filter(|name| wanted(name))
        .filter_map(|name| Some(answer(&config.requirements(name, &issuers)?, &identity)))
        .collect();
    let may_sign = artifacts.iter().any(|answer| answer.signer.is_some());
    let answer = json(&Whoami { api_version: API_VERSION, kind: "Whoami", identity, artifacts })?;
    if may_sign {
        return Ok(answer);
    }
    let message = "error: this identity may sign none of the artifacts".to_owned();
    Err(Failure { code: 1, answer: Some(answer), ..Failure::rendered(message, vec![]) })
}

fn answer(requirements: &Requirements, identity: &Claims) -> Answer {
    let artifact = requirements.artifact.clone();
    match requirements.signer_for(identity) {
        Ok(signer) => Answer { artifact, signer: Some(signer.name.clone()), differences: vec![] },
        Err(refusals) => {
            let lines = refusals.iter().flat_map(|(signer, mismatches)| {
                mismatches.iter().map(move |mismatch| format!("{signer}: {mismatch}"))
            });
            Answer { artifact, signer: None, differences: lines.collect() }
        }
    }
}
