//! How a source stands towards the digest that is waited for. Pure: one object in, one answer out.

use sealwright_policy::source_report::ConditionReport;
use sealwright_policy::{Code, Finding};

use crate::kubernetes::{Live, quoted};

/// How a source stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    /// It runs exactly this digest, verified and Ready, and all that is about the object as it is.
    Arrived,
    /// It may still come. In words, for progress.
    Underway(String),
    /// The controller refuses the digest. It retries, so this counts only when it lasts.
    Failing(Box<Finding>),
    /// It will not come by itself.
    Failed(Box<Finding>),
}

/// Judges one state of a source.
pub(super) fn standing(live: &Live, digest: &str) -> Standing {
    if let Some(stalled) = live.condition("Stalled").filter(|stalled| is_current(live, stalled)) {
        let message = "the controller has stalled: it does nothing until the object is changed";
        return Standing::Failed(failure(live, message, stalled));
    }
    if let Some(refused) = refused(live, digest) {
        let message = "the controller does not accept the signature";
        return Standing::Failing(failure(live, message, refused));
    }
    if live.observed_generation != Some(live.generation) || !live.holds("Ready") {
        return Standing::Underway(doing(live));
    }
    if live.digest() != Some(digest) {
        let revision = live.revision.as_deref().unwrap_or("nothing");
        return Standing::Underway(format!("still runs {revision}"));
    }
    if live.verify.is_none() {
        return Standing::Failed(unverified(live, "the object has no verify block"));
    }
    if !live.holds("SourceVerified") {
        let found =
            live.condition("SourceVerified").map_or_else(|| "no condition".to_owned(), words);
        return Standing::Failed(unverified(live, &format!("SourceVerified: {found}")));
    }
    Standing::Arrived
}

/// Stalled is written for the generation that stalls.
fn is_current(live: &Live, condition: &ConditionReport) -> bool {
    condition.status == "True" && condition.observed_generation == Some(live.generation)
}

/// A refused verification of this digest. The controller names what it is about in other
/// conditions; a refusal of another revision is history as soon as it sees ours.
fn refused<'a>(live: &'a Live, digest: &str) -> Option<&'a ConditionReport> {
    let refused = live.current("SourceVerified").filter(|verified| verified.status == "False")?;
    let about: Vec<&str> = ["Reconciling", "ArtifactOutdated"]
        .into_iter()
        .filter_map(|kind| live.condition(kind))
        .filter(|condition| condition.status == "True")
        .flat_map(|condition| digests(&condition.message))
        .collect();
    (about.is_empty() || about.contains(&digest)).then_some(refused)
}

/// All digests in a text.
fn digests(text: &str) -> impl Iterator<Item = &str> {
    const HEX_CHARS: usize = 64;
    text.match_indices("sha256:").filter_map(|(start, prefix)| {
        let end = start + prefix.len() + HEX_CHARS;
        text.get(start..end)
            .filter(|digest| digest[prefix.len()..].bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

/// What the controller is doing, in its own words where it has some.
fn doing(live: &Live) -> String {
    if live.suspended {
        return "is suspended: nothing happens until it is resumed".to_owned();
    }
    // A generation that fails is never noted as observed: the condition itself says what it is about.
    let not_ready = live.current("Ready").filter(|ready| ready.status != "True");
    if not_ready.is_none()
        && live.observed_generation.is_some()
        && live.observed_generation != Some(live.generation)
    {
        return "the controller has not seen the last change yet".to_owned();
    }
    let reconciling = live.condition("Reconciling").filter(|doing| doing.status == "True");
    match not_ready.or(reconciling) {
        Some(condition) => words(condition),
        None => "the controller has said nothing yet".to_owned(),
    }
}

fn words(condition: &ConditionReport) -> String {
    quoted(&format!("{} {}: {}", condition.status, condition.reason, condition.message))
}

fn failure(live: &Live, message: &str, condition: &ConditionReport) -> Box<Finding> {
    let finding = Finding::new(Code::WaitFailed, message).with_place(live.place());
    Box::new(finding.with_mismatch("Ready and SourceVerified", words(condition)))
}

fn unverified(live: &Live, found: &str) -> Box<Finding> {
    let message = "it runs the artifact without having verified it";
    let finding = Finding::new(Code::WaitUnverified, message).with_place(live.place());
    Box::new(finding.with_mismatch("SourceVerified: True for this generation", found))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kubernetes::Kind;

    const WANTED: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn condition(kind: &str, status: &str, message: &str, generation: i64) -> Value {
        json!({"type": kind, "status": status, "reason": "R", "message": message, "observedGeneration": generation})
    }

    /// A source that has arrived.
    fn arrived() -> Value {
        json!({
            "metadata": {"namespace": "a", "name": "b", "generation": 2},
            "spec": {"url": "oci://r/a", "verify": {"provider": "cosign"}},
            "status": {"observedGeneration": 2, "artifact": {"revision": format!("latest@{WANTED}")},
                "conditions": [
                    condition("Ready", "True", "stored", 2),
                    condition("SourceVerified", "True", "verified", 2),
                ]},
        })
    }

    fn with(path: &str, value: Value) -> Value {
        let mut object = arrived();
        *object.pointer_mut(path).expect(path) = value;
        object
    }

    fn with_conditions(conditions: Vec<Value>) -> Value {
        with("/status/conditions", Value::Array(conditions))
    }

    fn answer(object: &Value) -> &'static str {
        match standing(&Live::read(Kind::OciRepository, object), WANTED) {
            Standing::Arrived => "arrived",
            Standing::Underway(_) => "underway",
            Standing::Failing(_) => "failing",
            Standing::Failed(finding) => match finding.code {
                Code::WaitUnverified => "unverified",
                _ => "failed",
            },
        }
    }

    #[test]
    fn only_this_digest_verified_and_ready_and_current_has_arrived() {
        let verified = || condition("SourceVerified", "True", "", 2);
        let ready = || condition("Ready", "True", "", 2);
        for (object, expected, why) in [
            (arrived(), "arrived", "all of it"),
            (with("/status/artifact/revision", json!(WANTED)), "arrived", "followed by digest"),
            (
                with("/status/artifact/revision", json!(format!("latest@{OTHER}"))),
                "underway",
                "another digest",
            ),
            (with("/status/artifact", Value::Null), "underway", "Ready and serving nothing"),
            (with("/metadata/generation", json!(3)), "underway", "changed since"),
            (with("/status/observedGeneration", json!(1)), "underway", "not seen"),
            (with("/spec/verify", Value::Null), "unverified", "nothing asks for a signature"),
            (with_conditions(vec![ready()]), "unverified", "asked for, and never said to be done"),
            (
                with_conditions(vec![ready(), condition("SourceVerified", "True", "", 1)]),
                "unverified",
                "a stale True",
            ),
            (with_conditions(vec![verified()]), "underway", "verified, not stored yet"),
            (
                with_conditions(vec![condition("Ready", "True", "", 1), verified()]),
                "underway",
                "a stale Ready",
            ),
            (
                with_conditions(vec![condition("Ready", "False", "", 2), verified()]),
                "underway",
                "not Ready, for a reason that may pass",
            ),
            (
                with_conditions(vec![condition("Ready", "Unknown", "", 2), verified()]),
                "underway",
                "at work",
            ),
            (json!({"spec": {"verify": {}}}), "underway", "just made"),
        ] {
            assert_eq!(answer(&object), expected, "{why}");
        }
    }

    #[test]
    fn a_failure_counts_when_it_is_about_this_digest_and_this_object() {
        let refused =
            |generation| condition("SourceVerified", "False", "no signatures found", generation);
        let about = |digest| {
            condition(
                "Reconciling",
                "True",
                &format!("building artifact: new revision 'latest@{digest}' for 'x'"),
                2,
            )
        };
        let not_ready = || condition("Ready", "False", "no signatures found", 2);
        for (conditions, expected, why) in [
            (vec![not_ready(), refused(2)], "failing", "nothing says that it is about another"),
            (vec![not_ready(), refused(2), about(WANTED)], "failing", "about ours"),
            (vec![not_ready(), refused(2), about(OTHER)], "underway", "about another revision"),
            (vec![not_ready(), refused(1)], "underway", "from before the last change"),
            (vec![condition("Stalled", "True", "bad URL", 2)], "failed", "stalled"),
            (
                vec![condition("Stalled", "True", "bad URL", 1)],
                "underway",
                "stalled before the last change",
            ),
            (vec![condition("Stalled", "False", "", 2)], "underway", "not stalled"),
        ] {
            assert_eq!(answer(&with_conditions(conditions)), expected, "{why}");
        }
    }
}
