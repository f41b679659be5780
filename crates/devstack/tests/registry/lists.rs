//! Tags and referrers in pages.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use sealwright_devstack::registry::{Digest, Effect, Fault, Kind, RegistryOptions};
use serde_json::{Value, json};

use crate::world::{BUNDLE, IMAGE, INDEX, World, code, header};

/// Follows `Link` from page to page; gives back the pages.
async fn pages(world: &World, first: &str) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let response = world.get(&path).await;
        assert_eq!(response.status(), StatusCode::OK);
        let link = header(&response, "link");
        next = link.split_once("; ").map(|(target, relation)| {
            assert_eq!(relation, "rel=\"next\"");
            target.trim_matches(['<', '>']).to_owned()
        });
        pages.push(response.json().await.unwrap());
    }
    pages
}

fn items(pages: &[Value], key: &str) -> Vec<Value> {
    pages.iter().flat_map(|page| page[key].as_array().unwrap().clone()).collect()
}

#[tokio::test]
async fn five_thousand_tags_in_pages() {
    let world = World::plain();
    let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE}).to_string();
    for number in 0..5000 {
        let (tag, bytes) = (format!("v{number}"), manifest.clone().into_bytes());
        world.registry.add_manifest("acme/app", Some(&tag), IMAGE, bytes).unwrap();
    }
    for (query, expected, reason) in [
        ("", 1, "no n: all at once"),
        ("?n=1000", 5, "exact pages: no empty one follows"),
        ("?n=999", 6, "a last page that is short"),
        ("?n=5001", 1, "more than there are"),
    ] {
        let pages = pages(&world, &format!("/v2/acme/app/tags/list{query}")).await;
        assert_eq!(pages.len(), expected, "{reason}");
        let tags = items(&pages, "tags");
        let distinct: BTreeSet<&str> = tags.iter().map(|tag| tag.as_str().unwrap()).collect();
        assert_eq!((tags.len(), distinct.len()), (5000, 5000), "{reason}");
    }
    let refused = world.get("/v2/acme/app/tags/list?n=many").await;
    assert_eq!(code(refused).await, "PAGINATION_NUMBER_INVALID");
}

#[tokio::test]
async fn a_registry_may_give_fewer_tags_than_asked_for() {
    let world = World::new(RegistryOptions { tags_page: Some(2), ..Default::default() });
    for tag in ["a", "b", "c"] {
        world.artifact("acme/app", tag, b"layer").await;
    }
    let pages = pages(&world, "/v2/acme/app/tags/list?n=1000").await;
    assert_eq!(pages.len(), 2);
    assert_eq!(items(&pages, "tags"), ["a", "b", "c"]);
}

#[tokio::test]
async fn referrers_by_type_and_in_pages() {
    let world = World::new(RegistryOptions { referrers_page: Some(3), ..Default::default() });
    let artifact = world.artifact("acme/app", "v1", b"layer").await;
    for number in 0..7 {
        world.referrer("acme/app", &artifact, format!("bundle {number}").as_bytes()).await;
    }
    // The same once more must not be listed twice.
    world.referrer("acme/app", &artifact, b"bundle 0").await;
    let path = format!("/v2/acme/app/referrers/{artifact}");
    for (query, expected, reason) in [
        (String::new(), 7, "all"),
        (format!("?artifactType={}", BUNDLE.replace('+', "%2B")), 7, "their type"),
        ("?artifactType=application/x".to_owned(), 0, "another type"),
    ] {
        let pages = pages(&world, &format!("{path}{query}")).await;
        let listed = items(&pages, "manifests");
        assert_eq!(listed.len(), expected, "{reason}");
        assert!(pages.iter().all(|page| page["manifests"].as_array().unwrap().len() <= 3));
        assert!(pages.iter().all(|page| page["mediaType"] == INDEX), "{reason}");
        assert!(listed.iter().all(|descriptor| descriptor["artifactType"] == BUNDLE), "{reason}");
    }
    let filtered = world.get(&format!("{path}?artifactType=application/x")).await;
    assert_eq!(header(&filtered, "oci-filters-applied"), "artifactType");
    assert_eq!(header(&filtered, "content-type"), INDEX);
    assert_eq!(header(&world.get(&path).await, "oci-filters-applied"), "");
}

#[tokio::test]
async fn a_fault_cuts_the_list_into_pages_as_long_as_it_is_in_force() {
    let world = World::plain();
    let artifact = world.artifact("acme/app", "v1", b"layer").await;
    for number in 0..3 {
        world.referrer("acme/app", &artifact, format!("bundle {number}").as_bytes()).await;
    }
    let path = format!("/v2/acme/app/referrers/{artifact}");
    let fault = Fault::new(Effect::ReferrersPage { size: 2 }).on(Kind::Referrers);
    for (faults, expected_pages, reason) in [(vec![fault], 2, "in pages"), (vec![], 1, "as before")]
    {
        world.registry.set_faults(faults);
        let pages = pages(&world, &path).await;
        assert_eq!(
            (pages.len(), items(&pages, "manifests").len()),
            (expected_pages, 3),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn thousands_of_referrers_in_pages() {
    let world = World::new(RegistryOptions { referrers_page: Some(1000), ..Default::default() });
    let artifact = world.artifact("acme/app", "v1", b"layer").await;
    for number in 0..2500 {
        let manifest = json!({
            "schemaVersion": 2, "mediaType": IMAGE, "annotations": {"number": number.to_string()},
            "artifactType": if number % 2 == 0 { BUNDLE } else { "application/x" },
            "subject": {"mediaType": IMAGE, "digest": artifact.as_str(), "size": 1},
        });
        let bytes = manifest.to_string().into_bytes();
        world.registry.add_manifest("acme/app", None, IMAGE, bytes).unwrap();
    }
    let path = format!("/v2/acme/app/referrers/{artifact}");
    for (query, expected_pages, expected) in
        [("", 3, 2500), ("?artifactType=application/x", 2, 1250)]
    {
        let pages = pages(&world, &format!("{path}{query}")).await;
        let listed = items(&pages, "manifests");
        let distinct: BTreeSet<&str> =
            listed.iter().map(|descriptor| descriptor["digest"].as_str().unwrap()).collect();
        assert_eq!((pages.len(), listed.len()), (expected_pages, expected), "{query}");
        assert_eq!(distinct.len(), expected, "{query}");
    }
}

#[tokio::test]
async fn content_put_in_without_a_request() {
    let world = World::plain();
    let registry = &world.registry;
    let blob = registry.add_blob("acme/app", b"layer".to_vec()).unwrap();
    let got = world.get(&format!("/v2/acme/app/blobs/{blob}")).await;
    assert_eq!(got.text().await.unwrap(), "layer");
    assert_eq!(registry.requests().len(), 1, "only the read was a request");
    for (repository, tag, bytes, reason) in [
        ("../app", None, "{}", "a path is no repository"),
        ("acme/app", Some("../v1"), "{}", "a path is no tag"),
        ("acme/app", Some("v1"), "[]", "not a manifest"),
    ] {
        let added = registry.add_manifest(repository, tag, IMAGE, bytes.as_bytes().to_vec());
        assert!(added.is_err(), "{reason}");
    }
    assert!(registry.add_blob("../app", Vec::new()).is_err());
}

#[tokio::test]
async fn no_referrers_is_an_empty_list_and_no_api_is_404() {
    let digest = Digest::sha256(b"nothing");
    let path = format!("/v2/acme/app/referrers/{digest}");
    let with = World::plain();
    let empty: Value = with.get(&path).await.json().await.unwrap();
    assert_eq!(empty, json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}));
    let without = World::new(RegistryOptions { referrers_api: false, ..Default::default() });
    let artifact = without.artifact("acme/app", "v1", b"layer").await;
    without.referrer("acme/app", &artifact, b"bundle").await;
    let path = format!("/v2/acme/app/referrers/{artifact}");
    assert_eq!(without.get(&path).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_removed_referrer_is_no_longer_listed() {
    let world = World::plain();
    let artifact = world.artifact("acme/app", "v1", b"layer").await;
    let pushed = world.referrer("acme/app", &artifact, b"bundle").await;
    let referrer = header(&pushed, "location").to_owned();
    let path = format!("/v2/acme/app/referrers/{artifact}");
    assert_eq!(items(&pages(&world, &path).await, "manifests").len(), 1);
    assert_eq!(world.delete(&referrer).await, StatusCode::ACCEPTED);
    assert_eq!(items(&pages(&world, &path).await, "manifests").len(), 0);
}

#[tokio::test]
async fn repositories_are_listed() {
    let world = World::plain();
    for repository in ["acme/b", "acme/a"] {
        world.blob(repository, b"x").await;
    }
    let listed = items(&pages(&world, "/v2/_catalog?n=1").await, "repositories");
    assert_eq!(listed, ["acme/a", "acme/b"]);
}
