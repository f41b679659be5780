//! Registries that are odd in ways of their own: a small server that answers as it is told.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use sealwright_evidence::descriptor::{OCI_INDEX, OCI_MANIFEST};
use sealwright_evidence::{Blob, Descriptor, Digest, ReferrersFrom};
use sealwright_policy::Code;
use sealwright_registry::{
    Client, ClientOptions, CredentialSource, GatherOptions, Lookup, Repository,
};
use serde_json::json;

use crate::world::{World, assert_unknown, client, repository, tag};

pub(crate) struct Odd {
    address: std::net::SocketAddr,
    /// `METHOD path?query`, and whether credentials came along.
    seen: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Odd {
    pub(crate) async fn start(
        answer: impl Fn(&Request<Body>) -> Response<Body> + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let service = axum::Router::new().fallback(move |request: Request<Body>| {
            let path = request.uri().path_and_query().unwrap();
            let with_credentials = request.headers().contains_key(AUTHORIZATION);
            log.lock().unwrap().push((format!("{} {path}", request.method()), with_credentials));
            let response = answer(&request);
            async move { response }
        });
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, seen }
    }

    pub(crate) fn repository(&self) -> Repository {
        repository(&self.address.to_string())
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn seen(&self) -> Vec<(String, bool)> {
        self.seen.lock().unwrap().clone()
    }
}

pub(crate) fn answer(
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Response<Body> {
    let response = Response::builder().status(status);
    let response =
        headers.iter().fold(response, |response, (name, value)| response.header(*name, *value));
    response.body(body.into()).unwrap()
}

fn basic() -> CredentialSource {
    CredentialSource::Basic { user: "robot".to_owned(), password: "hunter2".to_owned() }
}

const CHALLENGE: (&str, &str) = ("www-authenticate", "Basic realm=\"odd\"");

fn envelope(code: &str) -> String {
    json!({"errors": [{"code": code, "message": "so it says"}]}).to_string()
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_origin() {
    let bytes = b"the blob";
    let store = Odd::start(move |request| {
        // A store that asks for credentials gets none either, nor does its token server.
        let host = request.headers()["host"].to_str().unwrap();
        let challenge = format!("Bearer realm=\"http://{host}/token\"");
        match request.uri().path() {
            "/asks" => answer(401, &[("www-authenticate", &challenge)], ""),
            "/token" => answer(200, &[], r#"{"token":"t"}"#),
            _ => answer(200, &[], &bytes[..]),
        }
    });
    let store = store.await;
    let (plain, asking) = (store.url("/blob?signature=secret"), store.url("/asks"));
    let registry = Odd::start(move |request| {
        let path = request.uri().path().to_owned();
        if !request.headers().contains_key(AUTHORIZATION) {
            return answer(401, &[CHALLENGE], "");
        }
        match path.as_str() {
            "/v2/acme/asking/blobs/here" => answer(200, &[], &bytes[..]),
            _ if path.contains("/asking/") => answer(307, &[("location", &asking)], ""),
            _ if path.contains("/same/") && !path.ends_with("/there") => {
                answer(302, &[("location", "/v2/acme/same/there")], "")
            }
            _ if path.contains("/same/") => answer(200, &[], &bytes[..]),
            _ => answer(307, &[("location", &plain)], ""),
        }
    });
    let registry = registry.await;
    let client = client(basic());
    let blob = Descriptor::of("application/octet-stream", bytes);
    let at = |path: &str| Repository { path: path.to_owned(), ..registry.repository() };

    let found = client.blob(&at("acme/platform"), &blob, 100).await;
    assert_eq!(found, Ok(Lookup::Found(bytes.to_vec())));
    assert_eq!(store.seen(), [("GET /blob?signature=secret".to_owned(), false)]);

    let found = client.blob(&at("acme/same"), &blob, 100).await;
    assert_eq!(found, Ok(Lookup::Found(bytes.to_vec())));
    assert_eq!(registry.seen().last().unwrap(), &("GET /v2/acme/same/there".to_owned(), true));

    let found = client.blob(&at("acme/asking"), &blob, 100).await;
    assert_unknown(found, Code::RegistryDenied, "the store's challenge is not answered");
    let seen = store.seen();
    assert!(seen.iter().all(|(_, with_credentials)| !with_credentials), "{seen:?}");
    assert!(!seen.iter().any(|(request, _)| request.contains("/token")), "{seen:?}");
}

#[tokio::test]
async fn redirects_end() {
    let circle = Odd::start(|request| answer(302, &[("location", request.uri().path())], "")).await;
    let nowhere = Odd::start(|_| answer(302, &[], "")).await;
    let found = client(basic()).manifest(&circle.repository(), &tag("v1")).await;
    assert_unknown(found, Code::RegistryRedirect, "round in a circle");
    assert_eq!(circle.seen().len(), 6);
    let found = client(basic()).manifest(&nowhere.repository(), &tag("v1")).await;
    assert_unknown(found, Code::RegistryProtocol, "no Location");
    let (client, repository, v1) = (client(basic()), circle.repository(), tag("v1"));
    let pushed = client.push_manifest(&repository, &v1, OCI_MANIFEST, vec![]);
    assert_eq!(pushed.await.unwrap_err().code(), Code::RegistryRedirect, "a write is not sent on");
}

#[tokio::test]
async fn an_upload_session_elsewhere_gets_the_bytes_and_no_credentials() {
    let asks = Arc::new(AtomicBool::new(false));
    let asking = Arc::clone(&asks);
    let store = Odd::start(move |_| match asking.load(Ordering::SeqCst) {
        true => answer(401, &[CHALLENGE], ""),
        false => answer(201, &[], ""),
    });
    let store = store.await;
    let session = store.url("/session?state=1");
    let registry = Odd::start(move |request| match *request.method() {
        _ if !request.headers().contains_key(AUTHORIZATION) => answer(401, &[CHALLENGE], ""),
        http::Method::HEAD => answer(404, &[], ""),
        _ => answer(202, &[("location", &session)], ""),
    });
    let registry = registry.await;
    let (digest, source) = (Digest::of(b"x"), sealwright_registry::BlobSource::Bytes("x".into()));
    client(basic()).push_blob(&registry.repository(), &digest, 1, source.clone()).await.unwrap();
    let (put, with_credentials) = store.seen().remove(0);
    assert!(put.starts_with("PUT /session?state=1&digest=sha256%3A"), "{put}");
    assert!(!with_credentials);

    asks.store(true, Ordering::SeqCst);
    let pushed = client(basic()).push_blob(&registry.repository(), &digest, 1, source).await;
    assert_eq!(pushed.unwrap_err().code(), Code::RegistryDenied, "nor when it asks for them");
    assert!(store.seen().iter().all(|(_, with_credentials)| !with_credentials));
}

#[tokio::test]
async fn a_404_that_hides_something_is_not_absence() {
    for (status, code, expected, why) in [
        (404, "MANIFEST_UNKNOWN", None, "absent"),
        (404, "NAME_UNKNOWN", None, "absent"),
        (404, "NOT_FOUND", None, "absent"),
        (404, "ITS_OWN_CODE", None, "absent, in the registry's own words"),
        (404, "DENIED", Some(Code::RegistryDenied), "hidden"),
        (404, "UNAUTHORIZED", Some(Code::RegistryDenied), "hidden"),
        (404, "TOOMANYREQUESTS", Some(Code::RegistryDenied), "limited"),
        (400, "MANIFEST_UNKNOWN", Some(Code::RegistryStatus), "only 404 is absence"),
        (403, "NOT_FOUND", Some(Code::RegistryDenied), "only 404 is absence"),
        (204, "", Some(Code::RegistryStatus), "only 200 is content"),
        (206, "", Some(Code::RegistryStatus), "a part is not the whole"),
    ] {
        let body = envelope(code);
        let odd = Odd::start(move |_| {
            answer(status, &[], if status == 204 { String::new() } else { body.clone() })
        })
        .await;
        let found =
            client(CredentialSource::Anonymous).manifest(&odd.repository(), &tag("v1")).await;
        match expected {
            None => assert_eq!(found, Ok(Lookup::Absent), "{status} {code}: {why}"),
            Some(expected) => assert_unknown(found, expected, why),
        }
    }
}

/// GHCR: no API, and the fallback index says nothing true about its entries.
#[tokio::test]
async fn ghcr_s_fallback_index_hides_no_bundle() {
    let world = World::of(sealwright_devstack::registry::RegistryOptions {
        referrers_api: false,
        ..Default::default()
    });
    let artifact = world.publish().await;
    let referrer = world.attach(&artifact, b"a bundle").await;
    let fallback = tag(&artifact.digest.replace(':', "-"));
    let index = world.client.manifest(&world.repository, &fallback).await.unwrap().found().unwrap();
    let mut index: serde_json::Value = serde_json::from_slice(&index.bytes).unwrap();
    index["manifests"][0]["artifactType"] = json!("application/vnd.oci.empty.v1+json");
    index["manifests"][0].as_object_mut().unwrap().remove("annotations");
    let bytes = index.to_string().into_bytes();
    world.client.push_manifest(&world.repository, &fallback, OCI_INDEX, bytes).await.unwrap();
    let evidence = world.client.gather(&world.repository, artifact, GatherOptions::default()).await;
    let evidence = evidence.unwrap();
    assert_eq!(evidence.referrers[0].manifest.digest, referrer.to_string());
    assert_eq!(evidence.referrers[0].bundles[0].bytes, b"a bundle");
}

fn artifact() -> Blob {
    let bytes = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST}).to_string().into_bytes();
    Blob { digest: Digest::of(&bytes).to_string(), media_type: OCI_MANIFEST.to_owned(), bytes }
}

#[tokio::test]
async fn what_stands_under_the_fallback_tag_is_a_list_or_unknown() {
    let other = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": []}).to_string();
    let list = |entry: serde_json::Value| {
        json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}).to_string()
    };
    let own = String::from_utf8(artifact().bytes).unwrap();
    let no_list = json!({"schemaVersion": 2, "mediaType": OCI_INDEX}).to_string();
    let manifest_in_api =
        list(json!({"mediaType": OCI_MANIFEST, "digest": "sha256:zz", "size": 1}));
    for (status, media_type, body, from, gap, why) in [
        (404, "", envelope("MANIFEST_UNKNOWN"), ReferrersFrom::Nowhere, None, "absent"),
        (404, "", "<html>".to_owned(), ReferrersFrom::Nowhere, None, "absent without an envelope"),
        (200, OCI_MANIFEST, own, ReferrersFrom::Nowhere, None, "GitLab serves the artifact itself"),
        (
            200,
            OCI_MANIFEST,
            other,
            ReferrersFrom::Unknown,
            Some(Code::RegistryFallbackIndex),
            "another artifact",
        ),
        (200, OCI_INDEX, no_list, ReferrersFrom::Unknown, Some(Code::RegistryProtocol), "no list"),
        (
            200,
            OCI_INDEX,
            manifest_in_api,
            ReferrersFrom::FallbackTag,
            Some(Code::RegistryProtocol),
            "an odd entry",
        ),
        (
            200,
            OCI_INDEX,
            list(json!(7)),
            ReferrersFrom::FallbackTag,
            Some(Code::RegistryProtocol),
            "no descriptor",
        ),
        (
            400,
            "",
            envelope("TOOMANYREQUESTS"),
            ReferrersFrom::Unknown,
            Some(Code::RegistryStatus),
            "an envelope is no empty list",
        ),
        (
            403,
            "",
            envelope("DENIED"),
            ReferrersFrom::Unknown,
            Some(Code::RegistryDenied),
            "denied is no empty list",
        ),
        (
            429,
            "",
            envelope("TOOMANYREQUESTS"),
            ReferrersFrom::Unknown,
            Some(Code::RegistryRateLimited),
            "limited is no empty list",
        ),
        (
            200,
            "text/html",
            "<html>login</html>".to_owned(),
            ReferrersFrom::Unknown,
            Some(Code::RegistryProtocol),
            "a login page",
        ),
    ] {
        let odd = Odd::start(move |request| {
            if request.uri().path().contains("/manifests/sha256-") {
                return answer(status, &[("content-type", media_type)], body.clone());
            }
            answer(404, &[], "")
        });
        let odd = odd.await;
        let client = client(CredentialSource::Anonymous);
        let evidence = client.gather(&odd.repository(), artifact(), GatherOptions::default()).await;
        let evidence = evidence.unwrap();
        assert_eq!(evidence.referrers_from, from, "{why}: {:?}", evidence.gaps);
        let gaps: Vec<Code> = evidence.gaps.iter().map(|gap| gap.code).collect();
        assert_eq!(gaps, Vec::from_iter(gap), "{why}: {:?}", evidence.gaps);
    }
}

#[tokio::test]
async fn pages_without_links_are_asked_on_from_the_last_tag() {
    let names = |from: usize, to: usize| (from..to).map(|n| format!("v{n:05}")).collect::<Vec<_>>();
    for (ignores_last, requests, why) in [
        (false, 4, "1000, 1000, 500; a full page may be the last"),
        (true, 2, "the same page again: nothing new, so that was all"),
    ] {
        let odd = Odd::start(move |request| {
            let query = request.uri().query().unwrap_or_default();
            let last = query.split("last=v").nth(1).and_then(|n| n.parse::<usize>().ok());
            let from = last.filter(|_| !ignores_last).map_or(0, |last| last + 1);
            let tags = names(from, (from + 1000).min(3000));
            answer(200, &[], json!({"name": "x", "tags": tags}).to_string())
        });
        let odd = odd.await;
        let tags = client(CredentialSource::Anonymous).tags(&odd.repository()).await.unwrap();
        let expected = if ignores_last { 1000 } else { 3000 };
        assert_eq!(tags.found().unwrap(), names(0, expected), "{why}");
        assert_eq!(odd.seen().len(), requests, "{why}");
    }
    let null = Odd::start(|_| answer(200, &[], r#"{"name":"x","tags":null}"#)).await;
    let tags = client(CredentialSource::Anonymous).tags(&null.repository()).await;
    assert_eq!(tags, Ok(Lookup::Found(vec![])), "an empty repository");
    let odd = Odd::start(|_| answer(200, &[], r#"{"tags":["../../admin"]}"#)).await;
    let tags = client(CredentialSource::Anonymous).tags(&odd.repository()).await;
    assert_unknown(tags, Code::RegistryProtocol, "a tag that is no tag");
}

#[tokio::test]
async fn a_body_without_end_is_not_read_to_its_end() {
    let endless = |status: u16| {
        let piece = || Ok::<_, std::io::Error>(bytes::Bytes::from_static(&[b' '; 1 << 16]));
        let body = Body::from_stream(futures::stream::repeat_with(piece));
        answer(status, &[("content-type", OCI_MANIFEST)], body)
    };
    let odd = Odd::start(move |_| endless(200)).await;
    let refusing = Odd::start(move |_| endless(400)).await;
    let client = client(CredentialSource::Anonymous);
    let found = client.manifest(&odd.repository(), &tag("v1")).await;
    assert_unknown(found, Code::RegistryLimit, "a manifest");
    let blob = Descriptor::of("text/plain", b"ten bytes.");
    assert_unknown(
        client.blob(&odd.repository(), &blob, 100).await,
        Code::RegistryMismatch,
        "a blob",
    );
    assert_unknown(client.tags(&odd.repository()).await, Code::RegistryLimit, "a list");
    let found = client.manifest(&refusing.repository(), &tag("v1")).await;
    assert_unknown(found, Code::RegistryStatus, "an explanation");
    let wide = Odd::start(|_| answer(400, &[], vec![b'x'; 1 << 20])).await;
    let error = client.manifest(&wide.repository(), &tag("v1")).await.unwrap_err();
    assert!(error.to_string().len() < 1000, "an error stays short");
}

#[tokio::test]
async fn no_more_requests_are_in_flight_than_allowed() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counter, highest) = (Arc::clone(&now), Arc::clone(&most));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let manifest =
        |n: usize| json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "n": n}).to_string();
    let listed = (0..20).map(|n| Descriptor::of(OCI_MANIFEST, manifest(n).as_bytes()));
    let index =
        json!({"mediaType": OCI_INDEX, "manifests": listed.collect::<Vec<_>>()}).to_string();
    let service = axum::Router::new().fallback(move |request: Request<Body>| {
        let (counter, highest, index) = (Arc::clone(&counter), Arc::clone(&highest), index.clone());
        async move {
            highest.fetch_max(counter.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
            counter.fetch_sub(1, Ordering::SeqCst);
            let path = request.uri().path().to_owned();
            let found =
                (0..20).map(manifest).find(|m| path.ends_with(&Digest::of(m.as_bytes()).hex()));
            answer(200, &[("content-type", OCI_MANIFEST)], found.unwrap_or(index))
        }
    });
    tokio::spawn(async move { axum::serve(listener, service).await });
    let options = ClientOptions { concurrency_max: 3, ..ClientOptions::stranger() };
    let client = Client::new(options).unwrap();
    let evidence = client.gather(&repository(&host), artifact(), GatherOptions::default()).await;
    let evidence = evidence.unwrap();
    assert_eq!((evidence.referrers.len(), evidence.gaps), (20, vec![]));
    assert_eq!(most.load(Ordering::SeqCst), 3, "as many as allowed, and no more");
}

#[tokio::test]
async fn an_error_repeats_what_the_registry_says_in_one_clean_line() {
    let said = json!({"errors": [{"code": "QUOTA", "message": "no\nroom \u{1b}[31m<script>"}]})
        .to_string();
    let odd = Odd::start(move |_| answer(400, &[], said.clone())).await;
    let client = client(CredentialSource::Anonymous);
    let error = client.manifest(&odd.repository(), &tag("v1")).await.unwrap_err();
    let host = odd.address;
    assert_eq!(
        error.to_string(),
        format!("{host}/acme/platform:v1: {host} answered HTTP 400: QUOTA: no room [31m<script>")
    );
    let page = Odd::start(|_| answer(502, &[("retry-after", "600")], "<html><body>gateway")).await;
    let error = client.manifest(&page.repository(), &tag("v1")).await.unwrap_err().to_string();
    assert!(
        error.ends_with("HTTP 502: a page instead of an explanation (it asked to wait 600 s)"),
        "{error}"
    );
}

#[tokio::test]
async fn a_page_is_no_manifest_and_an_odd_manifest_is_one() {
    for (media_type, body, found, why) in [
        ("text/html", "<html>log in</html>", false, "a login page"),
        ("application/json", r#"{"error":"log in"}"#, false, "a document"),
        ("", "", false, "nothing"),
        (
            "application/vnd.docker.distribution.manifest.v1+json",
            r#"{"schemaVersion":1}"#,
            true,
            "old",
        ),
        ("text/plain", r#"{"schemaVersion":2}"#, true, "served carelessly"),
    ] {
        let odd = Odd::start(move |_| answer(200, &[("content-type", media_type)], body)).await;
        let answer =
            client(CredentialSource::Anonymous).manifest(&odd.repository(), &tag("v1")).await;
        match found {
            true => assert_eq!(answer.unwrap().found().unwrap().media_type, media_type, "{why}"),
            false => assert_unknown(answer, Code::RegistryProtocol, why),
        }
    }
}
