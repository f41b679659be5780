//! Whether a verify block is in effect: what the controller says, and whether it says it about the
//! object as it stands there now.

use sealwright_policy::source_report::ConditionReport;
use sealwright_policy::{Code, Finding};

use crate::kubernetes::{Live, quoted};

/// Complaints about what the controller says.
pub(super) fn complaints(live: &Live) -> Vec<Finding> {
    let mut findings = Vec::new();
    if live.suspended {
        let finding = Finding::new(Code::SourceSuspended, "it is suspended");
        findings.push(finding.with_place(live.place()));
    }
    if live.verify.is_some() {
        findings.extend(verification(live));
    }
    // A refused signature makes the source unready, too: once is enough.
    if findings.iter().all(|finding| finding.code == Code::SourceSuspended) {
        findings.extend(readiness(live));
    }
    if live.revision.is_none() {
        let finding = Finding::new(Code::SourceRunsNothing, "it has fetched nothing yet");
        findings.push(finding.with_place(live.place()));
    }
    findings
}

fn verification(live: &Live) -> Option<Finding> {
    let Some(condition) = live.condition("SourceVerified") else {
        let finding = Finding::new(
            Code::SourceNotInEffect,
            "the controller has never said that it verified the artifact",
        );
        let finding = finding.with_mismatch("SourceVerified: True", "no such condition");
        return Some(finding.with_place(live.place()));
    };
    if condition.status != "True" {
        let message = "the controller does not accept the artifact";
        let finding = Finding::new(Code::SourceNotInEffect, message).with_place(live.place());
        return Some(finding.with_mismatch("SourceVerified: True", words(condition)));
    }
    stale(live, condition)
}

fn readiness(live: &Live) -> Option<Finding> {
    let Some(condition) = live.condition("Ready") else {
        // Who verifies nothing says nothing else; who verifies was asked above.
        let finding = Finding::new(Code::SourceNotReady, "the controller has said nothing of it");
        let finding = finding.with_mismatch("Ready: True", "no such condition");
        return Some(finding.with_place(live.place()));
    };
    if condition.status != "True" {
        let finding =
            Finding::new(Code::SourceNotReady, "it is not ready").with_place(live.place());
        return Some(finding.with_mismatch("Ready: True", words(condition)));
    }
    stale(live, condition)
}

/// A True that is about an older object.
fn stale(live: &Live, condition: &ConditionReport) -> Option<Finding> {
    let about = [condition.observed_generation, live.observed_generation];
    let oldest = about.into_iter().min().flatten();
    (oldest != Some(live.generation)).then(|| {
        let message = format!("{} is about an older object", condition.kind);
        let found = oldest.map_or("no generation".to_owned(), |old| format!("generation {old}"));
        Finding::new(Code::SourceStale, message)
            .with_place(live.place())
            .with_mismatch(format!("generation {}", live.generation), found)
    })
}

fn words(condition: &ConditionReport) -> String {
    let ConditionReport { kind, status, reason, message, .. } = condition;
    quoted(&format!("{kind}: {status}, {reason}: {message}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kubernetes::Kind;

    fn codes(object: &Value) -> Vec<Code> {
        let live = Live::read(Kind::OciRepository, object);
        complaints(&live).into_iter().map(|finding| finding.code).collect()
    }

    fn condition(kind: &str, status: &str, generation: i64) -> Value {
        json!({"type": kind, "status": status, "reason": "r", "message": "m", "observedGeneration": generation})
    }

    fn object(observed: i64, conditions: Vec<Value>) -> Value {
        json!({
            "metadata": {"generation": 2}, "spec": {"verify": {"provider": "cosign"}},
            "status": {"observedGeneration": observed, "artifact": {"revision": "latest@sha256:ab"}, "conditions": conditions},
        })
    }

    #[test]
    fn only_a_current_true_is_in_effect() {
        let ready = || condition("Ready", "True", 2);
        for (object, expected, why) in [
            (object(2, vec![ready(), condition("SourceVerified", "True", 2)]), vec![], "both, now"),
            (
                object(2, vec![ready(), condition("SourceVerified", "True", 1)]),
                vec![Code::SourceStale],
                "verified before the last change",
            ),
            (
                object(1, vec![ready(), condition("SourceVerified", "True", 2)]),
                vec![Code::SourceStale],
                "not seen since the last change",
            ),
            (
                object(2, vec![ready(), condition("SourceVerified", "False", 2)]),
                vec![Code::SourceNotInEffect],
                "refused",
            ),
            (
                object(2, vec![ready(), condition("SourceVerified", "Unknown", 2)]),
                vec![Code::SourceNotInEffect],
                "undecided",
            ),
            (object(2, vec![ready()]), vec![Code::SourceNotInEffect], "never verified"),
            (object(2, vec![]), vec![Code::SourceNotInEffect], "nothing said"),
            (
                object(
                    2,
                    vec![condition("Ready", "False", 2), condition("SourceVerified", "True", 2)],
                ),
                vec![Code::SourceNotReady],
                "verified and not ready",
            ),
            (
                object(
                    2,
                    vec![condition("Ready", "False", 2), condition("SourceVerified", "False", 2)],
                ),
                vec![Code::SourceNotInEffect],
                "told once",
            ),
            (
                object(
                    2,
                    vec![condition("Ready", "True", 1), condition("SourceVerified", "True", 2)],
                ),
                vec![Code::SourceStale],
                "ready before the last change",
            ),
        ] {
            assert_eq!(codes(&object), expected, "{why}");
        }
    }

    #[test]
    fn what_was_never_fetched_or_is_suspended_is_told() {
        let mut nothing =
            object(2, vec![condition("Ready", "True", 2), condition("SourceVerified", "True", 2)]);
        nothing["status"]["artifact"] = json!(null);
        assert_eq!(codes(&nothing), [Code::SourceRunsNothing]);
        let mut suspended =
            object(2, vec![condition("Ready", "True", 2), condition("SourceVerified", "True", 2)]);
        suspended["spec"]["suspend"] = json!(true);
        assert_eq!(codes(&suspended), [Code::SourceSuspended]);
    }
}
