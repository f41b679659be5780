//! Character classes: `[…]`, `\pN`, `\d` and its like, `[:alpha:]`.

use super::error::{ErrorCode, ParseError};
use super::parse::Parser;
use super::runes::RuneSet;
use super::tree::Op;
use super::unicode::{folded, named, named_in_both_cases};

type Ranges = &'static [(u32, u32)];

const DIGIT: Ranges = &[(0x30, 0x39)];
const WORD: Ranges = &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
/// Without the vertical tab, which is in `[:space:]`.
const PERL_SPACE: Ranges = &[(0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)];

const POSIX: &[(&str, Ranges)] = &[
    ("alnum", &[(0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)]),
    ("alpha", &[(0x41, 0x5A), (0x61, 0x7A)]),
    ("ascii", &[(0x00, 0x7F)]),
    ("blank", &[(0x09, 0x09), (0x20, 0x20)]),
    ("cntrl", &[(0x00, 0x1F), (0x7F, 0x7F)]),
    ("digit", DIGIT),
    ("graph", &[(0x21, 0x7E)]),
    ("lower", &[(0x61, 0x7A)]),
    ("print", &[(0x20, 0x7E)]),
    ("punct", &[(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)]),
    ("space", &[(0x09, 0x0D), (0x20, 0x20)]),
    ("upper", &[(0x41, 0x5A)]),
    ("word", WORD),
    ("xdigit", &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)]),
];

impl Parser<'_> {
    /// `[…]`
    pub(super) fn bracket_class(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        let flags = self.stack.flags;
        let class = self.stack.tree.make(Op::Class(RuneSet::default()), flags, Vec::new());
        self.at += 1;
        let negated = self.rest().starts_with('^');
        self.at += usize::from(negated);
        let (mut ranges, mut set) = (Vec::new(), RuneSet::default());
        let first = self.at;
        while !self.rest().starts_with(']') || self.at == first {
            match self.set_in_class()? {
                Some(other) => set.union(&other),
                None => ranges.push(self.range_in_class(start)?),
            }
        }
        self.at += 1;
        set.union(&self.in_both_cases(RuneSet::of(&ranges)));
        if negated {
            set = set.negated();
        }
        self.stack.tree.give_back(class);
        self.operator(Op::Class(set), 0)
    }

    /// A whole set between brackets.
    fn set_in_class(&mut self) -> Result<Option<RuneSet>, ParseError> {
        if let Some(set) = self.posix_class()? {
            return Ok(Some(set));
        }
        match self.unicode_class()? {
            Some(set) => Ok(Some(set)),
            None => Ok(self.perl_class()),
        }
    }

    /// One code point, or two with a `-` between them.
    fn range_in_class(&mut self, class: usize) -> Result<(u32, u32), ParseError> {
        let start = self.at;
        let first = self.rune_in_class(class)?;
        let rest = self.rest().as_bytes();
        // A `-` before the closing bracket is one itself.
        if rest.len() < 2 || rest[0] != b'-' || rest[1] == b']' {
            return Ok((first, first));
        }
        self.at += 1;
        let last = self.rune_in_class(class)?;
        if last < first {
            return Err(ErrorCode::InvalidCharRange.at(&self.pattern[start..self.at]));
        }
        Ok((first, last))
    }

    fn rune_in_class(&mut self, class: usize) -> Result<u32, ParseError> {
        match self.peek() {
            None => Err(ErrorCode::MissingBracket.at(&self.pattern[class..])),
            Some('\\') => self.escaped_rune(),
            Some(c) => {
                self.at += c.len_utf8();
                Ok(u32::from(c))
            }
        }
    }

    /// `[:name:]` or `[:^name:]`; what is not closed is ordinary text.
    fn posix_class(&mut self) -> Result<Option<RuneSet>, ParseError> {
        let rest = self.rest();
        if rest.len() <= 2 || !rest.starts_with("[:") {
            return Ok(None);
        }
        let Some(end) = rest[2..].find(":]") else { return Ok(None) };
        let inside = &rest[2..2 + end];
        let name = inside.strip_prefix('^').unwrap_or(inside);
        let Some((_, ranges)) = POSIX.iter().find(|(known, _)| *known == name) else {
            return Err(ErrorCode::InvalidCharRange.at(&rest[..end + 4]));
        };
        self.at += end + 4;
        Ok(Some(self.group(ranges, name != inside)))
    }

    /// `\d`, `\s`, `\w` and their opposites.
    pub(super) fn perl_class(&mut self) -> Option<RuneSet> {
        let letter = *self.rest().as_bytes().get(1).filter(|_| self.rest().starts_with('\\'))?;
        let ranges = match letter.to_ascii_lowercase() {
            b'd' => DIGIT,
            b's' => PERL_SPACE,
            b'w' => WORD,
            _ => return None,
        };
        self.at += 2;
        Some(self.group(ranges, letter.is_ascii_uppercase()))
    }

    fn group(&self, ranges: Ranges, negated: bool) -> RuneSet {
        let set = self.in_both_cases(RuneSet::of(ranges));
        if negated { set.negated() } else { set }
    }

    /// `\pL`, `\p{Greek}`, `\P{Greek}`, `\p{^Greek}`.
    pub(super) fn unicode_class(&mut self) -> Result<Option<RuneSet>, ParseError> {
        let rest = self.rest();
        if !rest.starts_with(r"\p") && !rest.starts_with(r"\P") {
            return Ok(None);
        }
        let (written, name) = match rest[2..].chars().next() {
            Some('{') => match rest.find('}') {
                Some(end) => (&rest[..=end], &rest[3..end]),
                None => return Err(ErrorCode::InvalidCharRange.at(rest)),
            },
            letter => {
                let end = 2 + letter.map_or(0, char::len_utf8);
                (&rest[..end], &rest[2..end])
            }
        };
        let bare = name.strip_prefix('^').unwrap_or(name);
        let fold = self.stack.flags.fold_case;
        let Some(set) = (if fold { named_in_both_cases(bare) } else { named(bare) }) else {
            return Err(ErrorCode::InvalidCharRange.at(written));
        };
        self.at += written.len();
        let negated = rest.starts_with(r"\P") != (bare != name);
        Ok(Some(if negated { set.negated() } else { set }))
    }

    fn in_both_cases(&self, set: RuneSet) -> RuneSet {
        if self.stack.flags.fold_case { folded(&set) } else { set }
    }
}
