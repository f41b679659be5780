//! From judged pieces to findings: what is missing and the most helpful reason for it, and how
//! loud each complaint about a piece is.

use sealwright_policy::report::RequirementReport;
use sealwright_policy::{Code, EvidenceKind, Finding, Place, Requirements, Severity, Verdict};

use crate::attached::Attached;
use crate::piece::Piece;
use crate::{Evidence, legacy};

/// All that complaints are made from.
pub(crate) struct Complaints<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) requirements: &'a Requirements,
    pub(crate) attached: &'a Attached<'a>,
    pub(crate) pieces: &'a [Piece],
    pub(crate) reports: &'a [RequirementReport],
}

impl Complaints<'_> {
    /// Every finding: about what is missing, about pieces, about referrers, about gaps.
    ///
    /// Severity follows the verdict: a piece that does not hold is an error only where its kind is
    /// missing and nothing is unknown; beside sufficient evidence it is a note.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.about_missing_kinds();
        findings.extend(self.pieces.iter().filter_map(|piece| self.about_piece(piece)));
        findings.extend(self.about_legacy());
        findings.extend(self.about_labels());
        let suffices = self.missing().next().is_none();
        let noted = suffices || !self.attached.is_complete();
        let quieter = |finding: &Finding, quiet: bool| match quiet {
            true => finding.clone().as_note(),
            false => finding.clone(),
        };
        findings.extend(self.attached.refused.iter().map(|finding| quieter(finding, noted)));
        findings.extend(self.attached.gaps.iter().map(|finding| quieter(finding, suffices)));
        findings
    }

    fn missing(&self) -> impl Iterator<Item = EvidenceKind> {
        let wanted = self.requirements.evidence.iter().zip(self.reports);
        wanted.filter(|(_, report)| report.verdict != Verdict::Verified).map(|(kind, _)| *kind)
    }

    /// The artifact, as the place of what is missing.
    fn artifact(&self) -> Place {
        Place::object(&self.evidence.repository).with_digest(&self.evidence.artifact.digest)
    }

    fn about_missing_kinds(&self) -> Vec<Finding> {
        if self.missing().next().is_none() {
            return vec![];
        }
        if !self.attached.is_complete() {
            return self.missing().map(|kind| self.about_undecided(kind)).collect();
        }
        if self.pieces.is_empty() && self.attached.refused.is_empty() {
            let message = "no signature and no attestation is attached to the artifact";
            let kinds: Vec<&str> = self.missing().map(EvidenceKind::name).collect();
            let finding = Finding::new(Code::NothingAttached, message);
            return vec![
                finding.with_mismatch(kinds.join(", "), "nothing").with_place(self.artifact()),
            ];
        }
        self.missing().map(|kind| self.about_missing(kind).with_place(self.artifact())).collect()
    }

    fn about_missing(&self, kind: EvidenceKind) -> Finding {
        let is_signature = kind == EvidenceKind::Signature;
        let holds =
            |form: &str| self.pieces.iter().any(|piece| piece.holds() && piece.report.form == form);
        if is_signature && !self.requirements.accept_legacy_signature && holds(legacy::FORM) {
            let message =
                "the artifact has a legacy signature only, which the policy does not accept";
            return Finding::new(Code::LegacySignatureNotAccepted, message);
        }
        let found = self.attached_types();
        if is_signature && holds("bundle") {
            let message =
                "an expected signer attested something about the artifact, but did not sign it";
            return Finding::new(Code::AttestationIsNoSignature, message)
                .with_mismatch(kind.predicate_type(), found);
        }
        let (code, message) = match self.pieces.iter().any(|piece| self.is_relevant_to(piece, kind))
        {
            true => (Code::EvidenceRefused, format!("no {} that is attached holds", kind.name())),
            false => (Code::EvidenceMissing, format!("no {} is attached", kind.name())),
        };
        Finding::new(code, message).with_mismatch(kind.predicate_type(), found)
    }

    fn about_undecided(&self, kind: EvidenceKind) -> Finding {
        let message =
            format!("no {} that was read holds, and not everything could be read", kind.name());
        Finding::new(Code::EvidenceUndecided, message)
            .with_mismatch(kind.predicate_type(), self.attached_types())
            .with_place(self.artifact())
    }

    /// The older form satisfied the requirement: worth a warning for as long as it is taken.
    fn about_legacy(&self) -> Option<Finding> {
        let bundle = self.reports.iter().filter_map(|report| report.bundle.as_deref());
        let used = bundle.into_iter().find(|digest| {
            let legacy = self.pieces.iter().filter(|piece| piece.report.form == legacy::FORM);
            legacy.into_iter().any(|piece| piece.report.digest == **digest)
        })?;
        let message = "only a legacy signature vouches for the artifact";
        let place = Place::object(&self.evidence.repository).with_digest(used);
        Some(Finding::new(Code::LegacySignatureAccepted, message).with_place(place))
    }

    /// The predicate types of all bundles, for "expected this, found those".
    fn attached_types(&self) -> String {
        let types = self.pieces.iter().map(|piece| match &piece.report.predicate_type {
            Some(found) => found.as_str(),
            None => "something unreadable",
        });
        let mut types: Vec<&str> = types.collect();
        types.sort_unstable();
        types.dedup();
        if types.is_empty() { "nothing that counts".to_owned() } else { types.join(", ") }
    }

    fn is_relevant_to(&self, piece: &Piece, kind: EvidenceKind) -> bool {
        match (piece.report.form.as_str(), piece.report.predicate_type.as_deref()) {
            (legacy::FORM, _) => {
                kind == EvidenceKind::Signature && self.requirements.accept_legacy_signature
            }
            (_, Some(found)) => found == kind.predicate_type(),
            (_, None) => true,
        }
    }

    fn about_piece(&self, piece: &Piece) -> Option<Finding> {
        let finding = piece.refusal.clone()?;
        let place = Place::object(&self.evidence.repository).with_digest(&piece.report.digest);
        let finding = finding.with_place(place);
        let counts = self.attached.is_complete()
            && self.missing().any(|kind| self.is_relevant_to(piece, kind));
        Some(if counts { finding } else { finding.as_note() })
    }

    /// Labels that name another predicate type than the statement that holds.
    fn about_labels(&self) -> Vec<Finding> {
        let labelled = self.attached.bundles.iter().zip(self.pieces);
        let wrong = labelled.filter_map(|(bundle, piece)| {
            let (label, held) = (bundle.label.as_deref()?, piece.report.predicate_type.as_deref()?);
            (piece.holds() && label != held).then(|| {
                let mut finding = Finding::new(
                    Code::PredicateMislabelled,
                    "the referrer's label names another predicate type than the statement",
                );
                finding.severity = Severity::Warning;
                let place = Place::object(&self.evidence.repository).with_digest(bundle.referrer);
                finding.with_mismatch(crate::quote(held), crate::quote(label)).with_place(place)
            })
        });
        wrong.collect()
    }
}
