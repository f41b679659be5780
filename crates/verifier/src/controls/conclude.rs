//! From what everybody said about a control to whether the lock held. Pure.

use sealwright_policy::control_report::RefusedBy;
use sealwright_policy::{Code, Finding, Place, Verdict};

use super::flux::Flux;
use super::judged::Judged;
use super::set::Control;

/// All that is known of a control.
pub(super) struct Tried<'a> {
    pub(super) control: &'a Control,
    pub(super) judged: &'a Judged,
    pub(super) predicted: &'a Flux,
    pub(super) observed: Option<&'a Flux>,
    /// Of a control that only a comparison tells: whether it does, or why that is not known.
    pub(super) compared: Option<Result<bool, String>>,
}

/// Every complaint about how a control was met. None means that the lock held.
pub(super) fn conclude(tried: &Tried<'_>) -> Vec<Finding> {
    let control = tried.control;
    let mut findings = Vec::new();
    findings.extend(by_judge(tried));
    findings.extend(by_flux(control, "source-controller would have", tried.predicted));
    if let Some(observed) = tried.observed {
        findings.extend(by_flux(control, "the cluster", observed));
        findings.extend(difference(tried.predicted, observed));
    }
    let place = Place::object(format!("control {} {}", control.name, control.reference));
    findings.into_iter().map(|finding| finding.with_place(place.clone())).collect()
}

fn by_judge(tried: &Tried<'_>) -> Option<Finding> {
    let (control, judged) = (tried.control, tried.judged);
    let report = match judged {
        Judged::Yes(report) => report,
        Judged::No(why) => {
            let message = format!("it could not be judged: {}", why.message);
            return Some(Finding::new(Code::ControlNotRun, message));
        }
    };
    if let Some(compared) = &tried.compared {
        return by_comparison(control, report.verdict, compared);
    }
    if control.refused_by == RefusedBy::Flux {
        return (report.verdict != Verdict::Verified).then(|| {
            let message = "the judge found something wrong with it besides";
            other_reason(message, "sound evidence", &codes(judged))
        });
    }
    match report.verdict {
        Verdict::Verified => Some(accepted("the judge accepted it", control)),
        Verdict::Unknown => {
            let message = format!("the judge could not decide: {}", codes(judged));
            Some(Finding::new(Code::ControlNotRun, message))
        }
        Verdict::Refused => {
            let expected = control.expected_finding.as_deref()?;
            let given = report.findings.iter().any(|finding| finding.code.entry().id == expected);
            (!given).then(|| {
                other_reason("the judge refused it for another reason", expected, &codes(judged))
            })
        }
    }
}

/// Soundly signed; what tells is a comparison that neither the judge nor Flux makes.
fn by_comparison(
    control: &Control,
    verdict: Verdict,
    compared: &Result<bool, String>,
) -> Option<Finding> {
    let not_run = |message: String| Some(Finding::new(Code::ControlNotRun, message));
    let about_tag = control.tag.is_some();
    match (verdict, compared) {
        (_, Err(why)) => not_run(format!("it could not be compared: {why}")),
        (_, Ok(false)) if about_tag => {
            not_run("its tag does not name it: nothing was rolled back".to_owned())
        }
        (_, Ok(false)) => not_run("its layers are what their digests name".to_owned()),
        (Verdict::Verified, Ok(true)) if about_tag => Some(Finding::new(
            Code::ControlRollbackUnseen,
            "only the digest that was promoted last tells it from the current artifact",
        )),
        (Verdict::Verified, Ok(true)) => Some(Finding::new(
            Code::ControlContentsUnseen,
            "only who reads a layer to its end and compares its digest sees what is served",
        )),
        (_, Ok(true)) => not_run("it is not soundly signed, so it shows nothing".to_owned()),
    }
}

fn by_flux(control: &Control, who: &str, flux: &Flux) -> Option<Finding> {
    let otherwise =
        |expected| other_reason(&format!("{who} {}", flux.words()), expected, &flux.words());
    match (control.refused_by, flux) {
        (RefusedBy::Both | RefusedBy::Flux, Flux::Unknown(why)) => {
            Some(Finding::new(Code::ControlNotRun, format!("{who}: {why}")))
        }
        // What the block at the wrong place is about: that nobody takes it for one in force.
        (_, Flux::AcceptedVerified | Flux::RefusedByVerification | Flux::RefusedOtherwise(_))
            if control.verify_at.is_some() =>
        {
            let message =
                format!("{who} {}: a verify block that nobody reads counted", flux.words());
            Some(accepted(&message, control))
        }
        (_, Flux::Unknown(why)) if control.verify_at.is_some() => {
            Some(Finding::new(Code::ControlNotRun, format!("{who}: {why}")))
        }
        (RefusedBy::Judge | RefusedBy::Comparison, _) => None,
        (_, flux) if flux.accepts() => Some(accepted(&format!("{who} {}", flux.words()), control)),
        (_, Flux::RefusedOtherwise(_)) => Some(otherwise("a refusal of its evidence")),
        (RefusedBy::Both, Flux::RefusedAfterVerification) => {
            Some(otherwise("refused by verification"))
        }
        (RefusedBy::Flux, Flux::RefusedByVerification) => Some(otherwise("verified, then refused")),
        (_, Flux::SourceRejected(_)) if control.verify_at.is_none() => Some(otherwise("a source")),
        _ => None,
    }
}

/// A difference matters also where both refuse: then the rules are not the same.
fn difference(predicted: &Flux, observed: &Flux) -> Option<Finding> {
    let unknown = |flux: &Flux| matches!(flux, Flux::Unknown(_) | Flux::SourceRejected(_));
    // Which of the two reasons it was is told already.
    let both_refuse =
        matches!((predicted, observed), (Flux::RefusedByVerification, Flux::RefusedOtherwise(_)));
    if predicted == observed || both_refuse || unknown(predicted) || unknown(observed) {
        return None;
    }
    let finding = Finding::new(
        Code::ControlPredictionDiffers,
        "the cluster decided otherwise than predicted",
    );
    Some(finding.with_mismatch(predicted.words(), observed.words()))
}

fn accepted(message: &str, control: &Control) -> Finding {
    Finding::new(Code::ControlAccepted, message).with_mismatch("a refusal", control.does.clone())
}

fn other_reason(message: &str, expected: &str, found: &str) -> Finding {
    Finding::new(Code::ControlRefusedOtherwise, message).with_mismatch(expected, found)
}

/// Codes of what the judge found, for one line.
pub(super) fn codes(judged: &Judged) -> String {
    let findings = match judged {
        Judged::Yes(report) => report.findings.as_slice(),
        Judged::No(finding) => std::slice::from_ref(finding.as_ref()),
    };
    let words: Vec<String> =
        findings.iter().map(|finding| format!("{} {}", finding.code, finding.message)).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join("; ") }
}

#[cfg(test)]
mod tests {
    use sealwright_policy::report::ArtifactReport;
    use sealwright_policy::verdict_of;

    use super::super::flux::Flux::*;
    use super::*;

    fn control(refused_by: RefusedBy) -> Control {
        Control {
            name: "c".to_owned(),
            does: "It is a test.".to_owned(),
            reference: "r.example/c@sha256:ab".to_owned(),
            refused_by,
            expected_finding: None,
            tag: None,
            verify_at: None,
        }
    }

    fn judged(verdict: Verdict, findings: Vec<Finding>) -> Judged {
        Judged::Yes(Box::new(ArtifactReport {
            name: None,
            reference: String::new(),
            digest: None,
            verdict,
            requirements: vec![],
            evidence: vec![],
            findings,
        }))
    }

    fn codes_of(control: &Control, judged: &Judged, flux: &Flux, seen: Option<&Flux>) -> Vec<Code> {
        let (predicted, observed) = (flux, seen);
        let tried = Tried { control, judged, predicted, observed, compared: None };
        conclude(&tried).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn who_lets_a_control_in_is_found_and_who_must_not_refuse_it_is_not_blamed() {
        let sure = Unknown("no answer".to_owned());
        use RefusedBy::{Both, Judge};
        for (by, verdict, flux, expected, why) in [
            (Both, Verdict::Refused, &RefusedByVerification, None, "the lock held"),
            (
                Both,
                Verdict::Verified,
                &RefusedByVerification,
                Some(Code::ControlAccepted),
                "the judge is fooled",
            ),
            (
                Both,
                Verdict::Refused,
                &AcceptedVerified,
                Some(Code::ControlAccepted),
                "Flux is fooled",
            ),
            (
                Both,
                Verdict::Refused,
                &AcceptedUnverified,
                Some(Code::ControlAccepted),
                "Flux does not look",
            ),
            (
                Both,
                Verdict::Unknown,
                &RefusedByVerification,
                Some(Code::ControlNotRun),
                "undecided",
            ),
            (
                Both,
                Verdict::Refused,
                &sure,
                Some(Code::ControlNotRun),
                "nobody knows what Flux would say",
            ),
            (
                Both,
                Verdict::Refused,
                &RefusedAfterVerification,
                Some(Code::ControlRefusedOtherwise),
                "its evidence was accepted",
            ),
            (Judge, Verdict::Refused, &AcceptedVerified, None, "Flux cannot see it"),
            (Judge, Verdict::Refused, &sure, None, "nor is it asked to"),
            (
                Judge,
                Verdict::Verified,
                &AcceptedVerified,
                Some(Code::ControlAccepted),
                "nobody saw it",
            ),
            (
                RefusedBy::Flux,
                Verdict::Verified,
                &RefusedAfterVerification,
                None,
                "the layer is another",
            ),
            (
                RefusedBy::Flux,
                Verdict::Verified,
                &AcceptedVerified,
                Some(Code::ControlAccepted),
                "and nobody noticed",
            ),
            (
                RefusedBy::Flux,
                Verdict::Refused,
                &RefusedAfterVerification,
                Some(Code::ControlRefusedOtherwise),
                "more is wrong",
            ),
        ] {
            let found = codes_of(&control(by), &judged(verdict, vec![]), flux, None);
            assert_eq!(found, Vec::from_iter(expected), "{why}");
        }
    }

    #[test]
    fn another_reason_proves_nothing() {
        let expecting =
            Control { expected_finding: Some("SW4009".to_owned()), ..control(RefusedBy::Both) };
        for (code, expected, why) in [
            (Code::NothingAttached, None, "the reason it is about"),
            (Code::CertificateInvalid, Some(Code::ControlRefusedOtherwise), "another one"),
        ] {
            let judged = judged(Verdict::Refused, vec![Finding::new(code, "m")]);
            let found = codes_of(&expecting, &judged, &RefusedByVerification, None);
            assert_eq!(found, Vec::from_iter(expected), "{why}");
        }
        let absent = Judged::No(Box::new(Finding::new(Code::ArtifactAbsent, "there is none")));
        let found = codes_of(&expecting, &absent, &RefusedByVerification, None);
        assert_eq!(found, [Code::ControlNotRun], "what is not there was not refused");
    }

    #[test]
    fn the_cluster_has_the_last_word_and_a_difference_is_said() {
        for (predicted, observed, expected, why) in [
            (RefusedByVerification, RefusedByVerification, vec![], "both refuse"),
            (
                RefusedByVerification,
                AcceptedVerified,
                vec![Code::ControlAccepted, Code::ControlPredictionDiffers],
                "it is open",
            ),
            (
                RefusedByVerification,
                Unknown("403".to_owned()),
                vec![Code::ControlNotRun],
                "nobody looked",
            ),
            (
                AcceptedVerified,
                RefusedByVerification,
                vec![Code::ControlAccepted, Code::ControlPredictionDiffers],
                "it would be open by our rules",
            ),
            (
                RefusedByVerification,
                RefusedOtherwise("503".to_owned()),
                vec![Code::ControlRefusedOtherwise],
                "it may never have looked at the evidence",
            ),
            (
                AcceptedVerified,
                RefusedOtherwise("503".to_owned()),
                vec![
                    Code::ControlAccepted,
                    Code::ControlRefusedOtherwise,
                    Code::ControlPredictionDiffers,
                ],
                "open by our rules, and nothing shows otherwise",
            ),
            (
                RefusedByVerification,
                SourceRejected("422".to_owned()),
                vec![Code::ControlRefusedOtherwise],
                "the source never was",
            ),
        ] {
            let judged = judged(Verdict::Refused, vec![]);
            let found = codes_of(&control(RefusedBy::Both), &judged, &predicted, Some(&observed));
            assert_eq!(found, expected, "{why}");
        }
    }

    #[test]
    fn a_block_that_nobody_reads_must_not_count() {
        let misplaced = Control {
            verify_at: Some("workload.flux.verify".to_owned()),
            ..control(RefusedBy::Judge)
        };
        let judged = judged(Verdict::Refused, vec![]);
        for (predicted, observed, expected, why) in [
            (AcceptedUnverified, None, vec![], "we know that nobody reads it"),
            (
                RefusedByVerification,
                None,
                vec![Code::ControlAccepted],
                "we take it for one in force",
            ),
            (Unknown("?".to_owned()), None, vec![Code::ControlNotRun], "we do not know"),
            (AcceptedUnverified, Some(AcceptedUnverified), vec![], "the API server dropped it"),
            (
                AcceptedUnverified,
                Some(RefusedOtherwise("no".to_owned())),
                vec![Code::ControlAccepted, Code::ControlPredictionDiffers],
                "something was verified, which nothing at its place asks for",
            ),
            (AcceptedUnverified, Some(SourceRejected("400".to_owned())), vec![], "or refused it"),
        ] {
            let found = codes_of(&misplaced, &judged, &predicted, observed.as_ref());
            assert_eq!(found, expected, "{why}");
        }
    }

    #[test]
    fn what_is_soundly_signed_is_told_by_a_comparison_alone() {
        let tagged = Control { tag: Some("t".to_owned()), ..control(RefusedBy::Comparison) };
        for (verdict, names_it, expected, why) in [
            (Verdict::Verified, Ok(true), Code::ControlRollbackUnseen, "sound, and back"),
            (Verdict::Verified, Ok(false), Code::ControlNotRun, "the tag has gone on"),
            (Verdict::Refused, Ok(true), Code::ControlNotRun, "it was never good"),
            (Verdict::Verified, Err("429".to_owned()), Code::ControlNotRun, "nobody could look"),
        ] {
            let tried = Tried {
                control: &tagged,
                judged: &judged(verdict, vec![]),
                predicted: &AcceptedVerified,
                observed: None,
                compared: Some(names_it),
            };
            let findings = conclude(&tried);
            assert_eq!(
                findings.iter().map(|one| one.code).collect::<Vec<_>>(),
                [expected],
                "{why}"
            );
            let layers = Control { tag: None, ..tagged.clone() };
            let codes: Vec<Code> =
                conclude(&Tried { control: &layers, ..tried }).iter().map(|one| one.code).collect();
            let held = expected == Code::ControlRollbackUnseen;
            let other = if held { Code::ControlContentsUnseen } else { expected };
            assert_eq!(codes, [other], "{why}, of layers");
            assert_eq!(verdict_of(&findings) == Verdict::Verified, held, "{why}");
        }
    }
}
