//! A registry and a plain HTTP client that follows no redirect.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use sealwright_devstack::registry::{Digest, RegistryOptions, RegistryServer};
use serde_json::{Value, json};

pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

pub(crate) struct World {
    pub(crate) registry: RegistryServer,
    http: reqwest::Client,
}

impl World {
    pub(crate) fn new(options: RegistryOptions) -> Self {
        Self { registry: RegistryServer::start(options).unwrap(), http: client() }
    }

    pub(crate) fn plain() -> Self {
        Self::new(RegistryOptions::default())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.registry.address()))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> StatusCode {
        self.request(Method::DELETE, path).send().await.unwrap().status()
    }

    /// Pushes a blob in a single POST.
    pub(crate) async fn blob(&self, repository: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::sha256(bytes);
        let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
        let response = self.request(Method::POST, &path).body(bytes.to_vec()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        digest
    }

    pub(crate) async fn put_manifest(
        &self,
        repository: &str,
        reference: &str,
        manifest: &Value,
    ) -> Response {
        self.request(Method::PUT, &format!("/v2/{repository}/manifests/{reference}"))
            .header("content-type", IMAGE)
            .body(manifest.to_string())
            .send()
            .await
            .unwrap()
    }

    /// Pushes an artifact of one layer under a tag.
    pub(crate) async fn artifact(&self, repository: &str, tag: &str, layer: &[u8]) -> Digest {
        let manifest = self.manifest(repository, layer).await;
        let response = self.put_manifest(repository, tag, &manifest).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        Digest::sha256(manifest.to_string().as_bytes())
    }

    /// Pushes the blobs of an artifact, and gives back its manifest.
    pub(crate) async fn manifest(&self, repository: &str, layer: &[u8]) -> Value {
        let config = self.blob(repository, b"{}").await;
        let layer_digest = self.blob(repository, layer).await;
        json!({
            "schemaVersion": 2, "mediaType": IMAGE,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config.as_str(), "size": 2},
            "layers": [{"mediaType": "application/octet-stream", "digest": layer_digest.as_str(), "size": layer.len()}],
        })
    }

    /// Pushes a manifest that refers to `artifact`.
    pub(crate) async fn referrer(
        &self,
        repository: &str,
        artifact: &Digest,
        layer: &[u8],
    ) -> Response {
        let mut manifest = self.manifest(repository, layer).await;
        manifest["artifactType"] = json!(BUNDLE);
        manifest["subject"] = json!({"mediaType": IMAGE, "digest": artifact.as_str(), "size": 1});
        let digest = Digest::sha256(manifest.to_string().as_bytes());
        self.put_manifest(repository, digest.as_str(), &manifest).await
    }
}

pub(crate) fn client() -> reqwest::Client {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

/// The text of a header, or nothing.
pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// The first error code of a refusal.
pub(crate) async fn code(response: Response) -> String {
    let body: Value = response.json().await.unwrap();
    body["errors"][0]["code"].as_str().unwrap().to_owned()
}
