//! A repository's declarations in words that every form shares: who may sign what, and the worst holes.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use sealwright_policy::declaration_report::{CoverageReport, DeclarationReport, DeclarationState};
use sealwright_policy::{Code, Place};

use crate::holes::is_aside;

/// Heads of the columns of [`rows`].
pub(crate) const COLUMNS: [&str; 5] = ["state", "who may sign", "what", "declared by", "at"];

/// Characters of a cell; what is longer is cut, the details have it whole.
const CELL_CHARS_MAX: usize = 64;

/// Declarations as they are told: the worst first, examples and tests last, otherwise as they were found.
pub(crate) fn worst_first(declarations: &[DeclarationReport]) -> Vec<&DeclarationReport> {
    let mut sorted: Vec<&DeclarationReport> = declarations.iter().collect();
    sorted.sort_by_key(|one| (is_aside(&one.place), Reverse(one.verdict), one.state));
    sorted
}

/// The rows of the summary. What several overlays lay in the same way is one row.
pub(crate) fn rows(sorted: &[&DeclarationReport]) -> Vec<[String; 5]> {
    let mut rows: Vec<([String; 5], usize)> = Vec::new();
    let mut places: HashMap<[String; 5], usize> = HashMap::new();
    for declaration in sorted {
        match places.entry(row(declaration)) {
            Entry::Occupied(place) => rows[*place.get()].1 += 1,
            Entry::Vacant(place) => {
                rows.push((place.key().clone(), 1));
                place.insert(rows.len() - 1);
            }
        }
    }
    let told = |(mut row, count): ([String; 5], usize)| {
        if count > 1 {
            row[3].push_str(&format!(" ({count} times)"));
        }
        row
    };
    rows.into_iter().map(told).collect()
}

fn row(declaration: &DeclarationReport) -> [String; 5] {
    let what = match (&declaration.artifact, declaration.guards.as_slice()) {
        (Some(artifact), [first, ..]) => format!("{artifact} ({first})"),
        (Some(artifact), []) => artifact.clone(),
        (None, []) => "-".to_owned(),
        (None, [only]) => only.clone(),
        (None, [first, rest @ ..]) => format!("{first} and {} more", rest.len()),
    };
    let by = format!("{}: {}", declaration.consumer, declaration.object);
    // Where the consumer is the kind of the object, the object says it.
    let consumer = declaration.consumer.rsplit(' ').next().unwrap_or_default();
    let by = match declaration.object.starts_with(consumer) {
        true => declaration.object.clone(),
        false => by,
    };
    [
        declaration.state.words().to_owned(),
        cell(&declaration.who),
        cell(&what),
        cell(&by),
        position(&declaration.place),
    ]
}

/// Whether something is let in that nobody verifies.
pub(crate) fn any_open(declarations: &[DeclarationReport]) -> bool {
    use DeclarationState::{Open, Slips, Unread, Unverified, Warns};
    declarations.iter().any(|one| matches!(one.state, Open | Slips | Unread | Unverified | Warns))
}

/// Whether all that is said of it is that nothing verifies it, which the table says.
pub(crate) fn is_only_open(declaration: &DeclarationReport) -> bool {
    let findings = &declaration.findings;
    declaration.state == DeclarationState::Unverified
        && findings.iter().all(|one| one.code == Code::SourceOpen)
}

/// What they come to: `1 OPEN, 2 not verified, 1 no slip found`.
pub(crate) fn tally(declarations: &[DeclarationReport]) -> String {
    let mut states: Vec<(DeclarationState, usize)> = Vec::new();
    for one in declarations {
        match states.iter_mut().find(|(state, _)| *state == one.state) {
            Some((_, count)) => *count += 1,
            None => states.push((one.state, 1)),
        }
    }
    states.sort();
    let words: Vec<String> =
        states.iter().map(|(state, count)| format!("{count} {}", state.words())).collect();
    words.join(", ")
}

/// `file:line:column`.
fn position(place: &Place) -> String {
    Place { object: None, digest: None, ..place.clone() }.to_string()
}

fn cell(text: &str) -> String {
    match text.char_indices().nth(CELL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `OCIRepository: 12 found, 10 guarded, 1 excepted (12 before)`.
pub(crate) fn coverage(one: &CoverageReport) -> String {
    let excepted = match one.excepted {
        0 => String::new(),
        many => format!(", {many} excepted"),
    };
    let before = one.before.map(|before| format!(" ({before} before)")).unwrap_or_default();
    format!("{}: {} found, {} guarded{excepted}{before}", one.scope, one.found, one.guarded)
}

/// What is told of a declaration beside its verdict, each under its label.
pub(crate) fn facts(declaration: &DeclarationReport) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("at", position(&declaration.place)),
        ("read by", declaration.consumer.clone()),
        ("who may sign", declaration.who.clone()),
    ];
    facts.extend(declaration.artifact.iter().map(|name| ("artifact", name.clone())));
    let guards = declaration.guards.join(", ");
    facts.extend((!guards.is_empty()).then_some(("guards", guards)));
    facts.extend(declaration.observed.iter().map(|who| ("signed by", who.clone())));
    if let Some(suggested) = &declaration.suggested {
        facts.push(("should be", format!("issuer  {}", suggested.issuer)));
        facts.push(("", format!("subject {}", suggested.subject_pattern)));
    }
    facts
}
