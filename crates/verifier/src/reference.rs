//! From a reference to the artifact's manifest, or to a finding that says what is there instead.

use sealwright_evidence::Blob;
use sealwright_evidence::descriptor::{DOCKER_INDEX, OCI_INDEX};
use sealwright_policy::{Code, Finding, Place};
use sealwright_registry::{Client, Lookup, Reference, Target};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::failure::{Failure, registry_failure};

/// Tags that are named when the wanted one is missing.
const TAGS_SHOWN_MAX: usize = 5;

/// What of a manifest tells what it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    schema_version: u64,
    config: Option<IgnoredAny>,
    layers: Option<Vec<IgnoredAny>>,
    manifests: Option<IgnoredAny>,
    subject: Option<Pointer>,
}

#[derive(Deserialize)]
struct Pointer {
    digest: String,
}

/// The manifest behind the reference. After this there are no tags, only digests.
///
/// The inner error is about the artifact, the outer one about the question.
pub(crate) async fn resolve(
    client: &Client,
    reference: &Reference,
) -> Result<Result<Blob, Box<Finding>>, Failure> {
    match client.manifest(&reference.repository, &reference.target).await {
        Ok(Lookup::Found(manifest)) => Ok(artifact(reference, manifest)),
        Ok(Lookup::Absent) => Ok(Err(Box::new(absent(client, reference).await))),
        Err(error) => Ok(Err(Box::new(registry_failure(&error)?))),
    }
}

/// Refuses what is no single artifact.
fn artifact(reference: &Reference, manifest: Blob) -> Result<Blob, Box<Finding>> {
    let place = Place::object(reference.to_string()).with_digest(&manifest.digest);
    let refuse = |code, message: &str, found: &str| {
        let finding = Finding::new(code, message).with_place(place.clone());
        Err(Box::new(finding.with_mismatch("an OCI image manifest", found)))
    };
    let is_index = [OCI_INDEX, DOCKER_INDEX].contains(&manifest.media_type.as_str());
    let shape: Shape = match serde_json::from_slice(&manifest.bytes) {
        Ok(shape) => shape,
        Err(_) if is_index => {
            return refuse(Code::ArtifactIsIndex, "this is an index", &manifest.media_type);
        }
        Err(error) => {
            let message = format!("this cannot be read as a manifest: {error}");
            return refuse(Code::ArtifactIsNotManifest, &message, &manifest.media_type);
        }
    };
    if is_index || shape.manifests.is_some() {
        return refuse(Code::ArtifactIsIndex, "this is an index", &manifest.media_type);
    }
    if let Some(subject) = shape.subject {
        let message = "this is evidence about another artifact";
        let found = format!("a referrer of {}", subject.digest);
        return refuse(Code::ArtifactIsNotManifest, message, &found);
    }
    if shape.schema_version != 2 || shape.config.is_none() || shape.layers.is_none() {
        let message = "this manifest has no config and layers";
        return refuse(Code::ArtifactIsNotManifest, message, &manifest.media_type);
    }
    Ok(manifest)
}

/// Nothing is there. One request more tells the person at the keyboard what is missing: the tag or
/// the whole repository.
async fn absent(client: &Client, reference: &Reference) -> Finding {
    let place = Place::object(reference.to_string());
    let repository = &reference.repository;
    let message = match &reference.target {
        Target::Tag(tag) => format!("there is no tag {tag} in {repository}"),
        Target::Digest(digest) => format!("there is no manifest {digest} in {repository}"),
    };
    let finding = Finding::new(Code::ArtifactAbsent, message).with_place(place);
    match client.tags(repository).await {
        Ok(Lookup::Absent) => {
            Finding { message: format!("there is no repository {repository}"), ..finding }
        }
        Ok(Lookup::Found(tags)) => finding.with_hint(tag_hint(&tags)),
        // Why the list cannot be had does not change that the artifact is not there.
        Err(_) => finding,
    }
}

fn tag_hint(tags: &[String]) -> String {
    let shown: Vec<&str> = tags
        .iter()
        .map(String::as_str)
        // Fallback tags list evidence, not artifacts.
        .filter(|tag| !tag.starts_with("sha256-"))
        .take(TAGS_SHOWN_MAX)
        .collect();
    match shown.as_slice() {
        [] => "the repository has no tags: publish first".to_owned(),
        some => format!("the repository has the tags {} and maybe more", some.join(", ")),
    }
}
