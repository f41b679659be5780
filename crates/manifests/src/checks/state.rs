//! How a lock stands, from what was found of it.

use sealwright_policy::declaration_report::DeclarationState;
use sealwright_policy::{Code, Finding, Severity};
use sealwright_yaml::template_in;

use super::{claims, slips};
use crate::declaration::{Consumer, Declaration, Provider, Weakened};

/// Whether the lock is closed, and if not, how it stands.
pub(super) fn state(
    declaration: &Declaration,
    measured: bool,
    findings: &[Finding],
) -> DeclarationState {
    let worst = findings.iter().filter_map(comes_to).min();
    if let Some(state) = worst {
        return state;
    }
    if is_skipped(declaration) {
        return DeclarationState::Unverified;
    }
    let halves = declaration.identities.iter().flat_map(|one| [&one.issuer, &one.subject]);
    if halves.flatten().any(|matcher| !matcher.whole) {
        return DeclarationState::NotJudged;
    }
    if let Provider::Other(word) = &declaration.provider {
        // Its consumer refuses it, unless it is filled in.
        return match template_in(word) {
            Some(_) => DeclarationState::NotJudged,
            None => DeclarationState::Stuck,
        };
    }
    match (declaration.key || declaration.provider != Provider::Cosign, measured) {
        (true, _) => DeclarationState::Keyed,
        (false, true) => DeclarationState::Closed,
        (false, false) => DeclarationState::NoSlip,
    }
}

/// A rule that says of its images that nobody verifies them.
pub(super) fn is_skipped(declaration: &Declaration) -> bool {
    let all = ["skip:", "verify:", "static.action:"];
    let skips_all = |one: &Weakened| all.iter().any(|field| one.field.starts_with(field));
    let skips = declaration.weakened.iter().any(skips_all);
    matches!(declaration.consumer, Consumer::Talos | Consumer::PolicyController)
        && skips
        && declaration.identities.is_empty()
        && !declaration.key
}

/// What a finding means for the lock.
pub(super) fn comes_to(finding: &Finding) -> Option<DeclarationState> {
    let slip = slips::is_slip(finding.code) || claims::WIDE.contains(&finding.code);
    if slip && finding.severity < Severity::Unknown {
        return Some(DeclarationState::Slips);
    }
    Some(match finding.code {
        Code::VerificationOff => DeclarationState::Unread,
        Code::EnforcementWarns => DeclarationState::Warns,
        Code::IdentitySeveralMatchers
        | Code::IdentityTokenSubject
        | Code::PatternInvalid
        | Code::PatternNeverMatches
        | Code::PatternKeepsOut
        | Code::ObservedKeptOut
        | Code::ObservedNothing
        | Code::BootstrapDisagrees => DeclarationState::Stuck,
        Code::ConfigDisagreement
        | Code::IdentityAnybody
        | Code::IdentityEmpty
        | Code::ChartAnybody
        | Code::PatternNotAnchored
        | Code::PatternUnescapedDot
        | Code::PatternOpenRef
        | Code::PatternOpenOwner
        | Code::PatternOpenWorkflow
        | Code::PatternCaseFolding
        | Code::PatternIssuerOpen
        | Code::PatternMatchesEverything
        | Code::PatternTooWide => DeclarationState::Open,
        Code::IdentityFormMistaken if finding.severity == Severity::Error => {
            DeclarationState::Stuck
        }
        Code::NotJudged => DeclarationState::NotJudged,
        Code::GuardsNothing if finding.severity == Severity::Error => DeclarationState::Unread,
        _ if finding.severity == Severity::Unknown => DeclarationState::Undecided,
        _ => return None,
    })
}
