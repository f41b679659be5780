//! Found, absent and "could not tell" are three answers, whatever goes wrong.

use sealwright_devstack::registry::{Effect, Fault, Kind};
use sealwright_evidence::descriptor::OCI_MANIFEST;
use sealwright_policy::Code;
use sealwright_registry::{GatherOptions, Lookup, Reference, Repository};

use crate::world::{World, assert_unknown, descriptor, digest, hurried_client, status, tag};

#[tokio::test]
async fn what_is_there_is_found_by_tag_and_by_digest() {
    let world = World::new();
    let artifact = world.publish().await;
    for target in [tag("latest"), digest(&artifact.digest)] {
        let (found, cost) = world.cost(world.client.manifest(&world.repository, &target)).await;
        assert_eq!(found.unwrap(), Lookup::Found(artifact.clone()));
        assert_eq!(cost, 1);
        let (found, cost) = world.cost(world.client.resolve(&world.repository.at(target))).await;
        assert_eq!(found.unwrap(), Lookup::Found(descriptor(&artifact)));
        assert_eq!(cost, 1);
    }
    let blob = world.push_blob(b"some bytes").await;
    let found = world.client.blob(&world.repository, &blob, 100).await.unwrap();
    assert_eq!(found, Lookup::Found(b"some bytes".to_vec()));
}

#[tokio::test]
async fn what_is_not_there_is_absent() {
    let world = World::new();
    world.publish().await;
    let nothing = digest(&format!("sha256:{}", "0".repeat(64)));
    for target in [tag("v2"), nothing] {
        let found = world.client.manifest(&world.repository, &target).await;
        assert_eq!(found, Ok(Lookup::Absent), "{target}");
        assert_eq!(world.client.resolve(&world.repository.at(target)).await, Ok(Lookup::Absent));
    }
    let elsewhere = Repository { path: "acme/other".to_owned(), ..world.repository.clone() };
    assert_eq!(world.client.manifest(&elsewhere, &tag("latest")).await, Ok(Lookup::Absent));
    let blob = sealwright_evidence::Descriptor::of("text/plain", b"never pushed");
    assert_eq!(world.client.blob(&world.repository, &blob, 100).await, Ok(Lookup::Absent));
}

#[tokio::test]
async fn faults_of_a_manifest_are_neither_found_nor_absent() {
    let world = World::new();
    let other = world.publish().await;
    let artifact = world.publish().await;
    let length = artifact.bytes.len() as u64;
    let header =
        |name: &str, value: &str| Effect::SetHeader { name: name.into(), value: value.into() };
    for (effect, code, why) in [
        (status(400), Code::RegistryStatus, "a refusal"),
        (status(401), Code::RegistryDenied, "not logged in"),
        (status(403), Code::RegistryDenied, "too few rights"),
        (status(410), Code::RegistryStatus, "only 404 is absence"),
        (status(429), Code::RegistryRateLimited, "for ever"),
        (status(500), Code::RegistryStatus, "broken"),
        (status(503), Code::RegistryStatus, "for ever"),
        (Effect::DropBefore, Code::RegistryUnreachable, "hangs up"),
        (Effect::DropAfter, Code::RegistryUnreachable, "hangs up late"),
        (Effect::Truncate { bytes: length - 1 }, Code::RegistryUnreachable, "cut"),
        (Effect::Corrupt { at: length / 2 }, Code::RegistryMismatch, "one bit off"),
        (Effect::ContentLength { add: -1 }, Code::RegistryMismatch, "a short length"),
        (header("docker-content-digest", &other.digest), Code::RegistryMismatch, "lying digest"),
        (
            header("content-type", "application/vnd.oci.image.index.v1+json"),
            Code::RegistryProtocol,
            "header and document disagree",
        ),
        (Effect::Redirect { to: "ftp://127.0.0.1".into() }, Code::RegistryRedirect, "odd scheme"),
        (
            Effect::Redirect { to: "http://example.com".into() },
            Code::RegistryRedirect,
            "plain text",
        ),
    ] {
        for target in [tag("latest"), digest(&artifact.digest)] {
            world.faults([Fault::new(effect.clone()).on(Kind::Manifest).method("GET")]);
            assert_unknown(world.client.manifest(&world.repository, &target).await, code, why);
        }
    }
    world.no_faults();
    let found = world.client.manifest(&world.repository, &tag("latest")).await;
    assert_eq!(found, Ok(Lookup::Found(artifact)), "the neighbour without faults");
}

#[tokio::test]
async fn a_registry_that_does_not_answer_in_time_is_unknown() {
    let world = World::new();
    let artifact = world.publish().await;
    let client = hurried_client();
    for (effect, why) in [
        (Effect::Delay { milliseconds: 5_000 }, "too slow"),
        (Effect::Stall { bytes: 10 }, "stops in the middle"),
    ] {
        world.faults([Fault::new(effect)]);
        let found = client.manifest(&world.repository, &tag("latest")).await;
        assert_unknown(found, Code::RegistryDeadline, why);
    }
    world.faults([Fault::new(Effect::Delay { milliseconds: 5_000 })]);
    let options = GatherOptions { legacy: true };
    let evidence = client.gather(&world.repository, artifact.clone(), options).await.unwrap();
    let codes: Vec<Code> = evidence.gaps.iter().map(|gap| gap.code).collect();
    assert_eq!(codes, [Code::RegistryDeadline; 2], "one deadline for all of a call");
}

#[tokio::test]
async fn another_manifest_under_the_digest_asked_for_is_refused_and_a_moved_tag_is_not() {
    let world = World::new();
    let old = world.publish().await;
    let new = world.publish().await;
    world.faults([Fault::new(Effect::MoveTag { to: old.digest.clone() })]);
    let found = world.client.manifest(&world.repository, &tag("latest")).await.unwrap();
    assert_eq!(found.found().unwrap().digest, old.digest, "a tag may move at any time");
    let found = world.client.manifest(&world.repository, &digest(&new.digest)).await.unwrap();
    assert_eq!(found.found().unwrap().digest, new.digest);
}

#[tokio::test]
async fn faults_of_a_blob_are_never_content() {
    let world = World::new();
    let blob = world.push_blob(b"0123456789").await;
    for (effect, code, why) in [
        (status(403), Code::RegistryDenied, "too few rights"),
        (status(500), Code::RegistryStatus, "broken"),
        (Effect::Truncate { bytes: 9 }, Code::RegistryUnreachable, "cut"),
        (Effect::Corrupt { at: 9 }, Code::RegistryMismatch, "one bit off"),
        (Effect::ContentLength { add: -1 }, Code::RegistryMismatch, "a short length"),
        (Effect::ContentLength { add: 1 }, Code::RegistryUnreachable, "a long length"),
    ] {
        world.faults([Fault::new(effect).on(Kind::Blob)]);
        assert_unknown(world.client.blob(&world.repository, &blob, 100).await, code, why);
    }
    world.no_faults();
    for (size, bytes_max, code, why) in [
        (9, 100, Code::RegistryMismatch, "the descriptor says less"),
        (11, 100, Code::RegistryMismatch, "the descriptor says more"),
        (10, 9, Code::RegistryLimit, "over the caller's limit"),
        (u64::MAX, usize::MAX, Code::RegistryMismatch, "no room is made for a lie"),
    ] {
        let lying = sealwright_evidence::Descriptor { size, ..blob.clone() };
        assert_unknown(world.client.blob(&world.repository, &lying, bytes_max).await, code, why);
    }
}

#[tokio::test]
async fn transient_faults_are_ridden_out_and_nothing_else_is_tried_again() {
    let world = World::new();
    let artifact = world.publish().await;
    let asked = |wait: &str| Effect::Status { code: 429, retry_after: Some(wait.to_owned()) };
    for (effect, requests, why) in [
        (status(429), 3, "rate limit"),
        (asked("0"), 3, "rate limit with a wait"),
        (asked("Wed, 21 Oct 2015 07:28:00 GMT"), 3, "rate limit until a date that is past"),
        (status(502), 3, "gateway"),
        (status(503), 3, "overload"),
        (status(504), 3, "gateway, slowly"),
        (Effect::DropBefore, 3, "hung up"),
        (Effect::Truncate { bytes: 5 }, 3, "cut"),
        (asked("3600"), 1, "more than there is time for: the answer comes at once"),
        (status(500), 1, "not transient"),
        (status(404), 1, "absent"),
        (status(403), 1, "denied"),
        (Effect::Corrupt { at: 5 }, 1, "tampered with"),
    ] {
        world.faults([Fault::new(effect).on(Kind::Tag).times(2)]);
        let target = tag("latest");
        let (answer, cost) = world.cost(world.client.manifest(&world.repository, &target)).await;
        assert_eq!(cost, requests, "{why}");
        let ridden_out = requests == 3;
        assert_eq!(answer == Ok(Lookup::Found(artifact.clone())), ridden_out, "{why}");
    }
}

#[tokio::test]
async fn resolving_reads_the_manifest_where_a_head_leaves_something_out() {
    let world = World::new();
    let artifact = world.publish().await;
    let reference = world.repository.at(tag("latest"));
    let omit = |name: &str| Effect::OmitHeader { name: name.to_owned() };
    let head = |effect: Effect| Fault::new(effect).method("HEAD");
    for (fault, why) in [
        (head(omit("docker-content-digest")), "no digest"),
        (head(omit("content-type")), "no type"),
        (head(status(405)), "no HEAD"),
        (head(status(500)), "HEAD is broken"),
        (Fault::new(omit("docker-content-digest")), "no digest at all"),
    ] {
        world.faults([fault]);
        let (found, cost) = world.cost(world.client.resolve(&reference)).await;
        assert_eq!(found.unwrap(), Lookup::Found(descriptor(&artifact)), "{why}");
        assert_eq!(cost, 2, "{why}");
    }
    world.faults([head(status(404))]);
    assert_eq!(world.client.resolve(&reference).await, Ok(Lookup::Absent));
    world.faults([Fault::new(status(403))]);
    assert_unknown(world.client.resolve(&reference).await, Code::RegistryDenied, "denied");
}

#[tokio::test]
async fn a_manifest_of_exactly_the_limit_is_read() {
    let world = World::new();
    let mut bytes = format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}"}}"#).into_bytes();
    bytes.resize(sealwright_registry::limits::MANIFEST_BYTES_MAX, b' ');
    let target = tag("large");
    let pushed =
        world.client.push_manifest(&world.repository, &target, OCI_MANIFEST, bytes.clone());
    pushed.await.unwrap();
    let found = world.client.manifest(&world.repository, &target).await.unwrap();
    assert_eq!(found.found().unwrap().bytes.len(), bytes.len(), "exactly the limit");
}

#[tokio::test]
async fn a_host_where_nobody_listens_is_said_so_soon() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let world = World::new();
    let reference = Reference::parse(&format!("127.0.0.1:{port}/acme/platform:v1")).unwrap();
    let answer = world.client.manifest(&reference.repository, &reference.target).await;
    assert_unknown(answer, Code::RegistryUnreachable, "refused");
}
