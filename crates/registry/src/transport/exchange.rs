//! One HTTP exchange: a slot, a request, its answer's body within limits.

use std::error::Error;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue};
use tokio::time::Instant;
use url::Url;

use super::{Answer, Ask, Call, Transport, body, origin, retry};
use crate::auth::said;
use crate::error::{Fault, quoted};
use crate::limits::{ERROR_BYTES_MAX, REQUEST_TIMEOUT, UPLOAD_BYTES_PER_S_MIN};

/// An exchange that gave no answer, and whether to try again.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) fault: Fault,
    pub(super) again: Again,
    /// What the registry asked for with `Retry-After`.
    pub(crate) asked_wait: Option<Duration>,
}

/// Whether another attempt makes sense.
#[derive(Debug, Clone, Copy)]
pub(super) enum Again {
    /// It would end alike.
    Never,
    /// Nobody there; few attempts, since a misspelt host never comes up.
    Connecting,
    /// A little later. What was sent may or may not have been carried out.
    Later,
    /// A little later, and surely nothing was carried out: a limiter stands before the registry.
    LaterUndone,
}

impl Failure {
    pub(crate) fn lasting(fault: Fault) -> Self {
        Self { fault, again: Again::Never, asked_wait: None }
    }

    pub(super) fn from_answer(host: &str, answer: &Answer) -> Self {
        let asked = retry::retry_after(&answer.headers, SystemTime::now());
        let mut said = said(&answer.body);
        if let Some(asked) = asked {
            said.push_str(&format!(" (it asked to wait {} s)", asked.as_secs()));
        }
        let (host, status) = (host.to_owned(), answer.status);
        let (fault, again) = match status {
            StatusCode::TOO_MANY_REQUESTS => {
                (Fault::RateLimited { host, said }, Again::LaterUndone)
            }
            _ => (Fault::Status { host, status, said }, Again::Later),
        };
        Self { fault, again, asked_wait: asked }
    }

    fn from_error(url: &Url, error: &reqwest::Error, call: Call) -> Self {
        let why = reasons(error);
        if Instant::now() >= call.until {
            return Self::lasting(Fault::Deadline { limit: call.limit, last: why });
        }
        let again = match error {
            _ if is_tls(error) || error.is_builder() => Again::Never,
            _ if error.is_connect() => Again::Connecting,
            _ => Again::Later,
        };
        Self { fault: Fault::Unreachable { host: origin::host(url), why }, again, asked_wait: None }
    }
}

impl Call {
    /// Whether so long a wait fits into what is left.
    pub(crate) fn leaves(self, wait: Duration) -> bool {
        Instant::now() + wait < self.until
    }
    /// What `future` gives, unless the deadline comes first.
    pub(crate) async fn within<T>(
        self,
        future: impl Future<Output = T>,
        doing: &str,
    ) -> Result<T, Failure> {
        tokio::time::timeout_at(self.until, future).await.map_err(|_| {
            let last = doing.to_owned();
            Failure::lasting(Fault::Deadline { limit: self.limit, last })
        })
    }
}

impl Transport {
    /// Any answer, whatever its status. Redirects are answers here.
    pub(super) async fn exchange(
        &self,
        ask: &Ask,
        url: &Url,
        credentials: Option<&HeaderValue>,
        call: Call,
    ) -> Result<Answer, Failure> {
        let slots = self.slots(url);
        let _slot = call.within(slots.acquire(), "waiting for a free connection").await?;
        let request = self.request(ask, url, credentials, call)?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(method = %ask.method, url = origin::shown(url), "request");
        let answered = async {
            let mut response = request.send().await?;
            let bytes_max = match response.status().is_success() {
                true => ask.answer_bytes_max,
                false => ERROR_BYTES_MAX,
            };
            let (body, cut) = body::read(&mut response, bytes_max).await?;
            let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
            Ok(Answer { status, headers, body, cut, url: url.clone(), repeated: false })
        };
        answered.await.map_err(|error| Failure::from_error(url, &error, call))
    }

    fn request(
        &self,
        ask: &Ask,
        url: &Url,
        credentials: Option<&HeaderValue>,
        call: Call,
    ) -> Result<reqwest::RequestBuilder, Failure> {
        let client = self.clients.client_for(url).map_err(Failure::lasting)?;
        let left = call.until.saturating_duration_since(Instant::now());
        let allowance = Duration::from_secs(ask.payload.size() / UPLOAD_BYTES_PER_S_MIN);
        let mut request = client
            .request(ask.method.clone(), url.clone())
            .timeout(left.min(REQUEST_TIMEOUT + allowance))
            .headers(ask.headers.clone())
            .header(CONTENT_LENGTH, ask.payload.size())
            .body(ask.payload.to_body());
        if let Some(credentials) = credentials {
            request = request.header(AUTHORIZATION, credentials.clone());
        }
        Ok(request)
    }
}

/// Whether TLS refused the other side: it will again.
pub(super) fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let inner = error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
    let within = inner.map(|inner| inner as &(dyn Error + 'static));
    error.is::<rustls::Error>() || within.is_some_and(is_tls) || error.source().is_some_and(is_tls)
}

/// An error with its causes in one line. The URL is left out: its query may hold a signature.
pub(super) fn reasons(error: &reqwest::Error) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut next: Option<&dyn Error> = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if words.last() != Some(&text) {
            words.push(text);
        }
        next = cause.source();
    }
    if words.is_empty() {
        words.push(if error.is_timeout() { "timed out".to_owned() } else { kind(error) });
    }
    quoted(&words.join(": "))
}

fn kind(error: &reqwest::Error) -> String {
    match error {
        _ if error.is_body() || error.is_decode() => "the body broke off".to_owned(),
        _ if error.is_connect() => "no connection".to_owned(),
        _ => "the request failed".to_owned(),
    }
}
