//! Lists that come in pages: `Link: <…>; rel="next"` (RFC 8288), as tags and referrers have them.

use http::header::{HeaderMap, LINK};
use http::{Method, StatusCode};
use std::collections::HashSet;
use url::Url;

use crate::auth::Words;
use crate::client::Client;
use crate::error::{Fault, RegistryError};
use crate::limits::PAGES_COUNT_MAX;
use crate::manifests::refusal;
use crate::transport::{Answer, Ask, Call, same_origin};

/// The pages of one list, fetched one after the other.
pub(crate) struct Pages<'a> {
    client: &'a Client,
    call: Call,
    next: Option<Ask>,
    seen: HashSet<Url>,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(client: &'a Client, first: Ask, call: Call) -> Self {
        debug_assert_eq!(first.method, Method::GET, "a list is read");
        Self { client, call, next: Some(first), seen: HashSet::new() }
    }

    /// The next page; `None` after the last, and for a list that is absent altogether.
    pub(crate) async fn next(&mut self) -> Result<Option<Answer>, RegistryError> {
        let Some(ask) = self.next.take() else { return Ok(None) };
        let answer = self.client.transport().send(&ask, self.call).await?;
        let first = self.seen.is_empty();
        match answer.status {
            StatusCode::OK => {}
            // A list that begins and then is not there is broken, not absent.
            StatusCode::NOT_FOUND if first && !Words::of(&answer.body).deny_absence() => {
                return Ok(None);
            }
            _ => return Err(ask.error(refusal(&answer))),
        }
        if answer.cut {
            let why = format!("a page has more than {} bytes", ask.answer_bytes_max);
            return Err(ask.error(Fault::Limit { why }));
        }
        self.seen.insert(ask.url.clone());
        self.next = self.following(&ask, &answer).map_err(|fault| ask.error(fault))?;
        Ok(Some(answer))
    }

    /// Goes on at `url` though the registry named no next page.
    pub(crate) fn go_on_at(&mut self, ask: Ask) {
        self.next = Some(ask);
    }

    /// Whether there was a first page.
    pub(crate) fn began(&self) -> bool {
        !self.seen.is_empty()
    }

    pub(crate) fn has_next(&self) -> bool {
        self.next.is_some()
    }

    fn following(&self, ask: &Ask, answer: &Answer) -> Result<Option<Ask>, Fault> {
        let Some(url) = next_page(self.client, &ask.url, &answer.headers)? else {
            return Ok(None);
        };
        if self.seen.contains(&url) {
            let why = "the pages of the list lead round in a circle".to_owned();
            return Err(Fault::Protocol { why });
        }
        if self.seen.len() >= PAGES_COUNT_MAX {
            let why = format!("the list has more than {PAGES_COUNT_MAX} pages");
            return Err(Fault::Limit { why });
        }
        Ok(Some(Ask { url, ..ask.clone() }))
    }
}

/// Where the next page is, on the same host.
pub(crate) fn next_page(
    client: &Client,
    page: &Url,
    headers: &HeaderMap,
) -> Result<Option<Url>, Fault> {
    let Some(link) = next_link(headers) else { return Ok(None) };
    let url = client.transport().next_url(page, &link)?;
    if !same_origin(&url, page) {
        let why = "the next page of the list is said to be on another host".to_owned();
        return Err(Fault::Protocol { why });
    }
    Ok(Some(url))
}

/// The target of the first link with the relation `next`. Written here: the one crate for this
/// header reads all of RFC 8288 and is not kept up.
fn next_link(headers: &HeaderMap) -> Option<String> {
    headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(next_of)
}

fn next_of(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, from_target)) = rest.split_once('<') {
        let (target, after) = from_target.split_once('>')?;
        // Parameters end where the next target begins; a `<` within a quoted title is not worth
        // more code, since it only hides a link that nobody would write like that.
        let parameters = after.split('<').next().unwrap_or_default();
        let is_next = parameters.split([';', ',']).any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return false };
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel")
                && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target.to_owned());
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_next_page_is_found_among_links() {
        for (header, expected, why) in [
            (
                "</v2/a/tags/list?last=b&n=2>; rel=\"next\"",
                Some("/v2/a/tags/list?last=b&n=2"),
                "usual",
            ),
            ("</n>; rel=next", Some("/n"), "without quotes"),
            ("</n>;rel=\"next\"", Some("/n"), "without a blank"),
            ("</n>; REL=\"Next\"", Some("/n"), "case does not matter"),
            ("</p>; rel=\"prev\", </n>; rel=\"next\"", Some("/n"), "the second"),
            ("</n>; title=\"x\"; rel=\"next\"", Some("/n"), "another parameter first"),
            ("</n>; rel=\"last next\"", Some("/n"), "two relations"),
            ("</p>; rel=\"prev\"", None, "another relation"),
            ("</n>", None, "no relation"),
            ("</n>; rel=\"nextish\"", None, "a longer word"),
            ("/n; rel=\"next\"", None, "no brackets"),
            ("</n; rel=\"next\"", None, "not closed"),
            ("", None, "empty"),
        ] {
            assert_eq!(next_of(header).as_deref(), expected, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(header in "[<>;,=\"a-z ]*") {
            let _ = next_of(&header);
        }
    }
}
