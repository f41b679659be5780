//! Registry and Sigstore as one, in the process of a test.

#![allow(clippy::unwrap_used, reason = "a test stops where its own set-up fails")]

use std::net::TcpStream;

use camino::Utf8PathBuf;
use sealwright_devstack::registry::{RegistryOptions, RegistryServer};
use sealwright_devstack::{DevStack, DevStackError, Endpoints, Options};

fn answers(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

#[test]
fn a_temporary_stack_goes_with_its_value() {
    let stack = DevStack::start(Options::default()).unwrap();
    let endpoints = stack.endpoints().clone();
    assert_eq!(endpoints.registry, stack.registry().address().to_string());
    assert_eq!(endpoints.issuer, stack.sigstore().issuer_url());
    assert!(endpoints.trust.join("trusted_root.json").is_file());
    assert!(answers(&endpoints.registry));
    drop(stack);
    assert!(!answers(&endpoints.registry));
    assert!(!endpoints.trust.exists());
}

#[test]
fn a_restart_keeps_ports_and_may_be_told_others() {
    let kept = tempfile::tempdir().unwrap();
    let state = Utf8PathBuf::from_path_buf(kept.path().join("state")).unwrap();
    let options = || Options { state: Some(state.clone()), ..Options::default() };
    let first = DevStack::start(options()).unwrap().endpoints().clone();
    let again = DevStack::start(options()).unwrap().endpoints().clone();
    assert_eq!(again, first);

    let port = free_port();
    let moved = Options { registry_port: Some(port), referrers_api: false, ..options() };
    let moved = DevStack::start(moved).unwrap().endpoints().clone();
    let registry = format!("127.0.0.1:{port}");
    assert_eq!(moved, with_registry(first, registry, false));
}

#[test]
fn a_port_before_that_is_taken_meanwhile_is_an_error_and_not_another_port() {
    let kept = tempfile::tempdir().unwrap();
    let state = Utf8PathBuf::from_path_buf(kept.path().join("state")).unwrap();
    let options = || Options { state: Some(state.clone()), ..Options::default() };
    let stack = DevStack::start(options()).unwrap();
    let port = Some(stack.registry().address().port());
    drop(stack);
    let squatter = RegistryServer::start(RegistryOptions { port, ..Default::default() }).unwrap();
    let refused = DevStack::start(options()).err().unwrap();
    assert!(matches!(refused, DevStackError::Listen { .. }), "{refused}");
    drop(squatter);
    DevStack::start(options()).unwrap();
}

#[test]
fn two_stacks_on_one_folder_are_one_too_many() {
    let kept = tempfile::tempdir().unwrap();
    let state = Utf8PathBuf::from_path_buf(kept.path().join("state")).unwrap();
    let options = || Options { state: Some(state.clone()), ..Options::default() };
    let _first = DevStack::start(options()).unwrap();
    let refused = DevStack::start(options()).err().unwrap();
    assert!(matches!(refused, DevStackError::InUse { .. }), "{refused}");
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn with_registry(mut endpoints: Endpoints, registry: String, referrers_api: bool) -> Endpoints {
    endpoints.registry = registry;
    endpoints.referrers_api = referrers_api;
    endpoints
}

#[tokio::test]
async fn evidence_is_minted_over_http_only_where_control_was_asked_for() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://example.com/x","predicate":{{}}}}"#
    );
    for (control, situation, status, why) in [
        (true, "healthy", 200, "a bundle"),
        (true, "two-sans", 200, "a bundle that nobody should accept"),
        (true, "lucky", 422, "no situation of this name"),
        (false, "healthy", 404, "nobody asked for control"),
    ] {
        let stack = DevStack::start(Options { control, ..Options::default() }).unwrap();
        let url = format!("{}/_mint", stack.sigstore().issuer_url());
        let body = serde_json::json!({"statement": statement, "situation": situation, "log": "v1"});
        let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{why}");
        let text = answer.text().await.unwrap();
        assert_eq!(text.contains("dsseEnvelope"), status == 200, "{why}: {text}");
    }
}
