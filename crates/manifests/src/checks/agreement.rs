//! Those who verify one artifact must let in the same signers: what passes here must pass there.

use std::collections::BTreeMap;

use sealwright_pattern::{Containment, GoRegex, Language};
use sealwright_policy::declaration_report::DeclarationReport;
use sealwright_policy::{Code, Finding, verdict_of};

use super::expected::repository;
use super::place;
use super::state::comes_to;
use crate::declaration::{Consumer, Declaration, Follows, Form, Identity, Matcher, Provider};
use crate::found::{Before, Found};
use crate::patterns::as_regex;

/// The source that Flux's own tools generate.
const ROOT_SOURCE: &str = "flux-system/flux-system";

/// Adds to the reports what declarations say against each other.
pub(super) fn compare(found: &Found, reports: &mut [DeclarationReport]) {
    let mut told: Vec<(usize, Finding)> = of_one_artifact(&found.declarations, reports);
    told.extend(patched(found, reports, &told));
    told.extend(bootstrap(&found.declarations));
    for (index, finding) in told {
        let report = &mut reports[index];
        if let Some(state) = comes_to(&finding) {
            report.state = report.state.min(state);
        }
        report.findings.push(finding);
        report.verdict = verdict_of(&report.findings);
    }
}

/// Consumers of one artifact, each compared with the first.
fn of_one_artifact(
    declarations: &[Declaration],
    reports: &[DeclarationReport],
) -> Vec<(usize, Finding)> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, declaration) in declarations.iter().enumerate() {
        // Those of a configured artifact are measured by the configuration, each of them.
        let open = |one: &Finding| one.code == Code::PatternMatchesEverything;
        // Where everybody is let in that is told, and no reason to doubt the others.
        if !is_compared(declaration)
            || reports[index].artifact.is_some()
            || reports[index].findings.iter().any(open)
        {
            continue;
        }
        let guards = declaration
            .guards
            .iter()
            .filter(|one| one.whole && !one.what.contains(['*', '?', ' ']));
        for guarded in guards.filter(|one| !one.what.is_empty()) {
            let group = groups.entry(repository(&guarded.what)).or_default();
            if group.last() != Some(&index) {
                group.push(index);
            }
        }
    }
    let mut told = Vec::new();
    for (artifact, mut group) in groups {
        // What a cluster enforces is what a document should say, and not the other way round.
        group.sort_by_key(|index| declarations[*index].consumer.is_command());
        for (count, index) in group.iter().enumerate() {
            let pulls = |one: &usize| followed(&declarations[*one], &artifact);
            let of_same = |one: &&usize| !are_apart(pulls(one), pulls(index));
            let Some(first) = group[..count].iter().find(of_same) else { continue };
            let first = &declarations[*first];
            let message = |who: &str| format!("{artifact}: {who}");
            let code = Code::ConsumersDisagree;
            told.extend(
                difference(&declarations[*index], first, code, message).map(|one| (*index, one)),
            );
        }
    }
    told
}

/// Patches that let in more than what they change. Who may sign without a patch is in force nowhere, and
/// is what somebody has reviewed as the lock; to let in others instead is what patches are for.
fn patched(
    found: &Found,
    reports: &[DeclarationReport],
    told: &[(usize, Finding)],
) -> Vec<(usize, Finding)> {
    let is_told = |index: usize| told.iter().any(|(of, _)| *of == index);
    let mut widened: BTreeMap<usize, Finding> = BTreeMap::new();
    for Before { declaration: index, said, beside } in &found.before {
        if reports[*index].artifact.is_none() && !is_told(*index) && !widened.contains_key(index) {
            let finding = more_than(&found.declarations[*index], beside, said);
            widened.extend(finding.map(|finding| (*index, finding)));
        }
    }
    widened.into_iter().collect()
}

/// Who passes now, by this declaration or by those beside it, where all who passed before still do.
fn more_than(
    declaration: &Declaration,
    beside: &[Identity],
    before: &Declaration,
) -> Option<Finding> {
    let halves = |one: &Declaration| -> Vec<Matcher> {
        let subjects = one.identities.iter().filter_map(|one| one.subject.clone());
        subjects.chain(one.identities.iter().filter_map(|one| one.issuer.clone())).collect()
    };
    let old = halves(before);
    let new = halves(declaration);
    let new = new.iter().find(|one| !old.iter().any(|old| old.text == one.text))?;
    let identities = [&declaration.identities, beside].concat();
    let now = Declaration { identities, ..declaration.clone() };
    let is_more = |half: fn(&Declaration) -> Vec<String>| -> Option<bool> {
        let (now, then) = (language(&half(&now))?, language(&half(before))?);
        Some(then.contained_in(&now) == Containment::Contained)
    };
    let are_compared = [&now, before].into_iter().all(is_compared);
    if !are_compared || !is_more(subjects)? || !is_more(issuers)? {
        return None;
    }
    let message = |told: &str| format!("this patch {told}");
    let finding = difference(&now, before, Code::ConsumersDisagree, message)?;
    Some(finding.with_place(place(&declaration.file, &new.at, &declaration.object)))
}

/// What a declaration guards of a repository.
fn followed<'a>(declaration: &'a Declaration, artifact: &str) -> Option<&'a Follows> {
    let guards = declaration.guards.iter();
    let mut of_it = guards.filter(|one| one.whole && repository(&one.what) == *artifact);
    of_it.next().map(|one| &one.follows)
}

/// Whether two follow different tags or versions of a repository: another branch may sign each.
fn are_apart(one: Option<&Follows>, other: Option<&Follows>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    let said = |follows: &Follows| !matches!(follows, Follows::AsWritten);
    said(one) && said(other) && one != other
}

/// What makes the cluster against what keeps it.
fn bootstrap(declarations: &[Declaration]) -> Vec<(usize, Finding)> {
    let compared = || declarations.iter().enumerate().filter(|(_, one)| is_compared(one));
    let steady: Vec<&Declaration> =
        compared().map(|(_, one)| one).filter(|one| keeps_the_root(one)).collect();
    let first = compared().filter(|(_, one)| one.consumer == Consumer::Ksail);
    let told = first.flat_map(|(index, first)| {
        let others = steady.iter().filter(|steady| may_be_same(first, steady));
        let message = |who: &str| format!("the bootstrap {who}");
        let told = others
            .filter_map(move |steady| difference(first, steady, Code::BootstrapDisagrees, message));
        told.take(1).map(move |finding| (index, finding)).collect::<Vec<_>>()
    });
    told.collect()
}

fn keeps_the_root(declaration: &Declaration) -> bool {
    match declaration.consumer {
        Consumer::FluxInstance => true,
        Consumer::FluxOciRepository | Consumer::KustomizePatch => {
            declaration.object.ends_with(ROOT_SOURCE)
                || declaration.guards.iter().any(|one| one.what.ends_with(ROOT_SOURCE))
        }
        _ => false,
    }
}

/// Both guard the same URL, or of one of them it is not said here.
fn may_be_same(one: &Declaration, other: &Declaration) -> bool {
    let urls = |declaration: &Declaration| -> Vec<String> {
        let urls = declaration.guards.iter().filter(|one| one.whole && one.what.contains("://"));
        urls.map(|one| repository(&one.what)).collect()
    };
    let (one, other) = (urls(one), urls(other));
    one.is_empty() || other.is_empty() || one.iter().any(|url| other.contains(url))
}

fn is_compared(declaration: &Declaration) -> bool {
    // A builder's provenance is not who signs the artifact.
    declaration.provider == Provider::Cosign
        && declaration.consumer != Consumer::SlsaCommand
        && !declaration.key
        && !declaration.identities.is_empty()
        && declaration.identities.iter().all(|identity| {
            let halves = [&identity.issuer, &identity.subject];
            halves.into_iter().all(|half| half.as_ref().is_some_and(|one| one.whole))
        })
}

/// Who passes the one and not the other.
fn difference(
    declaration: &Declaration,
    other: &Declaration,
    code: Code,
    message: impl Fn(&str) -> String,
) -> Option<Finding> {
    let same = |half: fn(&Declaration) -> Vec<String>| half(declaration) == half(other);
    if same(subjects) && same(issuers) {
        return None;
    }
    let who =
        differs(declaration, other, subjects).or_else(|| differs(declaration, other, issuers))?;
    let place = place(&declaration.file, &declaration.at, &declaration.object);
    let elsewhere = format!("{} in {}:{}", other.object, other.file, other.at.line);
    let told = match who {
        Side::In(who) => format!("lets in {who}, whom {elsewhere} keeps out"),
        Side::Out(who) => format!("keeps out {who}, whom {elsewhere} lets in"),
    };
    let said = |one: &Declaration| {
        let halves = one.identities.iter().filter_map(|one| one.subject.as_ref());
        sorted(halves.map(written).collect()).join(" or ")
    };
    let finding = Finding::new(code, message(&told)).with_place(place);
    Some(finding.with_mismatch(said(other), said(declaration)))
}

/// As somebody wrote it; what begins like a name, with a mark at its open end.
fn written(matcher: &Matcher) -> String {
    match matcher.form {
        Form::Prefix => format!("{}…", matcher.text),
        Form::Regex | Form::Glob | Form::Exact => matcher.text.clone(),
    }
}

enum Side {
    In(String),
    Out(String),
}

fn differs(
    declaration: &Declaration,
    other: &Declaration,
    half: fn(&Declaration) -> Vec<String>,
) -> Option<Side> {
    let (here, there) = (language(&half(declaration))?, language(&half(other))?);
    match (here.contained_in(&there), there.contained_in(&here)) {
        (Containment::Outside(who), _) => Some(Side::In(who)),
        (_, Containment::Outside(who)) => Some(Side::Out(who)),
        _ => None,
    }
}

fn language(patterns: &[String]) -> Option<Language> {
    let languages: Option<Vec<Language>> = patterns
        .iter()
        .map(|pattern| GoRegex::parse(pattern).ok().map(|regex| Language::search(&regex)))
        .collect();
    languages.map(|languages| Language::union(&languages))
}

fn subjects(declaration: &Declaration) -> Vec<String> {
    let halves = declaration.identities.iter().filter_map(|one| one.subject.as_ref());
    sorted(halves.map(|one| as_regex(&one.text, one.form)).collect())
}

fn issuers(declaration: &Declaration) -> Vec<String> {
    let halves = declaration.identities.iter().filter_map(|one| one.issuer.as_ref());
    sorted(halves.map(|one| as_regex(&one.text, one.form)).collect())
}

fn sorted(mut patterns: Vec<String>) -> Vec<String> {
    patterns.sort();
    patterns.dedup();
    patterns
}
