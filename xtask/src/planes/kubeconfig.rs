//! The kubeconfig of a plane: written when it starts, and read by our own client like by any other.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use crate::failure::{Context as _, Failure, Outcome};

/// Read and written by its owner alone: there is a token in it.
const SECRET_MODE: u32 = 0o600;

/// What a client needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    /// URL of the API server.
    pub(super) server: String,
    /// PEM of the certificate authority; none over plain HTTP.
    pub(super) certificate_authority: Option<Vec<u8>>,
    /// Who we say we are.
    pub(super) token: Option<String>,
}

/// Where a plane's kubeconfig is.
pub(super) fn path(folder: &Utf8Path) -> Utf8PathBuf {
    folder.join("kubeconfig")
}

impl Access {
    /// Writes a kubeconfig whose only context has this name.
    pub(super) fn write(&self, path: &Utf8Path, context: &str) -> Outcome {
        let mut cluster = json!({"server": self.server});
        if let Some(pem) = &self.certificate_authority {
            cluster["certificate-authority-data"] = STANDARD.encode(pem).into();
        }
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": context, "cluster": cluster}],
            "users": [{"name": context, "user": {"token": self.token}}],
            "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
            "current-context": context,
        });
        write_secret(path, &serde_json::to_vec_pretty(&config)?)
    }

    /// Reads what the current context leads to.
    pub(super) fn read(path: &Utf8Path) -> Outcome<Access> {
        let text = std::fs::read_to_string(path).context(|| path.to_string())?;
        let config: Value = serde_saphyr::from_str(&text).context(|| path.to_string())?;
        Access::of(&config)
            .ok_or_else(|| Failure::new(format!("{path}: its current context leads to no server")))
    }

    fn of(config: &Value) -> Option<Access> {
        let current = config.get("current-context")?.as_str()?;
        let context = entry(config, "contexts", current)?.get("context")?;
        let cluster =
            entry(config, "clusters", context.get("cluster")?.as_str()?)?.get("cluster")?;
        let user = context.get("user").and_then(Value::as_str);
        let user = user.and_then(|name| entry(config, "users", name));
        let authority = cluster.get("certificate-authority-data").and_then(Value::as_str);
        Some(Access {
            server: cluster.get("server")?.as_str()?.trim_end_matches('/').to_owned(),
            certificate_authority: authority.and_then(|data| STANDARD.decode(data).ok()),
            token: user.and_then(|user| user.pointer("/user/token")?.as_str()).map(str::to_owned),
        })
    }
}

fn entry<'a>(config: &'a Value, list: &str, name: &str) -> Option<&'a Value> {
    let has_name = |entry: &&Value| entry.get("name").and_then(Value::as_str) == Some(name);
    config.get(list)?.as_array()?.iter().find(has_name)
}

/// Writes a file that others must not read.
pub(super) fn write_secret(path: &Utf8Path, bytes: &[u8]) -> Outcome {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(SECRET_MODE);
    let mut file = options.open(path).context(|| path.to_string())?;
    file.write_all(bytes).context(|| path.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(Utf8Path::from_path(folder.path()).unwrap());
        for access in [
            Access {
                server: "https://127.0.0.1:1".into(),
                certificate_authority: Some(b"pem".to_vec()),
                token: Some("t".into()),
            },
            Access {
                server: "http://127.0.0.1:1".into(),
                certificate_authority: None,
                token: None,
            },
        ] {
            access.write(&path, "local").unwrap();
            assert_eq!(Access::read(&path).unwrap(), access);
        }
    }

    #[test]
    fn a_context_that_leads_nowhere_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(Utf8Path::from_path(folder.path()).unwrap());
        std::fs::write(&path, "current-context: a\ncontexts: []\n").unwrap();
        assert!(Access::read(&path).is_err());
    }
}
