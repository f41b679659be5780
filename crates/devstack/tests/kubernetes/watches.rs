//! Watches: from a version on, with bookmarks, cut and told that they are too late.

use std::time::Duration;

use sealwright_devstack::kubernetes::{ClusterOptions, Effect, Fault};
use serde_json::{Value, json};

use crate::world::{CONFIG_MAPS, World};

/// Far more than an event needs.
const SOON: Duration = Duration::from_secs(10);
/// Long enough for an event that should not come.
const SILENCE: Duration = Duration::from_millis(150);

/// An open watch.
struct Events {
    answer: reqwest::Response,
    bytes: Vec<u8>,
}

impl Events {
    async fn open(world: &World, query: &str) -> Self {
        let answer = world.open(&format!("{CONFIG_MAPS}?watch=true&{query}")).await.unwrap();
        assert_eq!(answer.status(), 200);
        Self { answer, bytes: Vec::new() }
    }

    /// The next event; `None` when the watch has ended, an error when it was cut.
    async fn next(&mut self) -> reqwest::Result<Option<Value>> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                return Ok(Some(serde_json::from_slice(&line).unwrap()));
            }
            match tokio::time::timeout(SOON, self.answer.chunk()).await.expect("an event")? {
                Some(bytes) => self.bytes.extend(bytes),
                None => return Ok(None),
            }
        }
    }

    /// Type and name of the next event.
    async fn said(&mut self) -> String {
        let event = self.next().await.unwrap().expect("the watch goes on");
        let name = event["object"]["metadata"]["name"].as_str().unwrap_or_default();
        format!("{} {name}", event["type"].as_str().unwrap())
    }

    async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(SILENCE, self.answer.chunk()).await.is_err()
    }
}

async fn version(world: &World) -> String {
    let (_, list) = world.get(CONFIG_MAPS).await;
    list["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_watch_tells_what_happens_behind_its_version() {
    let world = World::plain();
    world.config_maps(&["before"]).await;
    let from = version(&world).await;
    world.config_maps(&["a"]).await;
    let mut events = Events::open(&world, &format!("resourceVersion={from}")).await;
    assert_eq!(events.said().await, "ADDED a");
    world.merge(&format!("{CONFIG_MAPS}/a"), json!({"data": {"k": "v"}})).await;
    assert_eq!(events.said().await, "MODIFIED a");
    world.delete(&format!("{CONFIG_MAPS}/a")).await;
    assert_eq!(events.said().await, "DELETED a");
    assert!(events.is_silent().await);
}

#[tokio::test]
async fn a_watch_without_a_version_begins_with_what_is_there() {
    let world = World::plain();
    world.config_maps(&["a"]).await;
    let mut events = Events::open(
        &world,
        "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    )
    .await;
    assert_eq!(events.said().await, "ADDED a");
    let mark = events.next().await.unwrap().unwrap();
    let end = &mark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"];
    assert_eq!((&mark["type"], end), (&json!("BOOKMARK"), &json!("true")));
    world.config_maps(&["b"]).await;
    assert_eq!(events.said().await, "ADDED b");
}

#[tokio::test]
async fn what_begins_or_ceases_to_fit_the_selector_comes_and_goes() {
    let world = World::plain();
    let mut events = Events::open(&world, "labelSelector=on%3Dyes").await;
    world.config_maps(&["a"]).await;
    let one = format!("{CONFIG_MAPS}/a");
    world.merge(&one, json!({"metadata": {"labels": {"on": "yes"}}})).await;
    assert_eq!(events.said().await, "ADDED a");
    world.merge(&one, json!({"metadata": {"labels": {"on": "no"}}})).await;
    assert_eq!(events.said().await, "DELETED a");
}

#[tokio::test]
async fn bookmarks_come_when_nothing_happens() {
    let options =
        ClusterOptions { bookmark_every: Duration::from_millis(20), ..ClusterOptions::default() };
    let world = World::new(options);
    let from = version(&world).await;
    let query = format!("resourceVersion={from}&allowWatchBookmarks=true");
    let mark = Events::open(&world, &query).await.next().await.unwrap().unwrap();
    assert_eq!(
        (&mark["type"], &mark["object"]["metadata"]["resourceVersion"]),
        (&json!("BOOKMARK"), &json!(from))
    );
    let mut without = Events::open(&world, &format!("resourceVersion={from}")).await;
    assert!(without.is_silent().await, "nobody asked for them");
}

#[tokio::test]
async fn a_watch_ends_when_its_time_is_up() {
    let world = World::plain();
    let from = version(&world).await;
    let query = format!("resourceVersion={from}&timeoutSeconds=0");
    assert!(Events::open(&world, &query).await.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_version_that_is_too_old_is_gone() {
    let world = World::new(ClusterOptions { history_max: 2, ..ClusterOptions::default() });
    let from = version(&world).await;
    world.config_maps(&["a", "b", "c"]).await;
    let mut events = Events::open(&world, &format!("resourceVersion={from}")).await;
    let event = events.next().await.unwrap().unwrap();
    assert_eq!((&event["type"], &event["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert!(events.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_restart_cuts_watches_keeps_objects_and_forgets_the_past() {
    let world = World::plain();
    let from = version(&world).await;
    let mut events = Events::open(&world, &format!("resourceVersion={from}")).await;
    world.config_maps(&["a"]).await;
    assert_eq!(events.said().await, "ADDED a");
    world.cluster.restart(Duration::from_millis(100));
    assert!(events.next().await.is_err(), "the connection was cut");
    assert!(world.open("/version").await.is_err(), "it is down");
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(world.get(&format!("{CONFIG_MAPS}/a")).await.0, 200, "the object is there");
    let late = Events::open(&world, &format!("resourceVersion={from}")).await.next().await;
    assert_eq!(late.unwrap().unwrap()["object"]["reason"], "Expired");
}

#[tokio::test]
async fn watches_are_disturbed_on_request() {
    let world = World::plain();
    let disturbed = |effect: Effect| vec![Fault::new(effect).verb("watch").on("configmaps")];
    world.config_maps(&["a", "b"]).await;
    world.cluster.set_faults(disturbed(Effect::StallAfter { events: 1 }));
    let mut stalled = Events::open(&world, "").await;
    assert_eq!(stalled.said().await, "ADDED a");
    assert!(stalled.is_silent().await, "b never comes");
    world.cluster.set_faults(disturbed(Effect::DropAfter { events: 1 }));
    let mut dropped = Events::open(&world, "").await;
    assert_eq!(dropped.said().await, "ADDED a");
    assert!(dropped.next().await.is_err(), "cut in the middle");
    world.cluster.set_faults(disturbed(Effect::Gone));
    let gone = Events::open(&world, "").await.next().await.unwrap().unwrap();
    assert_eq!(gone["object"]["code"], 410);
    world.cluster.set_faults(disturbed(Effect::SlowEvents { milliseconds: 60 }));
    let began = std::time::Instant::now();
    let mut slow = Events::open(&world, "").await;
    assert_eq!((slow.said().await, slow.said().await), ("ADDED a".into(), "ADDED b".into()));
    assert!(began.elapsed() >= Duration::from_millis(120));
}
