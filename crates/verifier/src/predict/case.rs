//! A source with all that decides about it, except what the registry says; and the predictions of
//! many, each thing asked once.

use std::sync::Arc;

use jiff::Timestamp;
use sealwright_evidence::TrustedRoot;
use sealwright_flux::{Controller, Prediction, Secrets, Seen, Situation, Source, predict};
use sealwright_policy::{Finding, Place};
use sealwright_registry::Client;

/// A source with what its controller will know.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The source.
    pub(crate) source: Source,
    /// Sources that it may name.
    pub(crate) others: Arc<Vec<Source>>,
    /// Secrets that it may name.
    pub(crate) secrets: Arc<Secrets>,
    /// Whose rules.
    pub(crate) controller: Controller,
    /// Environment of the configuration that it belongs to.
    pub(crate) environment: Option<String>,
    /// Whether the trusted root at hand stands in for the public Sigstore's.
    pub(crate) trust_replaced: bool,
    /// Where findings about it are.
    pub(crate) place: Place,
    /// What is known about it beforehand.
    pub(crate) findings: Vec<Finding>,
}

/// Trusted roots for predictions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Roots<'a> {
    /// The public Sigstore's.
    pub(crate) public: Option<&'a TrustedRoot>,
    /// The one that was given, for cases that let it stand in.
    pub(crate) given: Option<&'a TrustedRoot>,
}

/// Predicts all; without a client, from what has been seen already. The predictions are in the order
/// of the cases.
pub(crate) async fn foretell(
    cases: &[Case],
    roots: Roots<'_>,
    seen: &mut Seen,
    client: Option<&Client>,
    now: Timestamp,
) -> Vec<Prediction> {
    let one = |case: &Case, seen: &Seen| {
        let public_root = if case.trust_replaced { roots.given } else { roots.public };
        predict(Situation {
            source: &case.source,
            others: &case.others,
            secrets: &case.secrets,
            seen,
            controller: &case.controller,
            public_root,
            now,
            fresh: false,
        })
    };
    let mut predictions: Vec<Prediction> = cases.iter().map(|case| one(case, seen)).collect();
    let Some(client) = client else { return predictions };
    let again = |seen: &Seen| {
        for (case, prediction) in cases.iter().zip(&mut predictions) {
            if prediction.wanted.iter().any(|request| seen.get(request).is_some()) {
                *prediction = one(case, seen);
            }
        }
        predictions.iter().flat_map(|prediction| prediction.wanted.clone()).collect()
    };
    client.see_as_flux(seen, cases.len(), again).await;
    predictions
}
