//! Tags, whatever the pages.

use sealwright_devstack::registry::{Effect, Fault, Kind, RegistryOptions};
use sealwright_evidence::descriptor::OCI_MANIFEST;
use sealwright_policy::Code;
use sealwright_registry::{Lookup, Repository};

use crate::world::{World, assert_unknown, status, tag};

#[tokio::test]
async fn all_tags_come_whatever_the_pages() {
    for (tags_page, requests, why) in [
        (None, 1, "one page"),
        (Some(100), 1, "a page that holds all"),
        (Some(5), 3, "pages with links"),
        (Some(1), 12, "a page for each"),
    ] {
        let world = World::of(RegistryOptions { tags_page, ..RegistryOptions::default() });
        let artifact = world.publish().await;
        let names: Vec<String> = (10..22).map(|number| format!("v{number}")).collect();
        for name in &names {
            let (target, bytes) = (tag(name), artifact.bytes.clone());
            let pushed =
                world.client.push_manifest(&world.repository, &target, OCI_MANIFEST, bytes);
            pushed.await.unwrap();
        }
        world.client.delete_manifest(&world.repository, &tag("latest")).await.unwrap();
        let (tags, cost) = world.cost(world.client.tags(&world.repository)).await;
        assert_eq!((tags, cost), (Ok(Lookup::Found(names)), requests), "{why}");
    }
}

#[tokio::test]
async fn no_repository_is_absent_and_a_broken_list_is_not() {
    let world = World::of(RegistryOptions { tags_page: Some(1), ..RegistryOptions::default() });
    assert_eq!(world.client.tags(&world.repository).await, Ok(Lookup::Absent));
    let artifact = world.publish().await;
    let (target, bytes) = (tag("other"), artifact.bytes.clone());
    world.client.push_manifest(&world.repository, &target, OCI_MANIFEST, bytes).await.unwrap();
    let elsewhere = Effect::SetHeader {
        name: "link".to_owned(),
        value: "<http://127.0.0.2:1/v2/acme/platform/tags/list>; rel=\"next\"".to_owned(),
    };
    let circle = Effect::SetHeader {
        name: "link".to_owned(),
        value: "</v2/acme/platform/tags/list?n=1000>; rel=\"next\"".to_owned(),
    };
    let on_list = |effect: Effect| Fault::new(effect).on(Kind::TagList);
    for (fault, code, why) in [
        (on_list(status(404)).after(1), Code::RegistryStatus, "the second page is not there"),
        (on_list(status(403)).after(1), Code::RegistryDenied, "the second page is denied"),
        (on_list(Effect::Corrupt { at: 0 }), Code::RegistryProtocol, "not JSON"),
        (on_list(elsewhere), Code::RegistryProtocol, "a page on another host"),
        (on_list(circle), Code::RegistryProtocol, "round in a circle"),
    ] {
        world.faults([fault]);
        assert_unknown(world.client.tags(&world.repository).await, code, why);
    }
    let odd = Repository { path: String::new(), ..world.repository.clone() };
    assert_unknown(world.client.tags(&odd).await, Code::RegistryReference, "no name");
}
