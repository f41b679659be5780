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
pub const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

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
    let tags = match tags(inquiry, repository)? {
        Ok(tags) => tags,
        Err(words) => return Ok(Err(words)),
    };
    let knows_filter = inquiry.situation.controller.knows_notation();
    let filter = if knows_filter { reference.semver_filter.as_str() } else { "" };
    let is_chart = media_type == CHART_LAYER;
    if is_chart {
        inquiry.met(&rules::CHART_TAGS);
    }
    let highest = match highest_tags(tags, &reference.semver, filter, is_chart) {
        Ok(highest) => highest,
        Err(words) => return Ok(Err(words)),
    };
    if highest.len() > 1 {
        inquiry.met(&rules::SEMVER_TIE);
    }
    Ok(Ok(highest.into_iter().map(Followed::Tag).collect()))
}

/// The tag that a range comes to among those of a registry; several where they are the same version,
/// of which source-controller takes any.
///
/// # Errors
/// source-controller's words: the filter or the range cannot be read, or no tag is in it.
pub fn highest_tags(
    mut tags: Vec<String>,
    range: &str,
    filter: &str,
    is_chart: bool,
) -> Result<Vec<String>, String> {
    if !filter.is_empty() {
        let filter = GoRegex::parse(filter).map_err(|error| error.to_string())?;
        tags.retain(|tag| filter.is_match(tag));
    }
    let parsed =
        Range::parse(range).map_err(|words| format!("semver '{range}' parse error: {words}"))?;
    // A tag has no `+`: Helm writes `_`.
    if is_chart {
        tags.iter_mut().for_each(|tag| *tag = tag.replace('_', "+"));
    }
    let mut highest = highest_of(&tags, &parsed);
    if is_chart {
        highest.iter_mut().for_each(|tag| *tag = tag.replace('+', "_"));
    }
    match highest.is_empty() {
        true => Err(format!("no match found for semver: {range}")),
        false => Ok(highest),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_comes_to_the_highest_tag_in_it() {
        let tags = ["1.0.0", "1.2.0", "v1.2.0", "1.3.0-rc.1", "2.0.0", "latest", "1.4.0_b"];
        for (range, filter, is_chart, expected, why) in [
            ("2.x", "", false, Ok(vec!["2.0.0"]), "one"),
            ("1.x", "", false, Ok(vec!["1.2.0", "v1.2.0"]), "two of one version"),
            (">=1.0.0-0 <2", "rc", false, Ok(vec!["1.3.0-rc.1"]), "of those that are let through"),
            ("1.x", "", true, Ok(vec!["1.4.0_b"]), "a chart's tag"),
            ("3.x", "", false, Err("no match found for semver: 3.x"), "none"),
            ("latest", "", false, Err("semver 'latest' parse error: "), "no range"),
            ("1.x", "(", false, Err("missing closing )"), "no pattern"),
        ] {
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            let found = highest_tags(tags, range, filter, is_chart);
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{why}"),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{why}: {found}"),
                (found, _) => panic!("{why}: {found:?}"),
            }
        }
    }
}
