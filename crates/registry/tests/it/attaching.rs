//! Attached means listed, by the registry or by the index that we write.

use futures::future::join_all;
use sealwright_devstack::registry::{Effect, Fault, Kind, RegistryOptions};
use sealwright_evidence::descriptor::{OCI_INDEX, OCI_MANIFEST};
use sealwright_evidence::{Digest, ReferrersFrom};
use sealwright_policy::Code;
use sealwright_registry::{
    Attached, CredentialSource, GatherOptions, ListedBy, RegistryError, Target,
};

use crate::world::{CREATED, PREDICATE, World, client, descriptor, status};

fn world(referrers_api: bool) -> World {
    World::of(RegistryOptions { referrers_api, ..RegistryOptions::default() })
}

async fn bundles(world: &World, artifact: &sealwright_evidence::Blob) -> Vec<Vec<u8>> {
    let options = GatherOptions::default();
    let evidence = world.client.gather(&world.repository, artifact.clone(), options).await.unwrap();
    assert_eq!(evidence.gaps, []);
    let bundles = evidence.referrers.into_iter().flat_map(|referrer| referrer.bundles);
    let mut bundles: Vec<Vec<u8>> = bundles.map(|bundle| bundle.bytes).collect();
    bundles.sort();
    bundles
}

async fn attach(
    world: &World,
    artifact: &sealwright_evidence::Blob,
    bundle: &[u8],
) -> Result<Attached, RegistryError> {
    // Another process: it remembers nothing and shares no lock.
    let client = client(CredentialSource::Anonymous);
    client.attach(&world.repository, &descriptor(artifact), bundle, PREDICATE, CREATED).await
}

#[tokio::test]
async fn what_is_attached_is_gathered() {
    for (api, listed_by, from, requests) in [
        (true, ListedBy::Api, ReferrersFrom::Api, 4),
        (false, ListedBy::FallbackTag, ReferrersFrom::FallbackTag, 7),
    ] {
        let world = world(api);
        let artifact = world.publish().await;
        let (attached, cost) = world.cost(attach(&world, &artifact, b"one")).await;
        let attached = attached.unwrap();
        assert_eq!(attached.listed_by, listed_by);
        assert_eq!(cost, requests, "config, bundle (2), manifest, and the index thrice");
        let options = GatherOptions::default();
        let evidence =
            world.client.gather(&world.repository, artifact.clone(), options).await.unwrap();
        assert_eq!(evidence.referrers_from, from);
        assert_eq!(evidence.referrers[0].manifest.digest, attached.manifest_digest.to_string());
        assert_eq!(bundles(&world, &artifact).await, [b"one"]);
    }
}

#[tokio::test]
async fn attaching_again_changes_nothing_and_attaching_more_drops_nothing() {
    for api in [true, false] {
        let world = world(api);
        let artifact = world.publish().await;
        let first = attach(&world, &artifact, b"one").await;
        assert_eq!(attach(&world, &artifact, b"one").await, first);
        attach(&world, &artifact, b"two").await.unwrap();
        assert_eq!(bundles(&world, &artifact).await, [b"one", b"two"]);
    }
}

#[tokio::test]
async fn every_write_fails_or_happens_and_then_is_finished_by_attaching_again() {
    for (method, kind) in
        [("POST", Kind::Upload), ("PUT", Kind::Upload), ("PUT", Kind::Manifest), ("PUT", Kind::Tag)]
    {
        for (effect, why) in [
            (status(500), "failed"),
            (Effect::StatusAfter { code: 500 }, "failed but it happened"),
            (Effect::DropAfter, "hung up but it happened"),
        ] {
            let world = world(false);
            let artifact = world.publish().await;
            world.faults([Fault::new(effect).on(kind).method(method).times(1)]);
            let attached = attach(&world, &artifact, b"one").await;
            assert!(world.server.faults().is_empty(), "{method} {kind:?} {why}: it struck");
            if attached.is_err() {
                attach(&world, &artifact, b"one").await.unwrap();
            }
            assert_eq!(bundles(&world, &artifact).await, [b"one"], "{method} {kind:?} {why}");
        }
    }
}

#[tokio::test]
async fn an_entry_that_another_writer_dropped_is_written_again() {
    let world = world(false);
    let artifact = world.publish().await;
    let all: Vec<Vec<u8>> = (0..6u8).map(|number| vec![b'a' + number]).collect();
    let attached = join_all(all.iter().map(|bundle| attach(&world, &artifact, bundle))).await;
    for attached in attached {
        // Who lost each time says so; nobody says "listed" of what is not.
        if let Err(error) = attached {
            assert_eq!(error.code(), Code::RegistryFallbackIndex, "{error}");
        }
    }
    join_all(all.iter().map(|bundle| world.attach(&artifact, bundle))).await;
    assert_eq!(bundles(&world, &artifact).await, all, "one process takes turns");
}

#[tokio::test]
async fn a_write_that_another_writer_overwrote_is_seen_and_repeated() {
    let world = world(false);
    let artifact = world.publish().await;
    attach(&world, &artifact, b"one").await.unwrap();
    let fallback = Target::Tag(artifact.digest.replace(':', "-"));
    let before = world.client.manifest(&world.repository, &fallback).await.unwrap();
    // What the other writer had read and writes back: the list without our entry.
    let overwritten = Fault::new(Effect::MoveTag { to: before.found().unwrap().digest });
    let overwritten = overwritten.on(Kind::Tag).method("GET").after(1);
    for (times, expected, writes) in
        [(1, Ok(ListedBy::FallbackTag), 2), (99, Err(Code::RegistryFallbackIndex), 8)]
    {
        world.faults([overwritten.clone().times(times)]);
        world.server.clear_requests();
        let attached = attach(&world, &artifact, &[times as u8]).await;
        assert_eq!(attached.map(|a| a.listed_by).map_err(|error| error.code()), expected);
        let puts = world.requests().iter().filter(|request| *request == "PUT Tag").count();
        assert_eq!(puts, writes, "struck {times} times");
    }
}

#[tokio::test]
async fn what_is_no_index_is_not_overwritten() {
    let world = world(false);
    let artifact = world.publish().await;
    let other = world.publish().await;
    let fallback = Target::Tag(artifact.digest.replace(':', "-"));
    let put = |media_type: &'static str, bytes: Vec<u8>| {
        world.client.push_manifest(&world.repository, &fallback, media_type, bytes)
    };
    put(OCI_MANIFEST, other.bytes.clone()).await.unwrap();
    let error = attach(&world, &artifact, b"one").await.unwrap_err();
    assert_eq!(error.code(), Code::RegistryFallbackIndex, "another artifact: {error}");
    put(OCI_INDEX, br#"{"schemaVersion":2}"#.to_vec()).await.unwrap();
    let error = attach(&world, &artifact, b"one").await.unwrap_err();
    assert_eq!(error.code(), Code::RegistryFallbackIndex, "an index without a list: {error}");
    world.faults([Fault::new(status(403)).on(Kind::Tag).method("GET")]);
    let error = attach(&world, &artifact, b"one").await.unwrap_err();
    assert_eq!(error.code(), Code::RegistryDenied, "not readable is not absent: {error}");
    world.no_faults();
    put(OCI_MANIFEST, artifact.bytes.clone()).await.unwrap();
    attach(&world, &artifact, b"one").await.unwrap();
    assert_eq!(bundles(&world, &artifact).await, [b"one"], "the artifact itself is no list");
}

#[tokio::test]
async fn a_registry_that_lists_but_does_not_say_so_gets_both_lists() {
    let world = world(true);
    let artifact = world.publish().await;
    let omit = Effect::OmitHeader { name: "oci-subject".to_owned() };
    world.faults([Fault::new(omit)]);
    assert_eq!(attach(&world, &artifact, b"one").await.unwrap().listed_by, ListedBy::FallbackTag);
    assert_eq!(bundles(&world, &artifact).await, [b"one"]);
}

#[tokio::test]
async fn an_artifact_needs_a_digest() {
    let world = world(true);
    let artifact = world.publish().await;
    let mut odd = descriptor(&artifact);
    odd.digest = Digest::of(b"").hex();
    let attached = world.client.attach(&world.repository, &odd, b"one", PREDICATE, CREATED).await;
    assert_eq!(attached.unwrap_err().code(), Code::RegistryReference);
}
