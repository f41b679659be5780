//! What is wrong with what was found: each declaration by itself and by the configuration, those of
//! one artifact by each other, and the sources that nobody guards.

mod agreement;
mod claims;
mod coverage;
mod declared;
mod expected;
mod forms;
mod images;
mod measured;
mod slips;
mod state;
mod unnamed;
mod weakened;

use std::collections::BTreeSet;

use sealwright_policy::declaration_report::{CoverageReport, DeclarationReport};
use sealwright_policy::{Code, Finding, Place, Severity};

use crate::found::{Found, Unjudged, Why};

pub use declared::accepts;
pub use expected::Expected;

/// Everything that can be said of a repository on paper.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// One for each declaration, in the order of [`Found::declarations`]; then one for each source
    /// that nothing guards.
    pub declarations: Vec<DeclarationReport>,
    /// How much is guarded.
    pub coverage: Vec<CoverageReport>,
    /// What belongs to no declaration.
    pub findings: Vec<Finding>,
}

/// Judges what was found, by the configuration where there is one.
pub fn judge(found: &Found, expected: &Expected<'_>) -> Judged {
    let mut measures = measured::Measures::new(expected);
    let declared = found.declarations.iter();
    let mut declarations: Vec<DeclarationReport> =
        declared.map(|declaration| declared::report(declaration, &mut measures)).collect();
    agreement::compare(found, &mut declarations);
    let covered = coverage::cover(found, expected);
    declarations.extend(covered.open);
    let mut findings = told(found);
    findings.extend(found.unjudged.iter().filter_map(not_judged));
    findings.extend(covered.findings);
    findings.extend(unnamed::told(found));
    Judged { declarations, coverage: covered.counts, findings }
}

/// What discovery has found wrong, once for each place.
fn told(found: &Found) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = found.findings.clone();
    findings.retain(|finding| {
        let place = &finding.place;
        seen.insert((
            finding.code,
            place.file.clone(),
            place.line,
            place.column,
            finding.message.clone(),
        ))
    });
    findings
}

/// What could not be read at all has a finding of its own.
fn not_judged(unjudged: &Unjudged) -> Option<Finding> {
    let what = match unjudged.why {
        Why::Unreadable => return None,
        Why::Template => "template, not judged",
        Why::Placeholder => "placeholder, not judged",
        Why::Encrypted => "encrypted, not judged",
        Why::NotRendered | Why::Unspoken | Why::OfAnother => "not judged",
    };
    let at = Place::file(&unjudged.file).at(unjudged.at.line.max(1), unjudged.at.column.max(1));
    let told = finding(Code::NotJudged, format!("{what}: {}", unjudged.told), at);
    let told = match unjudged.why {
        Why::OfAnother => told.with_hint(
            "Look at it by the tools of its engine, and hold it against who may sign here.",
        ),
        Why::Unspoken => told.with_hint("Give the folder with the YAML that comes of it as well."),
        _ => told,
    };
    // A hole may hide in it.
    Some(match unjudged.names_a_kind {
        true => Finding { severity: Severity::Unknown, ..told },
        false => told,
    })
}

/// Where something stands, in the words of a report.
pub(crate) fn place(file: &str, at: &sealwright_yaml::Place, object: &str) -> Place {
    let place = Place { object: Some(object.to_owned()), ..Place::file(file) };
    match at.line {
        0 => place,
        line => place.at(line, at.column),
    }
}

/// A finding at a place.
fn finding(code: Code, message: impl Into<String>, place: Place) -> Finding {
    Finding::new(code, message).with_place(place)
}
