//! The prediction.

use jiff::Timestamp;
use sealwright_evidence::TrustedRoot;

use crate::prediction::{Outcome, Prediction, Then};
use crate::{Controller, Secrets, Seen, Source, rules};

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
}

/// Predicts what the controller will say, or names the answers that are lacking.
pub fn predict(situation: Situation<'_>) -> Prediction {
    let mut prediction = Prediction {
        controller: situation.controller.describe(),
        wanted: vec![],
        repository: None,
        digest: None,
        outcomes: vec![],
        undecided: None,
        because: vec![],
    };
    let suspended = match situation.source {
        Source::OciRepository(object) => object.spec.suspend,
        Source::HelmChart(object) => object.spec.suspend,
        Source::HelmRelease(object) => object.spec.suspend,
        Source::HelmRepository(object) => object.spec.suspend,
        Source::FluxInstance(_) => false,
    };
    if suspended {
        prediction.because.push(&rules::SUSPENDED);
        prediction.outcomes.push(Outcome {
            ready: None,
            then: Then::Nothing,
            revision: None,
            conditions: vec![],
            errors: vec![],
        });
    } else {
        prediction.undecided = Some("its rules are not known yet".to_owned());
    }
    prediction
}
