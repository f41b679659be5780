//! Staging tags: their names, and getting rid of them.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use sealwright_evidence::Digest;
use sealwright_policy::{Code, Finding, Place};
use sealwright_registry::{Client, Lookup, Repository, Target};
use serde::Serialize;

use super::stopped::Stopped;

/// How every staging tag begins.
pub const STAGING_PREFIX: &str = "sealwright-staging-";

/// Digits of the digest in a staging tag, for people.
const DIGEST_DIGITS: usize = 12;

/// A tag that no other publication uses, of the same contents or not.
pub(super) fn tag_for(digest: &Digest) -> String {
    // Random keys of the standard library: unlike a clock, they differ between any two processes.
    let random = RandomState::new().build_hasher().finish();
    format!("{STAGING_PREFIX}{}-{random:016x}", &digest.hex()[..DIGEST_DIGITS])
}

/// What became of the staging tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pruned {
    /// Tags that are gone.
    pub removed: Vec<String>,
    /// Tags that the registry does not remove, or not without removing what they name.
    pub kept: Vec<String>,
}

/// Removes the staging tags of a repository, never what another tag names.
///
/// Some registries can only delete a manifest with all its tags. So a tag whose manifest has another
/// name too is removed only if the other name survives a look before; and the other names are
/// looked at again after each removal.
///
/// # Errors
/// The tags cannot be listed, or a removal took more than the tag with it.
pub async fn prune(client: &Client, repository: &Repository) -> Result<Pruned, Stopped> {
    let tags = client.tags(repository).await;
    let tags = tags.map_err(|error| Stopped::unread("the list of tags", &error))?;
    let tags = tags.found().unwrap_or_default();
    let (staging, final_tags): (Vec<String>, Vec<String>) =
        tags.into_iter().partition(|tag| tag.starts_with(STAGING_PREFIX));
    let named = names(client, repository, &final_tags).await?;
    let mut pruned = Pruned::default();
    for tag in staging {
        let target = Target::Tag(tag.clone());
        let Some(digest) = resolve(client, repository, &tag).await? else { continue };
        if named.values().any(|other| *other == digest) {
            // The artifact is promoted: its staging tag costs nothing, and some registries would
            // delete the artifact with it.
            pruned.kept.push(tag);
            continue;
        }
        match client.delete_manifest(repository, &target).await {
            Ok(_) => pruned.removed.push(tag),
            Err(_) => pruned.kept.push(tag),
        }
    }
    for (tag, before) in &named {
        if resolve(client, repository, tag).await?.as_deref() != Some(before) {
            let message = format!("the tag {tag} changed while staging tags were removed");
            let place = Place::object(format!("{repository}:{tag}"));
            return Err(Finding::new(Code::TagMovedMeanwhile, message).with_place(place).into());
        }
    }
    Ok(pruned)
}

async fn names(
    client: &Client,
    repository: &Repository,
    tags: &[String],
) -> Result<BTreeMap<String, String>, Stopped> {
    let mut named = BTreeMap::new();
    for tag in tags {
        if let Some(digest) = resolve(client, repository, tag).await? {
            named.insert(tag.clone(), digest);
        }
    }
    Ok(named)
}

async fn resolve(
    client: &Client,
    repository: &Repository,
    tag: &str,
) -> Result<Option<String>, Stopped> {
    let reference = repository.at(Target::Tag(tag.to_owned()));
    match client.resolve(&reference).await {
        Ok(Lookup::Found(descriptor)) => Ok(Some(descriptor.digest)),
        Ok(Lookup::Absent) => Ok(None),
        Err(error) => Err(Stopped::unread(&reference.to_string(), &error)),
    }
}
