//! What a team starts with, in a file: findings that are known, and how many sources there were.
//!
//! A finding is known by its code, object and matcher, not by its line: moving a file adopts nothing
//! new and forgets nothing.

use std::collections::BTreeMap;

use camino::Utf8Path;
use sealwright_policy::declaration_report::CoverageReport;
use sealwright_policy::{API_VERSION, Code, Finding, Place, Report, Severity, verdict_of};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::{baseline, file};

/// `kind` of the file.
const KIND: &str = "ManifestsBaseline";

/// Findings that are told by name when they are gone.
const GONE_MAX: usize = 10;

/// What was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Baseline {
    api_version: String,
    kind: String,
    /// Sources by kind, and by part of the organisation.
    sources: BTreeMap<String, usize>,
    findings: Vec<Known>,
}

/// A finding that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Known {
    #[serde(flatten)]
    what: What,
    /// How many of it.
    count: usize,
}

/// What makes two findings the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct What {
    code: Code,
    /// The object; the file where there is no object.
    object: String,
    /// The matcher, or whatever else was found.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    matcher: String,
}

impl Baseline {
    /// Of what is there now.
    pub(super) fn of(report: &Report) -> Self {
        let mut counts: BTreeMap<What, usize> = BTreeMap::new();
        let declared = report.declarations.iter().flat_map(|one| &one.findings);
        for finding in declared.chain(&report.findings).filter(|one| is_adoptable(one)) {
            *counts.entry(What::of(finding)).or_default() += 1;
        }
        let sources = report.coverage.iter().map(|one| (one.scope.clone(), one.found));
        Self {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            sources: sources.collect(),
            findings: counts.into_iter().map(|(what, count)| Known { what, count }).collect(),
        }
    }

    pub(super) fn read(path: &Utf8Path) -> Result<Self, Failure> {
        baseline::read(path, KIND)
    }

    pub(super) fn write(&self, path: &Utf8Path) -> Result<(), Failure> {
        file::write_pretty_json(path, self)
    }

    /// Makes notes of the findings that are known, and says what is gone and what has become less.
    pub(super) fn adopt(self, report: &mut Report) {
        let known = self.findings.into_iter();
        let mut left: BTreeMap<What, usize> = known.map(|one| (one.what, one.count)).collect();
        let mut adopted = 0;
        let mut adopt = |findings: &mut Vec<Finding>| {
            for finding in findings.iter_mut().filter(|one| is_adoptable(one)) {
                if let Some(count) = left.get_mut(&What::of(finding)).filter(|count| **count > 0) {
                    *count -= 1;
                    adopted += 1;
                    finding.severity = Severity::Note;
                    finding.message.push_str(" (adopted by the baseline)");
                }
            }
        };
        for declaration in &mut report.declarations {
            adopt(&mut declaration.findings);
            declaration.verdict = verdict_of(&declaration.findings);
        }
        adopt(&mut report.findings);
        report.findings.extend(adopted_note(adopted));
        report.findings.extend(gone(&left));
        report.findings.extend(fewer(&self.sources, &mut report.coverage));
    }
}

impl What {
    fn of(finding: &Finding) -> Self {
        let place = &finding.place;
        let matcher = finding.found.as_deref().unwrap_or_default();
        Self {
            code: finding.code,
            object: place.object.clone().or(place.file.clone()).unwrap_or_default(),
            // Without the marks of the spots, which better analysis may move.
            matcher: matcher.chars().filter(|one| !"⟦⟧".contains(*one)).collect(),
        }
    }
}

/// What could not be found out is never known. That nothing verifies a source was found out, and that
/// a template is left to somebody who renders it; only whether it may stay so was not, and that is
/// what a baseline says.
fn is_adoptable(finding: &Finding) -> bool {
    match finding.severity {
        Severity::Unknown => matches!(finding.code, Code::SourceOpen | Code::NotJudged),
        Severity::Warning | Severity::Error => {
            !matches!(finding.code, Code::SourcesFewer | Code::OverlayNotRendered)
        }
        Severity::Note => false,
    }
}

fn adopted_note(count: usize) -> Option<Finding> {
    let message = match count {
        0 => return None,
        1 => "1 finding is adopted by the baseline".to_owned(),
        many => format!("{many} findings are adopted by the baseline"),
    };
    Some(Finding::new(Code::FindingsAdopted, message))
}

fn gone(left: &BTreeMap<What, usize>) -> Option<Finding> {
    let gone: Vec<String> = left
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(what, _)| format!("{} {}", what.code, what.object))
        .collect();
    let shown = gone.iter().take(GONE_MAX).cloned().collect::<Vec<_>>().join(", ");
    let message = match gone.len() {
        0 => return None,
        many if many > GONE_MAX => format!("gone: {shown}, and {} more", many - GONE_MAX),
        _ => format!("gone: {shown}"),
    };
    Some(Finding::new(Code::BaselineStale, message))
}

/// Sources that were there and are not found any more.
fn fewer(before: &BTreeMap<String, usize>, coverage: &mut Vec<CoverageReport>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (scope, before) in before {
        if !coverage.iter().any(|one| one.scope == *scope) {
            let scope = scope.clone();
            let none = CoverageReport { scope, found: 0, guarded: 0, excepted: 0, before: None };
            coverage.push(none);
        }
        for one in coverage.iter_mut().filter(|one| one.scope == *scope) {
            one.before = Some(*before);
            if one.found < *before {
                let message = format!("{scope}: {} sources, and {before} before", one.found);
                let place = Place::object(scope.clone());
                findings.push(Finding::new(Code::SourcesFewer, message).with_place(place));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use sealwright_policy::Verdict;

    use super::*;

    fn finding(object: &str, matcher: &str, line: u32) -> Finding {
        let place = Place { object: Some(object.to_owned()), ..Place::file("a.yaml") };
        let finding = Finding::new(Code::PatternOpenRef, "it lets in strangers");
        Finding { found: Some(matcher.to_owned()), ..finding.with_place(place.at(line, 1)) }
    }

    fn report(findings: Vec<Finding>, found: usize) -> Report {
        let scope = "OCIRepository".to_owned();
        let coverage = vec![CoverageReport { scope, found, guarded: 0, excepted: 0, before: None }];
        let report = Report::new("x", jiff::Timestamp::UNIX_EPOCH);
        Report { findings, coverage, ..report }
    }

    #[test]
    fn what_is_known_fails_no_more_and_all_else_does() {
        let before = || Baseline::of(&report(vec![finding("a", "x⟦.*⟧", 3)], 2));
        let unknown = || Finding::new(Code::TreeUnreadable, "forbidden");
        let open = || Finding {
            severity: Severity::Unknown,
            ..Finding::new(Code::SourceOpen, "nothing verifies it")
        };
        for (now, found, errors, why) in [
            (vec![finding("a", "x⟦.*⟧", 3)], 2, vec![], "as it was"),
            (vec![finding("a", "⟦x.*⟧", 99)], 2, vec![], "moved, and blamed on another spot"),
            (vec![finding("b", "x.*", 3)], 2, vec![Code::PatternOpenRef], "another object"),
            (vec![finding("a", "y.*", 3)], 2, vec![Code::PatternOpenRef], "another matcher"),
            (
                vec![finding("a", "x.*", 3), finding("a", "x.*", 9)],
                2,
                vec![Code::PatternOpenRef],
                "one more of the same",
            ),
            (vec![], 1, vec![Code::SourcesFewer], "one source less"),
            (vec![], 3, vec![], "one source more"),
            (vec![unknown()], 2, vec![Code::TreeUnreadable], "not knowing is never adopted"),
            (vec![open()], 2, vec![Code::SourceOpen], "a source that was not open before"),
        ] {
            let mut report = report(now, found);
            before().adopt(&mut report);
            let loud = report.findings.iter().filter(|one| one.severity > Severity::Warning);
            let loud: Vec<Code> = loud.map(|one| one.code).collect();
            assert_eq!(loud, errors, "{why}");
        }
    }

    #[test]
    fn a_source_that_is_open_is_adopted_whether_or_not_a_configuration_was_there() {
        let open = |severity| Finding { severity, ..finding("a", "", 1) };
        let open = |severity| Finding { code: Code::SourceOpen, ..open(severity) };
        for (then, now) in [
            (Severity::Unknown, Severity::Unknown),
            (Severity::Warning, Severity::Unknown),
            (Severity::Unknown, Severity::Warning),
        ] {
            let mut report = report(vec![open(now)], 1);
            Baseline::of(&self::report(vec![open(then)], 1)).adopt(&mut report);
            assert_eq!(verdict_of(&report.findings), Verdict::Verified, "{then:?} {now:?}");
        }
    }

    #[test]
    fn not_knowing_is_not_written_down() {
        let unknown = Finding::new(Code::TreeUnreadable, "forbidden");
        assert_eq!(Baseline::of(&report(vec![unknown], 1)).findings, []);
    }

    #[test]
    fn what_is_adopted_and_what_is_gone_is_counted() {
        let all = vec![finding("a", "x", 1), finding("b", "x", 1)];
        let before = Baseline::of(&report(all, 1));
        let mut now = report(vec![finding("a", "x", 1)], 1);
        before.adopt(&mut now);
        let told: Vec<&str> = now.findings.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(told[1..], ["1 finding is adopted by the baseline", "gone: SW9004 b"]);
    }
}
