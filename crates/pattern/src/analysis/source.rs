//! The pieces that a pattern is written in, with their places: what a person would point at.
//!
//! Only for patterns that Go accepts; the meaning is the parser's business.

use std::ops::Range;

/// A piece of a pattern, with what repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) kind: Kind,
    /// In bytes, without the repetition.
    pub(super) span: Range<usize>,
    /// Where its repetition ends; the piece's own end when it has none.
    pub(super) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Literal,
    Dot,
    Class,
    Anchor,
    /// `(?i)`, which changes what follows.
    Flags,
    Open,
    Close,
    Bar,
}

impl Piece {
    pub(super) fn is_repeated(&self) -> bool {
        self.end > self.span.end
    }

    pub(super) fn whole(&self) -> Range<usize> {
        self.span.start..self.end
    }
}

pub(super) fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    while at < pattern.len() {
        let rest = &pattern[at..];
        if let Some(length) = repetition(rest)
            && let Some(last) = pieces.last_mut()
        {
            at += length;
            last.end = at;
            continue;
        }
        let (kind, length) = piece(rest);
        let end = at + length;
        pieces.push(Piece { kind, span: at..end, end });
        at = end;
    }
    pieces
}

/// Alternatives, each as a range: those of every group, and of the whole.
pub(super) fn alternatives(pieces: &[Piece], length: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // For every open group, where its alternatives begin.
    let mut open: Vec<Vec<usize>> = vec![vec![0]];
    let mut close = |starts: Vec<usize>, end: usize| {
        let ends = starts.iter().skip(1).map(|start| start - 1).chain([end]);
        if starts.len() > 1 {
            found.extend(starts.iter().copied().zip(ends).map(|(start, end)| start..end));
        }
    };
    for piece in pieces {
        match piece.kind {
            Kind::Open => open.push(vec![piece.span.end]),
            Kind::Bar => open.last_mut().into_iter().for_each(|starts| starts.push(piece.span.end)),
            Kind::Close => {
                open.pop().into_iter().for_each(|starts| close(starts, piece.span.start))
            }
            _ => {}
        }
    }
    open.pop().into_iter().for_each(|starts| close(starts, length));
    found
}

/// Length of a repetition operator.
fn repetition(rest: &str) -> Option<usize> {
    let length = match rest.as_bytes().first()? {
        b'*' | b'+' | b'?' => 1,
        b'{' => {
            let inside = &rest[1..rest.find('}')?];
            let (min, max) = inside.split_once(',').unwrap_or((inside, ""));
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            if min.is_empty() || !digits(min) || !digits(max) {
                return None;
            }
            inside.len() + 2
        }
        _ => return None,
    };
    Some(length + usize::from(rest[length..].starts_with('?')))
}

fn piece(rest: &str) -> (Kind, usize) {
    match rest.as_bytes()[0] {
        b'\\' => escape(rest),
        b'[' => (Kind::Class, class_length(rest)),
        b'(' if rest.starts_with("(?") => {
            let end = rest.find([':', ')', '>']).unwrap_or(rest.len() - 1);
            let kind = if rest[end..].starts_with(')') { Kind::Flags } else { Kind::Open };
            (kind, end + 1)
        }
        b'(' => (Kind::Open, 1),
        b')' => (Kind::Close, 1),
        b'|' => (Kind::Bar, 1),
        b'^' | b'$' => (Kind::Anchor, 1),
        b'.' => (Kind::Dot, 1),
        _ => (Kind::Literal, rest.chars().next().map_or(1, char::len_utf8)),
    }
}

fn escape(rest: &str) -> (Kind, usize) {
    let braced = |from: usize| match rest[from..].starts_with('{') {
        true => rest.find('}').map_or(rest.len(), |end| end + 1),
        false => from + rest[from..].chars().next().map_or(0, char::len_utf8),
    };
    match rest.as_bytes().get(1) {
        Some(b'Q') => (Kind::Literal, rest.find(r"\E").map_or(rest.len(), |end| end + 2)),
        Some(b'p' | b'P') => (Kind::Class, braced(2)),
        Some(b'd' | b'D' | b's' | b'S' | b'w' | b'W') => (Kind::Class, 2),
        Some(b'A' | b'z' | b'b' | b'B') => (Kind::Anchor, 2),
        Some(b'x') if rest[2..].starts_with('{') => (Kind::Literal, braced(2)),
        Some(b'x') => (Kind::Literal, 4.min(rest.len())),
        Some(b'0'..=b'7') => {
            let digits = rest[1..].bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b));
            (Kind::Literal, 1 + digits.count())
        }
        _ => (Kind::Literal, braced(1)),
    }
}

fn class_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1 + usize::from(bytes.get(1) == Some(&b'^'));
    let first = at;
    while at < bytes.len() {
        match bytes[at] {
            b']' if at > first => return at + 1,
            b'\\' => at += 2,
            b'[' if bytes.get(at + 1) == Some(&b':') => {
                at += rest[at + 2..].find(":]").map_or(1, |end| end + 4);
            }
            _ => at += 1,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_where_it_stands() {
        let pattern = r"^(?i)a\.b.[^]x[:word:]\]]+?(?:\Qx|y\E|\p{L}{2}){2,}\x{41}\101$";
        let shown: Vec<_> =
            pieces(pattern).iter().map(|piece| (piece.kind, &pattern[piece.whole()])).collect();
        assert_eq!(
            shown,
            [
                (Kind::Anchor, "^"),
                (Kind::Flags, "(?i)"),
                (Kind::Literal, "a"),
                (Kind::Literal, r"\."),
                (Kind::Literal, "b"),
                (Kind::Dot, "."),
                (Kind::Class, r"[^]x[:word:]\]]+?"),
                (Kind::Open, "(?:"),
                (Kind::Literal, r"\Qx|y\E"),
                (Kind::Bar, "|"),
                (Kind::Class, r"\p{L}{2}"),
                (Kind::Close, "){2,}"),
                (Kind::Literal, r"\x{41}"),
                (Kind::Literal, r"\101"),
                (Kind::Anchor, "$"),
            ]
        );
    }

    #[test]
    fn alternatives_are_found_at_every_depth() {
        let pattern = "a|(b|cd)(e)|";
        let found: Vec<_> = alternatives(&pieces(pattern), pattern.len())
            .into_iter()
            .map(|r| &pattern[r])
            .collect();
        assert_eq!(found, ["b", "cd", "a", "(b|cd)(e)", ""]);
    }
}
