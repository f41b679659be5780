//! Listing tags (distribution specification 1.1, "Listing Tags").

use std::collections::HashSet;

use http::Method;
use serde::Deserialize;

use crate::auth::Access;
use crate::client::{Client, Lookup};
use crate::error::{Fault, RegistryError, quoted};
use crate::limits::{TAGS_COUNT_MAX, TAGS_PAGE_BYTES_MAX, TAGS_PAGE_COUNT};
use crate::paging::Pages;
use crate::reference::{Repository, Target};
use crate::transport::{Answer, Ask};

#[derive(Deserialize)]
struct Page {
    /// `null` in some registries when there are none.
    tags: Option<Vec<String>>,
}

impl Client {
    /// All tags of a repository, in the registry's order, whatever its pages.
    ///
    /// Registries that send no `Link` are asked again from the last tag on when a page is as full
    /// as was asked for, until nothing new comes: some ignore the size, some the starting point.
    pub async fn tags(
        &self,
        repository: &Repository,
    ) -> Result<Lookup<Vec<String>>, RegistryError> {
        let first = self.tags_ask(repository, None)?;
        let mut pages = Pages::new(self, first.clone(), self.call());
        let (mut tags, mut seen) = (Vec::new(), HashSet::new());
        while let Some(page) = pages.next().await? {
            let listed = parse(&page).map_err(|fault| first.error(fault))?;
            let full = listed.len() == TAGS_PAGE_COUNT;
            let before = tags.len();
            tags.extend(listed.into_iter().filter(|tag| seen.insert(tag.clone())));
            if tags.len() > TAGS_COUNT_MAX {
                let why = format!("the repository has more than {TAGS_COUNT_MAX} tags");
                return Err(first.error(Fault::Limit { why }));
            }
            let more = full && tags.len() > before && !pages.has_next();
            if let Some(last) = tags.last().filter(|_| more) {
                pages.go_on_at(self.tags_ask(repository, Some(last))?);
            }
        }
        Ok(if pages.began() { Lookup::Found(tags) } else { Lookup::Absent })
    }

    fn tags_ask(&self, repository: &Repository, last: Option<&str>) -> Result<Ask, RegistryError> {
        let mut url = self.transport().url(repository, "tags/list")?;
        url.query_pairs_mut().append_pair("n", &TAGS_PAGE_COUNT.to_string());
        if let Some(last) = last {
            url.query_pairs_mut().append_pair("last", last);
        }
        let ask = Ask::new(Method::GET, url, format!("the tags of {repository}"));
        Ok(ask.scope(repository.scope(Access::Pull)).answer_bytes_max(TAGS_PAGE_BYTES_MAX))
    }
}

fn parse(page: &Answer) -> Result<Vec<String>, Fault> {
    let list: Page = serde_json::from_slice(&page.body)
        .map_err(|reason| Fault::Protocol { why: format!("it is not a list of tags: {reason}") })?;
    let tags = list.tags.unwrap_or_default();
    match tags.iter().find(|tag| Target::tag(tag).is_err()) {
        Some(odd) => Err(Fault::Protocol { why: format!("`{}` is listed as a tag", quoted(odd)) }),
        None => Ok(tags),
    }
}
