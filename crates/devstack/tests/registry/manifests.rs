//! Manifests and blobs: read, pushed, refused, removed.

use reqwest::{Method, StatusCode};
use sealwright_devstack::registry::{Algorithm, Digest, MANIFEST_BYTES_MAX, RegistryOptions};
use serde_json::json;

use crate::world::{IMAGE, INDEX, World, code, header};

#[tokio::test]
async fn a_manifest_comes_back_as_it_was_pushed() {
    let world = World::plain();
    let digest = world.artifact("acme/platform/manifests", "v1", b"layer").await;
    for reference in ["v1", digest.as_str()] {
        let path = format!("/v2/acme/platform/manifests/manifests/{reference}");
        let got = world.get(&path).await;
        assert_eq!(got.status(), StatusCode::OK);
        assert_eq!(header(&got, "content-type"), IMAGE);
        assert_eq!(header(&got, "docker-content-digest"), digest.as_str());
        let length = header(&got, "content-length").to_owned();
        let bytes = got.bytes().await.unwrap();
        assert_eq!(Digest::sha256(&bytes), digest);

        let head = world.request(Method::HEAD, &path).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::OK);
        assert_eq!(header(&head, "content-length"), length, "HEAD has the length of GET");
        assert_eq!(header(&head, "docker-content-digest"), digest.as_str());
        assert_eq!(head.bytes().await.unwrap().len(), 0, "and no body");
    }
}

#[tokio::test]
async fn what_is_not_there_is_404_with_the_right_code() {
    let world = World::plain();
    world.artifact("acme/app", "v1", b"layer").await;
    let absent = Digest::sha256(b"absent");
    for (path, expected, reason) in [
        ("/v2/acme/app/manifests/v2".to_owned(), "MANIFEST_UNKNOWN", "no such tag"),
        (format!("/v2/acme/app/manifests/{absent}"), "MANIFEST_UNKNOWN", "no such manifest"),
        ("/v2/acme/other/manifests/v1".to_owned(), "MANIFEST_UNKNOWN", "no such repository"),
        (format!("/v2/acme/app/blobs/{absent}"), "BLOB_UNKNOWN", "no such blob"),
        (
            format!("/v2/acme/other/blobs/{}", Digest::sha256(b"layer")),
            "BLOB_UNKNOWN",
            "a blob of another repository",
        ),
        ("/v2/acme/other/tags/list".to_owned(), "NAME_UNKNOWN", "tags of no repository"),
        ("/v2/acme/app/layers/x".to_owned(), "UNSUPPORTED", "no such endpoint"),
    ] {
        let response = world.get(&path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{reason}");
        assert_eq!(code(response).await, expected, "{reason}");
    }
}

#[tokio::test]
async fn manifests_that_are_refused() {
    let world = World::plain();
    let good = world.manifest("acme/app", b"layer").await;
    let mut lacking = good.clone();
    lacking["layers"][0]["digest"] = json!(Digest::sha256(b"absent").as_str());
    let mut other_type = good.clone();
    other_type["mediaType"] = json!(INDEX);
    let absent = Digest::sha256(b"absent");
    for (reference, manifest, status, expected, reason) in [
        ("v1", &lacking, 404, "MANIFEST_BLOB_UNKNOWN", "a layer is missing"),
        ("v1", &other_type, 400, "MANIFEST_INVALID", "header and field differ"),
        ("v1", &json!([1]), 400, "MANIFEST_INVALID", "not an object"),
        (absent.as_str(), &good, 400, "DIGEST_INVALID", "under another digest"),
        (".v1", &good, 400, "MANIFEST_INVALID", "a malformed tag"),
    ] {
        let response = world.put_manifest("acme/app", reference, manifest).await;
        assert_eq!(response.status().as_u16(), status, "{reason}");
        assert_eq!(code(response).await, expected, "{reason}");
    }
    let tags = world.get("/v2/acme/app/tags/list").await.text().await.unwrap();
    assert_eq!(tags, r#"{"name":"acme/app","tags":[]}"#, "nothing was tagged on the way");
    assert_eq!(world.put_manifest("acme/app", "v1", &good).await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_manifest_has_a_largest_size() {
    let world = World::plain();
    let padded = |bytes: usize| {
        let text = r#"{"schemaVersion":2}"#;
        let padding = " ".repeat(bytes - text.len());
        world
            .request(Method::PUT, "/v2/acme/app/manifests/v1")
            .header("content-type", IMAGE)
            .body(format!("{text}{padding}"))
    };
    let largest = padded(MANIFEST_BYTES_MAX).send().await.unwrap();
    assert_eq!(largest.status(), StatusCode::CREATED);
    let larger = padded(MANIFEST_BYTES_MAX + 1).send().await.unwrap();
    assert_eq!(larger.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_subject_is_acknowledged_only_with_the_referrers_api() {
    for (referrers_api, reason) in [(true, "on"), (false, "off: the client must keep a tag")] {
        let world = World::new(RegistryOptions { referrers_api, ..Default::default() });
        let artifact = world.artifact("acme/app", "v1", b"layer").await;
        let response = world.referrer("acme/app", &artifact, b"bundle").await;
        assert_eq!(response.status(), StatusCode::CREATED, "{reason}");
        let expected = if referrers_api { artifact.as_str() } else { "" };
        assert_eq!(header(&response, "oci-subject"), expected, "{reason}");
    }
}

#[tokio::test]
async fn removing_a_tag_keeps_the_manifest_and_removing_the_manifest_takes_its_tags() {
    let world = World::plain();
    let digest = world.artifact("acme/app", "v1", b"layer").await;
    world.artifact("acme/app", "v2", b"layer").await;
    let by_tag = |tag: &str| format!("/v2/acme/app/manifests/{tag}");
    let by_digest = format!("/v2/acme/app/manifests/{digest}");
    assert_eq!(world.delete(&by_tag("v1")).await, StatusCode::ACCEPTED);
    assert_eq!(world.get(&by_tag("v1")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(world.delete(&by_tag("v1")).await, StatusCode::NOT_FOUND, "it is gone already");
    assert_eq!(world.get(&by_digest).await.status(), StatusCode::OK);
    assert_eq!(world.delete(&by_digest).await, StatusCode::ACCEPTED);
    assert_eq!(world.get(&by_digest).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(world.get(&by_tag("v2")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_blob_whole_in_part_and_gone() {
    let world = World::plain();
    let digest = world.blob("acme/app", b"0123456789").await;
    let path = format!("/v2/acme/app/blobs/{digest}");
    for (range, status, expected, content_range, reason) in [
        (None, 200, "0123456789", "", "whole"),
        (Some("bytes=4-6"), 206, "456", "bytes 4-6/10", "a part"),
        (Some("bytes=7-"), 206, "789", "bytes 7-9/10", "the rest: a download goes on"),
        (Some("bytes=10-"), 416, "", "bytes */10", "nothing is left"),
    ] {
        let mut request = world.request(Method::GET, &path);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{reason}");
        assert_eq!(header(&response, "content-range"), content_range, "{reason}");
        if status < 300 {
            assert_eq!(header(&response, "docker-content-digest"), digest.as_str(), "{reason}");
            assert_eq!(response.text().await.unwrap(), expected, "{reason}");
        }
    }
    assert_eq!(world.delete(&path).await, StatusCode::ACCEPTED);
    assert_eq!(world.get(&path).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn sha512_is_a_digest_too() {
    let world = World::plain();
    let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE});
    let digest = Digest::of(Algorithm::Sha512, manifest.to_string().as_bytes());
    let pushed = world.put_manifest("acme/app", digest.as_str(), &manifest).await;
    assert_eq!(header(&pushed, "docker-content-digest"), digest.as_str());
    let got = world.get(&format!("/v2/acme/app/manifests/{digest}")).await;
    assert_eq!(got.text().await.unwrap(), manifest.to_string());
}

#[tokio::test]
async fn methods_that_a_path_does_not_have() {
    let world = World::plain();
    for (method, path) in [
        (Method::PUT, "/v2/"),
        (Method::POST, "/v2/acme/app/manifests/v1"),
        (Method::DELETE, "/v2/acme/app/tags/list"),
        (Method::PATCH, "/v2/acme/app/blobs/uploads/"),
    ] {
        let response = world.request(method.clone(), path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
    }
    assert_eq!(world.get("/v2/").await.status(), StatusCode::OK);
}
