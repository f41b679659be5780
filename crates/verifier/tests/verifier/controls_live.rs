//! Negative controls in a cluster: what its controller says counts, and nothing is left behind.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use sealwright_devstack::kubernetes::{Effect, Fault};
use sealwright_policy::{Code, Verdict};
use serde_json::{Value, json};

use crate::controls::{World, codes, control};
use crate::plane::{Plane, SOURCES, condition, refused, running};
use crate::world::answer;

const NAMESPACE: &str = "sealwright-controls";
/// What source-controller accepts by its own rules.
const ACCEPTED: [&str; 7] = [
    "neighbour",
    "other-caller",
    "two-identities",
    "attestation-without-signature",
    "rolled-back",
    "tampered-layer",
    "misplaced-verify",
];

fn path(kind: &str) -> String {
    let root = if kind == "secrets" { "/api/v1" } else { SOURCES };
    format!("{root}/namespaces/{NAMESPACE}/{kind}")
}

fn items(plane: &Plane, kind: &str) -> Vec<Value> {
    plane.get(&path(kind))["items"].as_array().cloned().unwrap_or_default()
}

/// What a controller says when it refuses, by the names of the controls.
type Words = BTreeMap<String, String>;

/// The words that are foretold of it.
fn foretold(world: &World) -> Words {
    foretold_by(&mut world.command(&["--set", "controls.json"]))
}

pub(crate) fn foretold_by(command: &mut Command) -> Words {
    let (report, _) = answer(command);
    let words = report.controls.iter().filter_map(|control| {
        let outcome = control.predicted.as_ref()?.outcomes.first()?;
        let said = outcome.conditions.iter().find(|one| one.kind == "SourceVerified")?;
        let errors = outcome.errors.join("\n");
        Some((control.name.clone(), said.message.replace("{errors}", &errors)))
    });
    words.collect()
}

/// What a controller would write that lets in what `ACCEPTED` names, and `also`.
fn decide(plane: &Plane, also: &str, words: &Words) {
    for source in items(plane, "ocirepositories") {
        if source["status"]["conditions"].is_array() {
            continue;
        }
        let name = source["metadata"]["name"].as_str().expect("a name");
        let is = |control: &str| name.starts_with(&format!("{control}-2"));
        let digest = source["spec"]["ref"]["digest"].as_str().unwrap_or(crate::plane::OTHER);
        let mut status = if ACCEPTED.into_iter().chain([also]).any(is) {
            running(digest)
        } else {
            let control = words.iter().find(|(control, _)| is(control));
            let mut status = refused(digest, "no word of it was foretold");
            if let Some((_, words)) = control {
                for condition in status["conditions"].as_array_mut().expect("conditions") {
                    if condition["status"] == "False" {
                        condition["message"] = words.as_str().into();
                    }
                }
            }
            status
        };
        if let Some(secret) = source["spec"]["certSecretRef"]["name"].as_str() {
            let secret = plane.get(&format!("{}/{secret}", path("secrets")));
            assert!(secret["data"]["ca.crt"].is_string(), "it was there before: {secret}");
        }
        if is("misplaced-verify") {
            assert!(source["spec"].get("verify").is_none(), "nothing reads it: {source}");
            status["conditions"] = json!([condition("Ready", "True", "Succeeded", "stored")]);
        }
        plane.status(NAMESPACE, name, status);
    }
}

/// Lets a controller work as long as `body` runs.
pub(crate) fn with_controller<T>(
    plane: &Plane,
    also: &str,
    words: &Words,
    body: impl FnOnce() -> T,
) -> T {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                decide(plane, also, words);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let result = body();
        over.store(true, Ordering::Relaxed);
        result
    })
}

pub(crate) fn flags<'a>(kubeconfig: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["--set", "controls.json", "--live", "--kubeconfig", kubeconfig], more].concat()
}

pub(crate) fn nothing_is_left(plane: &Plane) {
    assert_eq!(items(plane, "ocirepositories"), [] as [Value; 0]);
    assert_eq!(items(plane, "secrets"), [] as [Value; 0]);
    let namespace = plane.get(&format!("/api/v1/namespaces/{NAMESPACE}"));
    assert!(
        namespace.is_null() || namespace["metadata"]["deletionTimestamp"].is_string(),
        "{namespace}"
    );
}

#[test]
fn a_closed_cluster_refuses_what_it_must_and_nothing_is_left_behind() {
    let (world, plane) = (World::start(), Plane::start());
    let kubeconfig = plane.kubeconfig();
    let mut command = world.command(&flags(kubeconfig.as_str(), &[]));
    let (report, _) = with_controller(&plane, "", &foretold(&world), || answer(&mut command));
    let refused = report.findings.iter().find(|one| one.code == Code::ControlNeighbourRefused);
    assert_eq!(refused, None, "a lock that is shut for everybody would refuse them, too");
    for control in &report.controls {
        let observed = control.observed.as_ref();
        let ready =
            observed.and_then(|said| said.conditions.iter().find(|one| one.kind == "Ready"));
        let expected = if ACCEPTED.contains(&control.name.as_str()) { "True" } else { "False" };
        assert_eq!(ready.map(|one| one.status.as_str()), Some(expected), "{}", control.name);
        let found = codes(control);
        assert!(
            ![Code::ControlAccepted, Code::ControlRefusedOtherwise]
                .iter()
                .any(|code| found.contains(code)),
            "{}: {:#?}",
            control.name,
            control.findings
        );
    }
    assert!(report.cluster.expect("it was looked at").simulated);
    nothing_is_left(&plane);
}

#[test]
fn a_refusal_for_another_reason_proves_nothing() {
    let (world, plane) = (World::start(), Plane::start());
    let kubeconfig = plane.kubeconfig();
    let mut command = world.command(&flags(kubeconfig.as_str(), &["--timeout", "60"]));
    let mut words = foretold(&world);
    let down = "failed to verify the signature using provider 'cosign keyless': Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused";
    words.insert("unsigned".to_owned(), down.to_owned());
    let (report, exit) = with_controller(&plane, "", &words, || answer(&mut command));
    let unsigned = control(&report, "unsigned");
    assert_eq!(unsigned.verdict, Verdict::Unknown, "{:#?}", unsigned.findings);
    let told = unsigned.findings.iter().find(|one| one.code == Code::ControlRefusedOtherwise);
    let found = told.and_then(|told| told.found.as_deref()).unwrap_or_default();
    assert!(found.contains("connection refused"), "it says why: {:#?}", unsigned.findings);
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2));
    let others = report.controls.iter().filter(|control| control.name != "unsigned");
    for other in others {
        let found = codes(other);
        assert!(!found.contains(&Code::ControlRefusedOtherwise), "{}: {found:?}", other.name);
    }
    nothing_is_left(&plane);
}

#[test]
fn an_open_cluster_is_the_loudest_finding() {
    let (world, plane) = (World::start(), Plane::start());
    let kubeconfig = plane.kubeconfig();
    let mut command = world.command(&flags(kubeconfig.as_str(), &[]));
    let (report, exit) =
        with_controller(&plane, "unsigned", &foretold(&world), || answer(&mut command));
    let open = control(&report, "unsigned");
    let loud = open.findings.iter().find(|finding| finding.code == Code::ControlAccepted);
    let loud = loud.unwrap_or_else(|| panic!("{:#?}", open.findings));
    assert!(loud.message.contains("the cluster"), "it says who: {}", loud.message);
    assert_eq!((report.verdict, exit), (Verdict::Refused, 1));
    nothing_is_left(&plane);
}

#[test]
fn a_cluster_that_does_not_decide_or_does_not_allow_it_proves_nothing() {
    let (world, plane) = (World::start(), Plane::start());
    let kubeconfig = plane.kubeconfig();
    let denied = Fault::new(Effect::Forbidden).verb("create").on("ocirepositories");
    for (faults, said) in [(vec![], "had not decided"), (vec![denied], "may not create")] {
        plane.cluster.set_faults(faults);
        let mut command = world.command(&flags(kubeconfig.as_str(), &["--timeout", "2"]));
        let (report, exit) = answer(&mut command);
        assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "{said}");
        let unsigned = control(&report, "unsigned");
        assert!(
            unsigned.findings.iter().any(|one| one.message.contains(said)),
            "{said}: {unsigned:#?}"
        );
        plane.cluster.set_faults(vec![]);
        nothing_is_left(&plane);
    }
}

/// A run that has put something into the cluster, and waits for a controller that is not there.
fn waiting(world: &World, plane: &Plane) -> Child {
    let kubeconfig = plane.kubeconfig();
    let command = world.command(&flags(kubeconfig.as_str(), &["--format", "json"]));
    let mut plain = std::process::Command::new(command.get_program());
    plain.args(command.get_args()).env_clear();
    plain.current_dir(command.get_current_dir().expect("a folder"));
    let child = plain.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let patience = Instant::now() + Duration::from_secs(60);
    // All of them, so that none is still on its way.
    while items(plane, "ocirepositories").len() <= world.set.controls.len() {
        assert!(Instant::now() < patience, "nothing was put there");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.expect("kill is there").success());
}

#[test]
fn who_is_told_to_stop_cleans_up_first() {
    let (world, plane) = (World::start(), Plane::start());
    let child = waiting(&world, &plane);
    signal(&child, "INT");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(2), "nobody knows");
    let report: sealwright_policy::Report =
        serde_json::from_slice(&output.stdout).expect("a report");
    assert!(report.controls.iter().all(|control| control.verdict == Verdict::Unknown));
    nothing_is_left(&plane);
}

#[test]
fn what_a_killed_run_left_is_cleaned_up_later_and_nothing_else() {
    let (world, plane) = (World::start(), Plane::start());
    plane.create("/api/v1/namespaces", &json!({"metadata": {"name": NAMESPACE}}));
    plane.create(&path("secrets"), &json!({"metadata": {"name": "mine", "namespace": NAMESPACE}}));
    let mut child = waiting(&world, &plane);
    signal(&child, "KILL");
    child.wait().expect("it ends");
    assert!(!items(&plane, "ocirepositories").is_empty(), "it had no chance to clean up");
    let clean = || answer(&mut plane.verifier(&["controls", "--clean"]));
    let (report, exit) = clean();
    let found: Vec<Code> = report.findings.iter().map(|finding| finding.code).collect();
    assert_eq!((found, exit), (vec![Code::ControlsCleaned], 0), "{:#?}", report.findings);
    assert_eq!(items(&plane, "ocirepositories"), [] as [Value; 0]);
    let left = items(&plane, "secrets");
    assert_eq!(left.len(), 1, "somebody else's, in somebody else's namespace: {left:?}");
    let (report, exit) = clean();
    assert_eq!((report.findings, exit), (vec![], 0), "there is nothing to clean any more");
}

#[test]
fn a_question_that_turns_out_wrong_leaves_nothing_behind_either() {
    let (world, plane) = (World::start(), Plane::start());
    // There is no such address, which is noticed when the registry is asked: after the cluster.
    let nowhere = format!("999.0.0.1/controls@{}", crate::plane::OTHER);
    world.write_set(|set| set["controls"][0]["reference"] = nowhere.into());
    let kubeconfig = plane.kubeconfig();
    let output = world.command(&flags(kubeconfig.as_str(), &["--timeout", "2"])).output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(64), "{}", String::from_utf8_lossy(&output.stderr));
    nothing_is_left(&plane);
}

#[test]
fn what_cannot_be_removed_is_said() {
    let (world, plane) = (World::start(), Plane::start());
    let kubeconfig = plane.kubeconfig();
    plane
        .cluster
        .set_faults(vec![Fault::new(Effect::Forbidden).verb("delete").on("ocirepositories")]);
    let mut command = world.command(&flags(kubeconfig.as_str(), &["--timeout", "2"]));
    let (report, _) = answer(&mut command);
    let left = report.findings.iter().filter(|finding| finding.code == Code::ControlsLeftOver);
    assert!(left.count() > 0, "{:#?}", report.findings);
    plane.cluster.set_faults(vec![]);
    let (_, exit) = answer(&mut plane.verifier(&["controls", "--clean"]));
    assert_eq!(exit, 0);
    nothing_is_left(&plane);
}
