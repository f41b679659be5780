//! Publishing into a registry with a certificate of a private authority: everything or nothing.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod stage;

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use sealwright_devstack::front::{Front, FrontOptions};
use sealwright_policy::Verdict;
use serde_json::Value;

use stage::Stage;

/// The name in the certificates; nothing on the internet has it.
const HOST: &str = "registry.acme.test";

fn data(file: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../registry/tests/data").join(file)
}

/// Publishes into the stage's registry under this name. Gives exit code, data and talk.
fn publish(
    stage: &Stage,
    (host, certificate): (&str, &str),
    authority: Option<&str>,
) -> (Option<i32>, Vec<u8>, String) {
    let options = FrontOptions {
        certificate: data(&format!("{certificate}.pem")),
        key: data(&format!("{certificate}.key")),
        client_authorities: data("ca.pem"),
    };
    let front = Front::start(stage.stack.registry().address(), &options).unwrap();
    let sigstore = stage.stack.sigstore();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright-publisher"));
    command.env_clear().env("ALL_PROXY", front.url()).env("NO_PROXY", "127.0.0.1");
    command.current_dir(stage.path()).args(["publish", "--token-file", "token"]);
    command.args(["--registry", host, "--github-issuer", sigstore.issuer_url()]);
    command.args(["--trust", sigstore.trust_folder().as_str(), "--deadline", "20"]);
    if let Some(file) = authority {
        command.args(["--ca-certificates", data(file).as_str()]);
    }
    let output = command.output().unwrap();
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn a_private_registry_is_published_into_when_its_authority_is_named() {
    let stage = Stage::new();
    let (exit, receipt, talk) = publish(&stage, (HOST, "server"), Some("ca.pem"));
    assert_eq!(exit, Some(0), "{talk}");
    let receipt: Value = serde_json::from_slice(&receipt).unwrap();
    assert_eq!(receipt["outcome"], "published");
    assert!(receipt.to_string().contains(HOST), "under the name that was asked for: {receipt}");
    let verdict = stage.verdict("acme/platform/manifests", "latest").await;
    assert_eq!(verdict, Some(Verdict::Verified), "whoever looks");
}

#[test]
fn nothing_is_written_to_a_registry_that_cannot_be_told_from_another() {
    let stage = Stage::new();
    for (host, certificate, authority, said, why) in [
        (HOST, "server", None, "UnknownIssuer", "no authority is named"),
        (HOST, "server", Some("other-ca.pem"), "UnknownIssuer", "another one is named"),
        (HOST, "expired", Some("expired-ca.pem"), "certificate expired", "it has expired"),
        ("other.acme.test", "server", Some("ca.pem"), "not valid for name", "of another host"),
    ] {
        let (exit, receipt, talk) = publish(&stage, (host, certificate), authority);
        assert_eq!(exit, Some(2), "{why}: {talk}");
        assert!(talk.contains(said), "{why}: {talk}");
        assert!(receipt.is_empty(), "{why}");
    }
    assert!(stage.stack.registry().requests().is_empty(), "not even asked");
}
