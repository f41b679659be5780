//! Faults on request, from the library and from another process.

use std::time::{Duration, Instant};

use reqwest::Method;
use sealwright_devstack::kubernetes::{ClusterOptions, Effect, Fault};
use serde_json::json;

use crate::world::{ALL_SOURCES, CONFIG_MAPS, World};

#[tokio::test]
async fn one_kind_is_forbidden_and_its_neighbour_is_not() {
    let world = World::plain();
    world
        .cluster
        .set_faults(vec![Fault::new(Effect::Forbidden).verb("list").on("ocirepositories")]);
    let (code, status) = world.get(ALL_SOURCES).await;
    assert_eq!((code, status["reason"].as_str().unwrap()), (403, "Forbidden"));
    let expected = "ocirepositories.source.toolkit.fluxcd.io is forbidden: User \"admin\" cannot list resource \"ocirepositories\" in API group \"source.toolkit.fluxcd.io\" at the cluster scope";
    assert_eq!(status["message"], expected);
    assert_eq!(world.get(&ALL_SOURCES.replace("ocirepositories", "helmcharts")).await.0, 200);
    assert_eq!(world.get("/api/v1/secrets").await.0, 200);
}

#[tokio::test]
async fn every_effect_is_what_it_says() {
    let world = World::plain();
    let busy = Effect::Status { code: 429, retry_after: Some("7".into()) };
    for (effect, code, why) in [
        (Effect::Unauthorized, 401, "an expired token"),
        (Effect::Gone, 410, "a list that expired"),
        (busy, 429, "too many requests"),
        (Effect::Status { code: 503, retry_after: None }, 503, "unavailable"),
        (Effect::Page, 200, "somebody else's page"),
        (Effect::StallAfter { events: 0 }, 200, "for watches alone"),
    ] {
        world.cluster.set_faults(vec![Fault::new(effect.clone()).times(1)]);
        let answer = world.open(CONFIG_MAPS).await.unwrap();
        assert_eq!(answer.status().as_u16(), code, "{why}");
        assert_eq!(answer.headers().contains_key("retry-after"), code == 429, "{why}");
        let json = answer.headers()["content-type"] == "application/json";
        assert_eq!(json, effect != Effect::Page, "{why}");
        assert_eq!(world.get(CONFIG_MAPS).await.0, 200, "{why}: once");
    }
    world.cluster.set_faults(vec![Fault::new(Effect::Drop).times(1)]);
    assert!(world.open(CONFIG_MAPS).await.is_err(), "closed unanswered");
    world.cluster.set_faults(vec![Fault::new(Effect::Delay { milliseconds: 80 }).times(1)]);
    let began = Instant::now();
    world.get(CONFIG_MAPS).await;
    assert!(began.elapsed() >= Duration::from_millis(80));
    assert!(world.cluster.faults().is_empty());
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_none_is_not() {
    let world = World::plain();
    assert_eq!(world.with_token(Some("stale")).await, 401);
    assert_eq!(world.with_token(Some(world.cluster.token())).await, 200);
    assert_eq!(world.with_token(None).await, 200, "kubectl sends none over plain HTTP");
}

#[tokio::test]
async fn another_process_sets_faults_only_where_that_was_asked_for() {
    let open = World::new(ClusterOptions { control: true, ..ClusterOptions::default() });
    let faults = json!([{"resource": "configmaps", "times": 1, "effect": "forbidden"}]);
    assert_eq!(open.create("/_faults", faults.clone()).await.0, 200);
    assert_eq!(open.get("/_faults").await.1[0]["effect"], "forbidden");
    assert_eq!(open.get(CONFIG_MAPS).await.0, 403);
    for (body, why) in [
        (json!({}), "no list"),
        (json!([{"effect": "explode"}]), "no such effect"),
        (json!([{"effect": {"status": {"code": 1}}}]), "no such status"),
    ] {
        assert_eq!(open.create("/_faults", body).await.0, 400, "{why}");
    }
    assert_eq!(open.get("/_other").await.0, 404);
    let restart = open.send(Method::POST, "/_restart?milliseconds=0", "", &json!({})).await;
    assert_eq!(restart.unwrap().status(), 200);
    let closed = World::plain();
    assert_eq!(closed.create("/_faults", faults).await.0, 404);
}
