//! Faults: each does what it says, to what it names, as often as it says.

use std::time::{Duration, Instant};

use reqwest::{Method, Response, StatusCode};
use sealwright_devstack::registry::{Digest, Effect, Fault, Kind, RegistryOptions};
use serde_json::{Value, json};

use crate::world::{IMAGE, World, code, header};

const V1: &str = "/v2/acme/app/manifests/v1";

async fn put(world: &World, tag: &str) -> Result<Response, reqwest::Error> {
    let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE}).to_string();
    let request = world.request(Method::PUT, &format!("/v2/acme/app/manifests/{tag}"));
    request.header("content-type", IMAGE).body(manifest).send().await
}

fn omit(name: &str) -> Effect {
    Effect::OmitHeader { name: name.to_owned() }
}

#[tokio::test]
async fn a_refusal_strikes_as_often_as_asked_and_does_nothing() {
    let world = World::plain();
    for (status, retry_after) in [(429, Some("2")), (500, None), (503, Some("0"))] {
        let effect = Effect::Status { code: status, retry_after: retry_after.map(str::to_owned) };
        world
            .registry
            .set_faults(vec![Fault::new(effect).on(Kind::Manifest).method("PUT").times(2)]);
        for _ in 0..2 {
            let refused = put(&world, "v1").await.unwrap();
            assert_eq!(refused.status().as_u16(), status);
            assert_eq!(header(&refused, "retry-after"), retry_after.unwrap_or_default());
        }
        assert_eq!(world.get(V1).await.status(), StatusCode::NOT_FOUND, "nothing was written");
        assert_eq!(put(&world, "v1").await.unwrap().status(), StatusCode::CREATED, "it is used up");
        assert_eq!(world.delete(V1).await, StatusCode::ACCEPTED);
    }
}

#[tokio::test]
async fn failed_and_failed_but_it_happened() {
    for (effect, answered, happened) in [
        (Effect::DropBefore, false, false),
        (Effect::DropDuring { bytes: 5 }, false, false),
        (Effect::Status { code: 500, retry_after: None }, true, false),
        (Effect::DropAfter, false, true),
        (Effect::StatusAfter { code: 500 }, true, true),
    ] {
        let world = World::plain();
        world.registry.set_faults(vec![Fault::new(effect.clone()).method("PUT").once()]);
        let answer = put(&world, "v1").await;
        assert_eq!(answer.is_ok(), answered, "{effect:?}");
        assert!(answer.is_ok_and(|answer| answer.status() == 500) || !answered, "{effect:?}");
        let status = world.get(V1).await.status();
        assert_eq!(status == StatusCode::OK, happened, "{effect:?}");
    }
}

#[tokio::test]
async fn what_arrived_before_the_connection_broke_is_kept() {
    let world = World::plain();
    let begun = world.request(Method::POST, "/v2/acme/app/blobs/uploads/").send().await.unwrap();
    let location = header(&begun, "location").to_owned();
    world
        .registry
        .set_faults(vec![Fault::new(Effect::DropDuring { bytes: 4 }).method("PATCH").once()]);
    let broken = world.request(Method::PATCH, &location).body("0123456789").send().await;
    assert!(broken.is_err());
    let status = world.get(&location).await;
    assert_eq!(header(&status, "range"), "0-3");
    let rest =
        world.request(Method::PATCH, &location).header("content-range", "4-9").body("456789");
    assert_eq!(header(&rest.send().await.unwrap(), "range"), "0-9");
}

#[tokio::test]
async fn bodies_that_are_spoilt() {
    let world = World::plain();
    let large: Vec<u8> = (0..300_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    for bytes in [b"0123456789".as_slice(), &large] {
        let digest = world.blob("acme/app", bytes).await;
        let path = format!("/v2/acme/app/blobs/{digest}");
        let read = |effect: Effect| {
            world.registry.set_faults(vec![Fault::new(effect).on(Kind::Blob).once()]);
            async { world.get(&path).await.bytes().await }
        };
        let truncated = read(Effect::Truncate { bytes: 4 }).await;
        assert!(truncated.is_err(), "the length was promised, so the client can tell");
        let corrupt = read(Effect::Corrupt { at: 7 }).await.unwrap();
        let differing: Vec<usize> =
            (0..bytes.len()).filter(|at| corrupt[*at] != bytes[*at]).collect();
        assert_eq!((corrupt.len(), differing), (bytes.len(), vec![7]));
        let short = read(Effect::ContentLength { add: -3 }).await.unwrap();
        assert_eq!(short, bytes[..bytes.len() - 3], "a whole answer, as far as HTTP can tell");
        assert!(read(Effect::ContentLength { add: 3 }).await.is_err(), "bytes that never come");
        assert_eq!(read(omit("x-absent")).await.unwrap(), bytes, "and unspoilt again");
    }
}

#[tokio::test]
async fn a_body_that_stalls_leaves_the_client_to_its_deadline() {
    let world = World::plain();
    world.artifact("acme/app", "v1", b"layer").await;
    world.registry.set_faults(vec![Fault::new(Effect::Stall { bytes: 3 }).on(Kind::Tag).once()]);
    let limit = Duration::from_millis(200);
    let stalled = world.request(Method::GET, V1).timeout(limit).send().await.unwrap();
    assert!(stalled.bytes().await.unwrap_err().is_timeout());
    assert_eq!(world.get(V1).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_length_that_lies_on_head() {
    let world = World::plain();
    world.artifact("acme/app", "v1", b"layer").await;
    let length = header(&world.get(V1).await, "content-length").parse::<u64>().unwrap();
    world.registry.set_faults(vec![Fault::new(Effect::ContentLength { add: 5 }).method("HEAD")]);
    let head = world.request(Method::HEAD, V1).send().await.unwrap();
    assert_eq!(header(&head, "content-length"), (length + 5).to_string());
}

#[tokio::test]
async fn a_tag_that_moves_between_two_reads() {
    let world = World::plain();
    let first = world.artifact("acme/app", "v1", b"one").await;
    let second = world.artifact("acme/app", "v2", b"two").await;
    let moved = Effect::MoveTag { to: second.to_string() };
    world.registry.set_faults(vec![Fault::new(moved).path("/v1").after(1)]);
    let digest = |response: Response| header(&response, "docker-content-digest").to_owned();
    assert_eq!(digest(world.get(V1).await), first.as_str());
    assert_eq!(digest(world.get(V1).await), second.as_str());
    let by_digest = world.get(&format!("/v2/acme/app/manifests/{first}")).await;
    assert_eq!(digest(by_digest), first.as_str(), "a digest never moves");
}

#[tokio::test]
async fn a_redirect_leads_to_the_same_path_elsewhere() {
    let (world, elsewhere) = (World::plain(), World::plain());
    world.artifact("acme/app", "v1", b"layer").await;
    let origin = format!("http://{}", elsewhere.registry.address());
    let fault = Fault::new(Effect::Redirect { to: origin.clone() + "/" }).on(Kind::Tag);
    world.registry.set_faults(vec![fault]);
    let sent = world.get(&format!("{V1}?a=b")).await;
    assert_eq!(sent.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(header(&sent, "location"), format!("{origin}{V1}?a=b"));
}

#[tokio::test]
async fn headers_that_are_missing_or_wrong() {
    let world = World::plain();
    let artifact = world.artifact("acme/app", "v1", b"layer").await;
    for name in ["location", "oci-subject", "docker-content-digest"] {
        world.registry.set_faults(vec![Fault::new(omit(name)).method("PUT").once()]);
        let spoilt = world.referrer("acme/app", &artifact, b"bundle").await;
        assert_eq!((spoilt.status(), header(&spoilt, name)), (StatusCode::CREATED, ""));
        let sound = world.referrer("acme/app", &artifact, b"bundle").await;
        assert_ne!(header(&sound, name), "", "{name} is there without the fault");
    }
    let lie = Digest::sha256(b"lie").to_string();
    let effect = Effect::SetHeader { name: "docker-content-digest".to_owned(), value: lie.clone() };
    world.registry.set_faults(vec![Fault::new(effect).on(Kind::Tag).once()]);
    assert_eq!(header(&world.get(V1).await, "docker-content-digest"), lie);
}

#[tokio::test]
async fn descriptors_whose_sizes_lie() {
    let world = World::plain();
    let artifact = world.artifact("acme/app", "v1", b"layer").await;
    world.referrer("acme/app", &artifact, b"bundle").await;
    let path = format!("/v2/acme/app/referrers/{artifact}");
    let size = |list: Value| list["manifests"][0]["size"].as_i64().unwrap();
    let truth = size(world.get(&path).await.json().await.unwrap());
    world.registry.set_faults(vec![Fault::new(Effect::DescriptorSize { add: 1000 })]);
    assert_eq!(size(world.get(&path).await.json().await.unwrap()), truth + 1000);
}

#[tokio::test]
async fn a_delay_waits_and_several_faults_add_up() {
    let world = World::plain();
    world.registry.set_faults(vec![
        Fault::new(Effect::Delay { milliseconds: 60 }),
        Fault::new(Effect::Status { code: 503, retry_after: None }).once(),
    ]);
    let begun = Instant::now();
    assert_eq!(world.get("/v2/").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(begun.elapsed() >= Duration::from_millis(60), "a lower bound, which no machine breaks");
    assert_eq!(world.get("/v2/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_says_so() {
    let world = World::plain();
    world.registry.set_faults(vec![Fault::new(Effect::MoveTag { to: "v2".to_owned() })]);
    let answer = world.get("/v2/").await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text().await.unwrap().contains("the fault makes no sense"));
}

#[tokio::test]
async fn the_log_counts_requests_and_keeps_no_credentials() {
    let world = World::plain();
    world.registry.set_faults(vec![Fault::new(Effect::DropAfter).on(Kind::Tag).once()]);
    let with_secret = world.request(Method::GET, "/v2/?n=1").bearer_auth("s3cret");
    with_secret.send().await.unwrap();
    assert!(world.request(Method::PUT, V1).send().await.is_err());
    let requests = world.registry.requests();
    let seen: Vec<_> = requests
        .iter()
        .map(|r| {
            (r.method.as_str(), r.path.as_str(), r.kind, r.status, r.authorization_present, r.fault)
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("GET", "/v2/", Kind::Base, Some(200), true, false),
            ("PUT", V1, Kind::Tag, None, false, true),
        ]
    );
    assert_eq!(requests[0].query.as_deref(), Some("n=1"));
    assert!(!format!("{requests:?}").contains("s3cret"));
    world.registry.clear_requests();
    assert_eq!(world.registry.requests(), []);
}

#[tokio::test]
async fn control_from_outside_where_asked_for() {
    let world = World::new(RegistryOptions { control: true, ..Default::default() });
    let faults = r#"[{"kind":"base","times":1,"effect":{"status":{"code":429,"retryAfter":"3"}}}]"#;
    let set = world.request(Method::POST, "/_faults").body(faults).send().await.unwrap();
    assert_eq!(set.status(), StatusCode::NO_CONTENT);
    let left: Value = world.get("/_faults").await.json().await.unwrap();
    assert_eq!(left[0]["times"], 1);
    let struck = world.get("/v2/").await;
    assert_eq!((struck.status().as_u16(), header(&struck, "retry-after")), (429, "3"));
    assert_eq!(world.get("/v2/").await.status(), StatusCode::OK);
    let log: Value = world.get("/_requests").await.json().await.unwrap();
    assert_eq!(log.as_array().unwrap().len(), 2, "control itself is not counted");
    assert_eq!(log[0]["authorizationPresent"], false);
    assert_eq!(world.delete("/_requests").await, StatusCode::NO_CONTENT);
    assert_eq!(world.get("/_requests").await.text().await.unwrap(), "[]");
    for (body, reason) in [
        ("{}", "not a list"),
        (r#"[{"effect":"explode"}]"#, "unknown effect"),
        (r#"[{"effect":{"moveTag":{"to":"v2"}}}]"#, "not a digest"),
    ] {
        let refused = world.request(Method::POST, "/_faults").body(body).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{reason}");
        assert_eq!(code(refused).await, "UNSUPPORTED", "{reason}");
    }
    assert_eq!(world.get("/_nothing").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn no_control_from_outside_by_default() {
    let world = World::plain();
    let faults = r#"[{"effect":"dropBefore"}]"#;
    let refused = world.request(Method::POST, "/_faults").body(faults).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    assert_eq!(world.get("/v2/").await.status(), StatusCode::OK);
    assert_eq!(world.registry.faults(), []);
}

#[tokio::test]
async fn every_request_of_a_distant_registry_waits() {
    let latency = Some(Duration::from_millis(30));
    let world = World::new(RegistryOptions { latency, ..Default::default() });
    let begun = Instant::now();
    futures::future::join_all((0..8).map(|_| world.get("/v2/"))).await;
    assert!(begun.elapsed() >= Duration::from_millis(30));
}
