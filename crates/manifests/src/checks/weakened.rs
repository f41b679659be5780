//! What is said of each field that makes a verification weaker than it looks, or another.

use sealwright_policy::{Code, Finding, Severity};

use super::state::is_skipped;
use super::{finding, place};
use crate::declaration::{Declaration, Weakened, Weakening};

/// A field that takes something away, or changes whom it trusts.
pub(super) fn told(declaration: &Declaration, weakened: &Weakened) -> Finding {
    let at = place(&declaration.file, &weakened.at, &declaration.object);
    let field = &weakened.field;
    let consumer = declaration.consumer.name();
    match weakened.how {
        Weakening::Warns => {
            let message = format!("`{field}`: what fails is told and let in");
            finding(Code::EnforcementWarns, message, at)
        }
        Weakening::Skips if is_skipped(declaration) => {
            let message = format!("`{field}`: its images are let in unverified");
            finding(Code::CheckWeakened, message, at)
        }
        Weakening::WarnsByDefault => {
            let message = format!(
                "no `{field}`, and {consumer} audits by default: what fails is told and let in"
            );
            finding(Code::EnforcementWarns, message, at).with_hint("write `failureAction: Enforce`")
        }
        Weakening::Off => {
            let message = format!("`{field}`: nothing is verified when it is admitted");
            finding(Code::VerificationOff, message, at)
        }
        Weakening::Skips => {
            let message = format!("`{field}` leaves a part of the verification out");
            finding(Code::CheckWeakened, message, at)
        }
        Weakening::Unreached { skipped } => {
            let message =
                format!("no image reaches this rule: {field} takes all of its images first");
            let found = finding(Code::GuardsNothing, message, at).with_hint(
                "Put the narrower rule before the wider one: the first that matches decides.",
            );
            match skipped {
                true => Finding { severity: Severity::Error, ..found },
                false => found,
            }
        }
        Weakening::Excepts => {
            let message = format!("`{field}`: what it names is let in unverified");
            finding(Code::CheckWeakened, message, at).as_note()
        }
        Weakening::Narrows => {
            let message = format!("`{field}`: what it does not take in is let in unverified");
            finding(Code::CheckWeakened, message, at).as_note()
        }
        Weakening::Ignores | Weakening::Refused | Weakening::Undecided | Weakening::Excludes => {
            beside_each_other(declaration, weakened)
        }
        Weakening::LegacyOnly => {
            let message = format!(
                "no `{field}`: {consumer} looks for the tags of older signatures, which cosign 3 does not write"
            );
            finding(Code::LegacyOnly, message, at)
        }
        Weakening::Trusts => {
            let message =
                format!("`{field}`: its own trust decides, and nothing renews it from Sigstore's");
            finding(Code::TrustWritten, message, at)
        }
    }
}

/// Fields that do not go together, or not with the kind of signature.
fn beside_each_other(declaration: &Declaration, weakened: &Weakened) -> Finding {
    let at = place(&declaration.file, &weakened.at, &declaration.object);
    let field = &weakened.field;
    let consumer = declaration.consumer.name();
    match weakened.how {
        Weakening::Ignores => {
            let message = format!("`{field}` is written here, and {consumer} does not read it");
            finding(Code::CheckWeakened, message, at)
        }
        Weakening::Refused => {
            let message =
                format!("{field}: {consumer} refuses the whole policy, and it is not in force");
            finding(Code::VerificationOff, message, at)
                .with_hint("Write one of text and pattern for the issuer, and one for the name.")
        }
        Weakening::Undecided => {
            let message = format!("{field} must both fit: who does is not known");
            let found = finding(Code::NotJudged, message, at).with_hint("Write one of the two.");
            Finding { severity: Severity::Unknown, ..found }
        }
        _ => {
            let message = format!("{field} must both fit, and nothing fits both: nobody is let in");
            finding(Code::PatternNeverMatches, message, at)
        }
    }
}
