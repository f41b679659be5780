//! Who a pattern lets in that it should not, why, and where it is written.

mod edits;
mod shapes;
mod source;
mod subject;

use std::ops::Range;

use crate::{GoRegex, Language, Witness};

/// Alternatives of one pattern that are looked at one by one.
const ALTERNATIVES_MAX: usize = 100;

/// Who should be let in.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// All of them.
    pub language: Language,
    /// One of each kind, such as the shortest identity of each signer.
    pub examples: Vec<String>,
}

/// What a pattern is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The certificate's name.
    Subject,
    /// The certificate's name, where GitHub is not who vouches.
    OtherSubject,
    /// Who vouched for it.
    Issuer,
}

/// Something wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakness {
    /// What.
    pub kind: WeaknessKind,
    /// The places that bring it about, in bytes of the pattern. Empty ones at the ends are missing
    /// anchors.
    pub spots: Vec<Range<usize>>,
    /// A stranger who is let in; for [`WeaknessKind::KeepsOut`] the friend who is not.
    pub witness: Option<String>,
}

/// What can be wrong with a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WeaknessKind {
    /// It lets in everybody.
    MatchesEverything,
    /// It lets in nobody.
    NeverMatches,
    /// Any issuer, or another one, may vouch.
    OpenIssuer,
    /// Anything may stand before or behind.
    NotAnchored,
    /// A dot stands for any character.
    UnescapedDot,
    /// Any owner.
    OpenOwner,
    /// Any repository or workflow of the owner.
    OpenWorkflow,
    /// Any branch, tag, pull request or commit.
    OpenRef,
    /// Case does not count.
    CaseFolding,
    /// It lets in others in some other way.
    TooWide,
    /// It keeps out somebody who should be let in.
    KeepsOut,
    /// One alternative adds nobody.
    DeadAlternative,
    /// It takes too much to find out.
    Undecided,
}

/// Everything wrong with a pattern, worst first.
///
/// With `allowed` given, a stranger is whoever is not allowed. Without, a stranger is whom the
/// pattern would not let in if it were written with care: that shows slips, not intentions.
pub fn analyse(pattern: &GoRegex, about: About, allowed: Option<&Allowed>) -> Vec<Weakness> {
    let subject = subject::Subject::new(pattern, about, allowed);
    let mut found = subject.weaknesses();
    found.sort_by_key(|weakness| weakness.kind);
    found
}

/// The pattern as it would be with anchors, escaped dots and case counting; `None` when that is what
/// it is.
pub fn tightened(pattern: &GoRegex) -> Option<String> {
    let subject = subject::Subject::new(pattern, About::Subject, None);
    let (edits, _) = subject.slips();
    let tight = edits::with_all(pattern.as_str(), &edits);
    (!edits.is_empty() && GoRegex::parse(&tight).is_ok()).then_some(tight)
}

/// The pattern with its weak spots between `⟦` and `⟧`.
pub fn marked(pattern: &str, spots: &[Range<usize>]) -> String {
    let mut ends: Vec<(usize, char)> = spots
        .iter()
        .flat_map(|spot| [(spot.start, '⟦'), (spot.end, '⟧')])
        .filter(|(at, _)| pattern.is_char_boundary(*at))
        .collect();
    ends.sort_by_key(|(at, _)| *at);
    let mut shown = pattern.to_owned();
    for (at, mark) in ends.into_iter().rev() {
        shown.insert(at, mark);
    }
    shown
}

/// The answer that reads most like a real identity.
fn likely_witness(within: &[&Language], outside: &[&Language], about: About) -> Witness {
    for shape in shapes::likely(about) {
        let mut within = within.to_vec();
        within.push(shape);
        if let found @ Witness::Found(_) = Language::witness(&within, outside) {
            return found;
        }
    }
    Language::witness(within, outside)
}
