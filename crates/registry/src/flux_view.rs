//! What Flux's source-controller sees in a registry: the requests of go-containerregistry and cosign,
//! with their `Accept` headers, and the raw answers. What the answers mean, the prediction decides.

use futures::future::join_all;
use http::Method;
use http::StatusCode;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use sealwright_evidence::{Digest, Evidence};
use sealwright_flux::seen::{ACCEPT_ANY, ACCEPT_INDEX};
use sealwright_flux::{Answer as Seeing, Ask as Question, Authorities, Request, Response, Seen};
use serde_json::{Value, json};
use url::Url;

use crate::auth::Access;
use crate::client::Client;
use crate::error::{Fault, RegistryError, quoted};
use crate::limits::{
    EVIDENCE_BYTES_MAX, FLUX_BLOB_BYTES_MAX, FLUX_BYTES_MAX, FLUX_REQUESTS_COUNT_MAX,
    FLUX_ROUNDS_COUNT_MAX, INDEX_BYTES_MAX, MANIFEST_BYTES_MAX, PAGES_COUNT_MAX, TAGS_COUNT_MAX,
    TAGS_PAGE_BYTES_MAX, TAGS_PAGE_COUNT,
};
use crate::paging::next_page;
use crate::reference::Repository;
use crate::transport::{Answer, Ask, Call};

/// Longest tag that is asked for: twice what a registry may hold.
const TAG_BYTES_MAX: usize = 256;
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

impl Client {
    /// Asks what `wanted` names, again and again, until it names nothing new. Each round's requests
    /// travel side by side, and what is in `seen` already is not asked again: predictions of many
    /// sources (as many as `sources` says) are best made together.
    ///
    /// What cannot be had becomes [`Seeing::Failed`]; so does a mistake such as a host that is none,
    /// since a source may say anything.
    pub async fn see_as_flux(
        &self,
        seen: &mut Seen,
        sources: usize,
        mut wanted: impl FnMut(&Seen) -> Vec<Request>,
    ) {
        let call = self.call();
        let mut limits = Limits::of(sources);
        for _ in 0..FLUX_ROUNDS_COUNT_MAX {
            let mut wanted: Vec<Request> =
                wanted(seen).into_iter().filter(|request| seen.get(request).is_none()).collect();
            wanted.sort();
            wanted.dedup();
            if wanted.is_empty() {
                return;
            }
            let asked = limits.requests(wanted.len());
            let answers = wanted[..asked].iter().map(|request| self.answer(request, call));
            let answers = join_all(answers).await;
            for (request, answer) in wanted.drain(..asked).zip(answers) {
                seen.insert(request, limits.bytes(answer));
            }
            for request in wanted {
                seen.insert(request, Seeing::Failed(format!("a limit was reached: more than {FLUX_REQUESTS_COUNT_MAX} requests for one source")));
            }
        }
    }

    async fn answer(&self, request: &Request, call: Call) -> Seeing {
        let answered = match &request.ask {
            Question::Tags => self.tags_as_flux(request, call).await,
            _ => self.one_as_flux(request, call).await,
        };
        answered.map_or_else(|error| Seeing::Failed(self.failed(request, &error)), Seeing::Got)
    }

    async fn one_as_flux(&self, request: &Request, call: Call) -> Result<Response, RegistryError> {
        let ask = self.ask_as_flux(request)?;
        let answer = self.transport_for(&request.authorities)?.send_raw(&ask, call).await?;
        whole(&ask, &answer)?;
        Ok(response(&ask, answer))
    }

    /// Why nobody answered; and whose certificates were taken, where it may be for that.
    fn failed(&self, request: &Request, error: &RegistryError) -> String {
        let ours = self.has_authorities();
        match &request.authorities {
            Authorities::Everybodys if ours => format!(
                "{error} (asked without the additional certificate authorities: the controller has \
                 none for this, as no `certSecretRef` gives it any)"
            ),
            Authorities::Named(_) => {
                format!("{error} (asked with the certificate authorities of its `certSecretRef`)")
            }
            Authorities::Assumed if ours => format!(
                "{error} (asked with the additional certificate authorities in the place of its \
                 `certSecretRef`, which was not looked at)"
            ),
            _ => error.to_string(),
        }
    }

    fn ask_as_flux(&self, request: &Request) -> Result<Ask, RegistryError> {
        let (method, rest, accept, bytes_max) = match &request.ask {
            Question::Tags => {
                let rest = format!("tags/list?n={TAGS_PAGE_COUNT}");
                (Method::GET, rest, None, TAGS_PAGE_BYTES_MAX)
            }
            Question::Head(tag) => (Method::HEAD, manifest(tag)?, Some(ACCEPT_ANY), 0),
            Question::Manifest(name) => {
                (Method::GET, manifest(name)?, Some(ACCEPT_ANY), MANIFEST_BYTES_MAX)
            }
            Question::Index(tag) => {
                (Method::GET, manifest(tag)?, Some(ACCEPT_INDEX), INDEX_BYTES_MAX)
            }
            Question::Referrers(digest) => {
                let rest = format!("referrers/{}", checked(digest)?);
                (Method::GET, rest, Some(ACCEPT_INDEX), INDEX_BYTES_MAX)
            }
            Question::Blob(digest) => {
                (Method::GET, format!("blobs/{}", checked(digest)?), None, FLUX_BLOB_BYTES_MAX)
            }
        };
        let repository = repository(request);
        let url = self.url_as_flux(&repository, &rest)?;
        let ask = Ask::new(method, url, format!("{repository}/{rest}"));
        let ask = ask.scope(repository.scope(Access::Pull)).answer_bytes_max(bytes_max);
        Ok(match accept {
            Some(accept) => ask.header(ACCEPT, HeaderValue::from_static(accept)),
            None => ask,
        })
    }

    /// The controller asks also for repositories whose name no registry may have: what it is told
    /// then is the registry's to say. Only what would lead elsewhere is refused.
    fn url_as_flux(&self, repository: &Repository, rest: &str) -> Result<Url, RegistryError> {
        let leads_elsewhere = repository.path.split('/').any(|part| matches!(part, "." | ".."))
            || repository
                .path
                .contains(|c: char| !c.is_ascii_alphanumeric() && !"_-./".contains(c));
        match self.transport().url(repository, rest) {
            Err(_) if !leads_elsewhere => {
                let well_named = Repository { path: "named".to_owned(), ..repository.clone() };
                let mut url = self.transport().url(&well_named, rest)?;
                let path = rest.split('?').next().unwrap_or_default();
                url.set_path(&format!("/v2/{}/{path}", repository.path));
                Ok(url)
            }
            url => url,
        }
    }

    /// All pages as one list, as go-containerregistry follows them; the first answer that is no page
    /// is the answer.
    async fn tags_as_flux(&self, request: &Request, call: Call) -> Result<Response, RegistryError> {
        let first = self.ask_as_flux(request)?;
        let transport = self.transport_for(&request.authorities)?;
        let (mut ask, mut tags) = (first.clone(), Vec::new());
        for _ in 0..PAGES_COUNT_MAX {
            let answer = transport.send_raw(&ask, call).await?;
            whole(&ask, &answer)?;
            let Some(page) = page(&answer) else { return Ok(response(&ask, answer)) };
            tags.extend(page);
            if tags.len() > TAGS_COUNT_MAX {
                let why = format!("the repository has more than {TAGS_COUNT_MAX} tags");
                return Err(first.error(Fault::Limit { why }));
            }
            let next = next_page(self, &ask.url, &answer.headers);
            match next.map_err(|fault| first.error(fault))? {
                Some(url) => ask.url = url,
                None => {
                    let body = json!({"tags": tags}).to_string().into_bytes();
                    return Ok(Response { body, ..response(&first, answer) });
                }
            }
        }
        let why = format!("the list of tags has more than {PAGES_COUNT_MAX} pages");
        Err(first.error(Fault::Limit { why }))
    }

    /// The answers that a stranger has had already while gathering evidence: everything that is known by
    /// its digest, which nobody can be told otherwise. Lists and tags are not among it. With certificate
    /// authorities of our own, it is what a source that names some may see.
    pub fn seen_already(&self, repository: &Repository, evidence: &Evidence) -> Seen {
        let authorities = match self.has_authorities() {
            true => Authorities::Assumed,
            false => Authorities::Everybodys,
        };
        known_by_digest(repository, evidence, &authorities)
    }
}

fn known_by_digest(
    repository: &Repository,
    evidence: &Evidence,
    authorities: &Authorities,
) -> Seen {
    let mut seen = Seen::default();
    let mut note = |ask: Question, media_type: &str, bytes: &[u8], digest: &str| {
        let path = match &ask {
            Question::Blob(_) => "blobs",
            _ => "manifests",
        };
        let request = Request {
            registry: repository.host.clone(),
            repository: repository.path.clone(),
            insecure: false,
            authorities: authorities.clone(),
            ask,
        };
        let response = Response {
            // Only errors repeat it, and this is none.
            url: format!("https://{}/v2/{}/{path}/{digest}", repository.host, repository.path),
            status: StatusCode::OK.as_u16(),
            content_type: Some(media_type.to_owned()),
            content_length: Some(bytes.len() as u64),
            content_digest: Some(digest.to_owned()),
            body: bytes.to_vec(),
        };
        seen.insert(request, Seeing::Got(response));
    };
    let manifests = evidence.referrers.iter().map(|referrer| &referrer.manifest);
    for blob in manifests.chain([&evidence.artifact]) {
        note(Question::Manifest(blob.digest.clone()), &blob.media_type, &blob.bytes, &blob.digest);
    }
    for blob in evidence.referrers.iter().flat_map(|referrer| &referrer.bundles) {
        note(Question::Blob(blob.digest.clone()), &blob.media_type, &blob.bytes, &blob.digest);
    }
    seen
}

/// What may still be asked.
struct Limits {
    requests: usize,
    bytes: u64,
}

impl Limits {
    fn of(sources: usize) -> Self {
        let count = sources.max(1);
        Self {
            requests: FLUX_REQUESTS_COUNT_MAX.saturating_mul(count),
            bytes: EVIDENCE_BYTES_MAX.saturating_mul(count as u64).min(FLUX_BYTES_MAX),
        }
    }

    /// How many of these requests may still be made.
    fn requests(&mut self, wanted: usize) -> usize {
        let granted = wanted.min(self.requests);
        self.requests -= granted;
        granted
    }

    fn bytes(&mut self, answer: Seeing) -> Seeing {
        let Seeing::Got(response) = &answer else { return answer };
        let Some(bytes) = self.bytes.checked_sub(response.body.len() as u64) else {
            let why = "a limit was reached: the answers of the registry are too large together";
            return Seeing::Failed(why.to_owned());
        };
        self.bytes = bytes;
        answer
    }
}

/// Docker Hub is called by another name here than there.
fn repository(request: &Request) -> Repository {
    let host = match request.registry.as_str() {
        "index.docker.io" => "docker.io",
        host => host,
    };
    Repository { host: host.to_owned(), path: request.repository.clone() }
}

/// What stands in the URL must be a digest, or one part of its path and nothing else; whether that is
/// a tag is the registry's to say.
fn manifest(name: &str) -> Result<String, RegistryError> {
    let ends_the_part = |c: char| "/?#%\\:".contains(c) || c.is_control();
    if matches!(name, "" | "." | "..") || name.len() > TAG_BYTES_MAX || name.contains(ends_the_part)
    {
        checked(name)?;
    }
    Ok(format!("manifests/{name}"))
}

fn checked(digest: &str) -> Result<&str, RegistryError> {
    match Digest::parse(digest) {
        Ok(_) => Ok(digest),
        Err(reason) => {
            let why = reason.to_string();
            Err(RegistryError::new(quoted(digest), Fault::Reference { why }))
        }
    }
}

fn whole(ask: &Ask, answer: &Answer) -> Result<(), RegistryError> {
    if answer.cut && answer.status.is_success() && ask.method != Method::HEAD {
        let why = format!("the answer has more than {} bytes", ask.answer_bytes_max);
        return Err(ask.error(Fault::Limit { why }));
    }
    Ok(())
}

fn page(answer: &Answer) -> Option<Vec<Value>> {
    if answer.status != StatusCode::OK {
        return None;
    }
    let mut list: Value = serde_json::from_slice(&answer.body).ok()?;
    match list.as_object_mut()?.remove("tags") {
        Some(Value::Array(tags)) => Some(tags),
        None | Some(Value::Null) => Some(vec![]),
        Some(_) => None,
    }
}

fn response(ask: &Ask, answer: Answer) -> Response {
    let text = |name: HeaderName| header_text(&answer.headers, name);
    let length = text(CONTENT_LENGTH).and_then(|length| length.parse().ok());
    Response {
        url: ask.url.to_string(),
        status: answer.status.as_u16(),
        content_type: text(CONTENT_TYPE),
        content_length: length,
        content_digest: text(CONTENT_DIGEST),
        body: answer.body.to_vec(),
    }
}

fn header_text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
