//! The judge.

use sealwright_policy::report::{EvidenceReport, RequirementReport};
use sealwright_policy::{Finding, Requirements, Verdict};

use crate::{Evidence, TrustedRoot};

/// What the judge says, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// One for each required kind of evidence.
    pub requirements: Vec<RequirementReport>,
    /// One for each bundle or legacy signature looked at.
    pub evidence: Vec<EvidenceReport>,
    /// Complaints.
    pub findings: Vec<Finding>,
}

/// Judges.
pub fn judge(
    evidence: &Evidence,
    root: &TrustedRoot,
    requirements: &Requirements,
    now: jiff::Timestamp,
) -> Judgement {
    let _ = (evidence, root, requirements, now);
    Judgement {
        verdict: Verdict::Refused,
        requirements: vec![],
        evidence: vec![],
        findings: vec![],
    }
}
