//! How services are asked: within limits, within a deadline, and never somebody else.

use std::fs::File;
use std::io::Read as _;
use std::sync::OnceLock;
use std::time::Duration;

use camino::Utf8PathBuf;
use reqwest::{Method, StatusCode, header};
use tokio::time::Instant;

use crate::quote;

/// How long one signing may take in all, unless told otherwise. Rekor v2 answers after the entry is
/// in the log, which takes some seconds; the rest is for busy services.
const DEADLINE: Duration = Duration::from_secs(120);
/// How long one attempt may take: Rekor v2's own advice to clients is at least 20 seconds.
const ATTEMPT: Duration = Duration::from_secs(30);
/// The first pause before asking again; it doubles each time.
const PAUSE_FIRST: Duration = Duration::from_millis(200);
/// The longest pause that we choose ourselves.
const PAUSE_LONGEST: Duration = Duration::from_secs(8);
/// Bytes of a file with certificate authorities. Those of an operating system have a quarter MiB.
const CERTIFICATES_BYTES_MAX: u64 = 8 << 20;
/// Bytes of an error answer that are read.
const REASON_BYTES_MAX: usize = 4 << 10;

/// What a caller may set.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// How long everything together may take, retries included.
    pub deadline: Duration,
    /// PEM file with certificate authorities to trust beside the system's.
    pub ca_certificates: Option<Utf8PathBuf>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { deadline: DEADLINE, ca_certificates: None }
    }
}

/// One question.
#[derive(Debug)]
pub(crate) struct Request {
    method: Method,
    url: String,
    authorization: Option<String>,
    content_type: &'static str,
    body: Vec<u8>,
    /// A body that must not go out in clear, beside a credential in the header.
    confidential: bool,
    answer_bytes_max: usize,
}

impl Request {
    /// A `GET` with a credential.
    pub(crate) fn get(url: &str, credential: &str, answer_bytes_max: usize) -> Request {
        Request {
            method: Method::GET,
            url: url.to_owned(),
            authorization: Some(format!("Bearer {credential}")),
            content_type: "",
            body: Vec::new(),
            confidential: true,
            answer_bytes_max,
        }
    }

    /// A `POST` of something public.
    pub(crate) fn post(
        url: String,
        content_type: &'static str,
        body: Vec<u8>,
        answer_bytes_max: usize,
    ) -> Request {
        Request {
            method: Method::POST,
            url,
            authorization: None,
            content_type,
            body,
            confidential: false,
            answer_bytes_max,
        }
    }

    /// The same, with a body that holds a credential.
    pub(crate) fn confidential(mut self) -> Request {
        self.confidential = true;
        self
    }
}

/// What came of asking once.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// 2xx and the whole body.
    Answered(Vec<u8>),
    /// It does not go away by asking again.
    Refused { status: u16, reason: String },
    /// It may: connection, 408, 429, 5xx.
    Unavailable { reason: String, retry_after: Option<Duration> },
    /// An answer that breaks the rules, or a question that we must not ask.
    Unusable { reason: String },
}

/// HTTP clients that follow no redirect: a credential goes to the origin it is for, or nowhere.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    /// Made at first use: it reads the system's authorities.
    outside: OnceLock<reqwest::Client>,
    /// Without the system's proxy, which could not reach our loopback.
    loopback: OnceLock<reqwest::Client>,
    certificates: Vec<reqwest::Certificate>,
    deadline: Duration,
}

impl Transport {
    pub(crate) fn new(options: &HttpOptions) -> Result<Transport, String> {
        // Already installed by `main` in our binaries; whoever uses the library alone has not.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let certificates = match &options.ca_certificates {
            Some(path) => read_certificates(path)?,
            None => Vec::new(),
        };
        Ok(Transport {
            outside: OnceLock::new(),
            loopback: OnceLock::new(),
            certificates,
            deadline: options.deadline,
        })
    }

    /// The client for files that anybody may fetch and that prove themselves.
    pub(crate) fn client_for_public_files(&self) -> Result<reqwest::Client, String> {
        self.outside().cloned()
    }

    fn outside(&self) -> Result<&reqwest::Client, String> {
        made(&self.outside, builder().tls_certs_merge(self.certificates.clone()))
    }

    /// It trusts the named authorities alone, so that the system's need not be read.
    fn loopback(&self) -> Result<&reqwest::Client, String> {
        made(&self.loopback, builder().no_proxy().tls_certs_only(self.certificates.clone()))
    }

    /// When everything that starts now has to be done.
    pub(crate) fn until(&self) -> Instant {
        Instant::now() + self.deadline
    }

    /// Asks, and asks again while that may help and there is time.
    pub(crate) async fn ask(&self, request: &Request, until: Instant) -> Attempt {
        let mut pause = PAUSE_FIRST;
        loop {
            let attempt = match tokio::time::timeout_at(until, self.send(request)).await {
                Ok(attempt) => attempt,
                Err(_) => {
                    let reason = "no answer until the deadline".to_owned();
                    return Attempt::Unavailable { reason, retry_after: None };
                }
            };
            let Attempt::Unavailable { reason, retry_after } = &attempt else { return attempt };
            let wait = retry_after.unwrap_or_else(|| spread(pause));
            // A wait beyond the deadline is an answer: nobody should sit it out in vain.
            if Instant::now() + wait >= until {
                return attempt;
            }
            tracing::info!(url = request.url, reason, ?wait, "asking again");
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(PAUSE_LONGEST);
        }
    }

    /// Asks once.
    pub(crate) async fn send(&self, request: &Request) -> Attempt {
        let client = match self.client_for(request) {
            Ok(client) => client,
            Err(reason) => return Attempt::Unusable { reason },
        };
        let mut builder = client.request(request.method.clone(), &request.url);
        if let Some(authorization) = &request.authorization {
            builder = builder.header(header::AUTHORIZATION, authorization);
        }
        if request.method == Method::POST {
            builder = builder
                .header(header::CONTENT_TYPE, request.content_type)
                .body(request.body.clone());
        }
        match builder.header(header::ACCEPT, "*/*").send().await {
            Ok(response) => receive(response, request.answer_bytes_max).await,
            // The request itself cannot be put together: nobody was asked, and never will be.
            Err(error) if error.is_builder() => Attempt::Unusable { reason: chain(&error) },
            Err(error) => Attempt::Unavailable { reason: chain(&error), retry_after: None },
        }
    }

    fn client_for(&self, request: &Request) -> Result<&reqwest::Client, String> {
        let url = url::Url::parse(&request.url)
            .map_err(|error| format!("`{}` is not a URL: {error}", quote(&request.url)))?;
        match url.scheme() {
            _ if is_loopback(&url) => self.loopback(),
            "https" => self.outside(),
            "http" if !request.confidential => self.outside(),
            scheme => Err(format!(
                "a credential goes out over https only (or to loopback), not over {scheme} to {}",
                url.host_str().unwrap_or("nowhere")
            )),
        }
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("sealwright/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ATTEMPT)
}

fn made(
    client: &OnceLock<reqwest::Client>,
    builder: reqwest::ClientBuilder,
) -> Result<&reqwest::Client, String> {
    if let Some(client) = client.get() {
        return Ok(client);
    }
    let made =
        builder.build().map_err(|error| format!("the HTTP client cannot be made: {error}"))?;
    Ok(client.get_or_init(|| made))
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

async fn receive(response: reqwest::Response, bytes_max: usize) -> Attempt {
    let status = response.status();
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| retry_after(value.to_str().ok()?.trim(), jiff::Timestamp::now()));
    if status.is_redirection() {
        let reason = format!("HTTP {status}: a redirect, which is not followed");
        return Attempt::Unusable { reason };
    }
    let limit = if status.is_success() { bytes_max } else { REASON_BYTES_MAX };
    let (body, whole) = match read(response, limit).await {
        Ok(read) => read,
        Err(error) => {
            return Attempt::Unavailable { reason: chain(&error), retry_after: None };
        }
    };
    let said = quote(&String::from_utf8_lossy(&body));
    match status {
        _ if status.is_success() && whole => Attempt::Answered(body),
        _ if status.is_success() => {
            Attempt::Unusable { reason: format!("its answer has more than {bytes_max} bytes") }
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Attempt::Unavailable { reason: format!("HTTP {status}: {said}"), retry_after }
        }
        _ if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED => {
            Attempt::Unavailable { reason: format!("HTTP {status}: {said}"), retry_after }
        }
        _ => Attempt::Refused { status: status.as_u16(), reason: said },
    }
}

/// RFC 9110, section 10.2.3: seconds, or a date. A date that has passed means now.
fn retry_after(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    let seconds = match value.parse() {
        Ok(seconds) => seconds,
        Err(_) => {
            let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
            u64::try_from(date.as_second() - now.as_second()).unwrap_or_default()
        }
    };
    Some(Duration::from_secs(seconds))
}

/// The body up to a limit, and whether that was all of it.
async fn read(
    mut response: reqwest::Response,
    bytes_max: usize,
) -> Result<(Vec<u8>, bool), reqwest::Error> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        let room = bytes_max - body.len();
        body.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.len() > room {
            return Ok((body, false));
        }
    }
    Ok((body, true))
}

fn read_certificates(path: &Utf8PathBuf) -> Result<Vec<reqwest::Certificate>, String> {
    let mut pem = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(CERTIFICATES_BYTES_MAX + 1).read_to_end(&mut pem))
        .map_err(|error| format!("{path}: {error}"))?;
    if read as u64 > CERTIFICATES_BYTES_MAX {
        return Err(format!("{path}: more than {CERTIFICATES_BYTES_MAX} bytes"));
    }
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if certificates.is_empty() => Err(format!("{path}: no certificate in it")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(format!("{path}: {error}")),
    }
}

/// Between half of a pause and all of it, so that requests which failed together do not come back
/// together.
fn spread(pause: Duration) -> Duration {
    use std::hash::{BuildHasher as _, Hasher as _};
    let random = std::hash::RandomState::new().build_hasher().finish() % 1_024;
    pause / 2 + pause.mul_f64(random as f64 / 2_048.0)
}

/// An error with everything below it: reqwest's own text leaves the reason out.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut below = std::error::Error::source(error);
    while let Some(cause) = below {
        text = format!("{text}: {cause}");
        below = cause.source();
    }
    quote(&text)
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;
