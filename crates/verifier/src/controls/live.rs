//! Trying controls in a real cluster: a source for each, and what the controller says of it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt as _, pin_mut};
use kube::api::PostParams;
use kube::core::DynamicObject;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, watcher};
use sealwright_flux::Prediction;
use sealwright_policy::Finding;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::scratch::{OWNER_LABEL, Scratch, asked};
use super::trial::Foretold;
use crate::kubernetes::{Cluster, Kind, Live, fault, quoted};

/// Seconds after which the watch is opened anew: how long a dead connection can go unnoticed.
const WATCH_S: u32 = 30;

/// How long a refusal that is none of the evidence must last to count: the controller has looked three times
/// by then (retries after 750 ms, 1.5 s, 3 s), at a registry that may have stumbled once.
const REFUSAL_LASTS: Duration = Duration::from_secs(6);

/// What came of one source.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// The controller's last word, decided or not.
    Seen(Box<Live>),
    /// The API server did not take it.
    Rejected(String),
    /// It could not be put there, or not be watched.
    Failed(Box<Finding>),
}

/// Puts all sources into the scratch namespace and follows them until each is decided, or the
/// cluster's deadline. Outcomes by name.
pub(super) async fn try_all(
    cluster: &Cluster,
    scratch: &Scratch,
    sources: Vec<(String, Value)>,
    foretold: &Foretold,
) -> BTreeMap<String, Outcome> {
    let creations = sources.into_iter().map(|(name, mut object)| async {
        object["metadata"]["labels"][OWNER_LABEL] = scratch.run.clone().into();
        let outcome = create(cluster, scratch, object).await;
        (name, outcome)
    });
    let mut outcomes: BTreeMap<String, Outcome> = join_all(creations).await.into_iter().collect();
    follow(cluster, scratch, &mut outcomes, foretold).await;
    outcomes
}

async fn create(cluster: &Cluster, scratch: &Scratch, object: Value) -> Outcome {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let asked = asked("create", Kind::OciRepository, &format!("{}/{name}", scratch.namespace));
    let object: DynamicObject = match serde_json::from_value(object) {
        Ok(object) => object,
        Err(error) => return Outcome::Failed(fault(&kube::Error::SerdeError(error), &asked)),
    };
    let (sources, how) = (scratch.sources(), PostParams::default());
    match cluster.in_time(&asked, sources.create(&how, &object)).await {
        Ok(Ok(made)) => seen(&made),
        Ok(Err(kube::Error::Api(status))) if [400, 422].contains(&status.code) => {
            Outcome::Rejected(quoted(&status.message))
        }
        Ok(Err(error)) => Outcome::Failed(fault(&error, &asked)),
        Err(late) => Outcome::Failed(late),
    }
}

fn seen(object: &DynamicObject) -> Outcome {
    let object = serde_json::to_value(object).unwrap_or_default();
    Outcome::Seen(Box::new(Live::read(Kind::OciRepository, &object)))
}

/// When each was first refused before verification, by the names of the controls, which the objects
/// bear with the run's behind them.
type Refused = BTreeMap<String, Instant>;

/// One watch for all of them.
async fn follow(
    cluster: &Cluster,
    scratch: &Scratch,
    outcomes: &mut BTreeMap<String, Outcome>,
    foretold: &Foretold,
) {
    let options = watcher::Config::default().labels(&scratch.selector()).timeout(WATCH_S);
    let changes = watcher(scratch.sources(), options).default_backoff();
    pin_mut!(changes);
    let mut refused = Refused::new();
    while let Some(wake) = wake(outcomes, &refused, foretold, cluster.deadline()) {
        tokio::select! {
            event = changes.next() => match event {
                Some(Ok(Event::Apply(object) | Event::InitApply(object))) => {
                    take(outcomes, &mut refused, foretold, &object);
                }
                Some(Err(watcher::Error::WatchStartFailed(error)
                    | watcher::Error::InitialListFailed(error))) if is_denied(&error) => {
                    let finding = fault(&error, &asked("watch", Kind::OciRepository, &scratch.namespace));
                    give_up(outcomes, foretold, &finding);
                    return;
                }
                // It begins again by itself; what stays broken ends at the deadline.
                _ => {}
            },
            () = sleep_until(wake.min(cluster.deadline())) => {
                if Instant::now() >= cluster.deadline() {
                    return;
                }
            }
        }
    }
}

/// Until when there is something to wait for; nothing is left when all are decided.
fn wake(
    outcomes: &BTreeMap<String, Outcome>,
    refused: &Refused,
    foretold: &Foretold,
    deadline: Instant,
) -> Option<Instant> {
    let lasting =
        outcomes.iter().filter_map(|(name, outcome)| match decided(outcome, foretold.get(name)) {
            Decided::Yes => None,
            Decided::No => Some(deadline),
            Decided::IfItLasts => {
                Some(refused.get(name).map_or(deadline, |since| *since + REFUSAL_LASTS))
            }
        });
    let now = Instant::now();
    lasting.filter(|end| *end > now).min()
}

fn take(
    outcomes: &mut BTreeMap<String, Outcome>,
    refused: &mut Refused,
    foretold: &Foretold,
    object: &DynamicObject,
) {
    let outcome = seen(object);
    let Outcome::Seen(live) = &outcome else { return };
    let known = outcomes
        .iter_mut()
        .find(|(_, known)| matches!(known, Outcome::Seen(known) if known.name == live.name));
    let Some((name, known)) = known else { return };
    match decided(&outcome, foretold.get(name)) {
        Decided::IfItLasts => {
            refused.entry(name.clone()).or_insert_with(Instant::now);
        }
        _ => {
            refused.remove(name);
        }
    }
    *known = outcome;
}

fn is_denied(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if [401, 403].contains(&status.code))
}

fn give_up(outcomes: &mut BTreeMap<String, Outcome>, foretold: &Foretold, finding: &Finding) {
    for (name, outcome) in outcomes {
        if decided(outcome, foretold.get(name)) != Decided::Yes {
            *outcome = Outcome::Failed(Box::new(finding.clone()));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decided {
    Yes,
    No,
    /// Refused before anything was verified, or for another reason than its evidence: a registry
    /// may have stumbled.
    IfItLasts,
}

fn decided(outcome: &Outcome, foretold: Option<&Prediction>) -> Decided {
    let Outcome::Seen(live) = outcome else { return Decided::Yes };
    let status = |kind| live.current(kind).map(|condition| condition.status.as_str());
    let is_foretold = || {
        let said = live.current("SourceVerified").map(|condition| condition.message.as_str());
        foretold.zip(said).is_some_and(|(foretold, said)| foretold.foretells_refusal(said))
    };
    match (status("Ready"), status("SourceVerified")) {
        (Some("True"), _) => Decided::Yes,
        (Some("False"), Some("False")) if is_foretold() => Decided::Yes,
        (Some("False"), _) if live.holds("Stalled") => Decided::Yes,
        (Some("False"), _) => Decided::IfItLasts,
        _ => Decided::No,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(conditions: Value) -> Outcome {
        let object = json!({
            "metadata": {"name": "c", "namespace": "s", "generation": 1},
            "spec": {}, "status": {"conditions": conditions},
        });
        Outcome::Seen(Box::new(Live::read(Kind::OciRepository, &object)))
    }

    fn condition(kind: &str, status: &str, generation: i64) -> Value {
        json!({"type": kind, "status": status, "reason": "R", "message": "m", "observedGeneration": generation})
    }

    #[test]
    fn a_source_is_decided_once_and_for_all_or_only_if_it_lasts() {
        for (conditions, expected, why) in [
            (json!([]), Decided::No, "the controller has said nothing"),
            (json!([condition("Ready", "Unknown", 1)]), Decided::No, "it is at work"),
            (
                json!([condition("Ready", "True", 0)]),
                Decided::No,
                "that was about another generation",
            ),
            (json!([condition("Ready", "True", 1)]), Decided::Yes, "accepted"),
            (
                json!([condition("Ready", "False", 1), condition("SourceVerified", "False", 1)]),
                Decided::IfItLasts,
                "its verification failed, and not with the words of a refusal",
            ),
            (
                json!([condition("Ready", "False", 1), condition("Stalled", "True", 1)]),
                Decided::Yes,
                "it will not try again",
            ),
            (json!([condition("Ready", "False", 1)]), Decided::IfItLasts, "it may try again"),
            (
                json!([condition("Ready", "False", 1), condition("SourceVerified", "True", 1)]),
                Decided::IfItLasts,
                "a pull that failed after verification",
            ),
        ] {
            assert_eq!(decided(&outcome(conditions), None), expected, "{why}");
        }
        let rejected = Outcome::Rejected("no".to_owned());
        assert_eq!(decided(&rejected, None), Decided::Yes, "never there");
    }

    #[test]
    fn a_refusal_that_may_pass_is_watched_until_it_has_lasted() {
        let object = |conditions: Value| {
            let object = json!({
                "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
                "metadata": {"name": "c-20260101-000000-1", "namespace": "s", "generation": 1},
                "spec": {}, "status": {"conditions": conditions},
            });
            serde_json::from_value::<DynamicObject>(object).unwrap()
        };
        let mut outcomes = BTreeMap::from([("c".to_owned(), seen(&object(json!([]))))]);
        let mut refused = Refused::new();
        let began = Instant::now();
        let deadline = began + Duration::from_secs(60);
        assert_eq!(
            wake(&outcomes, &refused, &Foretold::new(), deadline),
            Some(deadline),
            "nothing is decided"
        );
        take(
            &mut outcomes,
            &mut refused,
            &Foretold::new(),
            &object(json!([condition("Ready", "False", 1)])),
        );
        let lasting = wake(&outcomes, &refused, &Foretold::new(), deadline);
        assert!(lasting.is_some_and(|end| end >= began + REFUSAL_LASTS && end < deadline));
        take(
            &mut outcomes,
            &mut refused,
            &Foretold::new(),
            &object(json!([condition("Ready", "True", 1)])),
        );
        assert_eq!(wake(&outcomes, &refused, &Foretold::new(), deadline), None, "it has passed");
        assert!(refused.is_empty(), "and would have to last anew");
    }
}
