//! A service on loopback that gives the answers it was told to, in order, and remembers what it
//! was asked. After the last answer it gives the last one again.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;

/// One scripted answer.
#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(header::HeaderName, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn ok(body: &str) -> Answer {
        Answer::status(200, body)
    }

    pub(crate) fn status(status: u16, body: &str) -> Answer {
        Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    pub(crate) fn busy(status: u16, retry_after_s: u64) -> Answer {
        let headers = vec![(header::RETRY_AFTER, retry_after_s.to_string())];
        Answer { headers, ..Answer::status(status, "busy") }
    }

    pub(crate) fn redirect(to: &str) -> Answer {
        Answer { headers: vec![(header::LOCATION, to.to_owned())], ..Answer::status(307, "") }
    }
}

/// One request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path_and_query: String,
    pub(crate) authorization: Option<String>,
}

struct Script {
    answers: Vec<Answer>,
    seen: Mutex<Vec<Seen>>,
}

pub(crate) struct FakeService {
    address: std::net::SocketAddr,
    script: Arc<Script>,
    server: tokio::task::JoinHandle<()>,
}

impl FakeService {
    pub(crate) async fn start(answers: Vec<Answer>) -> FakeService {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Script { answers, seen: Mutex::new(Vec::new()) });
        let router = Router::new().fallback(answer).with_state(script.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        FakeService { address, script, server }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().unwrap().clone()
    }
}

impl Drop for FakeService {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(script): State<Arc<Script>>, uri: Uri, headers: HeaderMap) -> Response {
    let mut seen = script.seen.lock().unwrap();
    let number = seen.len().min(script.answers.len() - 1);
    let authorization = headers.get(header::AUTHORIZATION);
    seen.push(Seen {
        path_and_query: uri.to_string(),
        authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
    });
    let scripted = script.answers[number].clone();
    let mut response = Response::builder().status(scripted.status);
    for (name, value) in scripted.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(scripted.body)).unwrap()
}
