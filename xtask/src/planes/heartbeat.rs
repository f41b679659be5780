//! The controller's Lease. Inside a cluster the controller renews it itself, as its shipped Deployment
//! tells it to; outside of one it cannot, so it is renewed here for as long as the controller says that
//! it is ready. That is what others take for its sign of life.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Api, FLUX_NAMESPACE};
use crate::failure::Outcome;

/// How long a Lease lasts, and how often it is renewed: what Flux's controllers do by default.
const LEASE_SECONDS: u32 = 35;
const RENEW_EVERY: Duration = Duration::from_secs(5);

/// Renews a Lease until it is dropped.
pub(super) struct Heartbeat {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    /// Writes the Lease of a controller, and again and again while `ready` answers.
    pub(super) fn start(api: Api, controller: &str, ready: String) -> Outcome<Heartbeat> {
        let controller = controller.to_owned();
        let lease = move |now| lease(&controller, now);
        api.apply(&lease(Timestamp::now()))?;
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(RENEW_EVERY) == Err(RecvTimeoutError::Timeout) {
                if ureq::get(&ready).call().is_ok() {
                    // A renewal that fails is one that others miss, as they should.
                    drop(api.apply(&lease(Timestamp::now())));
                }
            }
        });
        Ok(Heartbeat { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in it has been printed already; there is nobody to hand it to.
            drop(thread.join());
        }
    }
}

fn lease(controller: &str, now: Timestamp) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": format!("{controller}-leader-election"),
            "namespace": FLUX_NAMESPACE,
        },
        "spec": {
            "holderIdentity": format!("{controller} on loopback"),
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_says_when_it_was_renewed_in_microseconds() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let lease = lease("source-controller", now);
        assert_eq!(lease["metadata"]["name"], "source-controller-leader-election");
        assert_eq!(lease["spec"]["renewTime"], "2026-01-02T03:04:05.000000Z");
    }
}
