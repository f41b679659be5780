//! What a declaration should say: as the configuration has it, or the same with anchors and escaped
//! dots, in one entry where its consumer takes no more.

use sealwright_pattern::{About, Equivalence, GoRegex, Language, Witness, tightened};
use sealwright_policy::{Code, Finding, Severity};

use crate::checks::Expected;
use crate::declaration::{Declaration, Form, Identity, Matcher};
use crate::patterns::Judge;

/// What the entries should be.
pub(super) struct Wanted {
    /// Issuer and subject of each entry that stays.
    pub(super) entries: Vec<Entry>,
    pub(super) told: String,
    /// Where it is told, when that is not where the declaration begins.
    pub(super) line: Option<u32>,
}

type Entry = (Option<String>, Option<String>);

/// Names of workflows: where anchors would let in none of them, they were not meant.
const WORKFLOWS: &str = r"^https://github\.com/[^/]+/[^/]+/\.github/workflows/[^/@]+@.+$";

/// What a declaration should say instead; `None` when that is what it says, or nobody can tell.
pub(super) fn of(declaration: &Declaration, expected: &Expected<'_>) -> Option<Wanted> {
    let entries = declaration.identities.as_slice();
    let known = |one: &Identity| [&one.issuer, &one.subject].into_iter().flatten().all(is_known);
    if declaration.key || declaration.consumer.is_command() || !entries.iter().all(known) {
        return None;
    }
    let several = declaration.bundle_path && entries.len() > 1;
    let allowed = expected.requirements(declaration);
    let judge = Judge { allowed: allowed.as_ref(), suggest: true };
    let worst = worst(entries, &judge, several);
    if !several && worst.is_none() {
        return None;
    }
    let line = worst.map(|(_, line)| line).filter(|_| !several);
    if let Some(allowed) = allowed.filter(|_| several || entries.len() == 1) {
        let one = (Some(allowed.issuer_pattern()), Some(allowed.subject_pattern()));
        let told = "written as the configuration has it".to_owned();
        return Some(Wanted { entries: vec![one], told, line }).filter(|_| has_halves(entries));
    }
    let tight: Vec<Entry> = entries.iter().map(tightened_entry).collect();
    let (entries, told) = match several {
        true => (vec![joined(&tight)?], format!("{} entries joined into one", tight.len())),
        false => (tight, "anchored, with its dots escaped".to_owned()),
    };
    let changed = several || !same(&entries, &declaration.identities);
    changed.then_some(Wanted { entries, told, line })
}

fn is_known(matcher: &Matcher) -> bool {
    matcher.whole && matcher.form == Form::Regex && !matcher.text.is_empty()
}

fn has_halves(entries: &[Identity]) -> bool {
    entries.first().is_some_and(|one| one.issuer.is_some() && one.subject.is_some())
}

fn same(wanted: &[Entry], is: &[Identity]) -> bool {
    let text = |matcher: &Option<Matcher>| matcher.as_ref().map(|one| one.text.clone());
    is.iter().map(|one| (text(&one.issuer), text(&one.subject))).eq(wanted.iter().cloned())
}

/// The loudest thing that is wrong with a pattern, and its line.
fn worst(entries: &[Identity], judge: &Judge<'_>, several: bool) -> Option<(Finding, u32)> {
    let halves = entries
        .iter()
        .flat_map(|one| [(About::Issuer, &one.issuer), (About::Subject, &one.subject)]);
    let matchers = halves.filter_map(|(about, matcher)| Some((about, matcher.as_ref()?)));
    let found = matchers.flat_map(|(about, matcher)| {
        let said = judge.findings(&matcher.text, matcher.form, about);
        said.into_iter().map(|finding| (finding, matcher.at.line))
    });
    // Of several entries each lets in some of those who may sign.
    let wrong = found
        .filter(|(finding, _)| finding.severity > Severity::Note)
        .filter(|(finding, _)| !(several && finding.code == Code::PatternKeepsOut));
    wrong.min_by_key(|(finding, line)| (std::cmp::Reverse(finding.severity), *line, finding.code))
}

fn tightened_entry(identity: &Identity) -> Entry {
    let tight = |matcher: &Option<Matcher>| matcher.as_ref().map(|one| tight(&one.text));
    (tight(&identity.issuer), tight(&identity.subject))
}

/// With anchors and escaped dots, as far as that leaves somebody in who came in before.
fn tight(pattern: &str) -> String {
    let Ok(regex) = GoRegex::parse(pattern) else { return pattern.to_owned() };
    let Some(tight) = tightened(&regex) else { return pattern.to_owned() };
    let Ok(workflows) = GoRegex::parse(WORKFLOWS) else { return pattern.to_owned() };
    let workflows = Language::search(&workflows);
    let lets_in = |pattern: &str| {
        let regex = GoRegex::parse(pattern).ok();
        regex.is_some_and(|one| {
            matches!(Language::search(&one).overlap(&workflows), Witness::Found(_))
        })
    };
    if !lets_in(pattern) || lets_in(&tight) {
        return tight;
    }
    // Nothing but what stands behind was missing: that end is somebody's to write.
    let open = tight.strip_suffix('$').unwrap_or(&tight);
    if lets_in(open) { open.to_owned() } else { pattern.to_owned() }
}

/// All entries in one: of one issuer, with the alternatives inside the subject.
fn joined(entries: &[Entry]) -> Option<Entry> {
    let (issuer, _) = entries.first()?;
    if entries.iter().any(|(other, _)| other != issuer) {
        return None;
    }
    let inside = |(_, subject): &Entry| {
        let inside = subject.as_deref()?.strip_prefix('^')?.strip_suffix('$')?;
        Some(inside.to_owned())
    };
    let mut pieces: Vec<String> = entries.iter().map(inside).collect::<Option<_>>()?;
    pieces.dedup();
    let subject = match pieces.as_slice() {
        [only] => format!("^{only}$"),
        several => format!("^(?:{})$", several.join("|")),
    };
    // `^a|b$` is anchored at one end of each alternative only, and would change in a group.
    let language = |pattern: &str| Some(Language::search(&GoRegex::parse(pattern).ok()?));
    let each = entries.iter().map(|(_, subject)| language(subject.as_deref()?));
    let before = Language::union(&each.collect::<Option<Vec<_>>>()?);
    let same = before.compared_with(&language(&subject)?) == Equivalence::Same;
    same.then(|| (issuer.clone(), Some(subject)))
}
