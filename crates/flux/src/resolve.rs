//! From what a source follows to a digest.

use std::cmp::Ordering;

use sealwright_pattern::GoRegex;
use serde_json::Value;

use crate::controller::Controller;
use crate::inquiry::{Inquiry, Step, Stop, is_digest_of, parse_hash};
use crate::name::Repository;
use crate::range::{Range, Version};
use crate::seen::{Ask, Response};
use crate::source::{OciRepositorySpec, Reference};
use crate::{refused, rules};

/// Media type by which the controller tells a Helm chart.
const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/// What is followed: a tag, or a digest as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Followed {
    Tag(String),
    Digest(String),
}

/// What it resolved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// `tag@sha256:…` or `sha256:…`.
    pub(crate) revision: String,
    pub(crate) digest: String,
}

/// Chooses the tag or digest. Several are equally likely where tags are the same version.
pub(crate) fn choose(
    inquiry: &mut Inquiry<'_>,
    spec: &OciRepositorySpec,
    repository: &Repository,
) -> Step<Vec<Followed>> {
    inquiry.met(&rules::REFERENCE_ORDER);
    let reference = spec.reference.clone().unwrap_or_default();
    if !reference.digest.is_empty() {
        inquiry.met(&rules::DIGEST_AS_IS);
        return Ok(Ok(vec![Followed::Digest(reference.digest)]));
    }
    if !reference.semver.is_empty() {
        inquiry.met(&rules::SEMVER);
        let media_type = spec.layer_selector.as_ref().map_or("", |layer| &layer.media_type);
        return highest(inquiry, &reference, repository, media_type);
    }
    let tag = if reference.tag.is_empty() { "latest".to_owned() } else { reference.tag };
    Ok(Ok(vec![Followed::Tag(tag)]))
}

fn highest(
    inquiry: &mut Inquiry<'_>,
    reference: &Reference,
    repository: &Repository,
    media_type: &str,
) -> Step<Vec<Followed>> {
    let mut tags = match tags(inquiry, repository)? {
        Ok(tags) => tags,
        Err(words) => return Ok(Err(words)),
    };
    if !reference.semver_filter.is_empty() && inquiry.situation.controller.knows_notation() {
        match GoRegex::parse(&reference.semver_filter) {
            Ok(filter) => tags.retain(|tag| filter.is_match(tag)),
            Err(error) => return Ok(Err(error.to_string())),
        }
    }
    let range = match Range::parse(&reference.semver) {
        Ok(range) => range,
        Err(words) => {
            return Ok(Err(format!("semver '{}' parse error: {words}", reference.semver)));
        }
    };
    let is_chart = media_type == CHART_LAYER;
    if is_chart {
        inquiry.met(&rules::CHART_TAGS);
        tags.iter_mut().for_each(|tag| *tag = tag.replace('_', "+"));
    }
    let highest = highest_of(&tags, &range);
    if highest.is_empty() {
        return Ok(Err(format!("no match found for semver: {}", reference.semver)));
    }
    if highest.len() > 1 {
        inquiry.met(&rules::SEMVER_TIE);
    }
    let as_tag =
        |version: &str| if is_chart { version.replace('+', "_") } else { version.to_owned() };
    Ok(Ok(highest.iter().map(|version| Followed::Tag(as_tag(version))).collect()))
}

/// The highest of the tags in a range; several where they are the same version.
pub(crate) fn highest_of(tags: &[String], range: &Range) -> Vec<String> {
    let mut highest: Vec<Version> = vec![];
    for version in tags.iter().filter_map(|tag| Version::of_tag(tag)) {
        if !range.contains(&version) {
            continue;
        }
        match highest.first().map_or(Ordering::Greater, |other| version.order(other)) {
            Ordering::Greater => highest = vec![version],
            Ordering::Equal => highest.push(version),
            Ordering::Less => {}
        }
    }
    highest.iter().map(|version| version.original().to_owned()).collect()
}

/// All tags.
pub(crate) fn tags(inquiry: &mut Inquiry<'_>, repository: &Repository) -> Step<Vec<String>> {
    let response = inquiry.ask(repository.request(Ask::Tags))?;
    if response.status != 200 {
        return Ok(Err(refused::words("GET", response, inquiry.situation.controller)));
    }
    let body: Value = serde_json::from_slice(&response.body)
        .map_err(|error| Stop::Undecided(format!("the list of tags cannot be read: {error}")))?;
    let tags = body.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Ok(Ok(tags.iter().filter_map(Value::as_str).map(str::to_owned).collect()))
}

/// Resolves it to a digest.
pub(crate) fn resolve(
    inquiry: &mut Inquiry<'_>,
    followed: &Followed,
    repository: &Repository,
) -> Step<Resolved> {
    match followed {
        Followed::Digest(digest) => Ok(parse_hash(digest)
            .map(|()| Resolved { revision: digest.clone(), digest: digest.clone() })),
        Followed::Tag(tag) => {
            inquiry.met(&rules::TAG_TO_DIGEST);
            let digest = match digest_of_tag(inquiry, tag, repository)? {
                Ok(digest) => digest,
                Err(words) => return Ok(Err(words)),
            };
            Ok(Ok(Resolved { revision: format!("{tag}@{digest}"), digest }))
        }
    }
}

fn digest_of_tag(inquiry: &mut Inquiry<'_>, tag: &str, repository: &Repository) -> Step<String> {
    let head = inquiry.ask(repository.request(Ask::Head(tag.to_owned())))?;
    if let Some(digest) = digest_of_head(head) {
        return Ok(Ok(digest));
    }
    let response = inquiry.ask(repository.request(Ask::Manifest(tag.to_owned())))?;
    if response.status != 200 {
        return Ok(Err(refused::words("GET", response, inquiry.situation.controller)));
    }
    Ok(Ok(sealwright_evidence::Digest::of(&response.body).to_string()))
}

fn digest_of_head(head: &Response) -> Option<String> {
    let digest = head.content_digest.as_ref()?;
    let has_type = head.content_type.as_ref().is_some_and(|kind| !kind.is_empty());
    (head.status == 200 && has_type && head.content_length.is_some() && parse_hash(digest).is_ok())
        .then(|| digest.clone())
}

/// A manifest by its digest.
pub(crate) fn manifest<'a>(
    inquiry: &mut Inquiry<'a>,
    digest: &str,
    repository: &Repository,
) -> Step<&'a Response> {
    let response = inquiry.ask(repository.request(Ask::Manifest(digest.to_owned())))?;
    Ok(checked_manifest(response, digest, repository, inquiry.situation.controller))
}

/// The same for an answer that is at hand.
pub(crate) fn checked_manifest<'a>(
    response: &'a Response,
    digest: &str,
    repository: &Repository,
    controller: &Controller,
) -> Result<&'a Response, String> {
    if response.status != 200 {
        return Err(refused::words("GET", response, controller));
    }
    if !is_digest_of(&response.body, digest) {
        let found = sealwright_evidence::Digest::of(&response.body).to_string();
        return Err(format!(
            "manifest digest: {found:?} does not match requested digest: {digest:?} for \"{}@{digest}\"",
            repository.name()
        ));
    }
    Ok(response)
}
