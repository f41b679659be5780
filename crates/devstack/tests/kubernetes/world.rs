//! A cluster and a plain HTTP client.

use reqwest::{Method, Response, StatusCode};
use sealwright_devstack::kubernetes::{ClusterOptions, FakeCluster};
use serde_json::{Value, json};

pub(crate) const SOURCES: &str =
    "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/ocirepositories";
pub(crate) const ALL_SOURCES: &str = "/apis/source.toolkit.fluxcd.io/v1/ocirepositories";
pub(crate) const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";

pub(crate) struct World {
    pub(crate) cluster: FakeCluster,
    http: reqwest::Client,
}

impl World {
    pub(crate) fn new(options: ClusterOptions) -> Self {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().user_agent("tester/1").build().unwrap();
        Self { cluster: FakeCluster::start(options).unwrap(), http }
    }

    pub(crate) fn plain() -> Self {
        Self::new(ClusterOptions::default())
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        content: &str,
        body: &Value,
    ) -> reqwest::Result<Response> {
        let url = format!("{}{path}", self.cluster.server_url());
        let request = self.http.request(method, url).bearer_auth(self.cluster.token());
        request.header("content-type", content).body(body.to_string()).send().await
    }

    async fn said(&self, method: Method, path: &str, content: &str, body: &Value) -> (u16, Value) {
        let answer = self.send(method, path, content, body).await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let answer = self.open(path).await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A GET whose body is left to the caller.
    pub(crate) async fn open(&self, path: &str) -> reqwest::Result<Response> {
        let url = format!("{}{path}", self.cluster.server_url());
        self.http.get(url).bearer_auth(self.cluster.token()).send().await
    }

    pub(crate) async fn with_token(&self, token: Option<&str>) -> StatusCode {
        let request = self.http.get(format!("{}/version", self.cluster.server_url()));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request.send().await.unwrap().status()
    }

    pub(crate) async fn create(&self, path: &str, body: Value) -> (u16, Value) {
        self.said(Method::POST, path, "application/json", &body).await
    }

    pub(crate) async fn update(&self, path: &str, body: Value) -> (u16, Value) {
        self.said(Method::PUT, path, "application/json", &body).await
    }

    pub(crate) async fn merge(&self, path: &str, body: Value) -> (u16, Value) {
        self.said(Method::PATCH, path, MERGE, &body).await
    }

    pub(crate) async fn apply(&self, path: &str, manager: &str, body: Value) -> (u16, Value) {
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}fieldManager={manager}");
        self.said(Method::PATCH, &path, APPLY, &body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        self.said(Method::DELETE, path, "application/json", &json!({})).await
    }

    /// Makes config maps with these names, one after another.
    pub(crate) async fn config_maps(&self, names: &[&str]) {
        for name in names {
            let made = self.create(CONFIG_MAPS, json!({"metadata": {"name": name}})).await;
            assert_eq!(made.0, 201, "{made:?}");
        }
    }
}

/// A source that verifies.
pub(crate) fn source(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {
        "url": "oci://registry.example/acme/app", "interval": "1m",
        "verify": {"provider": "cosign", "matchOIDCIdentity": [{"issuer": "^i$", "subject": "^s$"}]},
    }})
}

/// The managers that own `spec.verify` or something in it.
pub(crate) fn owners_of_verify(object: &Value) -> Vec<&str> {
    let record = object["metadata"]["managedFields"].as_array().unwrap();
    let owns = |entry: &&Value| entry.pointer("/fieldsV1/f:spec/f:verify").is_some();
    record.iter().filter(owns).map(|entry| entry["manager"].as_str().unwrap()).collect()
}

/// Names of a list's items.
pub(crate) fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}
