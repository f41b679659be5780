//! Whether the evidence is there before the tag moves, and whether its failure would be seen.

use sealwright_manifests::shell::Swallowed;
use sealwright_policy::{Code, Finding, Severity};

use super::deeds::{Deed, Unseen, What};
use super::target::{Kind, Target, is_open};
use super::walk::{Run, Unit};
use super::{Route, floats};
use crate::place::in_file;

pub(super) fn findings(routes: &[Route<'_>], runs: &[Run<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for route in routes {
        findings.extend(order(route, runs));
        findings.extend(whatever(route));
        findings.extend(unseen(route));
    }
    findings
}

/// The tag before the evidence, or no evidence at all for what must have it.
fn order(route: &Route<'_>, runs: &[Run<'_>]) -> Option<Finding> {
    let (spot, deed) = (route.spot, route.spot.deed());
    let target = spot.target()?;
    let What::Move { proves, perhaps, .. } = deed.what else { return None };
    let signs = |other: &&Deed| is_evidence_for(other, target, deed);
    if proves || spot.earlier().any(|earlier| signs(&earlier) || is_proof(earlier, route)) {
        return None;
    }
    if let Some(after) = spot.later().find(signs) {
        return Some(late(route, target, after, "before"));
    }
    if let Some(proving) = beside(route, target).filter(|_| !perhaps) {
        let hint = "Let the job that moves the tag name the other one in its `needs`.";
        return Some(late(route, target, proving, "without waiting until").with_hint(hint));
    }
    let elsewhere = runs.iter().flat_map(|run| &run.units).flat_map(|unit| &unit.deeds);
    let declared = route.artifact.is_some() && target.is_known() && !perhaps;
    if !declared || elsewhere.map(|(deed, _)| deed).any(|deed| signs(&deed) && names(deed, target))
    {
        return None;
    }
    let message = format!("{} moves {} and nothing signs it", route.told(), target);
    let finding = Finding::new(Code::RouteWithoutEvidence, message).with_place(route.place());
    Some(Finding { severity: route.severity(Severity::Warning), ..finding })
}

/// What makes the evidence in a job that is not waited for. One that moves a tag of the repository itself
/// signs what that one moved.
fn beside<'a>(route: &Route<'a>, target: &Target) -> Option<&'a Deed> {
    let live = |deed: &Deed| match &deed.what {
        What::Move { to, .. } => to.is_live() && to.repository == target.repository,
        _ => false,
    };
    let deeds = |unit: &'a Unit<'a>| unit.deeds.iter().map(|(deed, _)| deed);
    let mut units = route.spot.beside().filter(|unit| target.is_known() && !deeds(unit).any(live));
    let signs =
        |deed: &&Deed| is_evidence_for(deed, target, route.spot.deed()) && names(deed, target);
    units.find_map(|unit| deeds(unit).find(signs))
}

fn late(route: &Route<'_>, target: &Target, after: &Deed, when: &str) -> Finding {
    let message = format!(
        "`{}` moves {} {when} `{}` makes its evidence",
        route.spot.deed().by,
        target,
        after.by
    );
    let otherwise = if floats(target.kind) { Severity::Warning } else { Severity::Note };
    let severity = match target.kind {
        Kind::Unknown => Severity::Note,
        _ => route.severity(otherwise),
    };
    let signing = in_file(&after.file, &after.at);
    let moving = route.place();
    let expected = format!("signed at {signing}, then the tag");
    let finding = Finding::new(Code::TagBeforeEvidence, message).with_place(moving.clone());
    let finding = finding.with_mismatch(expected, format!("the tag at {moving}, then signed"));
    Finding { severity, ..finding }
}

/// Whether a deed signs what another one moved: the repository is the same, the reference comes from
/// that step, or nobody can tell.
pub(super) fn is_evidence_for(deed: &Deed, target: &Target, moving: &Deed) -> bool {
    let What::Sign(references) = &deed.what else { return false };
    let of_step = |text: &str| -> Option<bool> {
        let from = text.find("steps.").map(|at| &text[at + "steps.".len()..])?;
        let id = from.split('.').next().unwrap_or_default();
        Some(moving.step.as_deref() == Some(id))
    };
    references.is_empty()
        || references.iter().any(|text| {
            let signed = Target::parse(text);
            let same = signed.repository == target.repository;
            let open = is_open(&signed.repository) || is_open(&target.repository);
            let starts = target.kind == Kind::Version
                && signed.repository.starts_with(&format!("{}/", target.repository));
            same || starts
                || (open && (of_step(text) != Some(false) || !moving.file.eq(&deed.file)))
        })
}

/// Whether a signature is of a repository that is known to be this one.
fn names(deed: &Deed, target: &Target) -> bool {
    let What::Sign(references) = &deed.what else { return false };
    references.iter().any(|text| Target::parse(text).repository == target.repository)
}

/// A publisher that proved the same artifact before, as far as both have a name.
fn is_proof(deed: &Deed, route: &Route<'_>) -> bool {
    let What::Move { proves: true, to, artifact, .. } = &deed.what else { return false };
    let named = artifact.as_ref().filter(|name| !is_open(name));
    match (named, &route.artifact) {
        (Some(proven), Some(moved)) => proven == moved,
        _ => {
            let target = route.spot.target();
            to.repository.is_empty()
                || target.is_some_and(|moved| moved.repository == to.repository)
        }
    }
}

/// A tag that moves although what came before it failed.
fn whatever(route: &Route<'_>) -> Option<Finding> {
    let (unit, deed) = (route.spot.unit(), route.spot.deed());
    let own = unit.deeds[..route.spot.deed].iter().filter(|_| deed.whatever);
    let before = unit.loose.iter().flat_map(|unit| &route.spot.run.units[*unit].deeds);
    let mut before = own.chain(before).map(|(deed, _)| deed);
    let ignored = before.find(|deed| deed.what.holds());
    let ignored = ignored?;
    let message = format!(
        "`{}` moves {} also when `{}` at {} failed",
        deed.by,
        route.target(),
        ignored.by,
        in_file(&ignored.file, &ignored.at)
    );
    let finding = Finding::new(Code::TagMovesWhatever, message).with_place(route.place());
    Some(Finding { severity: route.severity(Severity::Warning), ..finding })
}

/// Signing and verifying on the way whose failure nobody sees.
fn unseen(route: &Route<'_>) -> Vec<Finding> {
    let all = route.spot.earlier().chain(route.spot.later());
    let jobs = route.spot.passed_over().flat_map(|unit| &unit.deeds);
    let jobs = jobs.map(|(deed, _)| (deed, Some(Unseen::OfJob)));
    let silent = all.map(|deed| (deed, deed.unseen)).chain(jobs).filter_map(|(deed, unseen)| {
        let what = match deed.what {
            What::Sign(_) => "signing",
            What::Verify => "verification",
            _ => return None,
        };
        let how = match unseen? {
            Unseen::ContinueOnError => "`continue-on-error`",
            Unseen::OfJob => "`continue-on-error` of its job",
            Unseen::GoesOn => "a script without `set -e`",
            Unseen::Shell(Swallowed::Or) => "`||`",
            Unseen::Shell(Swallowed::Pipe) => "a pipe without `pipefail`",
            Unseen::Shell(Swallowed::NotStopping) => "`set +e`",
            Unseen::Shell(Swallowed::Question) => "an `if` that only talks about it",
            Unseen::Shell(Swallowed::Background) => "`&`",
            Unseen::Shell(Swallowed::And) => "`&&` that is not the end of the script",
            Unseen::Shell(Swallowed::Substitution) => "a substitution in a command that succeeds",
        };
        let message = format!("{how} hides a failing {what}: `{}`", deed.by);
        let place = in_file(&deed.file, &deed.at);
        Some(Finding::new(Code::SigningFailureUnseen, message).with_place(place))
    });
    silent.collect()
}
