//! Every recording in `tests/data/recorded`, judged offline.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test reads files, and may fail"
)]

mod recording;

use std::collections::BTreeSet;

use recording::Recording;
use sealwright_evidence::judge;
use sealwright_policy::{Verdict, verdict_of};

#[test]
fn every_recording_is_judged_as_expected() {
    let recordings = Recording::all();
    assert!(!recordings.is_empty());
    for recording in &recordings {
        let root = recording.root();
        for case in &recording.expectations.cases {
            let now = recording.expectations.now;
            let judgement = judge(&recording.evidence, &root, &case.requirements(), now);
            let context = format!("{}: {}: {judgement:#?}", recording.name, case.why);
            let codes: BTreeSet<String> =
                judgement.findings.iter().map(|finding| finding.code.to_string()).collect();
            assert_eq!(judgement.verdict, case.verdict, "{context}");
            assert_eq!(codes, case.findings, "{context}");
            assert_eq!(verdict_of(&judgement.findings), judgement.verdict, "they agree: {context}");
        }
        let verdicts = recording.expectations.cases.iter().map(|case| case.verdict);
        assert!(
            verdicts.into_iter().any(|verdict| verdict != Verdict::Verified),
            "{}: what is accepted has a refused neighbour",
            recording.name
        );
    }
}

#[test]
fn a_recording_survives_being_written_again() {
    for recording in Recording::all() {
        let text = serde_json::to_string(&recording.evidence).unwrap();
        assert_eq!(
            serde_json::from_str::<sealwright_evidence::Evidence>(&text).unwrap(),
            recording.evidence
        );
    }
}
