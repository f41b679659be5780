//! One request to an answer: credentials, redirects, retries, within a deadline.

mod body;
mod exchange;
mod http;
mod origin;
mod retry;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use ::http::{Method, StatusCode};
use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use crate::auth::{Authenticator, Scope};
use crate::error::{Fault, RegistryError};
use crate::limits::{LASTING_ATTEMPTS_COUNT, REDIRECTS_COUNT_MAX, UPLOAD_BYTES_PER_S_MIN};
use crate::options::ClientOptions;
use crate::reference::Repository;

pub(crate) use body::Payload;
pub(crate) use exchange::Failure;
pub(crate) use http::Authorities;
pub(crate) use origin::{host, same as same_origin, shown};

use exchange::Again;
use http::HttpClients;
use origin::PlainHttp;
use retry::{Backoff, Retry};

/// How requests travel.
#[derive(Debug)]
pub(crate) struct Transport {
    clients: HttpClients,
    plain_http: PlainHttp,
    authenticator: Authenticator,
    slots: Mutex<HashMap<String, Arc<Semaphore>>>,
    concurrency_max: usize,
    deadline: Duration,
    backoff: Backoff,
    requests: AtomicU64,
}

/// One call of the client, which may take several requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    until: Instant,
    limit: Duration,
}

/// A request to be sent, maybe more than once.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// What it is for, in the words of an error message.
    pub(crate) what: String,
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// As whom to ask; `None` sends no credentials.
    pub(crate) scope: Option<Scope>,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    /// Bytes of a good answer's body that are read; one more is read to see that there are more.
    pub(crate) answer_bytes_max: usize,
    /// Whether sending it twice does no harm. What may not be repeated is resumed by its caller.
    pub(crate) repeatable: bool,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body went on beyond the limit.
    pub(crate) cut: bool,
    /// Where it came from in the end.
    pub(crate) url: Url,
    /// An earlier attempt failed, and may yet have been carried out.
    pub(crate) repeated: bool,
}

impl Ask {
    pub(crate) fn new(method: Method, url: Url, what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            repeatable: method != Method::PATCH,
            method,
            url,
            scope: None,
            headers: HeaderMap::new(),
            payload: Payload::Empty,
            answer_bytes_max: 0,
        }
    }

    pub(crate) fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    pub(crate) fn payload(mut self, payload: impl Into<Payload>) -> Self {
        self.payload = payload.into();
        self
    }

    pub(crate) fn answer_bytes_max(mut self, bytes: usize) -> Self {
        self.answer_bytes_max = bytes;
        self
    }

    pub(crate) fn not_repeatable(mut self) -> Self {
        self.repeatable = false;
        self
    }

    pub(crate) fn error(&self, fault: Fault) -> RegistryError {
        RegistryError::new(&self.what, fault)
    }

    fn host(&self) -> String {
        origin::host(&self.url)
    }
}

impl Transport {
    pub(crate) fn new(
        options: ClientOptions,
        authorities: Authorities<'_>,
    ) -> Result<Self, RegistryError> {
        Ok(Self {
            clients: HttpClients::new(authorities)?,
            plain_http: PlainHttp::new(options.plain_http_hosts),
            authenticator: Authenticator::new(options.credentials),
            slots: Mutex::default(),
            concurrency_max: options.concurrency_max.max(1),
            deadline: options.deadline,
            backoff: Backoff(options.backoff_first),
            requests: AtomicU64::new(0),
        })
    }

    pub(crate) fn call(&self) -> Call {
        Call { until: Instant::now() + self.deadline, limit: self.deadline }
    }

    /// A call that has to carry so many bytes as well.
    pub(crate) fn call_with(&self, bytes: u64) -> Call {
        let limit = self.deadline + Duration::from_secs(bytes / UPLOAD_BYTES_PER_S_MIN);
        Call { until: Instant::now() + limit, limit }
    }

    pub(crate) fn backoff(&self) -> Backoff {
        self.backoff
    }

    pub(crate) fn request_count(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// `scheme://host/v2/path/rest`.
    pub(crate) fn url(&self, repository: &Repository, rest: &str) -> Result<Url, RegistryError> {
        self.plain_http.registry_url(repository, rest)
    }

    /// Where `location` leads from `from`, if that may be followed.
    pub(crate) fn next_url(&self, from: &Url, location: &str) -> Result<Url, Fault> {
        self.plain_http.next(from, location)
    }

    /// Sends until there is an answer that is not worth a retry: any status may come back.
    pub(crate) async fn send(&self, ask: &Ask, call: Call) -> Result<Answer, RegistryError> {
        let sent = self.repeat(ask, call, || self.send_authorized(ask, call)).await;
        sent.map_err(|failure| ask.error(failure.fault).asking_to_wait(failure.asked_wait))
    }

    /// Sends until there is an answer that lasts, whatever its status: one that everybody gets who
    /// asks now. A rate limit is ours alone, so it stays "could not tell".
    pub(crate) async fn send_raw(&self, ask: &Ask, call: Call) -> Result<Answer, RegistryError> {
        let mut retry = Retry::new(self.backoff, call);
        let mut faults = 0;
        loop {
            let failure = match self.send_authorized(ask, call).await {
                Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
                    Failure::from_answer(&ask.host(), &answer)
                }
                Ok(answer) if !answer.status.is_server_error() => return Ok(answer),
                Ok(answer) if faults + 1 == LASTING_ATTEMPTS_COUNT => return Ok(answer),
                Ok(answer) => {
                    faults += 1;
                    Failure::from_answer(&ask.host(), &answer)
                }
                Err(failure) => failure,
            };
            let Some(wait) = retry.wait_after(&failure, ask.repeatable) else {
                return Err(ask.error(failure.fault).asking_to_wait(failure.asked_wait));
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// The same with no more than the headers of `ask`, and no redirects: for token endpoints.
    pub(crate) async fn send_bare(&self, ask: &Ask, call: Call) -> Result<Answer, Failure> {
        self.repeat(ask, call, || self.exchange(ask, &ask.url, None, call)).await
    }

    async fn repeat<F>(
        &self,
        ask: &Ask,
        call: Call,
        send: impl Fn() -> F,
    ) -> Result<Answer, Failure>
    where
        F: Future<Output = Result<Answer, Failure>>,
    {
        let mut retry = Retry::new(self.backoff, call);
        loop {
            let failure = match send().await {
                Ok(mut answer) if !retry::is_transient(answer.status) => {
                    answer.repeated = retry.happened();
                    return Ok(answer);
                }
                Ok(answer) => Failure::from_answer(&ask.host(), &answer),
                Err(failure) => failure,
            };
            let Some(wait) = retry.wait_after(&failure, ask.repeatable) else {
                return Err(Failure { again: Again::Never, ..failure });
            };
            tracing::debug!(what = ask.what, fault = %failure.fault, ?wait, "trying again");
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends with what is known about the registry's wishes; asks for credentials once on a 401.
    async fn send_authorized(&self, ask: &Ask, call: Call) -> Result<Answer, Failure> {
        let Some(scope) = &ask.scope else { return self.follow(ask, None, call).await };
        let known = self.authenticator.known(self, &ask.url, scope, call).await?;
        let answer = self.follow(ask, known.clone(), call).await?;
        let asks_us = origin::same(&answer.url, &ask.url);
        if answer.status != StatusCode::UNAUTHORIZED || !asks_us {
            return Ok(answer);
        }
        match self.authenticator.answer(self, ask, scope, &answer, known, call).await? {
            Some(fresh) => self.follow(ask, Some(fresh), call).await,
            None => Ok(answer),
        }
    }

    /// Follows redirects of reads. Credentials go to the origin they are for and to no other;
    /// writes are never redirected, since their body would go along.
    async fn follow(
        &self,
        ask: &Ask,
        authorization: Option<HeaderValue>,
        call: Call,
    ) -> Result<Answer, Failure> {
        let mut url = ask.url.clone();
        for _ in 0..=REDIRECTS_COUNT_MAX {
            let credentials = authorization.as_ref().filter(|_| origin::same(&url, &ask.url));
            let answer = self.exchange(ask, &url, credentials, call).await?;
            if !answer.status.is_redirection() || answer.status == StatusCode::NOT_MODIFIED {
                return Ok(answer);
            }
            if !matches!(ask.method, Method::GET | Method::HEAD) {
                let why = format!("a {} must be answered where it was sent", ask.method);
                return Err(Failure::lasting(Fault::Redirect { why }));
            }
            url = self.next_url(&url, location(&answer)?).map_err(Failure::lasting)?;
        }
        let why = format!("more than {REDIRECTS_COUNT_MAX} redirects");
        Err(Failure::lasting(Fault::Redirect { why }))
    }

    fn slots(&self, url: &Url) -> Arc<Semaphore> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Semaphore::new(self.concurrency_max));
        slots.entry(origin::host(url)).or_insert_with(new).clone()
    }
}

fn location(answer: &Answer) -> Result<&str, Failure> {
    let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    location.ok_or_else(|| {
        let why = format!("HTTP {} without a Location", answer.status.as_u16());
        Failure::lasting(Fault::Protocol { why })
    })
}
