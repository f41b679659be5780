//! Blob uploads: in pieces, at once, mounted, interrupted, refused.

use reqwest::{Method, Response, StatusCode};
use sealwright_devstack::registry::{Algorithm, Digest, UPLOADS_COUNT_MAX};

use crate::world::{World, code, header};

const BEGIN: &str = "/v2/acme/app/blobs/uploads/";

async fn begin(world: &World) -> String {
    let response = world.request(Method::POST, BEGIN).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    header(&response, "location").to_owned()
}

async fn append(world: &World, location: &str, range: &str, piece: &'static str) -> Response {
    let request = world.request(Method::PATCH, location).header("content-range", range);
    request.body(piece).send().await.unwrap()
}

async fn finish(world: &World, location: &str, digest: &Digest, piece: &'static str) -> Response {
    let path = format!("{location}?digest={digest}");
    world.request(Method::PUT, &path).body(piece).send().await.unwrap()
}

#[tokio::test]
async fn in_pieces_with_the_last_one_in_the_put() {
    let world = World::plain();
    let location = begin(&world).await;
    for (range, piece, expected) in [("0-3", "0123", "0-3"), ("4-6", "456", "0-6")] {
        let response = append(&world, &location, range, piece).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(header(&response, "range"), expected);
        assert_eq!(header(&response, "location"), location);
    }
    let digest = Digest::sha256(b"0123456789");
    let finished = finish(&world, &location, &digest, "789").await;
    assert_eq!(finished.status(), StatusCode::CREATED);
    let blob = header(&finished, "location").to_owned();
    assert_eq!(blob, format!("/v2/acme/app/blobs/{digest}"));
    assert_eq!(world.get(&blob).await.text().await.unwrap(), "0123456789");
    assert_eq!(world.registry.open_uploads(), 0);
    assert_eq!(world.get(&location).await.status(), StatusCode::NOT_FOUND, "the session is over");
}

#[tokio::test]
async fn a_piece_in_the_wrong_place_is_refused_and_the_session_goes_on() {
    let world = World::plain();
    let location = begin(&world).await;
    append(&world, &location, "0-3", "0123").await;
    for (range, status, reason) in [
        ("5-6", 416, "a gap"),
        ("0-3", 416, "again"),
        ("4-9", 416, "another length than the body's"),
        ("x", 400, "malformed"),
    ] {
        let response = append(&world, &location, range, "45").await;
        assert_eq!(response.status().as_u16(), status, "{reason}");
    }
    let status = world.get(&location).await;
    assert_eq!(status.status(), StatusCode::NO_CONTENT);
    assert_eq!(header(&status, "range"), "0-3", "nothing was taken in");
    let finished = finish(&world, &location, &Digest::sha256(b"012345"), "45").await;
    assert_eq!(finished.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_wrong_digest_stores_nothing() {
    let world = World::plain();
    let claimed = Digest::sha256(b"something else");
    let single = format!("{BEGIN}?digest={claimed}");
    let response = world.request(Method::POST, &single).body("bytes").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(code(response).await, "DIGEST_INVALID");
    let location = begin(&world).await;
    let response = finish(&world, &location, &claimed, "bytes").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    for digest in [claimed, Digest::sha256(b"bytes")] {
        let path = format!("/v2/acme/app/blobs/{digest}");
        assert_eq!(world.get(&path).await.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn sessions_that_do_not_exist() {
    let world = World::plain();
    let location = begin(&world).await;
    let elsewhere = location.replace("acme/app", "acme/other");
    for (path, reason) in
        [(format!("{BEGIN}0123"), "unknown id"), (elsewhere, "another repository's session")]
    {
        let response = append(&world, &path, "0-0", "0").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{reason}");
        assert_eq!(code(response).await, "BLOB_UPLOAD_UNKNOWN", "{reason}");
    }
    assert_eq!(world.delete(&location).await, StatusCode::NO_CONTENT, "cancel");
    assert_eq!(world.delete(&location).await, StatusCode::NOT_FOUND, "cancelled already");
    let unfinished = world.request(Method::PUT, &begin(&world).await).send().await.unwrap();
    assert_eq!(code(unfinished).await, "DIGEST_INVALID", "the end without a digest");
}

#[tokio::test]
async fn a_mount_needs_a_neighbour_that_has_the_blob() {
    let world = World::plain();
    let digest = world.blob("acme/base", b"shared").await;
    let absent = Digest::sha256(b"absent");
    for (query, status, reason) in [
        (format!("mount={absent}&from=acme/base"), 202, "the neighbour does not have it"),
        (format!("mount={digest}&from=acme/none"), 202, "no such neighbour"),
        (format!("mount={digest}&from=../x"), 202, "not a repository"),
        (format!("mount={digest}"), 202, "no neighbour named"),
        ("mount=latest&from=acme/base".to_owned(), 400, "not a digest"),
        (format!("mount={digest}&from=acme/base"), 201, "mounted"),
    ] {
        let path = format!("{BEGIN}?{query}");
        let response = world.request(Method::POST, &path).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{reason}");
    }
    let mounted = world.get(&format!("/v2/acme/app/blobs/{digest}")).await;
    assert_eq!(mounted.text().await.unwrap(), "shared");
}

#[tokio::test]
async fn sha512_and_large_blobs_go_through_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let state = camino::Utf8PathBuf::from_path_buf(folder.path().join("state")).unwrap();
    let options = sealwright_devstack::registry::RegistryOptions {
        state: Some(state.clone()),
        ..Default::default()
    };
    let world = World::new(options);
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    for digest in [Digest::sha256(&bytes), Digest::of(Algorithm::Sha512, &bytes)] {
        let path = format!("{BEGIN}?digest={digest}");
        let sent = world.request(Method::POST, &path).body(bytes.clone()).send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::CREATED);
        let path = format!("/v2/acme/app/blobs/{digest}");
        assert!(world.get(&path).await.bytes().await.unwrap() == bytes.as_slice());
        let part = world.request(Method::GET, &path).header("range", "bytes=2999990-");
        assert_eq!(part.send().await.unwrap().bytes().await.unwrap(), bytes[2_999_990..]);
    }
    let left = state.join("registry/incoming").read_dir_utf8().unwrap().count();
    assert_eq!(left, 0, "nothing unfinished is left behind");
}

#[tokio::test]
async fn too_many_open_sessions_are_refused() {
    let world = World::plain();
    for _ in 0..UPLOADS_COUNT_MAX {
        begin(&world).await;
    }
    let response = world.request(Method::POST, BEGIN).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn many_clients_push_at_once() {
    let world = World::plain();
    let pushes = (0..32).map(|number: u32| {
        let world = &world;
        async move {
            let layer = number.to_string();
            world.artifact("acme/app", &format!("v{number}"), layer.as_bytes()).await
        }
    });
    let digests = futures::future::join_all(pushes).await;
    for (number, digest) in digests.iter().enumerate() {
        let got = world.get(&format!("/v2/acme/app/manifests/v{number}")).await;
        assert_eq!(header(&got, "docker-content-digest"), digest.as_str());
    }
}
