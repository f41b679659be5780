//! GitHub's claims: asked for in short, written into a token in full, certified by the certificate authority.

use serde::{Deserialize, Serialize};

/// The server that workflows live on; certificates name it, tokens do not.
pub(crate) const GITHUB: &str = "https://github.com";
/// The audience that Fulcio asks for.
pub const AUDIENCE: &str = "sigstore";

/// What a workflow run would be, in the words of a workflow's author.
///
/// The default is a push to the main branch of `acme/platform` that runs `cd.yaml`. All of it can be given
/// as query parameters of the token request URL, in camel case (`?workflow=ci.yaml&gitRef=refs/heads/dev`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenRequest {
    /// The repository whose event started the run, `owner/name`.
    pub repository: String,
    /// File name of the workflow whose job asks for the token.
    pub workflow: String,
    /// Where that workflow lives when it is a reusable one of another repository.
    pub workflow_repository: Option<String>,
    /// What the caller pinned the reusable workflow to: a commit or a ref. Without it: the ref of the run.
    pub workflow_ref: Option<String>,
    /// File name of the workflow that called the reusable one; without it the same file name.
    pub caller_workflow: Option<String>,
    /// The git ref of the run, `refs/heads/main`.
    pub git_ref: String,
    /// The commit of the run, 40 hexadecimal digits.
    pub sha: String,
    /// The event that started the run.
    pub event: String,
    /// The number of the run.
    pub run_id: u64,
    /// How often the run was started.
    pub run_attempt: u64,
    /// `public`, `private` or `internal`.
    pub visibility: String,
    /// `github-hosted` or `self-hosted`.
    pub runner_environment: String,
    /// For whom the token is.
    pub audience: String,
    /// What is wrong with the token.
    pub fault: TokenFault,
}

/// What can be wrong with a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TokenFault {
    /// Nothing.
    #[default]
    None,
    /// It ended an hour ago.
    Expired,
    /// It begins in an hour.
    NotYetValid,
    /// Another issuer is named; the signature is right.
    OtherIssuer,
    /// It names this issuer and a key that the issuer does not have.
    ForeignKey,
}

impl Default for TokenRequest {
    fn default() -> Self {
        Self {
            repository: "acme/platform".to_owned(),
            workflow: "cd.yaml".to_owned(),
            workflow_repository: None,
            workflow_ref: None,
            caller_workflow: None,
            git_ref: "refs/heads/main".to_owned(),
            sha: "5f0c4d5e6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d".to_owned(),
            event: "push".to_owned(),
            run_id: 4_000_000_001,
            run_attempt: 1,
            visibility: "private".to_owned(),
            runner_environment: "github-hosted".to_owned(),
            audience: AUDIENCE.to_owned(),
            fault: TokenFault::None,
        }
    }
}

impl TokenRequest {
    /// A healthy push to main of the given repository, by the given workflow file.
    pub fn new(repository: impl Into<String>, workflow: impl Into<String>) -> Self {
        Self { repository: repository.into(), workflow: workflow.into(), ..Self::default() }
    }

    /// The claims that GitHub would put into a token for this run.
    pub(crate) fn claims(&self) -> GithubClaims {
        let owner = self.repository.split('/').next().unwrap_or_default().to_owned();
        let called_in = self.workflow_repository.as_ref().unwrap_or(&self.repository);
        let called_at = self.workflow_ref.as_ref().unwrap_or(&self.git_ref);
        let caller = self.caller_workflow.as_ref().unwrap_or(&self.workflow);
        let called_commit = if is_commit(called_at) { called_at } else { &self.sha };
        GithubClaims {
            sub: format!("repo:{}:ref:{}", self.repository, self.git_ref),
            repository_id: stable_id(&self.repository),
            repository_owner_id: stable_id(&owner),
            workflow: caller.clone(),
            workflow_ref: workflow_path(&self.repository, caller, &self.git_ref),
            workflow_sha: self.sha.clone(),
            job_workflow_ref: workflow_path(called_in, &self.workflow, called_at),
            job_workflow_sha: called_commit.clone(),
            repository: self.repository.clone(),
            repository_owner: owner,
            repository_visibility: self.visibility.clone(),
            r#ref: self.git_ref.clone(),
            ref_type: if self.git_ref.starts_with("refs/tags/") { "tag" } else { "branch" }
                .to_owned(),
            sha: self.sha.clone(),
            event_name: self.event.clone(),
            run_id: self.run_id.to_string(),
            run_number: (self.run_id % 10_000).to_string(),
            run_attempt: self.run_attempt.to_string(),
            runner_environment: self.runner_environment.clone(),
            actor: "octocat".to_owned(),
            actor_id: stable_id("octocat"),
        }
    }

    /// The identity that a certificate for this run carries as its alternative name.
    pub fn san(&self) -> String {
        format!("{GITHUB}/{}", self.claims().job_workflow_ref)
    }
}

/// The claims of GitHub's tokens that say what runs; when and for whom is the issuer's matter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct GithubClaims {
    pub(crate) sub: String,
    pub(crate) repository: String,
    pub(crate) repository_id: String,
    pub(crate) repository_owner: String,
    pub(crate) repository_owner_id: String,
    pub(crate) repository_visibility: String,
    pub(crate) r#ref: String,
    pub(crate) ref_type: String,
    pub(crate) sha: String,
    pub(crate) event_name: String,
    pub(crate) workflow: String,
    pub(crate) workflow_ref: String,
    pub(crate) workflow_sha: String,
    pub(crate) job_workflow_ref: String,
    pub(crate) job_workflow_sha: String,
    pub(crate) run_id: String,
    pub(crate) run_number: String,
    pub(crate) run_attempt: String,
    pub(crate) runner_environment: String,
    pub(crate) actor: String,
    pub(crate) actor_id: String,
}

impl GithubClaims {
    /// Fulcio's extensions before 2023, as bare bytes: last number of the OID and value.
    ///
    /// Source: fulcio `docs/oid-info.md`, 1.3.6.1.4.1.57264.1.1 to .6.
    pub(crate) fn bare_extensions(&self, issuer: &str) -> [(u32, String); 6] {
        [
            (1, issuer.to_owned()),
            (2, self.event_name.clone()),
            (3, self.sha.clone()),
            (4, self.workflow.clone()),
            (5, self.repository.clone()),
            (6, self.r#ref.clone()),
        ]
    }

    /// Fulcio's extensions as DER strings: last number of the OID and value, 1.3.6.1.4.1.57264.1.8 to
    /// .22, and .24 (the token's subject) as Fulcio 1.8 has it. GitHub's tokens give nothing for .23.
    pub(crate) fn extensions(&self, issuer: &str) -> [(u32, String); 16] {
        let source = format!("{GITHUB}/{}", self.repository);
        let run = format!("{source}/actions/runs/{}/attempts/{}", self.run_id, self.run_attempt);
        [
            (8, issuer.to_owned()),
            (9, format!("{GITHUB}/{}", self.job_workflow_ref)),
            (10, self.job_workflow_sha.clone()),
            (11, self.runner_environment.clone()),
            (12, source),
            (13, self.sha.clone()),
            (14, self.r#ref.clone()),
            (15, self.repository_id.clone()),
            (16, format!("{GITHUB}/{}", self.repository_owner)),
            (17, self.repository_owner_id.clone()),
            (18, format!("{GITHUB}/{}", self.workflow_ref)),
            (19, self.workflow_sha.clone()),
            (20, self.event_name.clone()),
            (21, run),
            (22, self.repository_visibility.clone()),
            (24, self.sub.clone()),
        ]
    }

    /// The identity that a certificate carries as its alternative name.
    pub(crate) fn san(&self) -> String {
        format!("{GITHUB}/{}", self.job_workflow_ref)
    }
}

fn workflow_path(repository: &str, file: &str, git_ref: &str) -> String {
    format!("{repository}/.github/workflows/{file}@{git_ref}")
}

fn is_commit(git_ref: &str) -> bool {
    git_ref.len() == 40 && git_ref.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A number that stands for a name, the same in every run, as GitHub's ids do.
fn stable_id(name: &str) -> String {
    let folded =
        name.bytes().fold(17_u32, |id, byte| id.wrapping_mul(31).wrapping_add(byte.into()));
    (folded % 900_000_000 + 100_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certified_workflow_is_the_called_one() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let own = TokenRequest::new("acme/platform", "cd.yaml");
        let called = TokenRequest {
            workflow: "publish-app.yaml".to_owned(),
            workflow_repository: Some("acme/actions".to_owned()),
            workflow_ref: Some(commit.to_owned()),
            caller_workflow: Some("release.yaml".to_owned()),
            ..TokenRequest::new("acme/shop", "")
        };
        let called = TokenRequest { workflow: "publish-app.yaml".to_owned(), ..called };
        let cases = [
            (
                &own,
                "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main",
                "acme/platform/.github/workflows/cd.yaml@refs/heads/main",
                own.sha.as_str(),
                "a workflow of its own: caller and called are one",
            ),
            (
                &called,
                "https://github.com/acme/actions/.github/workflows/publish-app.yaml@0123456789abcdef0123456789abcdef01234567",
                "acme/shop/.github/workflows/release.yaml@refs/heads/main",
                commit,
                "a reusable workflow: the name is the called one's, pinned by commit",
            ),
        ];
        for (request, san, workflow_ref, job_workflow_sha, reason) in cases {
            let claims = request.claims();
            assert_eq!(request.san(), san, "{reason}");
            assert_eq!(claims.workflow_ref, workflow_ref, "{reason}");
            assert_eq!(claims.job_workflow_sha, job_workflow_sha, "{reason}");
        }
    }

    #[test]
    fn extensions_are_numbered_as_fulcio_numbers_them() {
        let claims = TokenRequest::default().claims();
        let bare: Vec<u32> =
            claims.bare_extensions("i").iter().map(|(number, _)| *number).collect();
        let der: Vec<u32> = claims.extensions("i").iter().map(|(number, _)| *number).collect();
        assert_eq!(bare, (1..=6).collect::<Vec<_>>());
        assert_eq!(der, (8..=22).chain([24]).collect::<Vec<_>>());
    }
}
