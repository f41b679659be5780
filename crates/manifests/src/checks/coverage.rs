//! Which sources nobody guards, and how many there are of each kind.

use std::collections::BTreeMap;

use sealwright_policy::config::ChartException;
use sealwright_policy::declaration_report::{CoverageReport, DeclarationReport, DeclarationState};
use sealwright_policy::{Code, Finding, Place, Severity, verdict_of};

use super::expected::{Expected, fits};
use super::place;
use crate::declaration::Provider;
use crate::found::{Found, Guard, NOT_HERE, Source, SourceKind};

/// Sources that name another one, one behind the other.
const GUARDS_DEPTH_MAX: usize = 4;

/// What is covered.
pub(super) struct Covered {
    /// Sources that nothing guards.
    pub(super) open: Vec<DeclarationReport>,
    pub(super) counts: Vec<CoverageReport>,
    pub(super) findings: Vec<Finding>,
}

pub(super) fn cover(found: &Found, expected: &Expected<'_>) -> Covered {
    let mut open = Vec::new();
    let mut counts: BTreeMap<String, CoverageReport> = BTreeMap::new();
    let exceptions = expected.config.map(|config| config.charts.as_slice()).unwrap_or_default();
    for source in &found.sources {
        let exception = exceptions.iter().find(|one| source.whole && fits(&one.url, &source.url));
        let guarded = is_guarded(found, source, GUARDS_DEPTH_MAX);
        let state = match (&source.guarded_by, exception) {
            _ if guarded => None,
            (_, Some(_)) => Some(DeclarationState::Excepted),
            (Guard::Unknown(_) | Guard::NotRendered(_) | Guard::Elsewhere(_), None) => {
                Some(DeclarationState::NotJudged)
            }
            (_, None) => Some(DeclarationState::Unverified),
        };
        for scope in scopes(source, expected) {
            let count = counts.entry(scope.clone()).or_insert_with(|| empty(scope));
            count.found += 1;
            count.guarded += usize::from(guarded);
            count.excepted += usize::from(state == Some(DeclarationState::Excepted));
        }
        // A declaration that is switched off, and a source that is named, are told where they stand.
        match (state, &source.guarded_by) {
            (Some(state), Guard::Nothing) => {
                open.push(report(source, state, finding(source, exception, expected)));
            }
            // A lock that is there only when somebody renders it so is not closed.
            (
                Some(state),
                Guard::Unknown(why) | Guard::NotRendered(why) | Guard::Elsewhere(why),
            ) => {
                open.push(report(source, state, not_known(source, why)));
            }
            _ => {}
        }
    }
    let unused = exceptions.iter().filter(|one| {
        !found.sources.iter().any(|source| source.whole && fits(&one.url, &source.url))
    });
    let findings = unused.map(not_used).collect();
    Covered { open, counts: counts.into_values().collect(), findings }
}

/// Whether something that is read and not switched off verifies it. What is not known is not guarded.
fn is_guarded(found: &Found, source: &Source, depth: usize) -> bool {
    match &source.guarded_by {
        Guard::Nothing | Guard::Unknown(_) | Guard::NotRendered(_) | Guard::Elsewhere(_) => false,
        Guard::Declaration(index) => {
            found.declarations.get(*index).is_some_and(|one| one.provider != Provider::Blank)
        }
        Guard::Source(object) if depth > 0 => {
            let mut named = found.sources.iter().filter(|one| one.object == *object).peekable();
            named.peek().is_some() && named.all(|one| is_guarded(found, one, depth - 1))
        }
        Guard::Source(_) => false,
    }
}

fn not_known(source: &Source, why: &str) -> Finding {
    let at = place(&source.file, &source.at, &source.object);
    let message = format!("whether anything verifies it is not known: {why}");
    let finding = Finding::new(Code::NotJudged, message).with_place(at);
    let finding = match why.ends_with(NOT_HERE) {
        true => finding.with_hint("Give the folder that holds it as well, or mend the name."),
        false => finding,
    };
    Finding { severity: Severity::Unknown, ..finding }
}

/// The source's kind, and every part of the organisation that it belongs to.
fn scopes(source: &Source, expected: &Expected<'_>) -> Vec<String> {
    let mut scopes = vec![kind(source.kind).to_owned()];
    let environments = expected.config.iter().flat_map(|config| config.environments.values());
    let organisation = environments.flat_map(|one| &one.organisation);
    for pattern in organisation.filter(|pattern| source.whole && fits(pattern, &source.url)) {
        if !scopes.contains(pattern) {
            scopes.push(pattern.clone());
        }
    }
    scopes
}

fn empty(scope: String) -> CoverageReport {
    CoverageReport { scope, found: 0, guarded: 0, excepted: 0, before: None }
}

fn finding(
    source: &Source,
    exception: Option<&ChartException>,
    expected: &Expected<'_>,
) -> Finding {
    let at = place(&source.file, &source.at, &source.object);
    let url = match (source.url.as_str(), source.kind) {
        ("", SourceKind::HelmChart | SourceKind::HelmRelease) => "its chart",
        ("", _) => "what it pulls",
        (url, _) => url,
    };
    if let Some(exception) = exception {
        let (reason, until) = (&exception.unsigned.reason, exception.unsigned.until);
        let message = format!("{url} is used unsigned until {until}: {reason}");
        return Finding::new(Code::ChartExcepted, message).with_place(at);
    }
    let message = format!("nothing verifies {url}");
    let own =
        source.whole && expected.is_own(&source.url) || expected.is_declared_source(&source.object);
    if own {
        return Finding::new(Code::OrganisationUnverified, message).with_place(at);
    }
    let finding = Finding::new(Code::SourceOpen, message).with_place(at);
    let finding = match way(source) {
        Some(way) => finding.with_hint(format!(
            "{way}; or state in `charts:` of a sealwright.yaml why it cannot be and until when."
        )),
        None => finding,
    };
    if expected.config.is_some() {
        return finding;
    }
    let message = format!("{}, and no configuration says whether it may stay so", finding.message);
    Finding { severity: Severity::Unknown, message, ..finding }
}

/// How a source is closed that has no `spec.verify` for identities.
fn way(source: &Source) -> Option<&'static str> {
    Some(match source.kind {
        SourceKind::OciRepository | SourceKind::Kro | SourceKind::ExternalArtifact => return None,
        SourceKind::HelmChart | SourceKind::HelmRelease if source.url.starts_with("http") => {
            "Flux verifies no chart from an http(s) repository: take it from an OCI registry where its \
             publisher signs"
        }
        SourceKind::HelmChart => return None,
        SourceKind::HelmRelease => {
            "A HelmRelease has no field for an identity: take the chart by an OCIRepository with \
             `spec.verify`, and name that in `spec.chartRef`"
        }
        SourceKind::FluxInstance => {
            "Add a patch of `/spec/verify` to `spec.kustomize.patches` (`sealwright-verifier render --as \
             flux-instance-patch` writes it)"
        }
        SourceKind::Ksail => {
            "Add `spec.workload.flux.verify` (`sealwright-verifier render --as ksail` writes it)"
        }
    })
}

fn report(source: &Source, state: DeclarationState, finding: Finding) -> DeclarationReport {
    DeclarationReport {
        consumer: kind(source.kind).to_owned(),
        object: source.object.clone(),
        place: finding.place.clone(),
        guards: Some(source.url.clone()).filter(|url| !url.is_empty()).into_iter().collect(),
        artifact: None,
        who: match state {
            DeclarationState::NotJudged => "not known".to_owned(),
            _ => "whoever can push to it".to_owned(),
        },
        identities: vec![],
        state,
        verdict: verdict_of([&finding]),
        observed: vec![],
        suggested: None,
        findings: vec![finding],
    }
}

fn not_used(exception: &ChartException) -> Finding {
    let message = format!("no source has the URL {}", exception.url);
    Finding::new(Code::ExceptionUnused, message)
        .with_place(Place::object(format!("charts {}", exception.url)))
}

fn kind(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::OciRepository => "OCIRepository",
        SourceKind::HelmChart => "HelmChart",
        SourceKind::HelmRelease => "HelmRelease",
        SourceKind::FluxInstance => "FluxInstance",
        SourceKind::Ksail => "KSail",
        SourceKind::Kro => "kro template",
        SourceKind::ExternalArtifact => "ExternalArtifact",
    }
}
