//! Gathered is all that is listed; what could not be had is a gap, never nothing.

use std::time::{Duration, Instant};

use futures::future::join_all;
use sealwright_devstack::registry::{Effect, Fault, Kind, RegistryOptions};
use sealwright_evidence::descriptor::{OCI_INDEX, OCI_MANIFEST, SIMPLE_SIGNING};
use sealwright_evidence::{Blob, Descriptor, Digest, Evidence, ReferrersFrom};
use sealwright_policy::Code;
use sealwright_registry::limits::{BUNDLE_BYTES_MAX, REFERRERS_COUNT_MAX};
use sealwright_registry::{GatherOptions, Target};
use serde_json::json;

use crate::world::{World, digest, status, tag};

async fn gather(world: &World, artifact: &Blob) -> Evidence {
    let options = GatherOptions { legacy: false };
    world.client.gather(&world.repository, artifact.clone(), options).await.unwrap()
}

fn codes(evidence: &Evidence) -> Vec<Code> {
    evidence.gaps.iter().map(|gap| gap.code).collect()
}

#[tokio::test]
async fn one_bundle_costs_four_requests_with_the_resolve() {
    let world = World::new();
    let artifact = world.publish().await;
    world.attach(&artifact, b"a bundle").await;
    world.server.clear_requests();
    let found = world.client.manifest(&world.repository, &tag("latest")).await.unwrap();
    let evidence = gather(&world, &found.found().unwrap()).await;
    assert_eq!(world.requests(), ["GET Tag", "GET Referrers", "GET Manifest", "GET Blob"]);
    assert_eq!(evidence.referrers_from, ReferrersFrom::Api);
    assert_eq!(evidence.repository, world.repository.to_string());
    assert_eq!(evidence.referrers[0].bundles[0].bytes, b"a bundle");
    assert_eq!(evidence.gaps, []);
}

#[tokio::test]
async fn nothing_listed_is_nothing_and_no_gap() {
    for (referrers_api, from) in [(true, ReferrersFrom::Api), (false, ReferrersFrom::Nowhere)] {
        let world = World::of(RegistryOptions { referrers_api, ..RegistryOptions::default() });
        let artifact = world.publish().await;
        let evidence = gather(&world, &artifact).await;
        assert_eq!((evidence.referrers_from, evidence.gaps), (from, vec![]));
        assert_eq!(evidence.referrers, []);
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_had_is_a_gap() {
    for (referrers_api, kind) in [(true, Kind::Referrers), (false, Kind::Tag)] {
        let world = World::of(RegistryOptions { referrers_api, ..RegistryOptions::default() });
        let artifact = world.publish().await;
        world.attach(&artifact, b"a bundle").await;
        for (effect, code, why) in [
            (status(403), Code::RegistryDenied, "denied"),
            (status(400), Code::RegistryStatus, "refused"),
            (status(405), Code::RegistryStatus, "only 404 says that there is no such API"),
            (status(429), Code::RegistryRateLimited, "limited"),
            (status(500), Code::RegistryStatus, "broken"),
            (Effect::DropBefore, Code::RegistryUnreachable, "hung up"),
            (Effect::Corrupt { at: 0 }, Code::RegistryProtocol, "not JSON"),
        ] {
            // The fallback tag's bytes have a digest that the registry states; a list has none.
            let code = if kind == Kind::Tag && matches!(effect, Effect::Corrupt { .. }) {
                Code::RegistryMismatch
            } else {
                code
            };
            world.faults([Fault::new(effect).on(kind)]);
            let evidence = gather(&world, &artifact).await;
            assert_eq!(codes(&evidence), [code], "{kind:?} {why}");
            assert_eq!(evidence.referrers_from, ReferrersFrom::Unknown, "{kind:?} {why}");
        }
    }
}

#[tokio::test]
async fn a_broken_referrer_is_a_gap_and_does_not_hide_the_good_one() {
    let world = World::new();
    let artifact = world.publish().await;
    let broken = world.attach(&artifact, b"broken").await;
    world.attach(&artifact, b"good").await;
    let bundle = Digest::of(b"broken");
    for (path, effect, code, why) in [
        (broken, status(404), Code::RegistryListedAbsent, "listed but not there"),
        (broken, status(403), Code::RegistryDenied, "denied"),
        (broken, status(500), Code::RegistryStatus, "broken"),
        (broken, Effect::Truncate { bytes: 9 }, Code::RegistryUnreachable, "cut"),
        (broken, Effect::Corrupt { at: 9 }, Code::RegistryMismatch, "one bit off"),
        (bundle, status(404), Code::RegistryListedAbsent, "the bundle is not there"),
        (bundle, status(503), Code::RegistryStatus, "overload"),
        (bundle, Effect::Corrupt { at: 2 }, Code::RegistryMismatch, "the bundle is another"),
        (bundle, Effect::Truncate { bytes: 2 }, Code::RegistryUnreachable, "the bundle is cut"),
    ] {
        world.faults([Fault::new(effect).path(&path.to_string())]);
        let evidence = gather(&world, &artifact).await;
        let bundles: Vec<&Blob> = evidence.referrers.iter().flat_map(|r| &r.bundles).collect();
        assert_eq!(bundles.len(), 1, "{why}");
        assert_eq!(bundles[0].bytes, b"good", "{why}");
        assert_eq!(codes(&evidence), [code], "{why}: {:?}", evidence.gaps);
        assert!(evidence.gaps[0].what.contains(&path.to_string()), "{why}: {:?}", evidence.gaps);
    }
    for add in [-1, 1] {
        world.faults([Fault::new(Effect::DescriptorSize { add }).on(Kind::Referrers)]);
        assert_eq!(codes(&gather(&world, &artifact).await).len(), 2, "lying sizes, {add}");
    }
}

/// A manifest of any shape that refers to the artifact.
async fn push_referrer(
    world: &World,
    artifact: &Blob,
    mut manifest: serde_json::Value,
) -> Descriptor {
    manifest["schemaVersion"] = json!(2);
    manifest["mediaType"] = json!(OCI_MANIFEST);
    manifest["subject"] = json!({"mediaType": OCI_MANIFEST, "digest": artifact.digest,
        "size": artifact.bytes.len()});
    let bytes = manifest.to_string().into_bytes();
    let target = Target::Digest(Digest::of(&bytes));
    let pushed =
        world.client.push_manifest(&world.repository, &target, OCI_MANIFEST, bytes.clone());
    pushed.await.unwrap();
    Descriptor::of(OCI_MANIFEST, &bytes)
}

#[tokio::test]
async fn which_layers_are_bundles_the_referrers_own_manifest_says() {
    const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
    let empty = json!({"mediaType": "application/vnd.oci.empty.v1+json",
        "digest": Digest::of(b"{}").to_string(), "size": 2});
    let world = World::new();
    let blob = world.push_blob(b"bundle").await;
    let layer = |media_type: &str| json!({"mediaType": media_type, "digest": blob.digest, "size": blob.size});
    for (manifest, bundles, why) in [
        (json!({"config": empty, "layers": [layer(BUNDLE)]}), 1, "the layer says it"),
        (
            json!({"config": empty, "artifactType": BUNDLE, "layers": [layer("text/plain")]}),
            1,
            "the manifest says it of its only layer",
        ),
        (
            json!({"config": layer(BUNDLE), "layers": [layer("text/plain")]}),
            1,
            "the config says it, as before OCI 1.1",
        ),
        (
            json!({"config": empty, "layers": [layer(BUNDLE), layer("text/plain"), layer(BUNDLE)]}),
            2,
            "several",
        ),
        (
            json!({"config": empty, "artifactType": "application/spdx+json", "layers": [layer("text/spdx")]}),
            0,
            "an SBOM is no bundle",
        ),
        (json!({"config": empty, "layers": []}), 0, "no layers"),
    ] {
        let artifact = world.publish().await;
        push_referrer(&world, &artifact, manifest).await;
        let evidence = gather(&world, &artifact).await;
        assert_eq!(evidence.referrers[0].bundles.len(), bundles, "{why}");
        assert_eq!(evidence.gaps, [], "{why}");
    }
}

#[tokio::test]
async fn sizes_over_the_limit_are_gaps_and_are_not_fetched() {
    let world = World::new();
    let artifact = world.publish().await;
    let large = world.push_blob(&vec![b'x'; BUNDLE_BYTES_MAX + 1]).await;
    let layer = json!({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "digest": large.digest, "size": large.size});
    push_referrer(&world, &artifact, json!({"layers": [layer]})).await;
    let (evidence, cost) = world.cost(gather(&world, &artifact)).await;
    assert_eq!(codes(&evidence), [Code::RegistryLimit]);
    assert_eq!(cost, 2, "the list and the manifest");
    world.faults([Fault::new(Effect::DescriptorSize { add: 5 << 20 }).on(Kind::Referrers)]);
    let (evidence, cost) = world.cost(gather(&world, &artifact)).await;
    assert_eq!((codes(&evidence), cost), (vec![Code::RegistryLimit], 1));
}

#[tokio::test]
async fn the_legacy_image_is_gathered_when_asked_for() {
    let world = World::new();
    let artifact = world.publish().await;
    let payload = world.push_blob(b"a payload").await;
    let layer = json!({"mediaType": SIMPLE_SIGNING, "digest": payload.digest, "size": payload.size,
        "annotations": {"dev.cosignproject.cosign/signature": "MEUC"}});
    let config = world.push_blob(b"{}").await;
    let manifest =
        json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [layer]});
    let target = Target::Tag(format!("{}.sig", artifact.digest.replace(':', "-")));
    let bytes = manifest.to_string().into_bytes();
    world.client.push_manifest(&world.repository, &target, OCI_MANIFEST, bytes).await.unwrap();
    let gather = |legacy: bool| {
        let options = GatherOptions { legacy };
        world.client.gather(&world.repository, artifact.clone(), options)
    };
    let image = gather(true).await.unwrap().legacy.unwrap();
    assert_eq!(image.payloads[0].bytes, b"a payload");
    assert_eq!(gather(false).await.unwrap().legacy, None, "not asked for");
    world.faults([Fault::new(status(403)).path(".sig")]);
    let evidence = gather(true).await.unwrap();
    assert_eq!((codes(&evidence), evidence.legacy), (vec![Code::RegistryDenied], None));
    world.faults([Fault::new(status(404)).path(".sig")]);
    assert_eq!(gather(true).await.unwrap().gaps, [], "absent is no gap");
}

/// As `count` publications leave it, under the fallback tag or in the API.
async fn attach_many(world: &World, artifact: &Blob, count: usize) -> Vec<Descriptor> {
    let mut listed = Vec::new();
    for numbers in (0..count).collect::<Vec<_>>().chunks(64) {
        let pushed = numbers.iter().map(|number| async move {
            let layer = world.push_blob(format!("bundle {number}").as_bytes()).await;
            let layer = json!({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                "digest": layer.digest, "size": layer.size});
            push_referrer(world, artifact, json!({"layers": [layer]})).await
        });
        listed.extend(join_all(pushed).await);
    }
    listed
}

#[tokio::test]
async fn a_hundred_referrers_are_a_few_round_trips() {
    let latency = Some(Duration::from_millis(20));
    let world = World::of(RegistryOptions {
        latency,
        referrers_page: Some(50),
        ..RegistryOptions::default()
    });
    let artifact = world.publish().await;
    attach_many(&world, &artifact, 100).await;
    let start = Instant::now();
    let (evidence, cost) = world.cost(gather(&world, &artifact)).await;
    eprintln!("100 referrers with 20 ms latency: {cost} requests in {:?}", start.elapsed());
    assert_eq!(evidence.referrers.iter().map(|r| r.bundles.len()).sum::<usize>(), 100);
    assert_eq!(evidence.gaps, []);
    assert_eq!(cost, 2 + 100 + 100, "two pages, and each manifest and bundle once");
}

#[tokio::test]
async fn more_referrers_than_the_limit_are_a_named_gap() {
    let world = World::of(RegistryOptions { referrers_api: false, ..RegistryOptions::default() });
    let artifact = world.publish().await;
    let listed = attach_many(&world, &artifact, 1000).await;
    let fallback = Target::Tag(artifact.digest.replace(':', "-"));
    let index = |entries: &[Descriptor]| {
        json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).to_string()
    };
    let put = |index: String| {
        world.client.push_manifest(&world.repository, &fallback, OCI_INDEX, index.into_bytes())
    };
    put(index(&listed)).await.unwrap();
    let start = Instant::now();
    let evidence = gather(&world, &artifact).await;
    eprintln!("1000 referrers: {:?}", start.elapsed());
    assert_eq!((evidence.referrers.len(), evidence.gaps), (1000, vec![]));

    // 10^5 entries pass the limit of bytes before that of counts; entries of a few bytes do not.
    let nowhere = |number: usize| json!({"digest": number});
    let many: Vec<_> = (0..100_000).map(nowhere).collect();
    let served = many_faults(&world, &artifact, json!({"mediaType": OCI_INDEX, "manifests": many}));
    let evidence = served.await;
    assert_eq!(evidence.gaps.last().unwrap().code, Code::RegistryLimit);
    assert_eq!(evidence.gaps.len(), REFERRERS_COUNT_MAX + 1, "memory stays bounded");
}

/// Gathers where the fallback tag holds something that the dev registry would not take.
async fn many_faults(world: &World, artifact: &Blob, index: serde_json::Value) -> Evidence {
    let odd = crate::odd::Odd::start(move |request| {
        if request.uri().path().contains("/referrers/") {
            return crate::odd::answer(200, &[("content-type", OCI_INDEX)], index.to_string());
        }
        crate::odd::answer(404, &[], "")
    });
    let odd = odd.await;
    let options = GatherOptions::default();
    world.client.gather(&odd.repository(), artifact.clone(), options).await.unwrap()
}

#[tokio::test]
async fn an_artifact_without_a_digest_is_a_mistake_here() {
    let world = World::new();
    let mut artifact = world.publish().await;
    assert!(matches!(digest(&artifact.digest), Target::Digest(_)));
    artifact.digest = "latest".to_owned();
    let gathered = world.client.gather(&world.repository, artifact, GatherOptions::default()).await;
    assert_eq!(gathered.unwrap_err().code(), Code::RegistryReference);
}
