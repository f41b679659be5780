//! Who we are: Docker's configuration and credential helpers, `GITHUB_TOKEN`, or nobody.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use docker_credential::{CredentialRetrievalError, DockerCredential};
use http::HeaderValue;
use url::Url;

use super::sensitive;
use crate::error::{Fault, quoted};
use crate::limits::HELPER_TIMEOUT;
use crate::options::CredentialSource;
use crate::transport::{Failure, host};

/// The registry that takes the token of a GitHub workflow.
const GITHUB_REGISTRY: &str = "ghcr.io";
/// Docker Hub's entry in Docker's configuration.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// Credentials for one registry.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    Stranger,
    Password { user: String, password: String },
    IdentityToken(String),
}

/// Where the environment says that credentials are.
#[derive(Clone, Default)]
pub(super) struct Environment {
    /// Files in Docker's format; the first that is there counts.
    pub(super) files: Vec<PathBuf>,
    /// Name and token of a GitHub workflow.
    pub(super) github: Option<(String, String)>,
}

impl Environment {
    /// `DOCKER_CONFIG`, `~/.docker`, then podman's places; `GITHUB_TOKEN` with `GITHUB_ACTOR`.
    pub(super) fn read() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let folder =
            |name: &str, file: &str| variable(name).map(|path| Path::new(&path).join(file));
        let docker = folder("DOCKER_CONFIG", "config.json");
        let files = [
            docker.or_else(|| folder("HOME", ".docker/config.json")),
            variable("REGISTRY_AUTH_FILE").map(PathBuf::from),
            folder("XDG_RUNTIME_DIR", "containers/auth.json"),
        ];
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        // GitHub's registry does not look at the name, but Basic has to carry one.
        let actor = || text("GITHUB_ACTOR").unwrap_or_else(|| "github-actions".to_owned());
        let github = text("GITHUB_TOKEN").map(|token| (actor(), token));
        Self { files: files.into_iter().flatten().collect(), github }
    }
}

impl Login {
    /// `Authorization: Basic`, when there is a password.
    pub(super) fn basic(&self) -> Option<HeaderValue> {
        let Self::Password { user, password } = self else { return None };
        sensitive(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stranger => "Stranger",
            Self::Password { .. } => "Password(<redacted>)",
            Self::IdentityToken(_) => "IdentityToken(<redacted>)",
        })
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let github = self.github.as_ref().map(|_| "<redacted>");
        f.debug_struct("Environment").field("files", &self.files).field("github", &github).finish()
    }
}

/// The credentials for the registry at `url`. Having none is an answer; not being able to tell
/// (a helper that is missing, a broken file) is a failure.
pub(super) async fn look_up(
    source: &CredentialSource,
    environment: &Environment,
    url: &Url,
) -> Result<Login, Failure> {
    match source {
        CredentialSource::Anonymous => Ok(Login::Stranger),
        CredentialSource::Basic { user, password } => {
            Ok(Login::Password { user: user.clone(), password: password.clone() })
        }
        CredentialSource::DockerConfig => {
            let configured = configured(environment, host(url)).await?;
            Ok(configured.or_else(|| github(environment, url)).unwrap_or(Login::Stranger))
        }
    }
}

fn github(environment: &Environment, url: &Url) -> Option<Login> {
    let (user, password) = environment.github.clone()?;
    (host(url) == GITHUB_REGISTRY).then_some(Login::Password { user, password })
}

/// Helpers block, and nothing ends one that waits for a person. A thread of its own, unlike the
/// runtime's, does not keep the process from ending.
async fn configured(environment: &Environment, host: String) -> Result<Option<Login>, Failure> {
    let Some(file) = environment.files.iter().find(|file| file.is_file()).cloned() else {
        return Ok(None);
    };
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let (path, server) = (file.clone(), server(&host));
    std::thread::spawn(move || sender.send(read(&path, &server)));
    let answer = tokio::time::timeout(HELPER_TIMEOUT, receiver).await;
    let why = match answer {
        Ok(Ok(Ok(login))) => return Ok(login),
        Ok(Ok(Err(why))) => why,
        Ok(Err(_)) => "reading them failed unexpectedly".to_owned(),
        Err(_) => {
            format!("the credential helper did not answer within {} s", HELPER_TIMEOUT.as_secs())
        }
    };
    let why = format!("{why} ({}, for {host})", file.display());
    Err(Failure::lasting(Fault::Credentials { why }))
}

/// Under which name Docker keeps the credentials of a host.
fn server(host: &str) -> String {
    match host {
        "registry-1.docker.io" | "docker.io" => DOCKER_HUB.to_owned(),
        host => host.to_owned(),
    }
}

fn read(path: &Path, server: &str) -> Result<Option<Login>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let reader = std::io::BufReader::new(file);
    match docker_credential::get_credential_from_reader(reader, server) {
        Ok(DockerCredential::IdentityToken(token)) => Ok(Some(Login::IdentityToken(token))),
        Ok(DockerCredential::UsernamePassword(user, password))
            if password.is_empty() && user.is_empty() =>
        {
            Ok(None)
        }
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            Ok(Some(Login::Password { user, password }))
        }
        Err(error) => explain(error),
    }
}

/// The library's own messages repeat what a helper wrote, which may be a secret.
fn explain(error: CredentialRetrievalError) -> Result<Option<Login>, String> {
    use CredentialRetrievalError as E;
    match error {
        E::NoCredentialConfigured | E::ConfigNotFound => Ok(None),
        // How every helper says that it has nothing (docker-credential-helpers, `errors.go`).
        E::HelperFailure { stdout, .. } if stdout.contains("credentials not found") => Ok(None),
        E::HelperFailure { helper, stderr, .. } => {
            Err(format!("the credential helper {helper} failed: {}", quoted(&stderr)))
        }
        E::HelperCommunicationError => Err("the credential helper that Docker's configuration \
            names (credHelpers or credsStore) cannot be run; install docker-credential-NAME on \
            PATH or remove it from the configuration"
            .to_owned()),
        E::MalformedHelperResponse => {
            Err("the credential helper's answer is not in Docker's format".to_owned())
        }
        E::CredentialDecodingError => {
            Err("the field `auth` is not base64 of user:password".to_owned())
        }
        E::CredentialMismatchError => {
            Err("`auth` differs from `username` and `password`".to_owned())
        }
        E::ConfigReadError => Err("the file is not JSON in Docker's format".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &tempfile::TempDir, name: &str, config: &str) -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, config).unwrap();
        path
    }

    async fn look_up_in(config: &str, host: &str) -> Result<Login, String> {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment {
            files: vec![folder.path().join("none"), file(&folder, "config.json", config)],
            github: Some(("octocat".to_owned(), "gh-token".to_owned())),
        };
        let url = Url::parse(&format!("https://{host}/v2/")).unwrap();
        let found = look_up(&CredentialSource::DockerConfig, &environment, &url).await;
        found.map_err(|failure| failure.fault.to_string())
    }

    fn password(user: &str, password: &str) -> Result<Login, String> {
        Ok(Login::Password { user: user.to_owned(), password: password.to_owned() })
    }

    #[tokio::test]
    async fn docker_s_configuration_is_read() {
        let auth = STANDARD.encode("robot:s3cret:with:colons");
        let entry = |host: &str| format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#);
        let robot = || password("robot", "s3cret:with:colons");
        for (config, host, expected, why) in [
            (entry("a.test"), "a.test", robot(), "by host"),
            (entry("https://a.test"), "a.test", robot(), "by URL"),
            (entry("a.test:5000"), "a.test:5000", robot(), "by host and port"),
            (entry("https://index.docker.io/v1/"), "registry-1.docker.io", robot(), "Docker Hub"),
            (entry("a.test"), "b.test", Ok(Login::Stranger), "another host"),
            (entry("a.test"), "a.test:5000", Ok(Login::Stranger), "another port"),
            (entry("ghcr.io"), "ghcr.io", robot(), "a login comes before the workflow's token"),
            ("{}".to_owned(), "ghcr.io", password("octocat", "gh-token"), "the workflow's token"),
            ("{}".to_owned(), "ghcr.io.a.test", Ok(Login::Stranger), "which no other host gets"),
            (
                r#"{"auths":{"a.test":{"identitytoken":"r3fresh"}}}"#.to_owned(),
                "a.test",
                Ok(Login::IdentityToken("r3fresh".to_owned())),
                "an identity token",
            ),
            (
                r#"{"auths":{"a.test":{}}}"#.to_owned(),
                "a.test",
                Ok(Login::Stranger),
                "an empty entry",
            ),
        ] {
            assert_eq!(look_up_in(&config, host).await, expected, "{why}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_said_so_and_is_not_anonymous() {
        for (config, expected, why) in [
            ("{", "not JSON", "cut"),
            (r#"{"auths":{"a.test":{"auth":"***"}}}"#, "base64", "not base64"),
            (
                r#"{"credsStore":"sealwright-no-such-helper"}"#,
                "docker-credential-NAME",
                "a helper that is not there",
            ),
            (
                r#"{"credHelpers":{"a.test":"sealwright-no-such-helper"}}"#,
                "cannot be run",
                "a helper for this host that is not there",
            ),
        ] {
            let found = look_up_in(config, "a.test").await;
            let message = found.expect_err(why);
            assert!(
                message.contains(expected) && message.contains("config.json"),
                "{why}: {message}"
            );
        }
    }

    #[test]
    fn what_a_helper_says_is_told_apart() {
        use CredentialRetrievalError as E;
        let failed = |stdout: &str| E::HelperFailure {
            helper: "docker-credential-x".to_owned(),
            stdout: stdout.to_owned(),
            stderr: "the key store is locked".to_owned(),
        };
        let none = "credentials not found in native keychain";
        assert_eq!(explain(failed(none)), Ok(None), "it has none");
        let error = explain(failed("{\"Secret\":\"s3cret\"}")).unwrap_err();
        assert!(error.contains("the key store is locked") && !error.contains("s3cret"), "{error}");
    }

    #[tokio::test]
    async fn strangers_and_named_users_look_nothing_up() {
        let folder = tempfile::tempdir().unwrap();
        let environment =
            Environment { files: vec![file(&folder, "config.json", "{")], github: None };
        let url = Url::parse("https://ghcr.io/v2/").unwrap();
        let basic = CredentialSource::Basic { user: "robot".into(), password: "s3cret".into() };
        for (source, expected) in [
            (CredentialSource::Anonymous, Ok(Login::Stranger)),
            (basic, password("robot", "s3cret")),
        ] {
            let found = look_up(&source, &environment, &url).await;
            assert_eq!(found.map_err(|failure| failure.fault.to_string()), expected);
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let github = Some(("octocat".to_owned(), "s3cret".to_owned()));
        let shown = format!(
            "{:?} {:?} {:?} {:?}",
            Login::Password { user: "robot".into(), password: "s3cret".into() },
            Login::IdentityToken("s3cret".into()),
            Environment { files: vec![], github },
            CredentialSource::Basic { user: "robot".into(), password: "s3cret".into() },
        );
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
