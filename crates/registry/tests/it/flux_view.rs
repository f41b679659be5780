//! What the controller would see: raw answers, and no more than it asks for.

use sealwright_devstack::registry::{Effect, Fault, Kind, RegistryOptions};
use sealwright_evidence::Blob;
use sealwright_evidence::descriptor::OCI_INDEX;
use sealwright_flux::{Answer, Ask, Authorities, Request, Response, Seen};
use sealwright_registry::GatherOptions;

use crate::world::{World, status};

fn request(world: &World, ask: Ask) -> Request {
    let (registry, repository) = (world.repository.host.clone(), world.repository.path.clone());
    Request { registry, repository, insecure: false, authorities: Authorities::Everybodys, ask }
}

async fn ask(world: &World, ask: Ask) -> Answer {
    let request = request(world, ask);
    let mut seen = Seen::default();
    world.client.see_as_flux(&mut seen, 1, |_| vec![request.clone()]).await;
    seen.get(&request).expect("it was asked").clone()
}

async fn got(world: &World, question: Ask) -> Response {
    match ask(world, question).await {
        Answer::Got(response) => response,
        Answer::Failed(why) => panic!("{why}"),
    }
}

fn listed(artifact: &Blob) -> Ask {
    Ask::Referrers(artifact.digest.clone())
}

#[tokio::test]
async fn each_question_is_answered_raw() {
    let world = World::new();
    let artifact = world.publish().await;
    let referrer = world.attach(&artifact, b"a bundle").await.to_string();
    let head = got(&world, Ask::Head("latest".into())).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.content_digest, Some(artifact.digest.clone()));
    assert_eq!(head.content_length, Some(artifact.bytes.len() as u64));
    let list = got(&world, listed(&artifact)).await;
    assert_eq!((list.status, list.content_type.as_deref()), (200, Some(OCI_INDEX)));
    assert!(String::from_utf8_lossy(&list.body).contains(&referrer));
    let manifest = got(&world, Ask::Manifest(artifact.digest.clone())).await;
    assert_eq!(manifest.body, artifact.bytes);
    let tags = got(&world, Ask::Tags).await;
    assert_eq!(tags.body, br#"{"tags":["latest"]}"#);
    let absent = got(&world, Ask::Manifest("none".into())).await;
    assert_eq!(absent.status, 404, "absence is an answer like any other");
    assert!(absent.url.ends_with("/v2/acme/platform/manifests/none"), "{}", absent.url);
}

#[tokio::test]
async fn a_content_type_is_kept_to_the_letter() {
    let world = World::new();
    let artifact = world.publish().await;
    let value = format!("{OCI_INDEX}; charset=utf-8");
    let effect = Effect::SetHeader { name: "content-type".into(), value: value.clone() };
    world.faults([Fault::new(effect).on(Kind::Referrers)]);
    assert_eq!(got(&world, listed(&artifact)).await.content_type, Some(value));
}

#[tokio::test]
async fn only_the_first_page_of_referrers_and_every_page_of_tags() {
    let pages = Some(2);
    let options = RegistryOptions { referrers_page: pages, tags_page: pages, ..Default::default() };
    let world = World::of(options);
    let artifact = world.publish().await;
    for number in 0..5 {
        world.attach(&artifact, format!("bundle {number}").as_bytes()).await;
        let target = sealwright_registry::Target::tag(&format!("v{number}")).unwrap();
        let bytes = artifact.bytes.clone();
        let pushed =
            world.client.push_manifest(&world.repository, &target, &artifact.media_type, bytes);
        pushed.await.unwrap();
    }
    world.server.clear_requests();
    let list = got(&world, listed(&artifact)).await;
    let list: serde_json::Value = serde_json::from_slice(&list.body).unwrap();
    assert_eq!(list["manifests"].as_array().unwrap().len(), 2);
    assert_eq!(world.server.requests().len(), 1);
    let tags = got(&world, Ask::Tags).await;
    let tags: serde_json::Value = serde_json::from_slice(&tags.body).unwrap();
    assert_eq!(tags["tags"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn what_lasts_is_an_answer_and_what_is_ours_alone_is_none() {
    let world = World::new();
    let artifact = world.publish().await;
    for (effect, times, expected, why) in [
        (status(500), None, Some(500), "everybody gets it"),
        (status(503), None, Some(503), "everybody gets it, asked three times"),
        (status(503), Some(2), Some(200), "it did not last"),
        (status(403), None, Some(403), "an answer"),
        (status(429), None, None, "our own rate limit"),
        (Effect::DropBefore, None, None, "nobody answered"),
        (Effect::Truncate { bytes: 3 }, None, None, "half an answer is none"),
    ] {
        let fault = Fault { times, ..Fault::new(effect).on(Kind::Referrers) };
        world.faults([fault]);
        let status = match ask(&world, listed(&artifact)).await {
            Answer::Got(response) => Some(response.status),
            Answer::Failed(_) => None,
        };
        assert_eq!(status, expected, "{why}");
    }
}

#[tokio::test]
async fn what_a_source_names_goes_nowhere_else() {
    let world = World::new();
    for (name, why) in [
        ("../../secrets", "a path"),
        ("latest?x=y", "a query"),
        ("sha256:ab", "half a digest"),
        ("", "nothing"),
    ] {
        assert!(
            matches!(ask(&world, Ask::Manifest(name.into())).await, Answer::Failed(_)),
            "{why}"
        );
        assert!(matches!(ask(&world, Ask::Blob(name.into())).await, Answer::Failed(_)), "{why}");
    }
    assert_eq!(world.server.requests(), vec![], "nothing was asked");
    // What is no tag is for the registry to say, as it says it to the controller.
    let answer = ask(&world, Ask::Manifest("no tag".into())).await;
    let Answer::Got(response) = answer else { panic!("not asked: {answer:?}") };
    assert!(response.url.ends_with("/manifests/no%20tag"), "{}", response.url);
}

#[tokio::test]
async fn many_sources_ask_each_thing_once() {
    let world = World::new();
    let artifact = world.publish().await;
    world.server.clear_requests();
    let mut seen = Seen::default();
    let question = request(&world, listed(&artifact));
    let mut rounds = 0;
    let wanted = |_: &Seen| {
        rounds += 1;
        vec![question.clone(); 50]
    };
    world.client.see_as_flux(&mut seen, 50, wanted).await;
    assert_eq!((world.server.requests().len(), rounds), (1, 2));
}

#[tokio::test]
async fn questions_without_end_come_to_one() {
    let world = World::new();
    let mut seen = Seen::default();
    let mut number = 0;
    let wanted = |_: &Seen| {
        number += 1;
        vec![request(&world, Ask::Head(format!("v{number}")))]
    };
    world.client.see_as_flux(&mut seen, 1, wanted).await;
    assert_eq!(seen.iter().count(), sealwright_registry::limits::FLUX_ROUNDS_COUNT_MAX);
}

#[tokio::test]
async fn gathered_evidence_answers_what_is_known_by_digest() {
    let world = World::new();
    let artifact = world.publish().await;
    let referrer = world.attach(&artifact, b"a bundle").await.to_string();
    let options = GatherOptions { legacy: false };
    let evidence = world.client.gather(&world.repository, artifact.clone(), options).await.unwrap();
    let seen = world.client.seen_already(&world.repository, &evidence);
    let asked = [Ask::Manifest(referrer), Ask::Manifest(artifact.digest.clone())];
    for question in asked {
        let Some(Answer::Got(known)) = seen.get(&request(&world, question.clone())) else {
            panic!("{question:?} is not known");
        };
        let fresh = got(&world, question).await;
        assert_eq!((&known.body, known.status), (&fresh.body, fresh.status));
        assert_eq!(known.content_type, fresh.content_type);
    }
    assert_eq!(seen.get(&request(&world, listed(&artifact))), None, "a list may change");
    assert_eq!(seen.iter().count(), 3, "two manifests and the bundle");
    let json = serde_json::to_string(&seen).unwrap();
    assert_eq!(serde_json::from_str::<Seen>(&json).unwrap(), seen, "recorded and read again");
}
