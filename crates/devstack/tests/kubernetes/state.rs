//! What a state folder keeps, and the kubeconfig in it.

use camino::Utf8PathBuf;
use sealwright_devstack::kubernetes::{ClusterOptions, FakeCluster};
use serde_json::{Value, json};

use crate::world::{CONFIG_MAPS, World, names};

fn in_folder(state: &Utf8PathBuf) -> ClusterOptions {
    let missing = vec!["fluxinstances".to_owned()];
    ClusterOptions {
        name: "local".into(),
        state: Some(state.clone()),
        missing,
        ..ClusterOptions::default()
    }
}

#[tokio::test]
async fn a_state_folder_keeps_objects_and_leads_to_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let state = Utf8PathBuf::from_path_buf(folder.path().join("plane")).unwrap();
    let world = World::new(in_folder(&state));
    assert_eq!(
        world.get("/apis/fluxcd.controlplane.io/v1/fluxinstances").await.0,
        404,
        "not installed"
    );
    world.config_maps(&["a", "b"]).await;
    world.delete(&format!("{CONFIG_MAPS}/b")).await;
    let (_, before) = world.get(&format!("{CONFIG_MAPS}/a")).await;
    assert!(FakeCluster::start(in_folder(&state)).is_err(), "somebody runs on it");
    drop(world);
    let world = World::new(in_folder(&state));
    assert_eq!(world.get(&format!("{CONFIG_MAPS}/a")).await.1, before);
    assert_eq!(names(&world.get(CONFIG_MAPS).await.1), ["a"]);
    let (_, made) = world.create(CONFIG_MAPS, json!({"metadata": {"name": "c"}})).await;
    let number = |object: &Value| {
        object["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap()
    };
    assert!(number(&made) > number(&before) + 1, "versions go on");
    let text = std::fs::read_to_string(world.cluster.kubeconfig_file().unwrap()).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(config["current-context"], "local");
    assert_eq!(config["clusters"][0]["cluster"]["server"], world.cluster.server_url());
}
