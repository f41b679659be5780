//! Lists in pages: tags, referrers, repositories. A page that is not the last has a `Link` header.

use std::fmt::Write;

use axum::body::Body;
use http::header::LINK;
use http::{Response, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::Registry;
use super::api_error::{ApiError, Code};
use super::names::Digest;
use super::query::Query;
use super::reply::{OCI_FILTERS_APPLIED, Reply, reply};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

impl Registry {
    pub(super) fn list_tags(
        &self,
        repository: &str,
        query: &Query,
    ) -> Result<Response<Body>, ApiError> {
        let size = page_size(query, self.tags_page)?;
        let tags =
            self.store.tags(repository, query.get("last"), and_one(size)).ok_or_else(|| {
                ApiError::new(Code::NameUnknown, "the registry has no such repository")
            })?;
        let page = Page::cut(tags, String::as_str, size);
        let answer = page.link(reply(StatusCode::OK), &format!("/v2/{repository}/tags/list"), size);
        Ok(answer.json(&json!({"name": repository, "tags": page.items})))
    }

    pub(super) fn list_repositories(&self, query: &Query) -> Result<Response<Body>, ApiError> {
        let size = page_size(query, None)?;
        let repositories = self.store.repositories(query.get("last"), and_one(size));
        let page = Page::cut(repositories, String::as_str, size);
        let answer = page.link(reply(StatusCode::OK), "/v2/_catalog", size);
        Ok(answer.json(&json!({"repositories": page.items})))
    }

    /// An unknown digest or repository has an empty list; without the API there is no such path.
    pub(super) fn list_referrers(
        &self,
        repository: &str,
        digest: &Digest,
        query: &Query,
        size: Option<usize>,
    ) -> Response<Body> {
        if !self.referrers_api {
            let answer = reply(StatusCode::NOT_FOUND);
            return answer.body("text/plain; charset=utf-8", "404 page not found\n");
        }
        let mut path = format!("/v2/{repository}/referrers/{digest}");
        let mut answer = reply(StatusCode::OK);
        let wanted = query.get("artifactType").filter(|wanted| !wanted.is_empty());
        if let Some(wanted) = wanted {
            answer = answer.header(OCI_FILTERS_APPLIED, "artifactType");
            let _ = write!(path, "?artifactType={}", utf8_percent_encode(wanted, NON_ALPHANUMERIC));
        }
        let last = query.get("last");
        let listed = self.store.referrers(repository, digest, wanted, last, and_one(size));
        let page = Page::cut(listed, digest_text, size);
        let answer = page.link(answer, &path, None);
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": page.items});
        answer.body(INDEX, index.to_string())
    }
}

fn digest_text(descriptor: &Value) -> &str {
    descriptor["digest"].as_str().unwrap_or_default()
}

/// One item more than a page has tells whether another page follows.
fn and_one(size: Option<usize>) -> usize {
    size.map_or(usize::MAX, |size| size.saturating_add(1))
}

/// `n` of the query, and no more than the registry gives at a time.
fn page_size(query: &Query, size_max: Option<usize>) -> Result<Option<usize>, ApiError> {
    let Some(asked) = query.get("n") else { return Ok(size_max) };
    let asked = asked.parse::<usize>().map_err(|_| {
        ApiError::new(Code::PaginationNumberInvalid, "n is not a number of entries")
    })?;
    Ok(Some(size_max.map_or(asked, |size_max| asked.min(size_max))))
}

struct Page<T> {
    items: Vec<T>,
    /// Name of the last item, when more follow.
    next: Option<String>,
}

impl<T> Page<T> {
    /// The first `size` of the items that are left.
    fn cut(mut items: Vec<T>, name: impl Fn(&T) -> &str, size: Option<usize>) -> Self {
        let more = size.is_some_and(|size| items.len() > size);
        items.truncate(size.unwrap_or(usize::MAX));
        let next = items.last().filter(|_| more).map(|item| name(item).to_owned());
        Self { items, next }
    }

    /// Adds where the next page is: `<path?n=…&last=…>; rel="next"`.
    fn link(&self, answer: Reply, path: &str, size: Option<usize>) -> Reply {
        let Some(next) = &self.next else { return answer };
        let joint = if path.contains('?') { '&' } else { '?' };
        let size = size.map(|size| format!("n={size}&")).unwrap_or_default();
        let next = utf8_percent_encode(next, NON_ALPHANUMERIC);
        answer.header(LINK, &format!("<{path}{joint}{size}last={next}>; rel=\"next\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        for (size, items, next, reason) in [
            (None, "abc", None, "everything"),
            (Some(2), "ab", Some("b"), "a first page"),
            (Some(3), "abc", None, "exactly full: nothing follows"),
            (Some(4), "abc", None, "the last page has no link"),
            (Some(0), "", None, "n=0 is an empty list, and no link that leads nowhere"),
        ] {
            let page = Page::cut(["a", "b", "c"].to_vec(), |tag| tag, size);
            let found = (page.items.concat(), page.next.as_deref());
            assert_eq!((found.0.as_str(), found.1), (items, next), "{reason}");
        }
    }

    #[test]
    fn n_is_a_number_and_has_a_limit() {
        for (query, limit, expected, reason) in [
            ("", None, Some(None), "absent"),
            ("", Some(5), Some(Some(5)), "the registry's own page"),
            ("n=3", Some(5), Some(Some(3)), "smaller than the limit"),
            ("n=9", Some(5), Some(Some(5)), "larger than the limit"),
            ("n=-1", None, None, "negative"),
            ("n=x", None, None, "not a number"),
        ] {
            assert_eq!(page_size(&Query::read(query), limit).ok(), expected, "{reason}");
        }
    }
}
