//! What the registry does wrong gives Unknown, never Verified and never Refused.

use sealwright_devstack::registry::{Effect, Fault, Kind};
use sealwright_policy::{Code, Verdict};

use crate::world::*;

/// Every request of a verification, and everything that can go wrong with it.
#[test]
fn every_fault_at_every_request_is_unknown() {
    let kinds = [Kind::Tag, Kind::Referrers, Kind::Manifest, Kind::Blob];
    let effects = || {
        [
            (Effect::Status { code: 429, retry_after: None }, "a rate limit"),
            (Effect::Status { code: 403, retry_after: None }, "a missing permission"),
            (Effect::Status { code: 503, retry_after: None }, "a fault of the server"),
            (Effect::DropBefore, "a closed connection"),
            (Effect::Truncate { bytes: 20 }, "half an answer"),
            (Effect::Stall { bytes: 20 }, "an answer that never ends"),
        ]
    };
    let healthy = World::start();
    healthy.push_signed("healthy");
    assert_eq!(healthy.judge(&[]).1, 0, "without a fault");
    std::thread::scope(|scope| {
        for kind in kinds {
            for (effect, what) in effects() {
                scope.spawn(move || {
                    let world = World::start();
                    world.push_signed("healthy");
                    world.registry.set_faults(vec![Fault::new(effect).on(kind)]);
                    let (report, exit) = world.judge(&["--deadline", "1"]);
                    let why = format!("{what} at {kind:?}: {:?}", codes(&report));
                    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "{why}");
                });
            }
        }
    });
}

#[test]
fn bytes_that_are_not_what_was_asked_for_are_unknown() {
    for kind in [Kind::Manifest, Kind::Blob] {
        let world = World::start();
        world.push_signed("healthy");
        let fault = Fault::new(Effect::Corrupt { at: 5 }).on(kind);
        world.registry.set_faults(vec![fault.path("sha256:")]);
        let (report, exit) = world.judge(&["--deadline", "1"]);
        assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "{kind:?}: {:?}", codes(&report));
    }
}

#[test]
fn a_passing_fault_is_overcome() {
    let world = World::start();
    world.push_signed("healthy");
    let effect = Effect::Status { code: 503, retry_after: Some("0".to_owned()) };
    world.registry.set_faults(vec![Fault::new(effect).on(Kind::Referrers).once()]);
    assert_eq!(world.judge(&[]).1, 0);
}

#[test]
fn a_moved_tag_is_judged_by_what_it_leads_to() {
    let world = World::start();
    let unsigned = world.push("unsigned");
    world.push_signed("signed");
    assert_eq!(world.judge(&[]).1, 0);
    world.registry.set_faults(vec![Fault::new(Effect::MoveTag { to: unsigned })]);
    assert_eq!(world.judge(&[]).1, 1, "the unsigned one");
}

#[test]
fn no_registry_at_all_is_unknown() {
    let world = World::start();
    let reference = "127.0.0.1:1/acme/platform/manifests:latest";
    let mut command = world.command();
    command.args(["artifact", reference, "--artifact", "manifests", "--deadline", "1"]);
    command.args(["--trust", sigstore().trust_folder().as_str()]);
    let (report, exit) = answer(&mut command);
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2));
}

#[test]
fn what_is_missing_while_something_cannot_be_read_is_unknown() {
    let world = World::start();
    let digest = world.push("unsigned");
    assert_eq!(world.judge(&[]).1, 1, "nothing is attached");
    world.attach(&digest, b"{}");
    world.registry.set_faults(vec![
        Fault::new(Effect::Status { code: 403, retry_after: None }).on(Kind::Blob),
    ]);
    assert_eq!(world.judge(&[]).1, 2, "what is attached cannot be read");
}

#[test]
fn more_referrers_than_are_looked_at_is_unknown_and_says_so() {
    let world = World::start();
    let digest = world.push("flooded");
    for number in 0..1030 {
        world.attach(&digest, format!("{{\"rubbish\": {number}}}").as_bytes());
    }
    let (report, exit) = world.judge(&[]);
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2));
    assert!(codes(&report).contains(&Code::RegistryLimit), "{:?}", &codes(&report)[..3]);
}

#[test]
fn trust_that_cannot_be_had_is_unknown() {
    let world = World::start();
    world.push_signed("healthy");
    let reference = world.reference();
    let mut command = world.command();
    command.args(["artifact", &reference, "--artifact", "manifests", "--trust", "public"]);
    // Nothing listens there, so the public instance cannot be asked, wherever this test runs.
    command.env("HTTPS_PROXY", "http://127.0.0.1:1");
    let (report, exit) = answer(&mut command);
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2));
    assert_eq!(codes(&report), [Code::TrustUnavailable]);
    assert_eq!(report.artifacts[0].verdict, Verdict::Unknown);
    assert_eq!(report.artifacts[0].requirements[0].verdict, Verdict::Unknown);
    assert_eq!(report.trust, None);
}
