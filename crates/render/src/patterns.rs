//! Patterns over identities in words.

use sealwright_policy::pattern_report::PatternReport;

/// What is shown of a pattern beside its verdict, each under its label.
pub(crate) fn facts(pattern: &PatternReport) -> Vec<(&'static str, String)> {
    let measured = match pattern.signers.as_slice() {
        [] => "nobody named: only slips show, not who was meant".to_owned(),
        signers => signers.join(", "),
    };
    let facts = [
        ("issuer pattern", pattern.issuer.clone()),
        ("subject pattern", pattern.subject_pattern.clone()),
        ("signers", Some(measured)),
        ("suggested issuer", pattern.suggested_issuer.clone()),
        ("suggested pattern", pattern.suggested_subject_pattern.clone()),
    ];
    facts.into_iter().filter_map(|(label, fact)| Some((label, fact?))).collect()
}
