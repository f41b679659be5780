//! Objects: identity, generation, lists page by page, conflicts, deletion.

use serde_json::json;

use crate::world::{ALL_SOURCES, CONFIG_MAPS, SOURCES, World, names, source};

#[tokio::test]
async fn a_server_says_what_it_is_and_what_it_has() {
    let world = World::plain();
    let (_, version) = world.get("/version").await;
    assert!(version["gitVersion"].as_str().unwrap().ends_with("+simulated"), "{version}");
    let (_, groups) = world.get("/apis").await;
    assert_eq!(groups["groups"].as_array().unwrap().len(), 10);
    let (_, kinds) = world.get("/apis/source.toolkit.fluxcd.io/v1").await;
    let kinds = kinds["resources"].as_array().unwrap();
    assert!(kinds.iter().any(|kind| kind["name"] == "ocirepositories/status"));
    for path in ["/apis/nobody.example", "/api/v1/pods", "/openapi/v2", "/nothing"] {
        let (code, status) = world.get(path).await;
        assert_eq!((code, &status["kind"]), (404, &json!("Status")), "{path}");
    }
}

#[tokio::test]
async fn an_object_lives_from_create_to_delete() {
    let world = World::plain();
    let (code, made) = world.create(SOURCES, source("app")).await;
    assert_eq!((code, &made["metadata"]["generation"]), (201, &json!(1)), "{made}");
    assert_eq!(made["kind"], "OCIRepository");
    let one = format!("{SOURCES}/app");
    let (_, labelled) = world.merge(&one, json!({"metadata": {"labels": {"a": "b"}}})).await;
    assert_eq!(labelled["metadata"]["generation"], 1, "a label is no new intent");
    let (_, edited) = world.merge(&one, json!({"spec": {"interval": "2m"}})).await;
    assert_eq!(edited["metadata"]["generation"], 2);
    let ready = json!({"status": {"observedGeneration": 2}, "spec": {"interval": "9m"}});
    let (_, ready) = world.merge(&format!("{one}/status"), ready).await;
    assert_eq!(
        (&ready["status"]["observedGeneration"], &ready["spec"]["interval"]),
        (&json!(2), &json!("2m"))
    );
    let (_, same) = world.merge(&one, json!({"spec": {"interval": "2m"}, "status": null})).await;
    assert_eq!(
        same["metadata"]["resourceVersion"], ready["metadata"]["resourceVersion"],
        "nothing changed"
    );
    let (code, gone) = world.delete(&one).await;
    assert_eq!((code, &gone["status"]), (200, &json!("Success")));
    assert_eq!(world.get(&one).await.0, 404);
    assert_eq!(world.delete(&one).await.0, 404);
}

#[tokio::test]
async fn a_verify_block_that_nobody_reads_is_dropped_with_a_warning_or_refused() {
    let world = World::plain();
    let mut misplaced = source("app");
    let verify = misplaced["spec"].as_object_mut().unwrap().remove("verify").unwrap();
    misplaced["verify"] = verify;
    let strict = format!("{SOURCES}?fieldValidation=Strict");
    let (code, refused) = world.create(&strict, misplaced.clone()).await;
    assert_eq!(code, 400, "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("unknown field \"verify\""));
    let method = reqwest::Method::POST;
    let made = world.send(method, SOURCES, "application/json", &misplaced).await.unwrap();
    assert_eq!(made.headers()["warning"], "299 - \"unknown field \\\"verify\\\"\"");
    let made: serde_json::Value = made.json().await.unwrap();
    assert_eq!((made.get("verify"), made["spec"].get("verify")), (None, None));
    assert_eq!(made["status"]["observedGeneration"], -1, "no controller has seen it");
}

#[tokio::test]
async fn what_is_wrong_is_refused_as_the_api_server_does() {
    let world = World::plain();
    world.create(SOURCES, source("app")).await;
    let elsewhere = SOURCES.replace("flux-system", "nowhere");
    let other_kind = json!({"kind": "HelmChart", "metadata": {"name": "x"}});
    for (path, body, code, reason, why) in [
        (SOURCES, source("app"), 409, "AlreadyExists", "it is there"),
        (SOURCES, source("No Name"), 422, "Invalid", "no name for an object"),
        (SOURCES, json!({"metadata": {"name": "x"}, "spec": {}}), 422, "Invalid", "no url"),
        (SOURCES, json!({"spec": {}}), 422, "Invalid", "no name at all"),
        (SOURCES, json!([1]), 400, "BadRequest", "no object"),
        (SOURCES, other_kind, 422, "Invalid", "another kind"),
        (&elsewhere, source("x"), 404, "NotFound", "no such namespace"),
    ] {
        let (found, status) = world.create(path, body).await;
        assert_eq!((found, status["reason"].as_str().unwrap()), (code, reason), "{why}");
    }
    let put = reqwest::Method::PUT;
    let answer = world.send(put, SOURCES, "application/json", &json!({})).await.unwrap();
    assert_eq!(answer.status(), 405, "a list cannot be put");
    let post = reqwest::Method::POST;
    let yaml = world.send(post, SOURCES, "application/yaml", &json!({})).await.unwrap();
    assert_eq!(yaml.status(), 415);
}

#[tokio::test]
async fn an_update_of_what_has_changed_is_a_conflict() {
    let world = World::plain();
    let (_, made) = world.create(SOURCES, source("app")).await;
    let one = format!("{SOURCES}/app");
    let mut mine = made.clone();
    mine["spec"]["interval"] = json!("5m");
    let (code, _) = world.update(&one, mine.clone()).await;
    assert_eq!(code, 200);
    let (code, status) = world.update(&one, mine.clone()).await;
    assert_eq!((code, status["reason"].as_str().unwrap()), (409, "Conflict"));
    mine["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    assert_eq!(world.update(&one, mine).await.0, 422, "no version at all");
}

#[tokio::test]
async fn a_list_comes_in_pages_and_as_it_was_at_the_first() {
    let world = World::plain();
    world.config_maps(&["a", "b", "c", "d", "e"]).await;
    let (_, first) = world.get(&format!("{CONFIG_MAPS}?limit=2")).await;
    assert_eq!(
        (names(&first), &first["metadata"]["remainingItemCount"]),
        (vec!["a", "b"], &json!(3))
    );
    world.delete(&format!("{CONFIG_MAPS}/d")).await;
    world.config_maps(&["cc"]).await;
    let next = |page: &serde_json::Value| {
        format!("{CONFIG_MAPS}?limit=2&continue={}", page["metadata"]["continue"].as_str().unwrap())
    };
    let (_, second) = world.get(&next(&first)).await;
    assert_eq!(names(&second), ["c", "d"], "as it was");
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    let (_, last) = world.get(&next(&second)).await;
    assert_eq!((names(&last), last["metadata"].get("continue")), (vec!["e"], None));
    let (code, _) = world.get(&format!("{CONFIG_MAPS}?limit=2&continue=nonsense")).await;
    assert_eq!(code, 400);
}

#[tokio::test]
async fn a_list_whose_beginning_is_forgotten_has_expired() {
    let world = World::plain();
    world.config_maps(&["a", "b"]).await;
    let (_, first) = world.get(&format!("{CONFIG_MAPS}?limit=1")).await;
    world.config_maps(&["c"]).await;
    world.cluster.restart(std::time::Duration::ZERO);
    let token = first["metadata"]["continue"].as_str().unwrap();
    let (code, status) = world.get(&format!("{CONFIG_MAPS}?limit=1&continue={token}")).await;
    assert_eq!((code, status["reason"].as_str().unwrap()), (410, "Expired"));
}

#[tokio::test]
async fn labels_and_names_select() {
    let world = World::plain();
    for (name, label) in [("a", "x"), ("b", "y"), ("c", "x")] {
        let body = json!({"metadata": {"name": name, "labels": {"app": label}}});
        world.create(CONFIG_MAPS, body).await;
    }
    let (_, list) = world.get(&format!("{CONFIG_MAPS}?labelSelector=app%3Dx")).await;
    assert_eq!(names(&list), ["a", "c"]);
    let (_, list) = world.get("/api/v1/configmaps?fieldSelector=metadata.name%3Db").await;
    assert_eq!(names(&list), ["b"]);
    let method = reqwest::Method::DELETE;
    let path = format!("{CONFIG_MAPS}?labelSelector=app%3Dx");
    world.send(method, &path, "application/json", &json!({})).await.unwrap();
    assert_eq!(names(&world.get(CONFIG_MAPS).await.1), ["b"], "a collection goes by its labels");
}

#[tokio::test]
async fn finalizers_hold_an_object_and_a_namespace_takes_its_contents_along() {
    let world = World::plain();
    let mut held = source("held");
    held["metadata"]["finalizers"] = json!(["finalizers.fluxcd.io"]);
    world.create(SOURCES, held).await;
    let one = format!("{SOURCES}/held");
    let (_, marked) = world.delete(&one).await;
    assert!(marked["metadata"]["deletionTimestamp"].is_string(), "{marked}");
    assert_eq!(world.get(&one).await.0, 200, "it is still there");
    world.merge(&one, json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(world.get(&one).await.0, 404, "nothing holds it any more");
    world.create(SOURCES, source("app")).await;
    assert_eq!(world.delete("/api/v1/namespaces/flux-system").await.0, 200);
    assert!(names(&world.get(ALL_SOURCES).await.1).is_empty());
}

#[tokio::test]
async fn without_its_definition_a_kind_is_not_there() {
    let world = World::plain();
    world.create(SOURCES, source("app")).await;
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    world.delete(&format!("{definitions}/ocirepositories.source.toolkit.fluxcd.io")).await;
    assert_eq!(world.get(ALL_SOURCES).await.0, 404);
    let (_, kinds) = world.get("/apis/source.toolkit.fluxcd.io/v1").await;
    assert!(!kinds.to_string().contains("ocirepositories"), "{kinds}");
    assert_eq!(names(&world.get(definitions).await.1).len(), 5);
}

#[tokio::test]
async fn a_rehearsal_keeps_nothing() {
    let world = World::plain();
    let (code, made) = world.create(&format!("{SOURCES}?dryRun=All"), source("app")).await;
    assert_eq!((code, &made["spec"]["provider"]), (201, &json!("generic")), "{made}");
    assert_eq!(world.get(&format!("{SOURCES}/app")).await.0, 404);
}
