//! Manifests: read by tag or digest, pushed with their references checked, removed.

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, StatusCode};

use super::Registry;
use super::api_error::{ApiError, Code};
use super::manifest::{Facts, MANIFEST_BYTES_MAX, too_large};
use super::names::Digest;
use super::reply::{OCI_SUBJECT, read_body, reply};
use super::route::Reference;
use super::store::StoredManifest;

impl Registry {
    /// `moved` is a fault's say where a tag points.
    pub(super) fn get_manifest(
        &self,
        repository: &str,
        reference: &Reference,
        moved: Option<&Digest>,
    ) -> Result<Response<Body>, ApiError> {
        let digest = match (reference, moved) {
            (Reference::Digest(digest), _) => Some(digest.clone()),
            (Reference::Tag(_), Some(moved)) => Some(moved.clone()),
            (Reference::Tag(tag), None) => self.store.tag(repository, tag),
        };
        let manifest = digest
            .and_then(|digest| self.store.manifest(repository, &digest))
            .ok_or_else(unknown)?;
        let answer = reply(StatusCode::OK).digest(&manifest.digest);
        Ok(answer.body(&manifest.media_type, manifest.bytes))
    }

    pub(super) async fn put_manifest(
        &self,
        repository: &str,
        reference: &Reference,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response<Body>, ApiError> {
        let bytes = read_body(body, MANIFEST_BYTES_MAX).await?.ok_or_else(too_large)?;
        let facts = Facts::read(&bytes, content_type(headers))?;
        if let Some(missing) = self.store.first_missing(repository, &facts) {
            let message = format!("the manifest names {missing}, which the repository lacks");
            return Err(ApiError::new(Code::ManifestBlobUnknown, message));
        }
        let (tag, digest) = match reference {
            Reference::Tag(tag) => (Some(tag.as_str()), Digest::sha256(&bytes)),
            Reference::Digest(claimed) => (None, Digest::of(claimed.algorithm(), &bytes)),
        };
        if let Reference::Digest(claimed) = reference
            && *claimed != digest
        {
            let message = format!("the manifest has digest {digest}, not {claimed}");
            return Err(ApiError::new(Code::DigestInvalid, message));
        }
        let manifest =
            StoredManifest { digest: digest.clone(), media_type: facts.media_type.clone(), bytes };
        self.store.put_manifest(repository, tag, manifest, &facts)?;
        let mut answer = reply(StatusCode::CREATED)
            .location(&format!("/v2/{repository}/manifests/{digest}"))
            .digest(&digest);
        if let Some(referred) = facts.subject_descriptor.filter(|_| self.referrers_api) {
            answer = answer.header(OCI_SUBJECT, referred.as_str());
        }
        Ok(answer.empty())
    }

    /// A tag is removed alone, a digest with all its tags.
    pub(super) fn delete_manifest(
        &self,
        repository: &str,
        reference: &Reference,
    ) -> Result<Response<Body>, ApiError> {
        let removed = match reference {
            Reference::Tag(tag) => self.store.remove_tag(repository, tag)?,
            Reference::Digest(digest) => self.store.remove_manifest(repository, digest)?,
        };
        if removed { Ok(reply(StatusCode::ACCEPTED).empty()) } else { Err(unknown()) }
    }
}

fn unknown() -> ApiError {
    ApiError::new(Code::ManifestUnknown, "the repository does not hold this manifest")
}

/// The media type of the request, without parameters.
fn content_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim).filter(|value| !value.is_empty())
}
