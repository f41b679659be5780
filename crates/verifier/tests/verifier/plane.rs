//! A small Kubernetes API with sources in any state, written as a controller would write them.

use std::time::Duration;

use assert_cmd::Command;
use camino::{Utf8Path, Utf8PathBuf};
use sealwright_devstack::kubernetes::{ClusterOptions, FakeCluster};
use serde_json::{Value, json};

/// What is waited for in these tests.
pub(crate) const WANTED: &str =
    "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub(crate) const OTHER: &str =
    "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

pub(crate) const SOURCES: &str = "/apis/source.toolkit.fluxcd.io/v1";

pub(crate) struct Plane {
    pub(crate) cluster: FakeCluster,
    folder: tempfile::TempDir,
}

impl Plane {
    pub(crate) fn start() -> Self {
        Self::with(ClusterOptions::default())
    }

    pub(crate) fn with(options: ClusterOptions) -> Self {
        let cluster = FakeCluster::start(options).expect("it starts");
        let folder = tempfile::tempdir().expect("a folder");
        let plane = Self { cluster, folder };
        std::fs::write(plane.kubeconfig(), plane.cluster.kubeconfig()).expect("it is written");
        plane
    }

    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).expect("UTF-8").join(name)
    }

    pub(crate) fn kubeconfig(&self) -> Utf8PathBuf {
        self.path("kubeconfig")
    }

    /// The kubeconfig with another user.
    pub(crate) fn log_in_as(&self, user: Value) {
        let mut config: Value = serde_json::from_str(&self.cluster.kubeconfig()).expect("JSON");
        config["users"][0]["user"] = user;
        std::fs::write(self.kubeconfig(), config.to_string()).expect("it is written");
    }

    /// The command with this plane's kubeconfig and nothing else of an environment.
    pub(crate) fn verifier(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("sealwright-verifier").expect("it is built");
        command.env_clear().current_dir(self.folder.path()).args(arguments);
        command.env("KUBECONFIG", self.kubeconfig());
        command.timeout(Duration::from_secs(60));
        command
    }

    /// A request of the test itself.
    fn send(&self, method: &str, path: &str, content_type: &str, body: &Value) -> u16 {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.cluster.server_url()))
            .header("Authorization", format!("Bearer {}", self.cluster.token()))
            .header("Content-Type", content_type)
            .body(body.to_string())
            .expect("a request");
        match ureq::run(request) {
            Ok(answer) => answer.status().as_u16(),
            Err(ureq::Error::StatusCode(code)) => code,
            Err(error) => panic!("{method} {path}: {error}"),
        }
    }

    /// What the API says of a path.
    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = ureq::get(format!("{}{path}", self.cluster.server_url()))
            .header("Authorization", format!("Bearer {}", self.cluster.token()))
            .call();
        match answer {
            Ok(mut answer) => answer.body_mut().read_json().expect("JSON"),
            Err(ureq::Error::StatusCode(404)) => Value::Null,
            Err(error) => panic!("{path}: {error}"),
        }
    }

    pub(crate) fn create(&self, path: &str, object: &Value) {
        let code = self.send("POST", path, "application/json", object);
        assert_eq!(code, 201, "{path}: {object}");
    }

    pub(crate) fn merge(&self, path: &str, patch: &Value) {
        let code = self.send("PATCH", path, "application/merge-patch+json", patch);
        assert_eq!(code, 200, "{path}: {patch}");
    }

    pub(crate) fn delete(&self, path: &str) {
        assert_eq!(self.send("DELETE", path, "application/json", &json!({})), 200, "{path}");
    }

    /// A namespace.
    pub(crate) fn room(&self, namespace: &str) {
        // 409 when it is there already.
        let room = json!({"metadata": {"name": namespace}});
        self.send("POST", "/api/v1/namespaces", "application/json", &room);
    }

    /// An OCIRepository without a status.
    pub(crate) fn source(&self, namespace: &str, name: &str, spec: Value) {
        self.room(namespace);
        let path = format!("{SOURCES}/namespaces/{namespace}/ocirepositories");
        let object = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
            "metadata": {"namespace": namespace, "name": name}, "spec": spec,
        });
        self.create(&path, &object);
    }

    /// Many alike, with a status for each, in a namespace of their own.
    pub(crate) fn fleet(
        &self,
        namespace: &str,
        spec: &Value,
        statuses: impl IntoIterator<Item = Value>,
    ) {
        self.room(namespace);
        let source = |(number, status)| {
            json!({
                "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
                "metadata": {"namespace": namespace, "name": format!("s{number}")},
                "spec": spec, "status": status,
            })
        };
        let objects = statuses.into_iter().enumerate().map(source).collect();
        self.cluster.put(objects).expect("they are taken");
    }

    /// What a controller writes.
    pub(crate) fn status(&self, namespace: &str, name: &str, status: Value) {
        let path = format!("{SOURCES}/namespaces/{namespace}/ocirepositories/{name}/status");
        self.merge(&path, &json!({"status": status}));
    }
}

/// Of a source that asks for a signature.
pub(crate) fn spec(url: &str, verify: Option<Value>) -> Value {
    let mut spec = json!({"interval": "1m", "url": url, "ref": {"tag": "latest"}});
    if let Some(verify) = verify {
        spec["verify"] = verify;
    }
    spec
}

/// Some verify block.
pub(crate) fn verify() -> Value {
    json!({"provider": "cosign", "matchOIDCIdentity": [{"issuer": "^i$", "subject": "^s$"}]})
}

pub(crate) fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z",
    })
}

/// Of a source that runs a digest, verified and Ready.
pub(crate) fn running(digest: &str) -> Value {
    let message = format!("stored artifact for digest 'latest@{digest}'");
    let verified = format!("verified signature of revision latest@{digest}");
    json!({
        "observedGeneration": 1,
        "artifact": {"revision": format!("latest@{digest}")},
        "conditions": [
            condition("Ready", "True", "Succeeded", &message),
            condition("ArtifactInStorage", "True", "Succeeded", &message),
            condition("SourceVerified", "True", "Succeeded", &verified),
        ],
    })
}

/// Of a source whose new artifact was refused, still serving nothing.
pub(crate) fn refused(digest: &str, why: &str) -> Value {
    let message = format!("failed to verify the signature using provider 'cosign keyless': {why}");
    json!({
        "observedGeneration": -1,
        "conditions": [
            condition("Reconciling", "True", "ProgressingWithRetry",
                &format!("building artifact: new revision 'latest@{digest}' for 'x:latest'")),
            condition("Ready", "False", "VerificationError", &message),
            condition("SourceVerified", "False", "VerificationError", &message),
        ],
    })
}
