//! Who owns which field, and what happens when two want the same.

use serde_json::json;

use crate::world::{SOURCES, World, owners_of_verify, source};

fn app() -> String {
    format!("{SOURCES}/app")
}

#[tokio::test]
async fn the_writer_of_the_verify_block_is_on_record() {
    let world = World::plain();
    let (_, made) = world.create(&format!("{SOURCES}?fieldManager=kubectl"), source("app")).await;
    assert_eq!(owners_of_verify(&made), ["kubectl"]);
    let other =
        json!({"spec": {"verify": {"matchOIDCIdentity": [{"issuer": "o", "subject": "o"}]}}});
    let (_, edited) = world.merge(&app(), other).await;
    let owners = owners_of_verify(&edited);
    assert_eq!(owners, ["kubectl", "tester"], "one wrote the provider, the other the identities");
    let record = edited["metadata"]["managedFields"].as_array().unwrap();
    let fields = |entry: &serde_json::Value| entry["fieldsV1"]["f:spec"]["f:verify"].clone();
    let expected = [json!({".": {}, "f:provider": {}}), json!({"f:matchOIDCIdentity": {}})];
    assert_eq!(
        [fields(&record[0]), fields(&record[1])],
        expected,
        "who made the block owns it, too"
    );
    let (_, removed) = world.merge(&app(), json!({"spec": {"verify": null}})).await;
    assert_eq!(owners_of_verify(&removed), Vec::<&str>::new());
    let operations = removed["metadata"]["managedFields"].as_array().unwrap();
    assert!(operations.iter().all(|entry| entry["operation"] == "Update"), "{operations:?}");
}

#[tokio::test]
async fn a_status_has_an_owner_of_its_own() {
    let world = World::plain();
    world.create(SOURCES, source("app")).await;
    let status = json!({"status": {"observedGeneration": 1}});
    let (code, ready) = world.apply(&format!("{}/status", app()), "controller", status).await;
    assert_eq!(code, 200, "{ready}");
    let record = ready["metadata"]["managedFields"].as_array().unwrap();
    let entry = record.iter().find(|entry| entry["manager"] == "controller").unwrap();
    assert_eq!((&entry["subresource"], &entry["operation"]), (&json!("status"), &json!("Apply")));
    assert_eq!(entry["fieldsV1"], json!({"f:status": {"f:observedGeneration": {}}}));
}

#[tokio::test]
async fn an_apply_makes_and_keeps_and_takes_away() {
    let world = World::plain();
    let (code, made) = world.apply(&app(), "flux", source("app")).await;
    assert_eq!((code, owners_of_verify(&made)), (201, vec!["flux"]));
    let (code, same) = world.apply(&app(), "flux", source("app")).await;
    assert_eq!((code, &same), (200, &made), "nothing has changed, not even the version");
    let mut without = source("app");
    without["spec"].as_object_mut().unwrap().remove("verify");
    let (_, open) = world.apply(&app(), "flux", without).await;
    assert_eq!(open["spec"].get("verify"), None, "what its only owner drops is gone");
    assert_eq!(open["metadata"]["generation"], 2);
}

#[tokio::test]
async fn two_who_want_different_things_are_in_conflict() {
    let world = World::plain();
    world.apply(&app(), "flux", source("app")).await;
    let mut other = source("app");
    other["spec"]["verify"]["matchOIDCIdentity"][0]["subject"] = json!("^other$");
    let (code, status) = world.apply(&app(), "ksail", other.clone()).await;
    assert_eq!(code, 409, "{status}");
    let cause = &status["details"]["causes"][0];
    assert_eq!(cause["field"], ".spec.verify.matchOIDCIdentity");
    assert!(cause["message"].as_str().unwrap().contains("\"flux\""), "{cause}");
    let (code, taken) = world.apply(&format!("{}?force=true", app()), "ksail", other).await;
    assert_eq!(
        (code, &taken["spec"]["verify"]["matchOIDCIdentity"][0]["subject"]),
        (200, &json!("^other$"))
    );
    let method = reqwest::Method::PATCH;
    let content = "application/apply-patch+yaml";
    let nameless = world.send(method, &app(), content, &source("app")).await.unwrap();
    assert_eq!(nameless.status(), 422, "an apply without a manager");
}
