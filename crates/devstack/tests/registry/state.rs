//! What a restart keeps, and whose folder it is.

use std::fs;
use std::time::Duration;

use camino::Utf8PathBuf;
use reqwest::{Method, StatusCode};
use sealwright_devstack::DevStackError;
use sealwright_devstack::registry::{Effect, Fault, RegistryOptions, RegistryServer};
use serde_json::Value;

use crate::world::{World, header};

struct Folder {
    _kept: tempfile::TempDir,
    path: Utf8PathBuf,
}

fn folder() -> Folder {
    let kept = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(kept.path().canonicalize().unwrap()).unwrap();
    Folder { path: path.join("state"), _kept: kept }
}

fn options(folder: &Folder) -> RegistryOptions {
    RegistryOptions { state: Some(folder.path.clone()), ..Default::default() }
}

#[tokio::test]
async fn a_restart_keeps_everything_that_was_finished() {
    let folder = folder();
    let world = World::new(options(&folder));
    let kept = world.artifact("acme/app", "v1", b"layer").await;
    let removed = world.artifact("acme/app", "v2", b"other layer").await;
    world.referrer("acme/app", &kept, b"bundle").await;
    world.delete(&format!("/v2/acme/app/manifests/{removed}")).await;
    let begun = world.request(Method::POST, "/v2/acme/app/blobs/uploads/").send().await.unwrap();
    let unfinished = header(&begun, "location").to_owned();
    drop(world);

    let world = World::new(options(&folder));
    let manifest = world.get("/v2/acme/app/manifests/v1").await;
    assert_eq!(header(&manifest, "docker-content-digest"), kept.as_str());
    let manifest: Value = manifest.json().await.unwrap();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    let layer = world.get(&format!("/v2/acme/app/blobs/{layer}")).await;
    assert_eq!(layer.text().await.unwrap(), "layer");
    let listed: Value =
        world.get(&format!("/v2/acme/app/referrers/{kept}")).await.json().await.unwrap();
    assert_eq!(listed["manifests"].as_array().unwrap().len(), 1);
    for (path, reason) in [
        ("/v2/acme/app/manifests/v2".to_owned(), "a removed tag"),
        (format!("/v2/acme/app/manifests/{removed}"), "a removed manifest"),
        (unfinished, "an unfinished upload"),
    ] {
        assert_eq!(world.get(&path).await.status(), StatusCode::NOT_FOUND, "{reason}");
    }
}

#[tokio::test]
async fn a_restart_may_switch_the_referrers_api() {
    let folder = folder();
    let world = World::new(RegistryOptions { referrers_api: false, ..options(&folder) });
    let artifact = world.artifact("acme/app", "v1", b"layer").await;
    world.referrer("acme/app", &artifact, b"bundle").await;
    drop(world);
    let world = World::new(options(&folder));
    let path = format!("/v2/acme/app/referrers/{artifact}");
    let listed: Value = world.get(&path).await.json().await.unwrap();
    assert_eq!(listed["manifests"].as_array().unwrap().len(), 1);
}

#[test]
fn a_foreign_folder_is_refused_and_left_alone() {
    let folder = folder();
    fs::create_dir_all(folder.path.join("incoming")).unwrap();
    fs::write(folder.path.join("incoming/thesis.txt"), "two years of work").unwrap();
    let refused = RegistryServer::start(options(&folder)).err().unwrap();
    assert!(matches!(refused, DevStackError::ForeignFolder(_)), "{refused}");
    let left: Vec<_> =
        folder.path.read_dir_utf8().unwrap().map(|e| e.unwrap().into_path()).collect();
    assert_eq!(left, [folder.path.join("incoming")], "nothing was added");
    assert_eq!(fs::read_to_string(left[0].join("thesis.txt")).unwrap(), "two years of work");
}

#[test]
fn an_empty_folder_is_taken() {
    let folder = folder();
    fs::create_dir_all(&folder.path).unwrap();
    RegistryServer::start(options(&folder)).unwrap();
}

#[test]
fn a_file_is_no_folder() {
    let folder = folder();
    fs::write(&folder.path, "").unwrap();
    let refused = RegistryServer::start(options(&folder)).err().unwrap();
    assert!(matches!(refused, DevStackError::File { .. }), "{refused}");
}

#[test]
fn a_second_server_on_one_folder_is_refused_while_the_first_lives() {
    let folder = folder();
    let first = RegistryServer::start(options(&folder)).unwrap();
    let refused = RegistryServer::start(options(&folder)).err().unwrap();
    match &refused {
        DevStackError::InUse { pid, .. } => assert_eq!(*pid, std::process::id()),
        other => panic!("{other}"),
    }
    drop(first);
    RegistryServer::start(options(&folder)).unwrap();
}

#[test]
fn the_lock_file_of_a_dead_process_locks_nobody_out() {
    let folder = folder();
    drop(RegistryServer::start(options(&folder)).unwrap());
    fs::write(folder.path.join("sealwright-devstack.lock"), "1\n").unwrap();
    RegistryServer::start(options(&folder)).unwrap();
}

#[test]
fn a_folder_of_a_later_layout_is_refused() {
    let folder = folder();
    drop(RegistryServer::start(options(&folder)).unwrap());
    let marker = folder.path.join("sealwright-devstack.json");
    for (text, reason) in
        [(r#"{"layout": 99, "about": ""}"#, "a later layout"), ("", "an empty marker")]
    {
        fs::write(&marker, text).unwrap();
        let refused = RegistryServer::start(options(&folder)).err().unwrap();
        assert!(matches!(refused, DevStackError::Damaged { .. }), "{reason}: {refused}");
    }
}

#[test]
fn damaged_content_is_named_and_not_served() {
    let folder = folder();
    drop(RegistryServer::start(options(&folder)).unwrap());
    let tags = folder.path.join("registry/repositories/acme/app/_tags");
    fs::create_dir_all(&tags).unwrap();
    fs::write(tags.join("v1"), "not a digest").unwrap();
    let refused = RegistryServer::start(options(&folder)).err().unwrap();
    assert!(refused.to_string().contains("v1"), "{refused}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_look_into_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    RegistryServer::start(options(&folder)).unwrap();
    let mode = fs::metadata(&folder.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let first = RegistryServer::start(RegistryOptions::default()).unwrap();
    let port = Some(first.address().port());
    let second = RegistryServer::start(RegistryOptions { port, ..Default::default() });
    let refused = second.err().unwrap().to_string();
    assert!(refused.contains(&first.address().to_string()), "{refused}");
    drop(first);
    RegistryServer::start(RegistryOptions { port, ..Default::default() }).unwrap();
}

#[tokio::test]
async fn a_stop_lets_requests_in_flight_finish() {
    let world = World::plain();
    let delay = Effect::Delay { milliseconds: 100 };
    world.registry.set_faults(vec![Fault::new(delay)]);
    let request = tokio::spawn(world.request(Method::GET, "/v2/").send());
    while world.registry.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let address = world.registry.address();
    tokio::task::spawn_blocking(move || drop(world)).await.unwrap();
    assert_eq!(request.await.unwrap().unwrap().status(), StatusCode::OK);
    assert!(std::net::TcpStream::connect(address).is_err(), "and then nobody listens");
}
