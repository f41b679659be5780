//! SLSA provenance v1: where and how the artifact was made, in the words of GitHub's build type.
//!
//! Everything comes from the claims of the token, the same that the certificate authority certifies,
//! so that provenance and certificate cannot contradict each other. What the token does not say is
//! left out and listed under `unknown`; nothing is taken from variables that a step can set.
//!
//! Specifications: <https://slsa.dev/spec/v1.0/provenance>,
//! <https://actions.github.io/buildtypes/workflow/v1>.

use sealwright_keyless::TokenClaims;
use serde_json::{Map, Value, json};

use crate::contents::Packed;
use crate::source::{Source, commit_of};

const GITHUB_BUILD_TYPE: &str = "https://actions.github.io/buildtypes/workflow/v1";
/// Made by hand, or by something whose tokens do not say what ran.
const OTHER_BUILD_TYPE: &str = "https://sealwright.dev/buildtypes/other/v1";
const GITHUB: &str = "https://github.com";

/// The predicate. `packed` is what was packed, when it was packed here.
pub fn provenance(claims: &TokenClaims, source: &Source, packed: Option<&Packed>) -> Value {
    let mut predicate = match claims.get("job_workflow_ref") {
        Some(called) => github(claims, called),
        None => other(claims, source),
    };
    if let Some(packed) = packed {
        predicate["buildDefinition"]["internalParameters"]["sealwright"] = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "contents": packed.tarball.to_string(),
        });
    }
    predicate
}

fn github(claims: &TokenClaims, called: &str) -> Value {
    let mut known = Known::new(claims);
    let repository = known.text("repository").map(|name| format!("{GITHUB}/{name}"));
    let git_ref = known.text("ref");
    let commit = known.text("sha");
    let path = known.text("workflow_ref").and_then(|text| workflow_path(&text));
    let workflow = json!({ "ref": git_ref, "repository": repository, "path": path });
    let mut parameters = Map::new();
    for name in ["event_name", "repository_id", "repository_owner_id", "runner_environment"] {
        if let Some(value) = known.text(name) {
            parameters.insert(name.to_owned(), Value::String(value));
        }
    }
    let run = [known.text("repository"), known.text("run_id"), known.text("run_attempt")];
    let invocation = match run {
        [Some(name), Some(run), Some(attempt)] => {
            Some(format!("{GITHUB}/{name}/actions/runs/{run}/attempts/{attempt}"))
        }
        _ => None,
    };
    let dependencies = repository.zip(git_ref).zip(commit).map(|((repository, git_ref), commit)| {
        json!([{ "uri": format!("git+{repository}@{git_ref}"), "digest": { "gitCommit": commit } }])
    });
    let mut external = json!({ "workflow": without_nulls(workflow) });
    known.list_unknown(&mut external);
    without_nulls(json!({
        "buildDefinition": without_nulls(json!({
            "buildType": GITHUB_BUILD_TYPE,
            "externalParameters": external,
            "internalParameters": { "github": parameters },
            "resolvedDependencies": dependencies,
        })),
        "runDetails": {
            "builder": { "id": format!("{GITHUB}/{called}") },
            "metadata": without_nulls(json!({ "invocationId": invocation })),
        },
    }))
}

/// No workflow is known: the builder is whoever the token names.
fn other(claims: &TokenClaims, source: &Source) -> Value {
    let commit = source.revision.as_deref().and_then(commit_of);
    let dependencies = source.url.as_ref().zip(commit).map(
        |(url, commit)| json!([{ "uri": format!("git+{url}"), "digest": { "gitCommit": commit } }]),
    );
    let mut unknown = vec!["workflow", "builder environment"];
    if dependencies.is_none() {
        unknown.push("source commit");
    }
    let external = json!({
        "source": source.url,
        "revision": source.revision,
        "unknown": unknown,
    });
    let builder = format!("{}#{}", claims.issuer, claims.token_subject);
    json!({
        "buildDefinition": without_nulls(json!({
            "buildType": OTHER_BUILD_TYPE,
            "externalParameters": without_nulls(external),
            "internalParameters": {},
            "resolvedDependencies": dependencies,
        })),
        "runDetails": { "builder": { "id": builder } },
    })
}

/// The claims, and which of those asked for are missing.
struct Known<'a> {
    claims: &'a TokenClaims,
    missing: Vec<&'static str>,
}

impl<'a> Known<'a> {
    fn new(claims: &'a TokenClaims) -> Self {
        Self { claims, missing: Vec::new() }
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        let value = self.claims.get(name).map(str::to_owned);
        if value.is_none() && !self.missing.contains(&name) {
            self.missing.push(name);
        }
        value
    }

    fn list_unknown(&self, external: &mut Value) {
        if !self.missing.is_empty() {
            external["unknown"] = json!(self.missing);
        }
    }
}

/// `.github/workflows/cd.yaml` of `acme/platform/.github/workflows/cd.yaml@refs/heads/main`.
fn workflow_path(workflow_ref: &str) -> Option<String> {
    let (path, _) = workflow_ref.split_once('@')?;
    path.splitn(3, '/').nth(2).map(str::to_owned)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealwright_keyless::Token;

    fn claims(extra: Value) -> TokenClaims {
        let mut all = json!({
            "iss": "https://token.actions.githubusercontent.com", "sub": "repo:acme/platform:x",
            "aud": "sigstore", "exp": 4_000_000_000_u64,
        });
        for (name, value) in extra.as_object().unwrap() {
            all[name] = value.clone();
        }
        let payload = base64(all.to_string().as_bytes());
        Token::parse(&format!("e30.{payload}.eA"), "a test").unwrap().claims().clone()
    }

    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
            let bits = bits << (8 * (3 - chunk.len()));
            for index in 0..=chunk.len() {
                text.push(DIGITS[(bits >> (18 - 6 * index)) as usize & 63] as char);
            }
        }
        text
    }

    fn github_claims() -> Value {
        json!({
            "repository": "acme/platform", "repository_id": "1", "repository_owner_id": "2",
            "ref": "refs/heads/main", "sha": "0123456789012345678901234567890123456789",
            "workflow_ref": "acme/platform/.github/workflows/cd.yaml@refs/heads/main",
            "job_workflow_ref": "acme/actions/.github/workflows/publish.yaml@abc",
            "event_name": "push", "runner_environment": "github-hosted",
            "run_id": "42", "run_attempt": "1",
        })
    }

    #[test]
    fn a_workflow_is_described_as_github_does() {
        let found = provenance(&claims(github_claims()), &Source::default(), None);
        insta::assert_snapshot!(serde_json::to_string_pretty(&found).unwrap());
    }

    #[test]
    fn what_a_token_does_not_say_is_listed_and_not_invented() {
        let mut some = github_claims();
        for missing in ["sha", "run_id", "runner_environment"] {
            some.as_object_mut().unwrap().remove(missing);
        }
        let found = provenance(&claims(some), &Source::default(), None);
        let definition = &found["buildDefinition"];
        assert!(definition.get("resolvedDependencies").is_none(), "no commit, no dependency");
        assert!(found["runDetails"]["metadata"].get("invocationId").is_none());
        let unknown = &definition["externalParameters"]["unknown"];
        assert_eq!(*unknown, json!(["sha", "runner_environment", "run_id"]));
    }

    #[test]
    fn without_a_workflow_it_does_not_claim_one() {
        let source = Source {
            url: Some("https://git.example/acme".into()),
            revision: Some("main@sha1:0123456789012345678901234567890123456789".into()),
            created: None,
        };
        let found = provenance(&claims(json!({"email": "a@example.com"})), &source, None);
        assert_eq!(found["buildDefinition"]["buildType"], OTHER_BUILD_TYPE);
        assert_eq!(
            found["buildDefinition"]["resolvedDependencies"][0]["digest"]["gitCommit"],
            "0123456789012345678901234567890123456789"
        );
        let nothing = provenance(&claims(json!({})), &Source::default(), None);
        let unknown = &nothing["buildDefinition"]["externalParameters"]["unknown"];
        assert_eq!(*unknown, json!(["workflow", "builder environment", "source commit"]));
        assert!(!nothing.to_string().contains("github.com"));
    }
}
