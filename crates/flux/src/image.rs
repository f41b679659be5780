//! Manifests and blobs as go-containerregistry reads them.

use serde::Deserialize;
use std::collections::BTreeMap;

use crate::controller::Controller;
use crate::inquiry::{Inquiry, Step};
use crate::name::Repository;
use crate::seen::{Ask, Response};
use crate::{refused, rules};

const INDEXES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// A manifest of an image.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Manifest {
    #[serde(default)]
    pub(crate) layers: Vec<Layer>,
}

/// A layer in it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Layer {
    #[serde(default)]
    pub(crate) media_type: String,
    #[serde(default)]
    pub(crate) size: u64,
    pub(crate) digest: String,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// An index of manifests.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Index {
    #[serde(default)]
    pub(crate) manifests: Vec<Child>,
}

/// A manifest in an index.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Child {
    pub(crate) digest: String,
    platform: Option<Platform>,
}

#[derive(Debug, Clone, Deserialize)]
struct Platform {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
}

/// The manifest of the image behind an answer: its own, or that for linux/amd64 in an index.
pub(crate) fn of_answer(
    inquiry: &mut Inquiry<'_>,
    response: &Response,
    reference: &str,
    repository: &Repository,
) -> Step<Manifest> {
    let media_type = response.content_type.as_deref().unwrap_or_default();
    if !INDEXES.contains(&media_type) {
        return Ok(read(&response.body));
    }
    inquiry.met(&rules::INDEX_PLATFORM);
    let index: Index = match read(&response.body) {
        Ok(index) => index,
        Err(words) => return Ok(Err(words)),
    };
    let fits = |child: &&Child| {
        child.platform.as_ref().is_none_or(|it| it.architecture == "amd64" && it.os == "linux")
    };
    let Some(child) = index.manifests.iter().find(fits) else {
        return Ok(Err(format!(
            "no child with platform linux/amd64 in index {}{}{reference}",
            repository.name(),
            if reference.starts_with("sha256:") { "@" } else { ":" },
        )));
    };
    match crate::resolve::manifest(inquiry, &child.digest, repository)? {
        Ok(response) => Ok(read(&response.body)),
        Err(words) => Ok(Err(words)),
    }
}

/// Reads JSON, ignoring what is not known.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// The answer for a blob, before its bytes are compared with what the layer says.
pub(crate) fn blob<'a>(
    inquiry: &mut Inquiry<'a>,
    layer: &Layer,
    repository: &Repository,
) -> Step<&'a [u8]> {
    let response = inquiry.ask(repository.request(Ask::Blob(layer.digest.clone())))?;
    Ok(opened(response, layer, inquiry.situation.controller))
}

/// The bytes of a blob as far as they are read: no more than the layer says.
fn opened<'a>(
    response: &'a Response,
    layer: &Layer,
    controller: &Controller,
) -> Result<&'a [u8], String> {
    if response.status != 200 {
        return Err(refused::words("GET", response, controller));
    }
    match response.content_length {
        Some(length) if length != layer.size && controller.compares_layer_length() => Err(format!(
            "GET {}: Content-Length header {length} does not match expected size {}",
            response.url, layer.size
        )),
        _ => {
            let size = usize::try_from(layer.size).unwrap_or(usize::MAX);
            Ok(&response.body[..response.body.len().min(size)])
        }
    }
}

/// What is said of the bytes once all of them are read; `None` when they are the layer's.
pub(crate) fn blob_fault(bytes: &[u8], layer: &Layer) -> Option<String> {
    if bytes.len() as u64 != layer.size {
        return Some(format!("error verifying size; got {}, want {}", bytes.len(), layer.size));
    }
    if crate::inquiry::is_digest_of(bytes, &layer.digest) {
        return None;
    }
    let found = sealwright_evidence::Digest::of(bytes);
    let count = bytes.len();
    Some(format!(
        "error verifying sha256 checksum after reading {count} bytes; got \"{found}\", want {:?}",
        layer.digest
    ))
}

/// The bytes of a blob that is at hand, read to their end.
pub(crate) fn checked_blob<'a>(
    response: &'a Response,
    layer: &Layer,
    controller: &Controller,
) -> Result<&'a [u8], String> {
    let bytes = opened(response, layer, controller)?;
    blob_fault(bytes, layer).map_or(Ok(bytes), Err)
}
