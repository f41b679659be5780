//! GitHub Actions: the token service of a job, and what Fulcio certifies for its tokens.

use sealwright_policy::Claims;
use serde::Deserialize;

use crate::error::TokenError;
use crate::http::{Attempt, HttpOptions, Request, Transport};
use crate::quote;
use crate::token::{TOKEN_BYTES_MAX, TokenClaims};

/// Where the token service is, for this job.
const URL_VARIABLE: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
/// The job's own credential for it.
const CREDENTIAL_VARIABLE: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
/// The server that Fulcio's templates put before repository names.
const GITHUB_URL: &str = "https://github.com";

/// Asks for a token, as GitHub's documentation says ("Requesting the JWT using environment
/// variables").
pub(crate) async fn request_token(
    audience: &str,
    http: &HttpOptions,
) -> Result<String, TokenError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(address), Some(credential)) = (variable(URL_VARIABLE), variable(CREDENTIAL_VARIABLE))
    else {
        return Err(TokenError::Missing(
            "this is not a GitHub Actions job with `permissions: id-token: write`; \
             or give --token-file or SIGSTORE_ID_TOKEN"
                .to_owned(),
        ));
    };
    ask(&address, &credential, audience, http).await
}

async fn ask(
    address: &str,
    credential: &str,
    audience: &str,
    http: &HttpOptions,
) -> Result<String, TokenError> {
    let hidden = |reason: String| quote(&reason.replace(credential, "***"));
    let refused = |reason: String| TokenError::Refused(hidden(reason));
    let mut url = url::Url::parse(address)
        .map_err(|error| refused(format!("{URL_VARIABLE} is not a URL: {error}")))?;
    url.query_pairs_mut().append_pair("audience", audience);
    let transport = Transport::new(http).map_err(refused)?;
    let request = Request::get(url.as_str(), credential, TOKEN_BYTES_MAX);
    match transport.ask(&request, transport.until()).await {
        Attempt::Answered(body) => serde_json::from_slice::<Answer>(&body)
            .map(|answer| answer.value)
            .map_err(|_| refused("its answer has no `value`".to_owned())),
        Attempt::Refused { status, reason } => Err(refused(format!("HTTP {status}: {reason}"))),
        Attempt::Unavailable { reason, .. } => Err(TokenError::Unreachable(hidden(reason))),
        Attempt::Unusable { reason } => Err(refused(reason)),
    }
}

#[derive(Deserialize)]
struct Answer {
    value: String,
}

/// Fulcio's templates for the issuer type `github-workflow` (fulcio `config/identity/config.yaml`).
/// `None` when the token is not of a workflow.
pub(crate) fn predicted_claims(claims: &TokenClaims) -> Option<Claims> {
    let on_server = |name: &str| claims.get(name).map(|value| format!("{GITHUB_URL}/{value}"));
    let plain = |name: &str| claims.get(name).map(str::to_owned);
    let workflow = on_server("job_workflow_ref")?;
    let run = [claims.get("repository"), claims.get("run_id"), claims.get("run_attempt")];
    let run_invocation_uri = match run {
        [Some(repository), Some(run), Some(attempt)] => {
            Some(format!("{GITHUB_URL}/{repository}/actions/runs/{run}/attempts/{attempt}"))
        }
        _ => None,
    };
    Some(Claims {
        issuer: Some(claims.issuer.clone()),
        sans: vec![workflow.clone()],
        build_signer_uri: Some(workflow),
        build_signer_digest: plain("job_workflow_sha"),
        runner_environment: plain("runner_environment"),
        source_repository_uri: on_server("repository"),
        source_repository_digest: plain("sha"),
        source_repository_ref: plain("ref"),
        source_repository_identifier: plain("repository_id"),
        source_repository_owner_uri: on_server("repository_owner"),
        source_repository_owner_identifier: plain("repository_owner_id"),
        build_config_uri: on_server("workflow_ref"),
        build_config_digest: plain("workflow_sha"),
        build_trigger: plain("event_name"),
        run_invocation_uri,
        source_repository_visibility_at_signing: plain("repository_visibility"),
        deployment_environment: plain("environment"),
        other: std::collections::BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::fake::{Answer as Fake, FakeService};

    async fn ask_fake(
        answers: Vec<Fake>,
    ) -> (Result<String, TokenError>, Vec<crate::http::fake::Seen>) {
        let service = FakeService::start(answers).await;
        let address = format!("{}/token?api-version=2.0", service.url());
        let asked = ask(&address, "job-secret", "sigstore", &HttpOptions::default()).await;
        (asked, service.seen())
    }

    #[tokio::test]
    async fn the_token_is_asked_for_with_audience_and_credential() {
        let (token, seen) = ask_fake(vec![Fake::ok(r#"{"value":"a.b.c","count":1}"#)]).await;
        assert_eq!(token.unwrap(), "a.b.c");
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].path_and_query, "/token?api-version=2.0&audience=sigstore");
        assert_eq!(seen[0].authorization.as_deref(), Some("Bearer job-secret"));
    }

    #[tokio::test]
    async fn a_refusal_says_what_github_said_but_never_the_credential() {
        for (answers, expected, why) in [
            (vec![Fake::status(403, "job-secret may not")], "403", "no permission"),
            (vec![Fake::ok("{}")], "value", "no token in the answer"),
            (vec![Fake::redirect("http://127.0.0.1:1/steal")], "redirect", "sent elsewhere"),
            (vec![Fake::ok(&"x".repeat(TOKEN_BYTES_MAX + 1))], "bytes", "an endless answer"),
        ] {
            let (token, seen) = ask_fake(answers).await;
            let error = token.unwrap_err();
            assert_eq!(error.code().to_string(), "SW6020", "{why}");
            assert!(error.to_string().contains(expected), "{why}: {error}");
            assert!(!error.to_string().contains("job-secret"), "{why}: {error}");
            assert_eq!(seen.len(), 1, "{why}");
        }
    }

    #[tokio::test]
    async fn a_token_service_that_does_not_answer_is_unknown_and_not_refused() {
        let http = HttpOptions { deadline: Duration::from_millis(300), ..HttpOptions::default() };
        let error = ask("http://127.0.0.1:1/", "job-secret", "sigstore", &http).await.unwrap_err();
        assert_eq!(error.code().to_string(), "SW6026", "{error}");
    }

    /// It was asked again until the deadline, as if the service were down.
    #[tokio::test]
    async fn a_credential_that_fits_into_no_header_fails_at_once_and_unsaid() {
        let service = FakeService::start(vec![]).await;
        let http = HttpOptions::default();
        let error = ask(&service.url(), "job\nsecret", "sigstore", &http).await.unwrap_err();
        assert!(matches!(error, TokenError::Refused(_)), "{error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
        assert_eq!(service.seen().len(), 0);
    }

    #[tokio::test]
    async fn the_credential_is_not_sent_in_clear_to_strangers() {
        let error =
            ask("http://token.acme.example/", "job-secret", "sigstore", &HttpOptions::default())
                .await
                .unwrap_err();
        assert!(error.to_string().contains("https"), "{error}");
    }
}
