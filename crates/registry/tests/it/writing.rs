//! Manifests: "failed" and "failed but it happened".

use sealwright_devstack::registry::{Effect, Fault, Kind};
use sealwright_evidence::Digest;
use sealwright_evidence::descriptor::OCI_MANIFEST;
use sealwright_policy::Code;
use sealwright_registry::{Lookup, Target};

use crate::world::{World, digest, status, tag};

#[tokio::test]
async fn the_bytes_pushed_are_the_bytes_that_are_read() {
    let world = World::new();
    let odd = b"{ \"schemaVersion\": 2,\n  \"layers\": [ ], \"mediaType\" : \"application/vnd.oci.image.manifest.v1+json\" }\n";
    let target = tag("odd");
    let pushed = world.client.push_manifest(&world.repository, &target, OCI_MANIFEST, odd.to_vec());
    assert_eq!(pushed.await.unwrap().digest, Digest::of(odd));
    let found = world.client.manifest(&world.repository, &tag("odd")).await.unwrap();
    assert_eq!(found.found().unwrap().bytes, odd);
}

#[tokio::test]
async fn a_push_is_done_or_said_not_to_be() {
    let world = World::new();
    let artifact = world.publish().await;
    let omit = |name: &str| Effect::OmitHeader { name: name.to_owned() };
    let lie = Effect::SetHeader {
        name: "docker-content-digest".into(),
        value: Digest::of(b"").to_string(),
    };
    for (effect, times, outcome, why) in [
        (status(503), 2, Ok(()), "ridden out"),
        (Effect::StatusAfter { code: 503 }, 2, Ok(()), "failed but it happened"),
        (Effect::DropBefore, 2, Ok(()), "hung up before"),
        (Effect::DropAfter, 2, Ok(()), "hung up after"),
        (Effect::DropDuring { bytes: 20 }, 1, Ok(()), "hung up within"),
        (omit("location"), 9, Ok(()), "some registries send no Location for a digest"),
        (omit("docker-content-digest"), 9, Ok(()), "nor a digest"),
        (lie, 9, Err(Code::RegistryMismatch), "stored something else"),
        (status(403), 9, Err(Code::RegistryDenied), "denied"),
        (status(400), 9, Err(Code::RegistryStatus), "refused"),
        (status(500), 9, Err(Code::RegistryStatus), "broken"),
        (status(429), 99, Err(Code::RegistryRateLimited), "for ever"),
        (Effect::DropAfter, 99, Err(Code::RegistryUnreachable), "for ever"),
    ] {
        for target in [tag("pushed"), digest(&artifact.digest)] {
            world
                .faults([Fault::new(effect.clone()).on(Kind::Manifest).method("PUT").times(times)]);
            let bytes = artifact.bytes.clone();
            let pushed =
                world.client.push_manifest(&world.repository, &target, OCI_MANIFEST, bytes).await;
            let pushed =
                pushed.map(|pushed| assert_eq!(pushed.digest.to_string(), artifact.digest));
            assert_eq!(pushed.map_err(|error| error.code()), outcome, "{why}");
        }
    }
}

#[tokio::test]
async fn other_bytes_are_not_pushed_under_a_digest() {
    let world = World::new();
    let artifact = world.publish().await;
    let target = digest(&artifact.digest);
    let other = b"{}".to_vec();
    let pushed = world.client.push_manifest(&world.repository, &target, OCI_MANIFEST, other);
    let (pushed, cost) = world.cost(pushed).await;
    assert_eq!((pushed.unwrap_err().code(), cost), (Code::RegistryMismatch, 0));
}

#[tokio::test]
async fn deleting_is_found_absent_or_unknown() {
    let world = World::new();
    let delete = |target: Target| {
        let (client, repository) = (world.client.clone(), world.repository.clone());
        async move { client.delete_manifest(&repository, &target).await.map_err(|e| e.code()) }
    };
    let on_delete = |effect: Effect| Fault::new(effect).method("DELETE").times(1);
    for (fault, expected, why) in [
        (None, Ok(Lookup::Found(())), "it was there"),
        (Some(on_delete(status(503))), Ok(Lookup::Found(())), "at the second attempt"),
        (
            Some(on_delete(Effect::DropAfter)),
            Ok(Lookup::Found(())),
            "failed but it happened: the second attempt finds nothing, which is what was wanted",
        ),
        (Some(on_delete(status(405))), Err(Code::RegistryStatus), "this registry never deletes"),
        (Some(on_delete(status(403))), Err(Code::RegistryDenied), "too few rights"),
    ] {
        world.publish().await;
        world.faults(fault);
        assert_eq!(delete(tag("latest")).await, expected, "{why}");
    }
    world.no_faults();
    assert_eq!(delete(tag("never")).await, Ok(Lookup::Absent));
    let artifact = world.publish().await;
    assert_eq!(delete(digest(&artifact.digest)).await, Ok(Lookup::Found(())));
    assert_eq!(world.client.manifest(&world.repository, &tag("latest")).await, Ok(Lookup::Absent));
}

#[tokio::test]
async fn a_tag_that_is_no_tag_goes_nowhere() {
    let world = World::new();
    let odd = Target::Tag("../../other/manifests/latest".to_owned());
    let (answer, cost) = world.cost(world.client.delete_manifest(&world.repository, &odd)).await;
    assert_eq!((answer.unwrap_err().code(), cost), (Code::RegistryReference, 0));
    let mut odd = world.repository.clone();
    odd.path = "acme/../other".to_owned();
    let (answer, cost) = world.cost(world.client.manifest(&odd, &tag("latest"))).await;
    assert_eq!((answer.unwrap_err().code(), cost), (Code::RegistryReference, 0));
}
