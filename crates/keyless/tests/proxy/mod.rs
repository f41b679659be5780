//! A man in the middle on loopback: counts what is asked of a dev Sigstore, and spoils answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;

/// What happens to one request.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// It is not passed on.
    Failed(u16),
    /// It is passed on, and then the answer is lost.
    FailedButHappened(u16),
    /// It is not passed on; the answer to the first request of this path is given once more.
    FirstAnswerAgain,
    /// It is not passed on; the caller is sent to another host.
    Redirect,
    /// The answer is cut in half.
    Truncated,
    /// The answer never comes.
    Silence,
}

struct Middle {
    upstream: String,
    client: reqwest::Client,
    counts: Mutex<BTreeMap<String, usize>>,
    first_answers: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Faults of requests to paths that end so, one after another.
    faults: Mutex<Vec<(&'static str, Fault)>>,
    logged_in_with: Mutex<Vec<String>>,
}

pub struct Proxy {
    url: String,
    middle: Arc<Middle>,
    server: tokio::task::JoinHandle<()>,
}

pub const CERTIFICATES: &str = "/api/v2/signingCert";
pub const LOG_V1: &str = "/api/v1/log/entries";
pub const LOG_V2: &str = "/api/v2/log/entries";
pub const TIMESTAMPS: &str = "/api/v1/timestamp";

impl Proxy {
    pub async fn start(upstream: &str) -> Proxy {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let middle = Arc::new(Middle {
            upstream: upstream.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            counts: Mutex::default(),
            first_answers: Mutex::default(),
            faults: Mutex::default(),
            logged_in_with: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(middle.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Proxy { url, middle, server }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// What comes next to this path fails like this, once.
    pub fn spoil(&self, path: &'static str, fault: Fault) {
        self.middle.faults.lock().unwrap().push((path, fault));
    }

    pub fn count(&self, path: &str) -> usize {
        self.middle.counts.lock().unwrap().get(path).copied().unwrap_or_default()
    }

    /// Every `Authorization` header that came by.
    pub fn credentials_seen(&self) -> Vec<String> {
        self.middle.logged_in_with.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(
    State(middle): State<Arc<Middle>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    *middle.counts.lock().unwrap().entry(path.clone()).or_default() += 1;
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        middle.logged_in_with.lock().unwrap().push(value.to_str().unwrap().to_owned());
    }
    let fault = {
        let mut faults = middle.faults.lock().unwrap();
        let next = faults.iter().position(|(spoilt, _)| *spoilt == path);
        next.map(|index| faults.remove(index).1)
    };
    match fault {
        Some(Fault::Failed(status)) => return answer(status, b"busy".to_vec()),
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::Redirect) => {
            let elsewhere = (header::LOCATION, "http://127.0.0.1:1/elsewhere");
            let mut response = answer(307, Vec::new());
            response.headers_mut().insert(elsewhere.0, elsewhere.1.parse().unwrap());
            return response;
        }
        Some(Fault::FirstAnswerAgain) => {
            let first = middle.first_answers.lock().unwrap().get(&path).cloned();
            return answer(200, first.expect("a first answer"));
        }
        _ => {}
    }
    let request = middle
        .client
        .request(method, format!("{}{uri}", middle.upstream))
        .header(header::CONTENT_TYPE, headers[header::CONTENT_TYPE].clone())
        .body(body);
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let mut bytes = response.bytes().await.unwrap().to_vec();
    middle.first_answers.lock().unwrap().entry(path).or_insert_with(|| bytes.clone());
    match fault {
        Some(Fault::FailedButHappened(status)) => answer(status, Vec::new()),
        Some(Fault::Truncated) => {
            bytes.truncate(bytes.len() / 2);
            answer(status, bytes)
        }
        _ => answer(status, bytes),
    }
}

fn answer(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    Response::builder().status(status).body(Body::from(body)).unwrap()
}
