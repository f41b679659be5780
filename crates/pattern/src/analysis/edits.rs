//! What somebody who meant well would change in a pattern. Each change takes strangers away, if it
//! changes anything: so it shows what lets them in, and where.

use std::ops::Range;

use super::WeaknessKind;
use super::source::{Kind, Piece, alternatives, pieces};

/// Matches nothing.
const NOBODY: &str = r"[^\x00-\x{10FFFF}]";

/// A change, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) kind: WeaknessKind,
    /// What is changed.
    pub(super) spot: Range<usize>,
    /// What stands there instead.
    pub(super) instead: &'static str,
}

/// Every change that closes a gap.
pub(super) fn closing(pattern: &str) -> Vec<Edit> {
    let mut edits = vec![
        Edit { kind: WeaknessKind::NotAnchored, spot: 0..0, instead: "^(?:" },
        Edit { kind: WeaknessKind::NotAnchored, spot: pattern.len()..pattern.len(), instead: ")$" },
    ];
    for piece in pieces(pattern) {
        let written = &pattern[piece.span.clone()];
        match piece.kind {
            Kind::Dot if !piece.is_repeated() => edits.push(Edit {
                kind: WeaknessKind::UnescapedDot,
                spot: piece.span,
                instead: r"\.",
            }),
            Kind::Flags | Kind::Open if written.starts_with("(?") && !written.contains('<') => {
                let on = written.split('-').next().unwrap_or_default();
                let spot = match on.find('i') {
                    // Without its only flag nothing is left of it.
                    Some(_) if written == "(?i)" => piece.span,
                    Some(at) => piece.span.start + at..piece.span.start + at + 1,
                    None => continue,
                };
                edits.push(Edit { kind: WeaknessKind::CaseFolding, spot, instead: "" });
            }
            _ => {}
        }
    }
    edits
}

impl Edit {
    /// For a dot: any letter in its place, which reads best where a dot was meant.
    pub(super) fn with_letter(&self) -> Option<Edit> {
        (self.kind == WeaknessKind::UnescapedDot).then(|| Edit { instead: "[a-z]", ..self.clone() })
    }

    /// The pattern with this change alone.
    pub(super) fn applied(&self, pattern: &str) -> String {
        match self.instead {
            // Each anchor needs the other half of its group.
            "^(?:" => format!("^(?:{pattern})"),
            ")$" => format!("(?:{pattern})$"),
            instead => replaced(pattern, &self.spot, instead),
        }
    }
}

/// The pattern with several changes.
pub(super) fn with_all(pattern: &str, edits: &[Edit]) -> String {
    let mut changed = pattern.to_owned();
    let mut inner: Vec<&Edit> =
        edits.iter().filter(|edit| edit.kind != WeaknessKind::NotAnchored).collect();
    inner.sort_by_key(|edit| std::cmp::Reverse(edit.spot.start));
    for edit in inner {
        changed.replace_range(edit.spot.clone(), edit.instead);
    }
    let anchors = |instead: &str| edits.iter().any(|edit| edit.instead == instead);
    let (start, end) = (anchors("^(?:"), anchors(")$"));
    let alternatives = pieces(&changed);
    let grouped = top_level_bar(&alternatives) && (start || end);
    let (open, close) = if grouped { ("(?:", ")") } else { ("", "") };
    let (start, end) = (if start { "^" } else { "" }, if end { "$" } else { "" });
    format!("{start}{open}{changed}{close}{end}")
}

fn top_level_bar(pieces: &[Piece]) -> bool {
    let mut depth = 0_usize;
    pieces.iter().any(|piece| {
        match piece.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        piece.kind == Kind::Bar && depth == 0
    })
}

/// The pattern without each of its alternatives.
pub(super) fn without_alternatives(pattern: &str) -> Vec<(Range<usize>, String)> {
    let spots = alternatives(&pieces(pattern), pattern.len());
    spots.into_iter().map(|spot| (spot.clone(), replaced(pattern, &spot, NOBODY))).collect()
}

/// Open pieces, and alternatives, each with the pattern without it.
pub(super) fn without_open_pieces(pattern: &str) -> Vec<(Range<usize>, String)> {
    let pieces = pieces(pattern);
    let open = pieces.iter().filter(|piece| {
        matches!(piece.kind, Kind::Dot | Kind::Class)
            || piece.kind == Kind::Literal && piece.is_repeated()
    });
    let open = open.map(|piece| match piece.kind {
        // A single dot that stands for a dot is not to blame.
        Kind::Dot if !piece.is_repeated() => (piece.whole(), r"\."),
        _ => (piece.whole(), NOBODY),
    });
    let alternatives = alternatives(&pieces, pattern.len()).into_iter().map(|spot| (spot, NOBODY));
    open.chain(alternatives)
        .map(|(spot, instead)| (spot.clone(), replaced(pattern, &spot, instead)))
        .collect()
}

fn replaced(pattern: &str, spot: &Range<usize>, instead: &str) -> String {
    format!("{}{instead}{}", &pattern[..spot.start], &pattern[spot.end..])
}
