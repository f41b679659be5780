//! A repository's declarations in words that every form shares: who may sign what, and the worst holes.

use std::cmp::Reverse;

use sealwright_policy::declaration_report::{CoverageReport, DeclarationReport, DeclarationState};
use sealwright_policy::{Code, Finding, Place, Report, Severity};

/// Heads of the columns of [`row`].
pub(crate) const COLUMNS: [&str; 5] = ["state", "who may sign", "what", "declared by", "at"];

/// Holes that are told first.
const HOLES_MAX: usize = 3;

/// Characters of a cell; what is longer is cut, the details have it whole.
const CELL_CHARS_MAX: usize = 64;

/// Declarations as they are told: the worst first, otherwise as they were found.
pub(crate) fn worst_first(declarations: &[DeclarationReport]) -> Vec<&DeclarationReport> {
    let mut sorted: Vec<&DeclarationReport> = declarations.iter().collect();
    sorted.sort_by_key(|one| (Reverse(one.verdict), one.state));
    sorted
}

/// A row of the summary.
pub(crate) fn row(declaration: &DeclarationReport) -> [String; 5] {
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

/// `4 declarations: 1 OPEN, 2 not verified, 1 no slip found`.
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
    let plural = if declarations.len() == 1 { "" } else { "s" };
    format!("{} declaration{plural} ({})", declarations.len(), words.join(", "))
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

/// The worst holes of a repository, each with the number of others like it.
pub(crate) fn holes(report: &Report) -> Vec<(&Finding, usize)> {
    let of_declarations = report.declarations.iter().flat_map(|one| &one.findings);
    let mut all: Vec<&Finding> = of_declarations
        .chain(&report.findings)
        .filter(|finding| finding.severity >= Severity::Warning)
        .collect();
    all.sort_by_key(|finding| (Reverse(finding.severity), weight(finding.code)));
    let mut holes: Vec<(&Finding, usize)> = Vec::new();
    for finding in all {
        match holes.iter_mut().find(|(known, _)| known.code == finding.code) {
            Some((_, others)) => *others += 1,
            None => holes.push((finding, 0)),
        }
    }
    holes.truncate(HOLES_MAX);
    holes
}

/// How wide a hole is: the lower, the wider.
fn weight(code: Code) -> u8 {
    match code {
        Code::PatternMatchesEverything | Code::IdentityAnybody | Code::PatternOpenOwner => 0,
        Code::PatternIssuerOpen | Code::ChartAnybody | Code::IdentityEmpty => 1,
        Code::VerificationOff | Code::VerifyUnread | Code::PatchTargetsNothing => 2,
        Code::OrganisationUnverified | Code::SourcesFewer => 3,
        Code::PatternNotAnchored | Code::PatternOpenWorkflow | Code::PatternOpenRef => 4,
        Code::PatternUnescapedDot | Code::PatternTooWide | Code::PatternCaseFolding => 5,
        Code::SourceOpen => 7,
        // What stops delivery is noticed without us.
        _ => 6,
    }
}
