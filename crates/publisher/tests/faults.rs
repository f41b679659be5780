//! Every write of the transaction fails once, in both ways: "failed", and "failed but it happened".
//! At no moment does the final tag name anything without its full, proven evidence; and run again,
//! it finishes.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod stage;

use std::sync::atomic::{AtomicUsize, Ordering};

use sealwright_devstack::registry::{Effect, Fault, RegistryOptions};
use sealwright_policy::Verdict;
use sealwright_publisher::publish::publish;

use stage::Stage;

/// A status that no client repeats: the step fails.
const REFUSED: u16 = 403;

/// How many writes a publication makes when nothing goes wrong.
async fn writes_count(stage: &Stage, path: &str) -> usize {
    publish(&stage.world(path), &stage.packing()).await.unwrap();
    let writes = stage.writes().len();
    stage.stack.registry().clear_requests();
    writes
}

/// The nth write (of any kind) has this effect, once.
fn nth_write(after: usize, method: &str, effect: &Effect) -> Fault {
    Fault::new(effect.clone()).method(method).after(after as u64).once()
}

async fn every_write_fails(referrers_api: bool) {
    let stage = Stage::with(RegistryOptions { referrers_api, ..RegistryOptions::default() });
    assert!(writes_count(&stage, "acme/count").await > 10);
    for (name, effect) in [
        ("failed", Effect::Status { code: REFUSED, retry_after: None }),
        ("happened", Effect::StatusAfter { code: REFUSED }),
    ] {
        for method in ["PUT", "POST"] {
            for number in 0.. {
                let path = format!("acme/{name}-{}-{number}", method.to_lowercase());
                let registry = stage.stack.registry();
                registry.set_faults(vec![nth_write(number, method, &effect)]);
                let first = publish(&stage.world(&path), &stage.packing()).await;
                let struck = registry.faults().is_empty();
                registry.set_faults(vec![]);
                let tag = stage.verdict(&path, "latest").await;
                let case = format!("{name} {method} {number}: {first:?}");
                assert!(matches!(tag, None | Some(Verdict::Verified)), "{tag:?} after {case}");
                assert!(first.is_err() || tag.is_some(), "said to be done: {case}");
                if !struck {
                    assert!(number > 2, "no such write was ever met: {case}");
                    break;
                }
                let again = publish(&stage.world(&path), &stage.packing()).await;
                assert!(again.is_ok(), "run again: {again:?} after {case}");
                assert_eq!(stage.verdict(&path, "latest").await, Some(Verdict::Verified), "{case}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_fails_in_both_ways_with_the_referrers_api() {
    every_write_fails(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_fails_in_both_ways_with_the_fallback_tag() {
    every_write_fails(false).await;
}

/// While one publication replaces another, a stranger looks at the tag all the time.
#[tokio::test(flavor = "multi_thread")]
async fn at_every_moment_the_tag_is_proven() {
    let path = "acme/watched";
    let stage = Stage::new();
    publish(&stage.world(path), &stage.packing()).await.unwrap();
    stage.write("k8s/app.yaml", "a: 2\n");
    let (world, packing) = (stage.world(path), stage.packing());
    let looks = AtomicUsize::new(0);
    let watch = || async {
        loop {
            assert_eq!(stage.verdict(path, "latest").await, Some(Verdict::Verified));
            looks.fetch_add(1, Ordering::Relaxed);
        }
    };
    tokio::select! {
        published = publish(&world, &packing) => drop(published.unwrap()),
        () = watch() => {}
        () = watch() => {}
        () = watch() => {}
    }
    assert!(looks.into_inner() > 0, "nobody looked");
}

/// What an interrupted publication has signed is not signed again.
#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_is_there_is_not_made_again() {
    let path = "acme/resumed";
    let stage = Stage::new();
    let to_latest = Fault::new(Effect::Status { code: REFUSED, retry_after: None })
        .method("PUT")
        .path("/manifests/latest");
    stage.stack.registry().set_faults(vec![to_latest]);
    publish(&stage.world(path), &stage.packing()).await.unwrap_err();
    assert_eq!(stage.verdict(path, "latest").await, None);
    stage.stack.registry().set_faults(vec![]);
    stage.stack.registry().clear_requests();
    publish(&stage.world(path), &stage.packing()).await.unwrap();
    assert_eq!(stage.writes().len(), 1, "only the tag was left to do: {:?}", stage.writes());
}
