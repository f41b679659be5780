//! The worst holes of a repository: three that are different, the widest first.

use std::cmp::Reverse;

use sealwright_policy::{Code, Finding, Place, Report, Severity};

/// Holes that are told first.
const HOLES_MAX: usize = 3;

/// Folders of what runs nowhere, or is somebody else's.
const ASIDE: &[&str] = &[
    "example",
    "examples",
    "fixtures",
    "sample",
    "samples",
    "test",
    "testdata",
    "tests",
    "third_party",
    "vendor",
];

/// A kind of hole.
pub(crate) struct Hole<'a> {
    /// The first of its kind.
    pub(crate) finding: &'a Finding,
    /// How many more there are.
    pub(crate) others: usize,
}

/// The worst holes: each of another kind, and at another place.
pub(crate) fn holes(report: &Report) -> Vec<Hole<'_>> {
    let of_declarations = report.declarations.iter().flat_map(|one| &one.findings);
    let mut all: Vec<&Finding> = of_declarations
        .chain(&report.findings)
        .filter(|finding| finding.severity >= Severity::Warning)
        .collect();
    all.sort_by_key(|one| {
        (is_blind(one), is_aside(&one.place), Reverse(one.severity), weight(one))
    });
    let mut holes: Vec<Hole<'_>> = Vec::new();
    for finding in all {
        // What else is wrong with the same matcher is no other hole.
        let stands_there = |known: &&mut Hole<'_>| {
            known.finding.code == finding.code
                || finding.place.line.is_some() && spot(known.finding) == spot(finding)
        };
        match holes.iter_mut().find(stands_there) {
            Some(known) => known.others += usize::from(known.finding.code == finding.code),
            None => holes.push(Hole { finding, others: 0 }),
        }
    }
    holes.truncate(HOLES_MAX);
    holes
}

fn spot(finding: &Finding) -> (&Option<String>, Option<u32>, Option<u32>) {
    let place = &finding.place;
    (&place.file, place.line, place.column)
}

/// Whether something stands among examples, tests, or what is somebody else's: told last.
pub(crate) fn is_aside(place: &Place) -> bool {
    let folders = place.file.as_deref().and_then(|file| file.rsplit_once('/'));
    folders.is_some_and(|(folders, _)| folders.split('/').any(|one| ASIDE.contains(&one)))
}

/// Whether something is not seen, which comes behind what is.
fn is_blind(finding: &Finding) -> bool {
    matches!(finding.code, Code::NotJudged | Code::OverlayNotRendered)
}

/// How wide a hole is: the lower, the wider.
fn weight(finding: &Finding) -> u8 {
    match finding.code {
        Code::PatternMatchesEverything | Code::IdentityAnybody | Code::PatternOpenOwner => 0,
        Code::CommandWithoutIdentity => 0,
        Code::PatternIssuerOpen | Code::ChartAnybody | Code::IdentityEmpty => 1,
        Code::VerificationOff | Code::VerifyUnread | Code::PatchTargetsNothing => 2,
        Code::EnforcementWarns | Code::VerifyRemoved | Code::VerifiedPartly => 2,
        Code::OrganisationUnverified | Code::SourcesFewer => 3,
        Code::PatternOpenWorkflow | Code::PatternOpenRef | Code::CommandOwnerAlone => 4,
        // By these, where they only warn, nobody comes in.
        Code::PatternNotAnchored | Code::PatternUnescapedDot
            if finding.severity == Severity::Warning =>
        {
            9
        }
        Code::PatternNotAnchored | Code::CheckWeakened => 4,
        Code::PatternUnescapedDot | Code::PatternTooWide | Code::PatternCaseFolding => 5,
        Code::SourceOpen => 7,
        Code::NotJudged | Code::OverlayNotRendered => 8,
        // What stops delivery is noticed without us.
        _ => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(findings: &[(Code, Severity, &str, u32)]) -> Vec<(Code, usize)> {
        let finding = |(code, severity, file, line): &(Code, Severity, &str, u32)| {
            let finding = Finding::new(*code, "x").with_place(Place::file(*file).at(*line, 1));
            Finding { severity: *severity, ..finding }
        };
        let report = Report {
            findings: findings.iter().map(finding).collect(),
            ..Report::new("x", "2026-11-25T13:00:00Z".parse().expect("a time"))
        };
        holes(&report).iter().map(|hole| (hole.finding.code, hole.others)).collect()
    }

    #[test]
    fn three_different_holes_are_told_and_the_widest_first() {
        use Code::*;
        use Severity::*;
        for (findings, expected, why) in [
            (
                vec![(PatternOpenRef, Error, "a", 1), (IdentityAnybody, Error, "b", 1)],
                vec![(IdentityAnybody, 0), (PatternOpenRef, 0)],
                "anybody is wider than any ref",
            ),
            (
                vec![(PatternOpenRef, Error, "a", 1), (PatternOpenRef, Error, "b", 1)],
                vec![(PatternOpenRef, 1)],
                "two of one kind are one",
            ),
            (
                vec![
                    (PatternNotAnchored, Error, "a", 1),
                    (PatternUnescapedDot, Error, "a", 1),
                    (PatternUnescapedDot, Error, "b", 2),
                ],
                vec![(PatternNotAnchored, 0), (PatternUnescapedDot, 0)],
                "one matcher is one, and the next has its own",
            ),
            (
                vec![(PatternNotAnchored, Warning, "a", 1), (EnforcementWarns, Warning, "b", 1)],
                vec![(EnforcementWarns, 0), (PatternNotAnchored, 0)],
                "what is let in outweighs what nobody can use",
            ),
            (
                vec![
                    (IdentityAnybody, Error, "test/fixtures/a", 1),
                    (SourceOpen, Unknown, "deploy/b", 1),
                ],
                vec![(SourceOpen, 0), (IdentityAnybody, 0)],
                "what runs comes before what is only tried",
            ),
            (
                vec![(NotJudged, Unknown, "deploy/a", 1), (IdentityAnybody, Error, "test/b", 1)],
                vec![(IdentityAnybody, 0), (NotJudged, 0)],
                "what is seen comes before what is not",
            ),
            (vec![(NotJudged, Note, "a", 1)], vec![], "a note is none"),
        ] {
            assert_eq!(told(&findings), expected, "{why}");
        }
    }
}
