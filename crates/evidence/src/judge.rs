//! The judge: all evidence for one digest in, one answer out.

use jiff::Timestamp;
use sealwright_policy::report::{EvidenceReport, RequirementReport};
use sealwright_policy::{Code, EvidenceKind, Finding, Place, Requirements, Verdict};

use crate::attached::{Attached, collect};
use crate::complaints::Complaints;
use crate::limits::PROOFS_COUNT_MAX;
use crate::manifest::check_digest;
use crate::piece::{Court, Piece, judge_bundle};
use crate::{Evidence, TrustedRoot, legacy};

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

/// Judges whether the evidence satisfies every requirement.
///
/// Each required predicate type needs a piece of exactly that type, from an expected signer, over
/// exactly this digest; one kind never stands in for another. Pieces that do not hold count for
/// nothing, and spoil nothing: anybody who may push can attach rubbish. What could not be gathered
/// is no absence: while something is missing, a gap makes the answer `Unknown`.
///
/// `now` is compared with the proven times of signing. The order of the referrers does not matter.
pub fn judge(
    evidence: &Evidence,
    root: &TrustedRoot,
    requirements: &Requirements,
    now: Timestamp,
) -> Judgement {
    let artifact = match check_digest(&evidence.artifact) {
        Ok(digest) => digest,
        Err(refusal) => return refuse_all(requirements, altered_artifact(evidence, *refusal)),
    };
    if requirements.evidence.is_empty() || requirements.signers.is_empty() {
        return refuse_all(requirements, nothing_required(requirements));
    }
    let court = Court { artifact: &artifact, root, requirements, now };
    let mut attached = collect(evidence, &artifact, requirements);
    let pieces = judge_pieces(evidence, &mut attached, court);
    let reports: Vec<RequirementReport> = requirements
        .evidence
        .iter()
        .map(|kind| answer(*kind, &pieces, requirements, attached.is_complete()))
        .collect();
    let attached = &attached;
    let complaints =
        Complaints { evidence, requirements, attached, pieces: &pieces, reports: &reports };
    let findings = complaints.findings();
    Judgement {
        verdict: reports.iter().fold(Verdict::Verified, |all, one| all.and(one.verdict)),
        requirements: reports,
        evidence: pieces.into_iter().map(|piece| piece.report).collect(),
        findings,
    }
}

/// Judges every bundle, in the order of the referrers, and the legacy signatures behind them.
///
/// Small bundles have their turn first: an honest one has one log entry, and cannot be crowded out
/// by others that hold as much as a bundle may.
fn judge_pieces(evidence: &Evidence, attached: &mut Attached<'_>, court: Court<'_>) -> Vec<Piece> {
    let mut turns: Vec<usize> = (0..attached.bundles.len()).collect();
    turns.sort_by_key(|place| attached.bundles[*place].bytes.len());
    let mut judged: Vec<(usize, Piece)> = Vec::with_capacity(turns.len());
    let (mut proofs_count, mut left_out) = (0, 0);
    for place in turns {
        let bundle = &attached.bundles[place];
        let mut piece = if proofs_count < PROOFS_COUNT_MAX {
            judge_bundle(bundle.bytes, &bundle.digest, court)
        } else {
            left_out += 1;
            Piece::unjudged(&bundle.digest)
        };
        proofs_count += piece.proofs_count;
        piece.report.referrer = Some(bundle.referrer.to_owned());
        judged.push((place, piece));
    }
    if left_out > 0 {
        attached.leave_out(left_out, &evidence.repository);
    }
    judged.sort_by_key(|(place, _)| *place);
    let mut pieces: Vec<Piece> = judged.into_iter().map(|(_, piece)| piece).collect();
    if let Some(image) = &evidence.legacy {
        pieces.extend(legacy::judge_image(image, court));
    }
    pieces
}

/// Whether a piece can satisfy this kind: exactly its predicate type, or the older form of a
/// signature where the policy takes it.
fn satisfies(piece: &Piece, kind: EvidenceKind, requirements: &Requirements) -> bool {
    let report = &piece.report;
    let counts = match report.form.as_str() {
        legacy::FORM => kind == EvidenceKind::Signature && requirements.accept_legacy_signature,
        _ => report.predicate_type.as_deref() == Some(kind.predicate_type()),
    };
    piece.holds() && counts
}

/// The answer for one kind. Of several pieces the one with the smallest digest is named, bundles
/// before legacy signatures, so that the order of gathering does not show.
fn answer(
    kind: EvidenceKind,
    pieces: &[Piece],
    requirements: &Requirements,
    complete: bool,
) -> RequirementReport {
    let best = pieces
        .iter()
        .filter(|piece| satisfies(piece, kind, requirements))
        .map(|piece| &piece.report)
        .min_by_key(|report| (report.form == legacy::FORM, &report.digest));
    RequirementReport {
        evidence: kind.name().to_owned(),
        predicate_type: kind.predicate_type().to_owned(),
        verdict: match (best, complete) {
            (Some(_), _) => Verdict::Verified,
            (None, false) => Verdict::Unknown,
            (None, true) => Verdict::Refused,
        },
        signer: best.and_then(|report| report.signer.clone()),
        bundle: best.map(|report| report.digest.clone()),
    }
}

fn refuse_all(requirements: &Requirements, finding: Finding) -> Judgement {
    let refused = |kind: &EvidenceKind| RequirementReport {
        evidence: kind.name().to_owned(),
        predicate_type: kind.predicate_type().to_owned(),
        verdict: Verdict::Refused,
        signer: None,
        bundle: None,
    };
    Judgement {
        verdict: Verdict::Refused,
        requirements: requirements.evidence.iter().map(refused).collect(),
        evidence: vec![],
        findings: vec![finding],
    }
}

fn altered_artifact(evidence: &Evidence, refusal: Finding) -> Finding {
    let place = Place::object(&evidence.repository).with_digest(&evidence.artifact.digest);
    let message = "the artifact's manifest is not the bytes that its digest names";
    let finding = Finding::new(Code::ArtifactDigest, message).with_place(place);
    finding.with_mismatch(refusal.expected.unwrap_or_default(), refusal.found.unwrap_or_default())
}

fn nothing_required(requirements: &Requirements) -> Finding {
    let what = if requirements.signers.is_empty() { "signer" } else { "kind of evidence" };
    let message = format!("the policy names no {what} for {}", requirements.artifact);
    Finding::new(Code::NothingRequired, message)
        .with_place(Place::object(format!("artifacts.{}", requirements.artifact)))
}
