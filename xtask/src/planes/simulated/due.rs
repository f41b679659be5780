//! When a source is reconciled: as source-controller does it, on a new generation, when somebody
//! asks by annotation, after the interval, and again and again after a failure.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Pause before the first retry and the longest one: what the real planes' controllers are told.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(2);
/// How often an interval that cannot be read comes round.
const INTERVAL_UNREADABLE: Duration = Duration::from_secs(60);

/// What was done so far, by the sources' uids.
#[derive(Default)]
pub(super) struct Memory(HashMap<String, Done>);

struct Done {
    generation: Value,
    requested: Value,
    again: Option<Instant>,
    failures: u32,
}

impl Memory {
    pub(super) fn is_due(&self, source: &Value, now: Instant) -> bool {
        if source["spec"]["suspend"] == true {
            return false;
        }
        let Some(done) = self.0.get(uid(source)) else { return true };
        done.generation != source["metadata"]["generation"]
            || done.requested != *requested(source)
            || done.again.is_some_and(|again| again <= now)
    }

    /// `then` is what the controller does next, in the words of the prediction.
    pub(super) fn reconciled(&mut self, source: &Value, then: &str, now: Instant) {
        let before = self.0.get(uid(source)).map_or(0, |done| done.failures);
        let (pause, failures) = match then {
            "waits" => (Some(interval(source)), 0),
            "retries" => {
                let pause = RETRY_FIRST.saturating_mul(1 << before.min(8)).min(RETRY_LAST);
                (Some(pause), before + 1)
            }
            _ => (None, 0),
        };
        let done = Done {
            generation: source["metadata"]["generation"].clone(),
            requested: requested(source).clone(),
            again: pause.map(|pause| now + pause),
            failures,
        };
        self.0.insert(uid(source).to_owned(), done);
    }

    /// Forgets what is there no more.
    pub(super) fn keep_only(&mut self, sources: &[Value]) {
        self.0.retain(|known, _| sources.iter().any(|source| uid(source) == known));
    }
}

fn uid(source: &Value) -> &str {
    source["metadata"]["uid"].as_str().unwrap_or_default()
}

/// What somebody asked for by annotation, and when.
pub(super) fn requested(source: &Value) -> &Value {
    &source["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"]
}

fn interval(source: &Value) -> Duration {
    let text = source["spec"]["interval"].as_str().unwrap_or_default();
    duration(text).unwrap_or(INTERVAL_UNREADABLE)
}

/// A duration as Go writes it, in the units that Flux's definitions allow: `1h30m`, `5m`, `500ms`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = rest.split_at(digits);
        let (unit, length) = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)]
            .into_iter()
            .find(|(name, _)| unit.starts_with(name))?;
        seconds += number.parse::<f64>().ok()? * length;
        rest = &rest[digits + unit.len()..];
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(generation: u32) -> Value {
        json!({"metadata": {"uid": "u", "generation": generation}, "spec": {"interval": "1m"}})
    }

    #[test]
    fn a_source_is_due_when_something_is_new_and_when_its_time_has_come() {
        let mut memory = Memory::default();
        let now = Instant::now();
        assert!(memory.is_due(&source(1), now), "never seen");
        memory.reconciled(&source(1), "waits", now);
        assert!(!memory.is_due(&source(1), now + Duration::from_secs(59)));
        assert!(memory.is_due(&source(1), now + Duration::from_secs(60)), "the interval");
        assert!(memory.is_due(&source(2), now), "another generation");
        let mut asked = source(1);
        asked["metadata"]["annotations"] = json!({"reconcile.fluxcd.io/requestedAt": "now"});
        assert!(memory.is_due(&asked, now), "somebody asks");
        let mut suspended = source(2);
        suspended["spec"]["suspend"] = json!(true);
        assert!(!memory.is_due(&suspended, now));
        memory.reconciled(&source(1), "stalls", now);
        assert!(!memory.is_due(&source(1), now + Duration::from_secs(9999)), "until it is edited");
        memory.keep_only(&[]);
        assert!(memory.is_due(&source(1), now), "forgotten");
    }

    #[test]
    fn retries_come_at_growing_intervals() {
        let mut memory = Memory::default();
        let now = Instant::now();
        for pause in [200, 400, 800, 1600, 2000, 2000] {
            memory.reconciled(&source(1), "retries", now);
            assert!(!memory.is_due(&source(1), now + Duration::from_millis(pause - 1)), "{pause}");
            assert!(memory.is_due(&source(1), now + Duration::from_millis(pause)), "{pause}");
        }
    }

    #[test]
    fn durations_as_go_writes_them() {
        for (text, milliseconds) in [
            ("5m", Some(300_000)),
            ("1h30m0s", Some(5_400_000)),
            ("500ms", Some(500)),
            ("1.5s", Some(1_500)),
            ("", None),
            ("5", None),
            ("m", None),
            ("5d", None),
        ] {
            assert_eq!(duration(text), milliseconds.map(Duration::from_millis), "{text:?}");
        }
    }
}
