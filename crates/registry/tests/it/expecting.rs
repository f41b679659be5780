//! Who knows what will be listed asks for it beside the list, and gathers no more and no less.

use std::time::Duration;

use sealwright_devstack::registry::{Effect, Fault, Kind, RegistryOptions};
use sealwright_evidence::descriptor::BUNDLE_V03;
use sealwright_evidence::{Blob, Descriptor, Digest, Evidence};
use sealwright_policy::Code;
use sealwright_registry::{Attached, Expected, GatherOptions, ListedBy};

use crate::world::{CREATED, PREDICATE, World, descriptor, status};

async fn attach(world: &World, artifact: &Blob, bundle: &[u8]) -> Attached {
    let artifact = descriptor(artifact);
    let attached =
        world.client.attach(&world.repository, &artifact, bundle, PREDICATE, CREATED).await;
    attached.unwrap()
}

async fn gather(world: &World, artifact: &Blob, expected: &Expected) -> Evidence {
    let options = GatherOptions::default();
    let gathered =
        world.client.gather_expected(&world.repository, artifact.clone(), options, expected).await;
    gathered.unwrap()
}

#[tokio::test]
async fn what_is_expected_takes_one_round_trip_and_as_many_requests() {
    let latency = Some(Duration::from_millis(100));
    let world = World::of(RegistryOptions { latency, ..RegistryOptions::default() });
    let artifact = world.publish().await;
    let attached =
        [attach(&world, &artifact, b"one").await, attach(&world, &artifact, b"two").await];
    let mut gathered = Vec::new();
    for (expected, rounds, why) in [
        (Expected::default(), 3, "list, manifests, bundles"),
        (Expected::attached(&attached[..1]), 3, "one of them is not expected"),
        (Expected::attached(&attached), 1, "by who attached them"),
    ] {
        world.server.clear_requests();
        gathered.push(gather(&world, &artifact, &expected).await);
        assert_eq!(world.rounds(), rounds, "{why}");
        assert_eq!(world.requests().len(), 5, "{why}");
    }
    assert_eq!(gathered[0].referrers.len(), 2);
    assert!(gathered.iter().all(|evidence| *evidence == gathered[0]), "{gathered:?}");
    world.server.clear_requests();
    assert_eq!(gather(&world, &artifact, &Expected::again(&gathered[0])).await, gathered[0]);
    assert_eq!(world.rounds(), 1, "by who has looked before");
}

#[tokio::test]
async fn what_is_expected_and_not_listed_is_not_gathered() {
    let world = World::new();
    let (artifact, other) = (world.publish().await, world.publish().await);
    let elsewhere = attach(&world, &other, b"of another artifact").await;
    let bundle = Descriptor::of(BUNDLE_V03, b"nowhere");
    let manifest_digest = Digest::of(b"nowhere");
    let nowhere = Attached { manifest_digest, bundle, listed_by: ListedBy::Api };
    let expected = Expected::attached(&[elsewhere, nowhere]);
    let evidence = gather(&world, &artifact, &expected).await;
    assert_eq!((evidence.referrers, evidence.gaps), (vec![], vec![]));
}

#[tokio::test]
async fn what_could_not_be_had_beside_the_list_is_asked_for_again() {
    let world = World::new();
    let artifact = world.publish().await;
    let attached = [attach(&world, &artifact, b"a bundle").await];
    let expected = Expected::attached(&attached);
    let plain = gather(&world, &artifact, &Expected::default()).await;
    for kind in [Kind::Manifest, Kind::Blob] {
        for (effect, code, why) in [
            (status(404), Code::RegistryListedAbsent, "not there yet"),
            (status(403), Code::RegistryDenied, "denied"),
            (Effect::Corrupt { at: 2 }, Code::RegistryMismatch, "other bytes"),
        ] {
            let fault = Fault::new(effect).on(kind);
            world.faults([fault.clone().once()]);
            assert_eq!(gather(&world, &artifact, &expected).await, plain, "{kind:?} {why}, once");
            world.faults([fault]);
            let evidence = gather(&world, &artifact, &expected).await;
            let codes: Vec<Code> = evidence.gaps.iter().map(|gap| gap.code).collect();
            assert_eq!(codes, [code], "{kind:?} {why}, for good");
        }
    }
    world.faults([Fault::new(Effect::DescriptorSize { add: 1 }).on(Kind::Referrers)]);
    let evidence = gather(&world, &artifact, &expected).await;
    assert_eq!(evidence.gaps[0].code, Code::RegistryMismatch, "the list lies about its size");
    assert_eq!(evidence.referrers, []);
}
