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
    let legacy = serde_json::json!({"form": "legacy", "repository": "r.example/a", "digest": format!("sha256:{digest}")});
    let bundle = serde_json::json!({"statement": statement, "log": "v1"});
    for (control, base, more, status, found, why) in [
        (true, &bundle, r#"{}"#, 200, "dsseEnvelope", "a bundle"),
        (
            true,
            &bundle,
            r#"{"situation": "two-sans"}"#,
            200,
            "dsseEnvelope",
            "nobody should accept it",
        ),
        (true, &bundle, r#"{"key": "a"}"#, 200, "BEGIN PUBLIC KEY", "a key, and its public half"),
        (true, &bundle, r#"{"at": "2000-01-01T00:00:00Z"}"#, 200, "dsseEnvelope", "any time"),
        (
            true,
            &bundle,
            r#"{"key": "a", "situation": "no-sct"}"#,
            400,
            "certificate",
            "a key has none",
        ),
        (true, &bundle, r#"{"key": "../a"}"#, 400, "is no name", "no file of ours"),
        (true, &bundle, r#"{"situation": "lucky"}"#, 422, "lucky", "no situation of this name"),
        (true, &bundle, r#"{"situatoin": "healthy"}"#, 422, "situatoin", "a misspelt field"),
        (true, &bundle, r#"{"run": {"repo": "a/b"}}"#, 422, "repo", "a misspelt field of the run"),
        (true, &bundle, r#"{"form": "notation"}"#, 422, "legacy", "no such form"),
        (true, &legacy, r#"{}"#, 200, "dev.sigstore.cosign/certificate", "a legacy signature"),
        (true, &legacy, r#"{"key": "a"}"#, 200, "BEGIN PUBLIC KEY", "one by a key"),
        (true, &legacy, r#"{"situation": "two-sans"}"#, 422, "two-sans", "not of this form"),
        (false, &bundle, r#"{}"#, 404, "", "nobody asked for control"),
    ] {
        let stack = DevStack::start(Options { control, ..Options::default() }).unwrap();
        let url = format!("{}/_mint", stack.sigstore().issuer_url());
        let mut body = base.clone();
        let more: serde_json::Map<_, _> = serde_json::from_str(more).unwrap();
        body.as_object_mut().unwrap().extend(more);
        let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        let answered = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert_eq!(answered, status, "{why}: {text}");
        assert!(text.contains(found), "{why}: {text}");
    }
}
