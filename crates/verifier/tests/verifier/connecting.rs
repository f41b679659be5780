//! Kubeconfigs and API servers in every state: each a clear answer, in time.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use sealwright_devstack::kubernetes::{Effect, Fault};
use sealwright_policy::{Code, Finding, Verdict};
use serde_json::{Value, json};

use crate::plane::*;
use crate::world::answer;

/// What a command says of a cluster that it cannot read.
fn complaint(plane: &Plane, why: &str) -> Finding {
    let mut command = plane.verifier(&["wait", "a/b", "--digest", WANTED, "--timeout", "3"]);
    let began = Instant::now();
    let (report, exit) = answer(&mut command);
    assert!(began.elapsed() < Duration::from_secs(5), "{why}: no hang past the deadline");
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "{why}: never green");
    let of_sources = report.sources.into_iter().flat_map(|source| source.findings);
    report.findings.into_iter().chain(of_sources).next().expect(why)
}

/// A user whose credentials come from a script.
fn plugin(plane: &Plane, script: &str) -> Value {
    let path = plane.path("plugin");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("it is written");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("it is made executable");
    json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": path, "interactiveMode": "IfAvailable",
    }})
}

#[test]
fn a_credential_plugin_that_works_is_used() {
    let plane = Plane::start();
    plane.source("a", "b", spec("oci://r/x", Some(verify())));
    plane.status("a", "b", running(WANTED));
    let token = plane.cluster.token();
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": {"token": token},
    });
    plane.log_in_as(plugin(&plane, &format!("echo '{credential}'")));
    let mut command = plane.verifier(&["wait", "a/b", "--digest", WANTED, "--timeout", "20"]);
    assert_eq!(answer(&mut command).1, 0);
}

#[test]
fn credentials_that_cannot_be_had_are_unknown_and_say_why() {
    let plane = Plane::start();
    for (script, words, why) in [
        ("echo 'your session has expired' >&2; exit 3", "your session has expired", "it complains"),
        ("echo nonsense", "printed no credentials", "it prints something else"),
        ("sleep 30", "gave no credentials within the time", "it hangs"),
    ] {
        plane.log_in_as(plugin(&plane, script));
        let finding = complaint(&plane, why);
        let text = format!("{finding} {:?}", finding.found);
        assert!(text.contains(words), "{why}: {text}");
    }
    plane.log_in_as(json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "/nowhere/at-all",
    }}));
    assert_eq!(complaint(&plane, "no plugin").code, Code::ClusterCredentials);
    plane.log_in_as(json!({"tokenFile": "/nowhere/at-all"}));
    assert_eq!(complaint(&plane, "no token file").code, Code::ClusterCredentials);
}

#[test]
fn a_plugins_output_is_never_repeated() {
    let plane = Plane::start();
    plane.log_in_as(plugin(&plane, "echo SECRET; echo 'log in first' >&2; exit 1"));
    let mut command = plane.verifier(&["wait", "a/b", "--digest", WANTED, "--verbose"]);
    let output = command.output().expect("it runs");
    let all = [output.stdout, output.stderr].concat();
    let all = String::from_utf8_lossy(&all);
    assert!(all.contains("log in first") && !all.contains("SECRET"), "{all}");
}

#[test]
fn a_token_that_is_not_taken_is_unknown() {
    let plane = Plane::start();
    plane.log_in_as(json!({"token": "stale"}));
    let finding = complaint(&plane, "an old token");
    assert_eq!(finding.code, Code::ClusterUnauthorized);
    assert!(finding.hint.is_some_and(|hint| hint.contains("log in")));
}

#[test]
fn an_api_server_that_does_not_answer_well_is_unknown() {
    let busy = Effect::Status { code: 503, retry_after: None };
    for (effect, code, why) in [
        (Effect::Drop, Code::ClusterUnreachable, "it hangs up"),
        (Effect::Page, Code::ClusterProtocol, "a login page"),
        (busy, Code::ClusterStatus, "it is not ready"),
        (Effect::Delay { milliseconds: 30_000 }, Code::ClusterDeadline, "it sleeps"),
    ] {
        let plane = Plane::start();
        plane.cluster.set_faults(vec![Fault::new(effect)]);
        assert_eq!(complaint(&plane, why).code, code, "{why}");
    }
    let plane = Plane::start();
    let nobody = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "c", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
    });
    std::fs::write(plane.kubeconfig(), nobody.to_string()).expect("it is written");
    let finding = complaint(&plane, "nobody listens");
    assert_eq!(finding.code, Code::ClusterUnreachable);
    assert!(finding.place.to_string().contains("https://127.0.0.1:1"), "{:?}", finding.place);
}

#[test]
fn a_missing_right_names_the_rule_that_gives_it() {
    let plane = Plane::start();
    let fault = Fault::new(Effect::Forbidden).verb("get").on("ocirepositories");
    plane.cluster.set_faults(vec![fault]);
    let finding = complaint(&plane, "may not get");
    assert_eq!(finding.code, Code::ClusterDenied);
    let rule =
        "{apiGroups: [\"source.toolkit.fluxcd.io\"], resources: [ocirepositories], verbs: [get]}";
    assert!(finding.hint.as_deref().is_some_and(|hint| hint.contains(rule)), "{finding:?}");
}

#[test]
fn kubeconfigs_that_cannot_be_used_stop_it() {
    let plane = Plane::start();
    for (text, exit, words, why) in [
        ("{", 65, "kubeconfig", "no YAML"),
        ("{}", 64, "no current context", "empty"),
        ("[1, 2]", 65, "kubeconfig", "no mapping"),
    ] {
        std::fs::write(plane.kubeconfig(), text).expect("it is written");
        let output =
            plane.verifier(&["wait", "a/b", "--digest", WANTED]).output().expect("it runs");
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(exit), "{why}: {talk}");
        assert!(talk.contains(words), "{why}: {talk}");
    }
    let mut command = plane.verifier(&["wait", "a/b", "--digest", WANTED, "--kubeconfig", "gone"]);
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(74));
    assert!(String::from_utf8_lossy(&output.stderr).contains("gone"));
}
