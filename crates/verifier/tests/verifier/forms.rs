//! Where reports go: standard output, a file, GitHub's log and job summary.

use serde_json::Value;

use crate::world::*;

#[test]
fn each_form_is_what_it_says() {
    let world = World::start();
    world.push("unsigned");
    let form = |form: &str| {
        let output = world.verifier(&world.reference()).args(["--format", form]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{form}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(form("text").starts_with("Refused "), "text");
    let json: Value = serde_json::from_str(&form("json")).unwrap();
    assert_eq!(json["verdict"], "Refused");
    let sarif: Value = serde_json::from_str(&form("sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "SW4009");
    assert!(form("junit").contains("<failure"), "junit");
}

#[test]
fn a_file_takes_the_report_and_standard_output_stays_empty() {
    let world = World::start();
    world.push_signed("healthy");
    let mut command = world.verifier(&world.reference());
    let output = command.args(["--format", "json", "--output", "report.json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, b"");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "Verified: the report is in report.json\n");
    let report: Value =
        serde_json::from_slice(&std::fs::read(world.path("report.json")).unwrap()).unwrap();
    assert_eq!(report["verdict"], "Verified");
    let mut command = world.verifier(&world.reference());
    let output = command.args(["--output", "no/such/folder/report.json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(74), "a verdict that nobody can read is no verdict");
}

#[test]
fn a_pipe_that_nobody_reads_is_no_error() {
    let world = World::start();
    world.push_signed("healthy");
    let program = assert_cmd::cargo::cargo_bin("sealwright-verifier");
    let mut child = std::process::Command::new(program)
        .args(["explain"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let world = World::start();
    world.push("unsigned");
    let mut command = world.verifier(&world.reference());
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", world.path("summary.md"));
    let output = command.output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(talk.starts_with("::error title=SW4009 "), "{talk}");
    let summary = std::fs::read_to_string(world.path("summary.md")).unwrap();
    assert!(summary.starts_with("## ❌ sealwright: Refused"), "{summary}");
    let quiet = world.verifier(&world.reference()).output().unwrap();
    assert_eq!(quiet.stderr, b"", "elsewhere nothing is annotated");
}

#[test]
fn verbose_tells_what_is_asked_and_nothing_secret() {
    let world = World::start();
    world.push_signed("healthy");
    let output = world.verifier(&world.reference()).arg("--verbose").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(talk.matches("method=GET").count(), 4, "each request once: {talk}");
    assert!(talk.contains("requests=4"), "{talk}");
    assert!(talk.lines().all(|line| line.contains("sealwright")), "only ours: {talk}");
    assert!(output.stdout.starts_with(b"Verified "), "the data stays where it was");
}
