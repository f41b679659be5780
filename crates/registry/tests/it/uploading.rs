//! Blobs: skipped, sent whole, sent in chunks, gone on with after a fault.

use std::io::Write as _;

use bytes::Bytes;
use camino::Utf8PathBuf;
use sealwright_devstack::registry::{Effect, Fault, Kind};
use sealwright_evidence::{Descriptor, Digest};
use sealwright_policy::Code;
use sealwright_registry::{BlobSource, Lookup, Pushed, RegistryError};

use crate::world::{World, status};

const MIB: usize = 1 << 20;

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i / 3 % 251) as u8).collect()
}

async fn push(world: &World, bytes: &[u8]) -> Result<Pushed, RegistryError> {
    let source = BlobSource::Bytes(Bytes::copy_from_slice(bytes));
    let (digest, size) = (Digest::of(bytes), bytes.len() as u64);
    // Another client each time: one remembers what it has pushed.
    let client = crate::world::client(sealwright_registry::CredentialSource::Anonymous);
    client.push_blob(&world.repository, &digest, size, source).await
}

async fn is_there(world: &World, bytes: &[u8]) -> bool {
    let blob = Descriptor::of("application/octet-stream", bytes);
    let found = world.client.blob(&world.repository, &blob, bytes.len()).await.unwrap();
    found == Lookup::Found(bytes.to_vec())
}

#[tokio::test]
async fn a_small_blob_is_three_requests_and_then_one() {
    let world = World::new();
    for size in [0, 1, 10_000] {
        world.server.clear_requests();
        let bytes = content(size);
        assert_eq!(push(&world, &bytes).await, Ok(Pushed::Uploaded));
        assert_eq!(world.requests(), ["HEAD Blob", "POST Upload", "PUT Upload"]);
        let (again, cost) = world.cost(push(&world, &bytes)).await;
        assert_eq!((again, cost), (Ok(Pushed::AlreadyThere), 1));
        assert!(is_there(&world, &bytes).await);
    }
    let (_, cost) = world.cost(world.push_blob(b"known")).await;
    let (_, again) = world.cost(world.push_blob(b"known")).await;
    assert_eq!((cost, again), (3, 0), "one client looks once");
}

#[tokio::test]
async fn every_fault_of_a_small_upload_is_gone_on_with_and_the_blob_is_whole() {
    let world = World::new();
    let at =
        |method: &str, effect: Effect| Fault::new(effect).on(Kind::Upload).method(method).times(1);
    for (size, (fault, why)) in [
        (at("POST", status(503)), "no session"),
        (at("POST", Effect::StatusAfter { code: 503 }), "a session that nobody knows of"),
        (at("POST", Effect::DropAfter), "the same, hung up"),
        (at("PUT", status(503)), "nothing arrived"),
        (at("PUT", status(500)), "nothing arrived, said otherwise"),
        (at("PUT", status(429)), "limited"),
        (at("PUT", status(404)), "the session is gone"),
        (at("PUT", Effect::StatusAfter { code: 503 }), "failed but it happened"),
        (at("PUT", Effect::DropBefore), "hung up before"),
        (at("PUT", Effect::DropAfter), "hung up after it happened"),
        (at("PUT", Effect::DropDuring { bytes: 4_000 }), "hung up within"),
    ]
    .into_iter()
    .enumerate()
    {
        let bytes = content(10_000 + size);
        world.faults([fault]);
        assert_eq!(push(&world, &bytes).await, Ok(Pushed::Uploaded), "{why}");
        assert!(is_there(&world, &bytes).await, "{why}");
        assert!(world.server.faults().is_empty(), "{why}: the fault struck");
    }
}

#[tokio::test]
async fn an_upload_that_cannot_be_done_is_said_so() {
    let world = World::new();
    let omit = Effect::OmitHeader { name: "location".to_owned() };
    for (method, effect, code, why) in [
        ("POST", status(403), Code::RegistryDenied, "denied"),
        ("POST", omit, Code::RegistryProtocol, "no Location, no panic"),
        ("PUT", status(400), Code::RegistryStatus, "refused"),
        ("PUT", status(413), Code::RegistryStatus, "too large for it"),
        ("PUT", status(503), Code::RegistryStatus, "broken for good"),
        ("PUT", Effect::DropBefore, Code::RegistryUnreachable, "hangs up for good"),
    ] {
        // Both ways of sending are struck.
        let struck = |method: &str| Fault::new(effect.clone()).on(Kind::Upload).method(method);
        world.faults([struck(method), struck("PATCH")]);
        let bytes = content(5_000);
        assert_eq!(push(&world, &bytes).await.unwrap_err().code(), code, "{why}");
        world.no_faults();
        assert!(!is_there(&world, &bytes).await, "{why}");
    }
}

#[tokio::test]
async fn a_registry_that_asks_to_wait_for_an_hour_is_not_waited_for() {
    let world = World::new();
    for (code, expected) in [(503, Code::RegistryStatus), (429, Code::RegistryRateLimited)] {
        let later = Effect::Status { code, retry_after: Some("3600".to_owned()) };
        world.faults([Fault::new(later).on(Kind::Upload).method("PUT")]);
        let error = push(&world, &content(5_000)).await.unwrap_err();
        assert_eq!(error.code(), expected, "{error}");
        assert!(error.to_string().contains("it asked to wait 3600 s"), "{error}");
    }
}

#[tokio::test]
async fn a_broken_upload_goes_on_where_the_registry_stands() {
    let world = World::new();
    let bytes = content(10 * MIB);
    let cut = Effect::DropDuring { bytes: 6 * MIB as u64 };
    world.faults([Fault::new(cut).on(Kind::Upload).method("PUT").times(1)]);
    world.server.clear_requests();
    assert_eq!(push(&world, &bytes).await, Ok(Pushed::Uploaded));
    assert!(is_there(&world, &bytes).await);
    let requests = world.requests();
    assert_eq!(
        requests[..requests.len() - 1],
        [
            "HEAD Blob",
            "POST Upload",
            "PUT Upload",
            "HEAD Blob",
            "GET Upload",
            "PATCH Upload",
            "PUT Upload"
        ],
        "one chunk for the 4 MiB that are left"
    );
    assert_eq!(world.server.open_uploads(), 0);
}

#[tokio::test]
async fn a_chunk_that_fails_or_half_arrives_is_not_sent_twice() {
    let world = World::new();
    let at = |effect: Effect, after: u64| {
        let first = Effect::DropDuring { bytes: 1 };
        let put = Fault::new(first).on(Kind::Upload).method("PUT").times(1);
        [put, Fault::new(effect).on(Kind::Upload).method("PATCH").after(after).times(1)]
    };
    for (extra, (faults, why)) in [
        (at(status(503), 1), "refused"),
        (at(Effect::StatusAfter { code: 503 }, 1), "failed but it happened"),
        (at(Effect::DropBefore, 0), "hung up before"),
        (at(Effect::DropAfter, 1), "hung up after"),
        (at(Effect::DropDuring { bytes: MIB as u64 }, 1), "a part of it arrived"),
        (at(status(404), 1), "the session is gone: from the start"),
        (at(status(416), 1), "it stands elsewhere"),
        (at(Effect::OmitHeader { name: "location".into() }, 0), "no Location: the old one stays"),
        (at(Effect::OmitHeader { name: "range".into() }, 0), "no Range: all was taken"),
    ]
    .into_iter()
    .enumerate()
    {
        let bytes = content(9 * MIB + extra);
        world.faults(faults);
        assert_eq!(push(&world, &bytes).await, Ok(Pushed::Uploaded), "{why}");
        assert!(is_there(&world, &bytes).await, "{why}");
        assert!(world.server.faults().is_empty(), "{why}: the faults struck");
    }
}

#[tokio::test]
async fn a_large_file_goes_in_chunks_and_a_small_one_at_once() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(folder.path().join("layer")).unwrap();
    for (size, chunks, why) in [(3 * MIB, 0, "whole"), (66 * MIB, 17, "66 MiB in pieces of 4")] {
        let bytes = content(size);
        std::fs::File::create(&path).unwrap().write_all(&bytes).unwrap();
        world.server.clear_requests();
        let source = BlobSource::File(path.clone());
        let digest = Digest::of(&bytes);
        let pushed = world.client.push_blob(&world.repository, &digest, size as u64, source);
        assert_eq!(pushed.await, Ok(Pushed::Uploaded), "{why}");
        let patches = world.requests().iter().filter(|r| *r == "PATCH Upload").count();
        assert_eq!(patches, chunks, "{why}");
        assert!(is_there(&world, &bytes).await, "{why}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_as_it_was_is_not_uploaded() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(folder.path().join("layer")).unwrap();
    std::fs::write(&path, "twelve bytes").unwrap();
    for (path, size, why) in [
        (path.clone(), 11, "longer than it was"),
        (path.clone(), 13, "shorter than it was"),
        (folder.path().join("none").try_into().unwrap(), 12, "gone"),
    ] {
        let source = BlobSource::File(path);
        let digest = Digest::of(b"twelve bytes");
        let pushed = world.client.push_blob(&world.repository, &digest, size, source);
        assert_eq!(pushed.await.unwrap_err().code(), Code::RegistryFile, "{why}");
    }
    let source = BlobSource::File(path);
    let digest = Digest::of(b"other bytes");
    let pushed = world.client.push_blob(&world.repository, &digest, 12, source);
    let error = pushed.await.unwrap_err();
    assert_eq!(error.code(), Code::RegistryStatus, "the registry sees that it is another: {error}");
}
