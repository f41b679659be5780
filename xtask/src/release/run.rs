//! Which workflow run the dev stack stands in for: one that the configuration lets sign, so that any
//! team's configuration can be released on a laptop.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::Deserialize;
use serde_json::Value;

/// A commit to call a reusable workflow at, where any will do.
const ANY_COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// As much of a configuration as is needed here; the publisher reads it strictly.
#[derive(Debug, Deserialize)]
struct Config {
    signers: BTreeMap<String, Signer>,
    artifacts: BTreeMap<String, Artifact>,
    #[serde(default)]
    environments: BTreeMap<String, Environment>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signer {
    github: Github,
    #[serde(default)]
    called_from: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Github {
    repository: String,
    workflow: String,
    #[serde(default)]
    refs: Vec<String>,
    /// The word `any`, or a list.
    commit: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Environment {
    #[serde(default)]
    sources: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Artifact {
    contents: Option<String>,
    signers: Vec<String>,
}

/// Flags for the dev stack's `env`. None for a configuration that cannot be read: the publisher says
/// better what is wrong with it.
pub(super) fn flags(config: &Utf8Path, artifact: Option<&str>) -> Vec<String> {
    let text = std::fs::read_to_string(config).unwrap_or_default();
    flags_for(&text, artifact).unwrap_or_default()
}

/// The folder of an artifact's contents, relative to the configuration.
pub(super) fn contents(config: &Utf8Path, artifact: Option<&str>) -> Option<String> {
    read(config)?.artifact(artifact)?.1.contents.clone()
}

/// Name of the artifact that is meant; none where only the publisher can say.
pub(super) fn artifact(config: &Utf8Path, artifact: Option<&str>) -> Option<String> {
    let found = || Some(read(config)?.artifact(None)?.0.to_owned());
    artifact.map(str::to_owned).or_else(found)
}

/// The repository whose workflow runs; none for a configuration that cannot be read.
pub(super) fn repository(config: &Utf8Path, artifact: Option<&str>) -> Option<String> {
    let flags = flags(config, artifact);
    let at = flags.iter().position(|flag| flag == "--repository")?;
    flags.get(at + 1).cloned()
}

/// Namespace and name of the source of an environment, when it has one and no other.
pub(super) fn only_source(config: &Utf8Path, environment: &str) -> Option<(String, String)> {
    let config = read(config)?;
    let source = only(config.environments.get(environment)?.sources.iter())?;
    source.split_once('/').map(|(namespace, name)| (namespace.to_owned(), name.to_owned()))
}

fn read(config: &Utf8Path) -> Option<Config> {
    serde_saphyr::from_str(&std::fs::read_to_string(config).ok()?).ok()
}

/// The first of these environments that the configuration does not have.
pub(super) fn missing_environment<'a>(config: &Utf8Path, names: &[&'a str]) -> Option<&'a str> {
    let config = read(config)?;
    names.iter().copied().find(|name| !config.environments.contains_key(*name))
}

impl Config {
    /// The one that is named, else the only one that has contents, else the only one.
    fn artifact(&self, name: Option<&str>) -> Option<(&String, &Artifact)> {
        let all = || self.artifacts.iter();
        match name {
            Some(name) => self.artifacts.get_key_value(name),
            None => only(all().filter(|(_, artifact)| artifact.contents.is_some()))
                .or_else(|| only(all())),
        }
    }
}

fn flags_for(text: &str, artifact: Option<&str>) -> Option<Vec<String>> {
    let config: Config = serde_saphyr::from_str(text).ok()?;
    let (_, artifact) = config.artifact(artifact)?;
    let signer = config.signers.get(artifact.signers.first()?)?;
    let Github { repository, workflow, refs, commit } = &signer.github;
    // A `*` stands for one segment of a ref; this is one.
    let git_ref = refs.first().map(|git_ref| git_ref.replace('*', "candidate"));
    let pin = match commit {
        Some(Value::Array(commits)) => commits.first()?.as_str().map(str::to_owned),
        Some(_) => Some(ANY_COMMIT.to_owned()),
        None => git_ref.clone(),
    };
    let called = !signer.called_from.is_empty() || commit.is_some();
    let run = if called {
        let caller = signer.called_from.first().unwrap_or(repository);
        vec![
            ("--repository", Some(caller.clone())),
            ("--workflow-repository", Some(repository.clone())),
            ("--workflow-ref", pin),
        ]
    } else {
        vec![("--repository", Some(repository.clone())), ("--ref", git_ref)]
    };
    let flags = run.into_iter().chain([("--workflow", Some(workflow.clone()))]);
    Some(flags.filter_map(|(flag, value)| Some([flag.to_owned(), value?])).flatten().collect())
}

fn only<T>(mut values: impl Iterator<Item = T>) -> Option<T> {
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../docs/example/sealwright.yaml");

    #[test]
    fn the_run_is_one_that_the_configuration_lets_sign() {
        let queue = EXAMPLE.replace("signers: [cd, merge-queue", "signers: [merge-queue, cd");
        for (text, artifact, expected, why) in [
            (
                EXAMPLE,
                None,
                "--repository acme/platform --ref refs/heads/main --workflow cd.yaml",
                "the first signer of the only artifact with contents",
            ),
            (
                queue.as_str(),
                Some("manifests"),
                "--repository acme/platform --ref refs/heads/gh-readonly-queue/main/candidate --workflow ci.yaml",
                "a ref with a gap is filled",
            ),
            (
                EXAMPLE,
                Some("shop"),
                "--repository acme/shop --workflow-repository acme/actions --workflow-ref 0123456789abcdef0123456789abcdef01234567 --workflow publish-app.yaml",
                "a reusable workflow runs for its caller",
            ),
        ] {
            assert_eq!(flags_for(text, artifact).unwrap().join(" "), expected, "{why}");
        }
    }

    #[test]
    fn what_the_planes_need_is_found_in_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("sealwright.yaml");
        std::fs::write(&path, EXAMPLE).unwrap();
        assert_eq!(artifact(&path, None).as_deref(), Some("manifests"), "it alone has contents");
        assert_eq!(repository(&path, None).as_deref(), Some("acme/platform"));
        assert_eq!(repository(&path, Some("shop")).as_deref(), Some("acme/shop"), "the caller");
        let source = ("flux-system".to_owned(), "flux-system".to_owned());
        assert_eq!(only_source(&path, "local"), Some(source));
        assert_eq!(only_source(&path, "staging"), None, "there are two");
        assert_eq!(missing_environment(&path, &["local", "prod"]), None);
        assert_eq!(missing_environment(&path, &["local", "moon", "prod"]), Some("moon"));
    }

    #[test]
    fn what_cannot_be_read_is_left_to_the_publisher() {
        assert_eq!(flags_for("artifacts: [", None), None);
        assert_eq!(flags_for(EXAMPLE, Some("nothing")), None);
    }
}
