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
