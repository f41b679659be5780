//! Which bundles the controller finds.

use sealwright_evidence::bundle::Bundle;
use sealwright_evidence::steps::read_body;
use serde_json::Value;

use crate::controller::Controller;
use crate::image::{Index, Layer, Manifest};
use crate::inquiry::{Inquiry, Stop, parse_hash};
use crate::name::Repository;
use crate::seen::{ACCEPT_INDEX, Ask, Response};
use crate::{image, resolve, rules};

/// How the media type of a bundle's layer begins.
const BUNDLE_LAYER: &str = "application/vnd.dev.sigstore.bundle";
/// Media types of a bundle of version 0.3.
const BUNDLE_V03: [&str; 2] = [
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
];
/// Statuses with which a registry may say that it has no referrers API.
const NO_API: [u16; 4] = [200, 404, 400, 406];

/// A bundle as the controller finds it.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    /// One that both read.
    Bundle(Box<Bundle>),
    /// One with another number of signatures than one, which is refused when it is verified.
    Signatures,
}

/// The bundles, in the order of the referrers; none where any error came up, as the controller drops
/// it.
pub(crate) fn bundles(
    inquiry: &mut Inquiry<'_>,
    digest: &str,
    repository: &Repository,
    finds_insecure: bool,
) -> Result<Vec<Found>, Stop> {
    if !inquiry.situation.controller.finds_bundles() {
        inquiry.met(&rules::BUNDLES_UNKNOWN);
        return Ok(vec![]);
    }
    let Some((index, insecure)) = referrers(inquiry, digest, repository)? else {
        inquiry.met(&rules::DISCOVERY_ERROR);
        return Ok(vec![]);
    };
    if index.manifests.iter().any(|child| parse_hash(&child.digest).is_err()) {
        inquiry.met(&rules::DISCOVERY_ERROR);
        return Ok(vec![]);
    }
    if insecure && !finds_insecure && !repository.is_local() && !index.manifests.is_empty() {
        inquiry.met(&rules::INSECURE_BUNDLES_UNSEEN);
        return Ok(vec![]);
    }
    fetch(inquiry, &index, repository)
}

/// The index of referrers, and whether it came without TLS; `None` is an error.
fn referrers(
    inquiry: &mut Inquiry<'_>,
    digest: &str,
    repository: &Repository,
) -> Result<Option<(Index, bool)>, Stop> {
    let response = inquiry.ask(repository.request(Ask::Referrers(digest.to_owned())))?;
    let is_index = response.content_type.as_deref() == Some(ACCEPT_INDEX);
    if response.status == 200 && is_index {
        inquiry.met(&rules::REFERRERS_API);
        inquiry.met(&rules::REFERRERS_FIRST_PAGE);
        return Ok(read_index(response));
    }
    if !NO_API.contains(&response.status) {
        return Ok(None);
    }
    inquiry.met(&rules::REFERRERS_TAG);
    let tag = digest.replacen(':', "-", 1);
    let response = inquiry.ask(repository.request(Ask::Index(tag)))?;
    Ok(match response.status {
        200 => read_index(response),
        404 => Some((Index { manifests: vec![] }, false)),
        _ => None,
    })
}

fn read_index(response: &Response) -> Option<(Index, bool)> {
    let index = image::read(&response.body).ok()?;
    Some((index, response.url.starts_with("http://")))
}

fn fetch(
    inquiry: &mut Inquiry<'_>,
    index: &Index,
    repository: &Repository,
) -> Result<Vec<Found>, Stop> {
    let controller = inquiry.situation.controller;
    let requests =
        index.manifests.iter().map(|child| repository.request(Ask::Manifest(child.digest.clone())));
    let answers = settled(inquiry.ask_all(requests))?;
    let mut layers: Vec<Layer> = vec![];
    for (child, response) in index.manifests.iter().zip(&answers) {
        match bundle_layer(response, &child.digest, repository, controller) {
            Some(layer) => layers.push(layer),
            None => inquiry.met(&rules::REFERRER_SKIPPED),
        }
    }
    let requests = layers.iter().map(|layer| repository.request(Ask::Blob(layer.digest.clone())));
    let answers = settled(inquiry.ask_all(requests))?;
    let mut found = vec![];
    for (layer, response) in layers.iter().zip(answers) {
        match image::checked_blob(response, layer, controller).ok().map(read).transpose()?.flatten()
        {
            Some(bundle) => found.push(bundle),
            None => inquiry.met(&rules::REFERRER_SKIPPED),
        }
    }
    Ok(found)
}

/// All answers, or what is in the way; lacking ones come first, so that they are gathered.
fn settled(answers: Vec<Result<&Response, Stop>>) -> Result<Vec<&Response>, Stop> {
    if answers.iter().any(|answer| answer == &Err(Stop::Lacking)) {
        return Err(Stop::Lacking);
    }
    answers.into_iter().collect()
}

fn bundle_layer(
    response: &Response,
    digest: &str,
    repository: &Repository,
    controller: &Controller,
) -> Option<Layer> {
    let response = resolve::checked_manifest(response, digest, repository, controller).ok()?;
    let manifest: Manifest = image::read(&response.body).ok()?;
    let [layer] = manifest.layers.as_slice() else { return None };
    layer.media_type.starts_with(BUNDLE_LAYER).then(|| layer.clone())
}

/// Reads a bundle as sigstore-go does: `None` when that refuses it.
fn read(bytes: &[u8]) -> Result<Option<Found>, Stop> {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return Ok(None) };
    let media_type = document.get("mediaType").and_then(Value::as_str).unwrap_or_default();
    if !BUNDLE_V03.contains(&media_type) {
        return Ok(None);
    }
    let signatures = document.pointer("/dsseEnvelope/signatures").and_then(Value::as_array);
    match Bundle::read(bytes) {
        Ok(bundle) => Ok(sound(&bundle).then(|| Found::Bundle(Box::new(bundle)))),
        Err(_) if signatures.is_some_and(|all| all.len() != 1) => Ok(Some(Found::Signatures)),
        Err(refusal) if refusal.code == sealwright_policy::Code::EvidenceLimit => {
            Err(Stop::Undecided(format!("a bundle is beyond our limits: {}", refusal.message)))
        }
        Err(_) => Ok(None),
    }
}

/// What sigstore-go asks of a bundle of version 0.3 before it calls it one.
fn sound(bundle: &Bundle) -> bool {
    let material = &bundle.document().verification_material;
    let entries = &material.tlog_entries;
    let bodies =
        entries.iter().all(|entry| read_body(entry.canonicalized_body.as_bytes()).is_some());
    let proven = entries.is_empty() || entries.iter().any(|entry| entry.inclusion_proof.is_some());
    bodies && proven && !bundle.has_certificate_chain()
}

/// The tag behind which signatures of the older form stand.
pub(crate) fn signature_tag(digest: &str) -> String {
    format!("{}.sig", digest.replacen(':', "-", 1))
}
