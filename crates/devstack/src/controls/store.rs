//! A repository of the dev stack's registry, as a client of it.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::original::BLOB_BYTES_MAX;
use crate::registry::is_repository;
use crate::{Endpoints, wire};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Displayed as `HOST/PATH`.
pub(super) struct Repository {
    host: String,
    pub(super) path: String,
}

impl std::fmt::Display for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

impl Repository {
    /// `[HOST/]PATH`.
    pub(super) fn at(endpoints: &Endpoints, given: &str) -> Result<Self, String> {
        let host = endpoints.registry.clone();
        let path = given.strip_prefix(&host).and_then(|rest| rest.strip_prefix('/'));
        let path = path.unwrap_or(given);
        if !is_repository(path) {
            return Err(format!("{given} is no repository of the dev stack's registry ({host})"));
        }
        Ok(Self { host, path: path.to_owned() })
    }

    /// Bytes and media type.
    pub(super) async fn manifest(&self, name: &str) -> Result<Option<(Bytes, String)>, String> {
        let accept = format!("{MANIFEST}, {INDEX}, {DOCKER_MANIFEST}");
        let path = format!("manifests/{name}");
        let answer = self.ask(Method::GET, &path, (ACCEPT.as_str(), &accept), Bytes::new()).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = expect(answer, StatusCode::OK, &path)?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or(MANIFEST).to_owned();
        Ok(Some((answer.into_body(), kind)))
    }

    pub(super) async fn blob(&self, digest: &str) -> Result<Bytes, String> {
        let path = format!("blobs/{digest}");
        let answer = self.ask(Method::GET, &path, (ACCEPT.as_str(), "*/*"), Bytes::new()).await?;
        Ok(expect(answer, StatusCode::OK, &path)?.into_body())
    }

    /// Digests of the manifests that refer to a digest.
    pub(super) async fn referrers(&self, digest: &str) -> Result<Vec<String>, String> {
        let path = format!("referrers/{digest}");
        let answer = self.ask(Method::GET, &path, (ACCEPT.as_str(), INDEX), Bytes::new()).await?;
        let index = if answer.status() == StatusCode::OK {
            Some(answer.into_body())
        } else {
            self.manifest(&fallback_tag(digest)).await?.map(|(bytes, _)| bytes)
        };
        let index: Value = serde_json::from_slice(&index.unwrap_or_default()).unwrap_or_default();
        let listed = index["manifests"].as_array().into_iter().flatten();
        Ok(listed.filter_map(|one| Some(one["digest"].as_str()?.to_owned())).collect())
    }

    /// Lets this repository hold a blob that another one holds.
    pub(super) async fn mount(&self, from: &Self, digest: &str) -> Result<(), String> {
        let path = format!("blobs/uploads/?mount={digest}&from={}", from.path);
        let kind = (CONTENT_TYPE.as_str(), "application/octet-stream");
        let answer = self.ask(Method::POST, &path, kind, Bytes::new()).await?;
        expect(answer, StatusCode::CREATED, &path).map(drop)
    }

    /// Pushes a manifest by digest or under a tag, and gives its digest.
    pub(super) async fn put_manifest(
        &self,
        tag: Option<&str>,
        media_type: &str,
        text: String,
    ) -> Result<String, String> {
        let digest = digest_of(text.as_bytes());
        let path = format!("manifests/{}", tag.unwrap_or(&digest));
        let kind = (CONTENT_TYPE.as_str(), media_type);
        let answer = self.ask(Method::PUT, &path, kind, Bytes::from(text)).await?;
        expect(answer, StatusCode::CREATED, &path)?;
        Ok(digest)
    }

    /// Points a tag at what is here already.
    pub(super) async fn tag(&self, tag: &str, digest: &str, kind: &str) -> Result<(), String> {
        let found = self.manifest(digest).await?;
        let (bytes, _) = found.ok_or_else(|| format!("{digest} is gone"))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.put_manifest(Some(tag), kind, text).await.map(drop)
    }

    /// Attaches a bundle to a manifest, and lists it under the fallback tag where the registry has no API.
    pub(super) async fn attach(
        &self,
        digest: &str,
        bundle: &str,
        predicate_type: &str,
    ) -> Result<(), String> {
        let (subject, kind) =
            self.manifest(digest).await?.ok_or_else(|| format!("{digest} is gone"))?;
        let config = self.push_blob(Bytes::from_static(b"{}")).await?;
        let layer = self.push_blob(Bytes::copy_from_slice(bundle.as_bytes())).await?;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE,
            "config": {"mediaType": EMPTY, "digest": config, "size": 2},
            "layers": [{"mediaType": BUNDLE, "digest": layer, "size": bundle.len()}],
            "subject": {"mediaType": kind, "digest": digest, "size": subject.len()},
            "annotations": {
                "org.opencontainers.image.created": jiff::Timestamp::now().to_string(),
                "dev.sigstore.bundle.content": "dsse-envelope",
                "dev.sigstore.bundle.predicateType": predicate_type,
            },
        });
        let text = manifest.to_string();
        let path = format!("manifests/{}", digest_of(text.as_bytes()));
        let kind = (CONTENT_TYPE.as_str(), MANIFEST);
        let answer = self.ask(Method::PUT, &path, kind, Bytes::from(text.clone())).await?;
        let answer = expect(answer, StatusCode::CREATED, &path)?;
        if answer.headers().contains_key("oci-subject") {
            return Ok(());
        }
        self.list(digest, &manifest, &text).await
    }

    async fn list(&self, digest: &str, manifest: &Value, text: &str) -> Result<(), String> {
        let tag = fallback_tag(digest);
        let mut index = match self.manifest(&tag).await? {
            Some((bytes, _)) => serde_json::from_slice(&bytes).unwrap_or_default(),
            None => json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}),
        };
        let descriptor = json!({
            "mediaType": MANIFEST, "digest": digest_of(text.as_bytes()), "size": text.len(),
            "artifactType": BUNDLE, "annotations": manifest["annotations"],
        });
        if let Some(listed) = index["manifests"].as_array_mut() {
            listed.push(descriptor);
        }
        self.put_manifest(Some(&tag), INDEX, index.to_string()).await.map(drop)
    }

    async fn push_blob(&self, bytes: Bytes) -> Result<String, String> {
        let digest = digest_of(&bytes);
        let path = format!("blobs/uploads/?digest={digest}");
        let kind = (CONTENT_TYPE.as_str(), "application/octet-stream");
        let answer = self.ask(Method::POST, &path, kind, bytes).await?;
        expect(answer, StatusCode::CREATED, &path)?;
        Ok(digest)
    }

    /// Puts bytes under a digest that is not theirs.
    pub(super) async fn forge(&self, digest: &str, bytes: Bytes) -> Result<(), String> {
        let path = format!("/_content/{}/{digest}", self.path);
        let kind = (CONTENT_TYPE.as_str(), "application/octet-stream");
        let answer = self.send(Method::PUT, &path, kind, bytes).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Err("the dev stack forges for nobody; start it with --control".to_owned());
        }
        expect(answer, StatusCode::CREATED, &path).map(drop)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        header: (&str, &str),
        body: Bytes,
    ) -> Result<Response<Bytes>, String> {
        self.send(method, &format!("/v2/{}/{path}", self.path), header, body).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        (name, value): (&str, &str),
        body: Bytes,
    ) -> Result<Response<Bytes>, String> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.host))
            .header(name, value)
            .body(body)
            .map_err(|error| error.to_string())?;
        wire::send(request, BLOB_BYTES_MAX).await.map_err(|error| error.to_string())
    }
}

fn expect(
    answer: Response<Bytes>,
    status: StatusCode,
    path: &str,
) -> Result<Response<Bytes>, String> {
    if answer.status() == status {
        return Ok(answer);
    }
    let words = String::from_utf8_lossy(answer.body()).into_owned();
    Err(format!("the registry answered {} to {path}: {words}", answer.status()))
}

fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn fallback_tag(digest: &str) -> String {
    digest.replace(':', "-")
}
