//! The prediction.

use jiff::Timestamp;
use sealwright_evidence::TrustedRoot;

use crate::inquiry::{Inquiry, Stop};
use crate::oci_repository::{self, Course};
use crate::prediction::{Outcome, Prediction, Then};
use crate::{Controller, Secrets, Seen, Source, helm, rules};

/// All that decides what the controller will say about a source.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// The source.
    pub source: &'a Source,
    /// Other sources that it may name: the HelmRepository of a HelmChart, the OCIRepository of a
    /// HelmRelease.
    pub others: &'a [Source],
    /// The Secrets that they point at.
    pub secrets: &'a Secrets,
    /// What the registry answered so far.
    pub seen: &'a Seen,
    /// Whose rules.
    pub controller: &'a Controller,
    /// The trusted root of the public Sigstore, which is used where the source brings none; without
    /// it such a source is undecided.
    pub public_root: Option<&'a TrustedRoot>,
    /// The time.
    pub now: Timestamp,
    /// Whether the object is looked at as if it were new: what the controller has said and fetched
    /// before does not count.
    pub fresh: bool,
}

/// Predicts what the controller will say, or names the answers that are lacking.
pub fn predict(situation: Situation<'_>) -> Prediction {
    let mut inquiry = Inquiry::new(situation);
    if situation.controller.asked().is_some() {
        inquiry.met(&rules::NEWEST_KNOWN);
    }
    let mut course = Course { repository: None, digest: None, outcomes: vec![] };
    let stop = follow(&mut inquiry, &mut course).err();
    let undecided = match stop {
        Some(Stop::Undecided(why)) => Some(why),
        _ => None,
    };
    Prediction {
        controller: situation.controller.describe(),
        wanted: inquiry.wanted,
        repository: course.repository,
        digest: course.digest,
        outcomes: course.outcomes,
        undecided,
        because: inquiry.because,
    }
}

fn follow<'a>(inquiry: &mut Inquiry<'a>, course: &mut Course) -> Result<(), Stop> {
    let source: &'a Source = inquiry.situation.source;
    if is_suspended(source) {
        inquiry.met(&rules::SUSPENDED);
        course.outcomes = vec![silence()];
        return Ok(());
    }
    match source {
        Source::OciRepository(object) => oci_repository::follow(inquiry, object, course),
        Source::HelmChart(object) => helm::follow_chart(inquiry, object, course),
        Source::HelmRepository(object) => helm::follow_repository(inquiry, object, course),
        Source::HelmRelease(object) => helm::follow_release(inquiry, object, course),
        Source::FluxInstance(_) => {
            inquiry.met(&rules::INSTANCE_NO_VERIFY);
            Err(Stop::Undecided(
                "a FluxInstance is reconciled by flux-operator; ask about the source that it generates"
                    .to_owned(),
            ))
        }
    }
}

fn is_suspended(source: &Source) -> bool {
    match source {
        Source::OciRepository(object) => object.spec.suspend,
        Source::HelmChart(object) => object.spec.suspend,
        Source::HelmRelease(object) => object.spec.suspend,
        Source::HelmRepository(object) => object.spec.suspend,
        Source::FluxInstance(_) => false,
    }
}

/// The controller writes nothing.
pub(crate) fn silence() -> Outcome {
    Outcome { ready: None, then: Then::Nothing, revision: None, conditions: vec![], errors: vec![] }
}
