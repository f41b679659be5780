//! The workflow run that a token is for, as flags, as a request and as a job's environment.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clap::Args;
use sealwright_devstack::Endpoints;
use serde_json::Value;

/// The workflow run that the token is for. What is left out is a push to the main branch of
/// acme/platform that runs cd.yaml.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Repository whose event started the run.
    #[arg(long, value_name = "OWNER/NAME")]
    repository: Option<String>,
    /// Workflow file whose job asks for the token; of a reusable workflow, the called file.
    #[arg(long, value_name = "FILE")]
    workflow: Option<String>,
    /// Repository of the reusable workflow that was called.
    #[arg(long, value_name = "OWNER/NAME")]
    workflow_repository: Option<String>,
    /// Commit or ref to which the caller pinned the reusable workflow.
    #[arg(long, value_name = "REF")]
    workflow_ref: Option<String>,
    /// Workflow file that called the reusable one.
    #[arg(long, value_name = "FILE")]
    caller_workflow: Option<String>,
    /// Git ref of the run.
    #[arg(long = "ref", value_name = "REF")]
    git_ref: Option<String>,
    /// Commit of the run.
    #[arg(long, value_name = "HEX")]
    sha: Option<String>,
    /// Event that started the run.
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
    /// Number of the run.
    #[arg(long, value_name = "N")]
    run_id: Option<u64>,
    /// How often the run was started.
    #[arg(long, value_name = "N")]
    run_attempt: Option<u64>,
    /// Visibility of the repository: public, private or internal.
    #[arg(long, value_name = "WORD")]
    visibility: Option<String>,
    /// github-hosted or self-hosted.
    #[arg(long, value_name = "WORD")]
    runner_environment: Option<String>,
}

impl RunArguments {
    /// The given flags as parameters of a token request.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        [
            ("repository", self.repository.clone()),
            ("workflow", self.workflow.clone()),
            ("workflowRepository", self.workflow_repository.clone()),
            ("workflowRef", self.workflow_ref.clone()),
            ("callerWorkflow", self.caller_workflow.clone()),
            ("gitRef", self.git_ref.clone()),
            ("sha", self.sha.clone()),
            ("event", self.event.clone()),
            ("runId", number(self.run_id)),
            ("runAttempt", number(self.run_attempt)),
            ("visibility", self.visibility.clone()),
            ("runnerEnvironment", self.runner_environment.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// Variables of a job on GitHub, and the claims of its token that say the same.
const VARIABLES: [(&str, &str); 17] = [
    ("GITHUB_ACTOR", "actor"),
    ("GITHUB_ACTOR_ID", "actor_id"),
    ("GITHUB_EVENT_NAME", "event_name"),
    ("GITHUB_REF", "ref"),
    ("GITHUB_REF_TYPE", "ref_type"),
    ("GITHUB_REPOSITORY", "repository"),
    ("GITHUB_REPOSITORY_ID", "repository_id"),
    ("GITHUB_REPOSITORY_OWNER", "repository_owner"),
    ("GITHUB_REPOSITORY_OWNER_ID", "repository_owner_id"),
    ("GITHUB_RUN_ATTEMPT", "run_attempt"),
    ("GITHUB_RUN_ID", "run_id"),
    ("GITHUB_RUN_NUMBER", "run_number"),
    ("GITHUB_SHA", "sha"),
    ("GITHUB_WORKFLOW", "workflow"),
    ("GITHUB_WORKFLOW_REF", "workflow_ref"),
    ("GITHUB_WORKFLOW_SHA", "workflow_sha"),
    ("RUNNER_ENVIRONMENT", "runner_environment"),
];

/// What the job of this run would find in its environment; `token` is one of this run.
pub(crate) fn environment(
    endpoints: &Endpoints,
    run: &[(&'static str, String)],
    token: &str,
) -> Vec<(&'static str, String)> {
    let claims = claims(token);
    let mut variables = vec![
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", endpoints.token_request_token.clone()),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", endpoints.token_request_url_for(run)),
        ("GITHUB_SERVER_URL", "https://github.com".to_owned()),
    ];
    let said = VARIABLES
        .iter()
        .filter_map(|(name, claim)| Some((*name, claims[*claim].as_str()?.to_owned())));
    variables.extend(said);
    variables
}

/// The claims in a token, unchecked: it comes from our own issuer.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    serde_json::from_slice(&payload).unwrap_or_default()
}
