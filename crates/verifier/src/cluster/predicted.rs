//! What the controller should say, beside what it says. Sources that are alike are predicted once,
//! and all of them together, so that the registry is asked each question once.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use sealwright_evidence::TrustedRoot;
use sealwright_flux::prediction::ERRORS_PLACE;
use sealwright_flux::{
    Controller, Outcome, Prediction, Request, Secret, Secrets, Seen, Situation, Source, predict,
};
use sealwright_policy::{Code, Finding, Severity, Verdict};
use sealwright_registry::Client;

use super::found::Found;
use crate::kubernetes::{Cluster, Kind, Live, quoted, secret};

/// Secrets that are read at a time.
const SECRETS_AT_A_TIME: usize = 16;

/// What all predictions share.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) controller: &'a Controller,
    pub(super) secrets: &'a Secrets,
    /// The public Sigstore's, when that is whom we trust.
    pub(super) public_root: Option<&'a TrustedRoot>,
    pub(super) now: Timestamp,
}

/// Predictions by what makes sources alike.
pub(super) async fn predictions<'a>(
    client: &Client,
    mut seen: Seen,
    found: &'a [Found],
    rules: Rules<'_>,
) -> BTreeMap<&'a str, Prediction> {
    let distinct: BTreeMap<&str, (&Source, &[Source])> = found
        .iter()
        .filter_map(|found| {
            let others = found.repository.as_slice();
            Some((found.alike.as_str(), (found.source.as_ref().ok()?, others)))
        })
        .collect();
    let of = |source: &Source, others: &[Source], seen: &Seen| {
        let Rules { controller, secrets, public_root, now } = rules;
        // What the controller remembers would hide what it would refuse today.
        let fresh = true;
        predict(Situation { source, others, secrets, seen, controller, public_root, now, fresh })
    };
    let mut done: BTreeMap<&str, Prediction> = BTreeMap::new();
    let wanted = |seen: &Seen| {
        let mut wanted: Vec<Request> = Vec::new();
        for (alike, (source, others)) in &distinct {
            // What wants nothing more stays as it is, so that nothing is verified twice.
            if !done.contains_key(alike) {
                let prediction = of(source, others, seen);
                match prediction.wanted.is_empty() {
                    true => drop(done.insert(alike, prediction)),
                    false => wanted.extend(prediction.wanted),
                }
            }
        }
        wanted
    };
    client.see_as_flux(&mut seen, distinct.len(), wanted).await;
    for (alike, (source, others)) in &distinct {
        done.entry(alike).or_insert_with(|| of(source, others, &seen));
    }
    done
}

/// The Secrets that verification depends on. Others hold credentials, which are none of our
/// business.
pub(super) async fn secrets(cluster: &Cluster, found: &[Found]) -> (Secrets, Vec<Finding>) {
    secrets_of(cluster, found.iter().map(|found| &found.live)).await
}

/// The same of single sources.
pub(crate) async fn secrets_of<'a>(
    cluster: &Cluster,
    sources: impl IntoIterator<Item = &'a Live>,
) -> (Secrets, Vec<Finding>) {
    let names: BTreeSet<(&str, &str)> = sources
        .into_iter()
        .flat_map(|live| {
            let names = ["secretRef", "trustedRootSecretRef"].into_iter();
            names.filter_map(move |field| {
                let verify = live.verify.as_ref()?;
                let name = verify.pointer(&format!("/{field}/name"))?.as_str()?;
                Some((live.namespace.as_str(), name))
            })
        })
        .collect();
    let mut answers = stream::iter(names)
        .map(|(namespace, name)| async move {
            (namespace, name, cluster.get(Kind::Secret, namespace, name).await)
        })
        .buffer_unordered(SECRETS_AT_A_TIME);
    let (mut secrets, mut findings) = (Secrets::default(), Vec::new());
    while let Some((namespace, name, answer)) = answers.next().await {
        let found = match answer {
            Ok(Some(object)) => secret(&object),
            Ok(None) => Secret::Missing,
            Err(finding) => {
                let why = finding.message.clone();
                findings.push(*finding);
                Secret::Unreadable(why)
            }
        };
        secrets.insert(namespace, name, found);
    }
    (secrets, findings)
}

/// What differs between what was predicted and what the controller says. Where the judge could not
/// gather, the controller would not have either, and a refusal may pass.
pub(super) fn disagreement(
    live: &Live,
    prediction: &Prediction,
    judged: Option<Verdict>,
) -> Option<Finding> {
    if live.suspended {
        return None;
    }
    // Not known to be right is not right.
    if let Some(why) = prediction.report().undecided {
        return Some(Finding::new(Code::PredictionUndecided, why).with_place(live.place()));
    }
    let fits = |outcome: &Outcome| fits(live, outcome);
    if prediction.outcomes.iter().any(fits) {
        return None;
    }
    let (expected, observed) = (told(prediction), observed(live));
    let ready = live.holds("Ready");
    let finding = |message: &str| {
        Finding::new(Code::PredictionDiffers, message)
            .with_place(live.place())
            .with_mismatch(expected.clone(), observed.clone())
    };
    Some(match (prediction.ready(), ready) {
        (Some(false), true) => Finding {
            // What is remembered holds until the next change, and then deliveries stop.
            severity: match judged {
                Some(Verdict::Unknown) => Severity::Unknown,
                _ => Severity::Error,
            },
            ..finding("the controller would refuse today what it says is verified")
        },
        (Some(true), true) => {
            finding("the controller runs another artifact than it would fetch now").as_note()
        }
        _ => finding("the controller says something else than predicted"),
    })
}

fn fits(live: &Live, outcome: &Outcome) -> bool {
    let ready = live.condition("Ready").map(|ready| ready.status == "True");
    if outcome.ready != ready {
        return false;
    }
    match (&outcome.revision, &live.revision) {
        (Some(expected), Some(is)) if outcome.ready == Some(true) && expected != is => {
            return false;
        }
        _ => {}
    }
    outcome.conditions.iter().filter(|condition| condition.kind == "SourceVerified").all(
        |expected| {
            live.condition(expected.kind).is_some_and(|is| {
                (is.status == "True") == expected.status
                    && (expected.status || outcome.is_message(expected, &is.message))
            })
        },
    )
}

fn told(prediction: &Prediction) -> String {
    let Some(outcome) = prediction.outcomes.first() else { return String::new() };
    let verified = outcome.condition("SourceVerified").or(outcome.condition("Ready"));
    let words = verified.map_or_else(String::new, |condition| {
        let errors = outcome.errors.join("; ");
        format!(": {}", condition.message.replace(ERRORS_PLACE, &errors))
    });
    let ready = outcome.ready.map_or("nothing", |ready| if ready { "True" } else { "False" });
    let revision = outcome.revision.as_deref().unwrap_or_default();
    quoted(&format!("Ready {ready} {revision}{words}"))
}

fn observed(live: &Live) -> String {
    let verified = live.condition("SourceVerified").or(live.condition("Ready"));
    let words = verified.map_or_else(String::new, |condition| format!(": {}", condition.message));
    let ready = live.condition("Ready").map_or("nothing", |ready| ready.status.as_str());
    let revision = live.revision.as_deref().unwrap_or_default();
    quoted(&format!("Ready {ready} {revision}{words}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_predicted_cannot_be_compared() {
        let prediction = |undecided: &str| Prediction {
            undecided: Some(undecided.to_owned()),
            ..Prediction::default()
        };
        let live = |suspend: bool| {
            Live::read(Kind::OciRepository, &json!({"spec": {"suspend": suspend}, "status": {}}))
        };
        let code = |live: &Live, prediction: &Prediction| {
            disagreement(live, prediction, Some(Verdict::Verified)).map(|finding| finding.code)
        };
        let undecided = prediction("a Secret could not be read");
        let unknown = Some(Code::PredictionUndecided);
        assert_eq!(code(&live(false), &undecided), unknown, "it could not be found out");
        assert_eq!(code(&live(true), &undecided), None, "the controller says nothing either");
    }
}
