//! A source's report: what it is, what its controller will say, what our judge says, and where the
//! two differ.

use sealwright_flux::source::{IdentityMatch, SecretName};
use sealwright_flux::{Prediction, Source};
use sealwright_policy::report::ArtifactReport;
use sealwright_policy::source_report::{IdentityPatternReport, SourceReport, VerifyReport};
use sealwright_policy::{Code, Finding, Verdict, verdict_of};

use super::case::Case;
use super::origin::full_name;

/// The report of one source. Not judged is not known to be right.
pub(crate) fn told(
    case: &Case,
    prediction: &Prediction,
    judged: Option<ArtifactReport>,
) -> SourceReport {
    let description = describe(&case.source, &case.others);
    let mut findings = case.findings.clone();
    findings.extend(of_prediction(case, prediction));
    findings.extend(of_both(case, prediction, judged.as_ref()));
    let unverified = description.verify.is_none() && prediction.ready() == Some(true);
    if unverified {
        let message = "the source has no verify block: whatever is pushed there is taken";
        findings.push(Finding::new(Code::SourceUnverified, message).with_place(case.place.clone()));
    }
    let judgement = judged.as_ref().map_or(Verdict::Unknown, |judged| judged.verdict);
    let ready = match prediction.ready() {
        Some(true) => Verdict::Verified,
        Some(false) => Verdict::Refused,
        None => Verdict::Unknown,
    };
    SourceReport {
        kind: case.source.kind().to_owned(),
        name: full_name(&case.source),
        environment: case.environment.clone(),
        artifact: judged.as_ref().and_then(|judged| judged.name.clone()),
        url: description.url,
        follows: description.follows,
        verdict: ready.and(judgement).and(verdict_of(&findings)),
        verify: description.verify,
        owners: vec![],
        revision: None,
        predicted: Some(prediction.report()),
        observed: None,
        judged,
        findings,
    }
}

fn of_prediction(case: &Case, prediction: &Prediction) -> Option<Finding> {
    let place = case.place.clone();
    match prediction.ready() {
        Some(true) => None,
        Some(false) => {
            let said = prediction.outcomes[0].condition("Ready");
            let reason = said.map(|said| said.reason.clone()).unwrap_or_default();
            let message = format!("{} will set Ready=False, {reason}", prediction.controller);
            let finding = Finding::new(Code::PredictedRefusal, message).with_place(place);
            let found =
                said.map_or_else(String::new, |said| with_errors(&said.message, prediction));
            let finding = finding.with_mismatch("Ready=True", found);
            Some(match prediction.remedy() {
                Some(remedy) => finding.with_hint(remedy.to_string()),
                None => finding,
            })
        }
        None => Some(undecided(prediction).with_place(place)),
    }
}

fn undecided(prediction: &Prediction) -> Finding {
    let suspended = prediction.undecided.is_none()
        && prediction.outcomes.iter().all(|outcome| outcome.ready.is_none())
        && !prediction.outcomes.is_empty();
    if suspended {
        return Finding::new(
            Code::SourceSuspended,
            "the source is suspended: nothing will be said",
        );
    }
    let report = prediction.report();
    let why = report.undecided.unwrap_or_else(|| {
        "more than one thing may come of it, as the controller's own order is not fixed".to_owned()
    });
    Finding::new(Code::PredictionUndecided, why)
}

/// The message with the errors in it, which the controller joins in an order of its own.
fn with_errors(message: &str, prediction: &Prediction) -> String {
    let errors = prediction.outcomes[0].errors.join("; ");
    message.replace(sealwright_flux::prediction::ERRORS_PLACE, &errors)
}

fn of_both(
    case: &Case,
    prediction: &Prediction,
    judged: Option<&ArtifactReport>,
) -> Option<Finding> {
    let place = case.place.clone();
    let Some(judged) = judged else {
        let repository = prediction.repository.as_deref()?;
        let message = format!("no artifact of the configuration has the repository {repository}");
        return Some(Finding::new(Code::SourceJudgedElsewhere, message).with_place(place));
    };
    let (code, message) = match (prediction.ready()?, judged.verdict) {
        (true, Verdict::Refused) => {
            (Code::JudgeRefuses, "Flux would take this artifact; our judge refuses it")
        }
        (false, Verdict::Verified) => {
            (Code::FluxRefuses, "our judge verifies this artifact; Flux refuses it")
        }
        _ => return None,
    };
    Some(Finding::new(code, message).with_place(place))
}

struct Description {
    url: String,
    follows: Option<String>,
    verify: Option<VerifyReport>,
}

fn describe(source: &Source, others: &[Source]) -> Description {
    match source {
        Source::OciRepository(object) => {
            let spec = &object.spec;
            let verify = spec.verify.as_ref().map(|verify| {
                let root = verify.trusted_root_secret_ref.as_ref();
                block(
                    &verify.provider,
                    &verify.match_oidc_identity,
                    verify.secret_ref.as_ref(),
                    root,
                )
            });
            Description { url: spec.url.clone(), follows: Some(spec.follows()), verify }
        }
        Source::HelmChart(object) => {
            let spec = &object.spec;
            let verify = spec.verify.as_ref().map(|verify| {
                let identities = &verify.match_oidc_identity;
                block(&verify.provider, identities, verify.secret_ref.as_ref(), None)
            });
            let url = chart_url(&spec.source_ref.name, &spec.chart, others);
            Description { url, follows: Some(format!("version {}", spec.version)), verify }
        }
        Source::HelmRelease(object) => match &object.spec.chart {
            Some(chart) => {
                let spec = &chart.spec;
                let verify = spec.verify.as_ref();
                let verify = verify
                    .map(|verify| block(&verify.provider, &[], verify.secret_ref.as_ref(), None));
                let url = chart_url(&spec.source_ref.name, &spec.chart, others);
                Description { url, follows: Some(format!("version {}", spec.version)), verify }
            }
            None => Description { url: String::new(), follows: None, verify: None },
        },
        Source::HelmRepository(object) => {
            Description { url: object.spec.url.clone(), follows: None, verify: None }
        }
        Source::FluxInstance(object) => {
            let sync = object.spec.sync.clone().unwrap_or_default();
            let follows = Some(format!("tag {}", sync.reference));
            Description { url: sync.url, follows, verify: None }
        }
    }
}

fn chart_url(repository: &str, chart: &str, others: &[Source]) -> String {
    let url = others.iter().find_map(|other| match other {
        Source::HelmRepository(object) if object.metadata.name == repository => {
            Some(object.spec.url.as_str())
        }
        _ => None,
    });
    format!("{}/{chart}", url.unwrap_or(repository).trim_end_matches('/'))
}

fn block(
    provider: &str,
    identities: &[IdentityMatch],
    secret: Option<&SecretName>,
    trusted_root: Option<&SecretName>,
) -> VerifyReport {
    let pattern = |identity: &IdentityMatch| IdentityPatternReport {
        issuer: identity.issuer.clone(),
        subject_pattern: identity.subject_pattern.clone(),
    };
    VerifyReport {
        provider: provider.to_owned(),
        identities: identities.iter().map(pattern).collect(),
        secret: secret.map(|secret| secret.name.clone()),
        trusted_root_secret: trusted_root.map(|secret| secret.name.clone()),
    }
}
