//! Recorded evidence is judged like fresh evidence, without a network.

use sealwright_evidence::Evidence;
use sealwright_policy::{Report, Verdict};

use crate::world::*;

/// Records the tag `latest`, and gives the report of that run.
fn record(world: &World) -> Report {
    world.judge(&["--record", "evidence.json"]).0
}

fn replay(world: &World) -> assert_cmd::Command {
    let mut command = world.command();
    command.args(["artifact", "--replay", "evidence.json", "--artifact", "manifests"]);
    command.args(["--trust", sigstore().trust_folder().as_str()]);
    command.args(["--github-issuer", sigstore().issuer_url()]);
    command
}

#[test]
fn a_recording_is_judged_without_a_request() {
    let world = World::start();
    world.push_signed("healthy");
    let fresh = record(&world);
    world.registry.clear_requests();
    let (replayed, exit) = answer(&mut replay(&world));
    assert_eq!(exit, 0);
    assert_eq!(world.registry.requests(), [], "nothing is asked");
    assert_eq!(replayed.artifacts[0].evidence, fresh.artifacts[0].evidence);
    assert_eq!(replayed.artifacts[0].digest, fresh.artifacts[0].digest);
}

#[test]
fn unsigned_is_recorded_as_well() {
    let world = World::start();
    world.push("unsigned");
    record(&world);
    assert_eq!(answer(&mut replay(&world)).1, 1);
}

#[test]
fn a_changed_recording_is_refused() {
    let world = World::start();
    world.push_signed("healthy");
    record(&world);
    let path = world.path("evidence.json");
    let recorded: Evidence = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let change = |change: fn(&mut Evidence)| {
        let mut evidence = recorded.clone();
        change(&mut evidence);
        std::fs::write(&path, serde_json::to_vec(&evidence).unwrap()).unwrap();
        answer(&mut replay(&world)).0.verdict
    };
    assert_eq!(change(|_| ()), Verdict::Verified, "as it was recorded");
    assert_eq!(change(|e| e.artifact.bytes.push(b' ')), Verdict::Refused, "another manifest");
    let digest = |e: &mut Evidence| e.artifact.digest = format!("sha256:{}", "0".repeat(64));
    assert_eq!(change(digest), Verdict::Refused, "another digest");
    assert_ne!(change(|e| e.referrers.clear()), Verdict::Verified, "no evidence");
    let truncate = |e: &mut Evidence| e.referrers[0].bundles[0].bytes.truncate(100);
    assert_ne!(change(truncate), Verdict::Verified, "half a bundle");
}

#[test]
fn a_recording_of_something_else_is_a_usage_error() {
    let world = World::start();
    let digest = world.push_signed("healthy");
    record(&world);
    let host = world.registry.address();
    for (reference, exit) in [
        (format!("{host}/{REPOSITORY}:latest"), 0),
        (format!("{host}/{REPOSITORY}@{digest}"), 0),
        (format!("{host}/{REPOSITORY}@sha256:{}", "0".repeat(64)), 64),
        (format!("{host}/acme/proven"), 64),
    ] {
        let output = replay(&world).arg(&reference).output().unwrap();
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(exit), "{reference}: {talk}");
    }
}

#[test]
fn what_is_no_recording_is_bad_input() {
    let world = World::start();
    for (text, exit, why) in [
        ("", 65, "an empty file"),
        ("{}", 65, "an empty object"),
        ("\u{0}\u{1}", 65, "bytes"),
        (&"[".repeat(100_000), 65, "deep"),
    ] {
        std::fs::write(world.path("evidence.json"), text).unwrap();
        let output = replay(&world).output().unwrap();
        assert_eq!(output.status.code(), Some(exit), "{why}");
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(talk.contains("make a recording with --record"), "{why}: {talk}");
    }
    std::fs::remove_file(world.path("evidence.json")).unwrap();
    assert_eq!(replay(&world).output().unwrap().status.code(), Some(74), "no file");
}
