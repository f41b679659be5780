//! Listing referrers: through the API, else under the fallback tag (distribution specification
//! 1.1, "Listing Referrers" and "Referrers Tag Schema").
//!
//! Lists are never filtered, neither by the registry nor by what an entry calls itself: fallback
//! indexes written with go-containerregistry give the empty type for a bundle (cosign issue 4641).

use std::collections::HashSet;

use http::Method;
use http::header::{ACCEPT, HeaderValue};
use serde::Deserialize;
use serde_json::Value;

use sealwright_evidence::descriptor::OCI_INDEX;
use sealwright_evidence::{Blob, Descriptor, Digest, ReferrersFrom};

use crate::auth::Access;
use crate::client::{Client, Lookup};
use crate::error::{Fault, RegistryError, quoted};
use crate::limits::{INDEX_BYTES_MAX, REFERRERS_COUNT_MAX};
use crate::paging::Pages;
use crate::reference::{Repository, Target};
use crate::transport::{Ask, Call};

/// What is listed, and what of the list could not be understood.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) from: ReferrersFrom,
    pub(crate) referrers: Vec<Descriptor>,
    pub(crate) faults: Vec<RegistryError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    media_type: Option<String>,
    manifests: Vec<Value>,
}

impl Client {
    /// What the registry lists for an artifact. 404 from the API means that the registry has no
    /// such API, and nothing else does.
    pub(crate) async fn referrers(
        &self,
        repository: &Repository,
        artifact: Digest,
        call: Call,
    ) -> Result<Listed, RegistryError> {
        let what = format!("the referrers of {repository}@{artifact}");
        let url = self.transport().url(repository, &format!("referrers/{artifact}"))?;
        let ask = Ask::new(Method::GET, url, &what)
            .scope(repository.scope(Access::Pull))
            .header(ACCEPT, HeaderValue::from_static(OCI_INDEX))
            .answer_bytes_max(INDEX_BYTES_MAX);
        let mut list = List::new(what, ReferrersFrom::Api);
        let mut pages = Pages::new(self, ask, call);
        while let Some(page) = pages.next().await? {
            list.add(&page.body)?;
            if list.is_full(pages.has_next()) {
                break;
            }
        }
        if pages.began() {
            return Ok(list.listed);
        }
        list.listed.from = ReferrersFrom::Nowhere;
        if let Some(index) = self.fallback_index(repository, artifact, call).await? {
            list.listed.from = ReferrersFrom::FallbackTag;
            list.add(&index.bytes)?;
            list.is_full(false);
        }
        Ok(list.listed)
    }

    /// The index under the fallback tag, if there is one. Anything else under that tag is "could
    /// not tell": neither may it be read as an empty list nor may it be overwritten.
    pub(crate) async fn fallback_index(
        &self,
        repository: &Repository,
        artifact: Digest,
        call: Call,
    ) -> Result<Option<Blob>, RegistryError> {
        let tag = fallback_tag(artifact);
        let Lookup::Found(index) =
            self.manifest_within(repository, &tag, INDEX_BYTES_MAX, call).await?
        else {
            return Ok(None);
        };
        // GitLab reads such a tag as the digest that it spells and serves the artifact itself;
        // so there is no list.
        if index.digest == artifact.to_string() {
            return Ok(None);
        }
        if index.media_type != OCI_INDEX {
            let found = quoted(&index.media_type);
            let why = format!(
                "what stands there is no index but {found}; look at it, and delete the tag if it is rubbish"
            );
            return Err(RegistryError::new(
                repository.at(tag).to_string(),
                Fault::FallbackIndex { why },
            ));
        }
        Ok(Some(index))
    }
}

/// `sha256-<hex>`.
pub(crate) fn fallback_tag(artifact: Digest) -> Target {
    Target::Tag(format!("sha256-{}", artifact.hex()))
}

struct List {
    what: String,
    listed: Listed,
    seen: HashSet<String>,
}

impl List {
    fn new(what: String, from: ReferrersFrom) -> Self {
        let listed = Listed { from, referrers: vec![], faults: vec![] };
        Self { what, listed, seen: HashSet::new() }
    }

    /// Takes over a page. One bad entry does not hide the others, but it is not forgotten.
    fn add(&mut self, index: &[u8]) -> Result<(), RegistryError> {
        let protocol = |why: String| RegistryError::new(&self.what, Fault::Protocol { why });
        let index: Index = serde_json::from_slice(index)
            .map_err(|reason| protocol(format!("it is not an index: {reason}")))?;
        if let Some(other) = index.media_type.filter(|media_type| media_type != OCI_INDEX) {
            return Err(protocol(format!("it is not an index but {}", quoted(&other))));
        }
        for entry in index.manifests {
            match descriptor(entry) {
                Ok(entry) if !self.seen.insert(entry.digest.clone()) => {}
                Ok(entry) => self.listed.referrers.push(entry),
                Err(why) => self.listed.faults.push(protocol(why)),
            }
        }
        Ok(())
    }

    /// Whether no more is looked at; then the list is cut to its limit, and says so.
    fn is_full(&mut self, more: bool) -> bool {
        let faults = &mut self.listed.faults;
        let entries = self.listed.referrers.len() + faults.len();
        if entries < REFERRERS_COUNT_MAX || (entries == REFERRERS_COUNT_MAX && !more) {
            return false;
        }
        self.listed.referrers.truncate(REFERRERS_COUNT_MAX);
        faults.truncate(REFERRERS_COUNT_MAX);
        let why = format!("more than {REFERRERS_COUNT_MAX} referrers are listed");
        faults.push(RegistryError::new(&self.what, Fault::Limit { why }));
        true
    }
}

fn descriptor(entry: Value) -> Result<Descriptor, String> {
    let descriptor: Descriptor = serde_json::from_value(entry).map_err(|reason| {
        format!("an entry is not a descriptor: {}", quoted(&reason.to_string()))
    })?;
    match Digest::parse(&descriptor.digest) {
        Ok(_) => Ok(descriptor),
        Err(reason) => {
            Err(format!("an entry has no usable digest: {}", quoted(&reason.to_string())))
        }
    }
}
