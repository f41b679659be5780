//! `wait`: arrives only when everything holds, ends early only when it is hopeless, and lives
//! through whatever an API server does.

use std::time::{Duration, Instant};

use sealwright_devstack::kubernetes::{Effect, Fault};
use sealwright_policy::{Code, Report, Verdict};
use serde_json::{Value, json};

use crate::estate::{self, Estate};
use crate::plane::*;
use crate::world::answer;

const URL: &str = "oci://127.0.0.1:5000/acme/platform/manifests";

/// Waits for the source `shop/shop` while something happens to it.
fn wait(plane: &Plane, timeout_s: u32, meanwhile: impl FnOnce() + Send) -> (Report, i32, Duration) {
    let timeout = timeout_s.to_string();
    let mut command =
        plane.verifier(&["wait", "shop/shop", "--digest", WANTED, "--timeout", &timeout]);
    std::thread::scope(|scope| {
        scope.spawn(meanwhile);
        let began = Instant::now();
        let (report, exit) = answer(&mut command);
        (report, exit, began.elapsed())
    })
}

fn codes(report: &Report) -> Vec<Code> {
    let of_sources = report.sources.iter().flat_map(|source| &source.findings);
    of_sources.chain(&report.findings).map(|finding| finding.code).collect()
}

/// A plane with the source in a state.
fn plane(status: Value) -> Plane {
    let plane = Plane::start();
    plane.source("shop", "shop", spec(URL, Some(verify())));
    plane.status("shop", "shop", status);
    plane
}

fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

#[test]
fn what_is_there_already_is_seen_at_once() {
    let plane = plane(running(WANTED));
    let (report, exit, _) = wait(&plane, 20, || {});
    assert_eq!((report.verdict, exit), (Verdict::Verified, 0), "{:?}", codes(&report));
    let cluster = report.cluster.expect("it was looked at");
    assert!(
        cluster.simulated && cluster.server.is_some_and(|version| version.contains("simulated"))
    );
    assert_eq!(report.sources[0].revision.as_deref(), Some(&*format!("latest@{WANTED}")));
}

#[test]
fn what_comes_while_waiting_is_noticed_within_200_ms() {
    let plane = plane(running(OTHER));
    let (when, since) = (std::sync::Mutex::new(None), Instant::now());
    let (report, exit, took) = wait(&plane, 20, || {
        pause(1500);
        plane.status("shop", "shop", running(WANTED));
        *when.lock().expect("nobody panicked") = Some(since.elapsed());
    });
    assert_eq!((report.verdict, exit), (Verdict::Verified, 0), "{:?}", codes(&report));
    let written = when.into_inner().expect("nobody panicked").expect("it was written");
    let late = took.saturating_sub(written);
    assert!(late < Duration::from_millis(200), "noticed {late:?} late");
}

#[test]
fn what_does_not_come_is_unknown_at_the_deadline() {
    for (status, why) in [
        (running(OTHER), "it runs another digest"),
        (json!({}), "the controller does nothing"),
        (refused(OTHER, "no signatures found"), "another digest was refused"),
    ] {
        let plane = plane(status);
        let (report, exit, took) = wait(&plane, 2, || {});
        assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "{why}: {:?}", codes(&report));
        assert_eq!(codes(&report), [Code::WaitUnfinished], "{why}");
        assert!(took < Duration::from_secs(5), "{why}: {took:?}");
    }
}

#[test]
fn a_refusal_that_lasts_is_told_in_the_controllers_words() {
    let plane = plane(refused(WANTED, "no signatures found"));
    let (report, exit, took) = wait(&plane, 40, || {});
    assert_eq!((report.verdict, exit), (Verdict::Refused, 1));
    let finding = &report.sources[0].findings[0];
    assert_eq!(finding.code, Code::WaitFailed);
    let found = finding.found.as_deref().expect("the controller's words");
    assert!(found.contains("provider 'cosign keyless': no signatures found"), "{found}");
    let lasted = Duration::from_secs(10)..Duration::from_secs(13);
    assert!(lasted.contains(&took), "not at the first sight of it, and not at the end: {took:?}");
}

#[test]
fn a_lasting_refusal_is_explained_by_its_rule_with_a_way_out() {
    let unsigned = |estate: &Estate| estate.world.push("unsigned");
    let signed = |estate: &Estate| estate.digest.clone();
    type Push = fn(&Estate) -> String;
    let cases: [(Push, &str, &str, &str); 3] = [
        (unsigned, "no signatures found", "(no-signatures); publish it", "the rule and what to do"),
        (unsigned, "403 Forbidden", "in other words", "another reason is not passed off as it"),
        (signed, "no signatures found", "would be accepted", "it was signed meanwhile"),
    ];
    std::thread::scope(|scope| {
        for (push, said, expected, why) in cases {
            scope.spawn(move || {
                let estate = Estate::healthy();
                let digest = push(&estate);
                estate::status(&estate, refused(&digest, said));
                let mut command = estate.plane.verifier(&["wait", "flux-system/flux-system"]);
                command.args(["--digest", &digest, "--timeout", "40"]);
                let (report, exit) = answer(&mut command);
                assert_eq!((report.verdict, exit), (Verdict::Refused, 1), "{why}");
                let finding = &report.sources[0].findings[0];
                let hint = finding.hint.as_deref().unwrap_or_default();
                assert!(hint.contains(expected), "{why}: {finding:#?}");
                assert!(report.sources[0].predicted.is_some(), "{why}: it is in the report");
            });
        }
    });
}

#[test]
fn what_cannot_be_explained_has_failed_all_the_same() {
    let estate = Estate::healthy();
    let digest = estate.world.push("unsigned");
    estate::status(&estate, refused(&digest, "no signatures found"));
    estate.plane.cluster.set_faults(vec![Fault::new(Effect::Forbidden).on("secrets")]);
    let mut command = estate.plane.verifier(&["wait", "flux-system/flux-system"]);
    command.args(["--digest", &digest, "--timeout", "40"]);
    let (report, exit) = answer(&mut command);
    assert_eq!((codes(&report), exit), (vec![Code::WaitFailed], 1));
    let hint = report.sources[0].findings[0].hint.as_deref().unwrap_or_default();
    assert!(hint.contains("cannot be said") && hint.contains("Secret"), "{hint}");
}

#[test]
fn a_refusal_that_passes_is_none() {
    let plane = plane(refused(WANTED, "no signatures found"));
    let (report, exit, _) = wait(&plane, 40, || {
        pause(1500);
        plane.status("shop", "shop", running(WANTED));
    });
    assert_eq!((report.verdict, exit), (Verdict::Verified, 0), "{:?}", codes(&report));
}

#[test]
fn hopeless_cases_end_at_once() {
    let stalled = json!({"observedGeneration": 1, "conditions": [
        condition("Stalled", "True", "URLInvalid", "URL validation failed for 'x'"),
        condition("Ready", "False", "URLInvalid", "URL validation failed for 'x'"),
    ]});
    let plane_without_block = Plane::start();
    plane_without_block.source("shop", "shop", spec(URL, None));
    plane_without_block.status("shop", "shop", running(WANTED));
    for (plane, code, why) in [
        (plane(stalled), Code::WaitFailed, "stalled"),
        (plane_without_block, Code::WaitUnverified, "nothing asks for a signature"),
        (Plane::start(), Code::SourceMissing, "no such source"),
    ] {
        let (report, exit, took) = wait(&plane, 30, || {});
        assert_eq!((report.verdict, exit), (Verdict::Refused, 1), "{why}");
        assert_eq!(codes(&report), [code], "{why}");
        assert!(took < Duration::from_secs(5), "{why}: {took:?}");
    }
}

#[test]
fn a_source_that_is_deleted_meanwhile_is_missing() {
    let plane = plane(running(OTHER));
    let path = format!("{SOURCES}/namespaces/shop/ocirepositories/shop");
    let (report, exit, _) = wait(&plane, 30, || {
        pause(1000);
        plane.delete(&path);
    });
    assert_eq!((codes(&report), exit), (vec![Code::SourceMissing], 1));
}

#[test]
fn a_watch_survives_what_an_api_server_does() {
    let faults = |effect| vec![Fault::new(effect).verb("watch").times(3)];
    type Happen = Box<dyn Fn(&Plane) + Send + Sync>;
    let cases: [(Happen, &str); 6] = [
        (
            Box::new(|plane| plane.cluster.restart(Duration::from_secs(1))),
            "a restart in the middle",
        ),
        (Box::new(move |plane| plane.cluster.set_faults(faults(Effect::Gone))), "410 Gone"),
        (
            Box::new(move |plane| {
                plane.cluster.set_faults(faults(Effect::GoneAfter { events: 0 }))
            }),
            "410 in the stream",
        ),
        (
            Box::new(move |plane| {
                plane.cluster.set_faults(faults(Effect::DropAfter { events: 0 }))
            }),
            "cut connections",
        ),
        (
            Box::new(move |plane| {
                let busy = Effect::Status { code: 503, retry_after: None };
                plane.cluster.set_faults(vec![Fault::new(busy).times(4)]);
            }),
            "503 for a while",
        ),
        (
            Box::new(move |plane| plane.cluster.set_faults(faults(Effect::Forbidden))),
            "403 for a moment",
        ),
    ];
    std::thread::scope(|scope| {
        for (happen, why) in cases {
            scope.spawn(move || {
                let plane = plane(running(OTHER));
                let (report, exit, took) = wait(&plane, 30, || {
                    pause(1000);
                    happen(&plane);
                    // Watches that are open already know nothing of new faults.
                    plane.cluster.restart(Duration::from_millis(100));
                    pause(2500);
                    plane.status("shop", "shop", running(WANTED));
                });
                let found = (report.verdict, exit);
                assert_eq!(
                    found,
                    (Verdict::Verified, 0),
                    "{why}: {:?}",
                    report.sources[0].findings
                );
                assert!(took < Duration::from_secs(8), "{why}: {took:?}");
            });
        }
    });
}

#[test]
fn rights_that_are_missing_end_it_as_unknown() {
    for (fault, code, why) in [
        (Fault::new(Effect::Forbidden).verb("get"), Code::ClusterDenied, "may not get"),
        (Fault::new(Effect::Forbidden).verb("watch"), Code::ClusterDenied, "may not watch"),
        (Fault::new(Effect::Forbidden).verb("list"), Code::ClusterDenied, "may not list"),
        (
            Fault::new(Effect::Unauthorized).on("ocirepositories"),
            Code::ClusterUnauthorized,
            "an expired token",
        ),
    ] {
        let plane = plane(running(OTHER));
        plane.cluster.set_faults(vec![fault]);
        let (report, exit, took) = wait(&plane, 40, || {});
        assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "{why}: {:?}", codes(&report));
        assert!(codes(&report).contains(&code), "{why}: {:?}", codes(&report));
        assert!(took < Duration::from_secs(15), "{why}: {took:?}");
    }
}

#[test]
fn two_sources_must_both_arrive() {
    let plane = plane(running(WANTED));
    plane.source("flux-system", "flux-system", spec(URL, Some(verify())));
    plane.status("flux-system", "flux-system", running(OTHER));
    let wait = |timeout: &str| {
        let mut command = plane.verifier(&["wait", "shop/shop", "flux-system/flux-system"]);
        command.args(["--digest", WANTED, "--timeout", timeout]);
        answer(&mut command)
    };
    let (report, exit) = wait("2");
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "one of them did not");
    plane.status("flux-system", "flux-system", running(WANTED));
    let (report, exit) = wait("20");
    assert_eq!((report.verdict, exit), (Verdict::Verified, 0), "{:?}", codes(&report));
}

#[test]
fn questions_that_make_no_sense_are_usage() {
    let plane = Plane::start();
    for (arguments, words, why) in [
        (vec!["wait", "shop/shop", "--digest", "latest"], "--digest", "no digest"),
        (vec!["wait", "shop", "--digest", WANTED], "NAMESPACE/NAME", "no namespace"),
        (vec!["wait", "a/../b", "--digest", WANTED], "NAMESPACE/NAME", "no name"),
        (vec!["wait", "--digest", WANTED], "NAMESPACE/NAME", "nothing to wait for"),
        (
            vec!["wait", "a/b", "--digest", WANTED, "--context", "nowhere"],
            "no context nowhere",
            "no such context",
        ),
    ] {
        let output = plane.verifier(&arguments).output().expect("it runs");
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{why}: {talk}");
        assert!(talk.contains(words), "{why}: {talk}");
    }
}
