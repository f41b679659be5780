//! Reads a pattern from left to right.

use super::error::{ErrorCode, ParseError};
use super::limits::REPEAT_MAX;
use super::stack::{CloseError, Stack};
use super::tree::{Bounds, NodeId, Op, Tree};

/// A number in braces of which Go says that it is too big; it reads no further digits then.
const NUMBER_TOO_BIG: i32 = 100_000_000;

/// A pattern and the place in it that is read next.
#[derive(Debug)]
pub(super) struct Parser<'p> {
    pub(super) pattern: &'p str,
    /// In bytes, always between two characters.
    pub(super) at: usize,
    pub(super) stack: Stack,
    /// Where the repetition operator that was just read began.
    last_repeat: Option<usize>,
}

/// What stands in braces after an operand.
struct Braces {
    /// `None`: a number is too big to be read.
    bounds: Option<Bounds>,
    /// What follows.
    end: usize,
}

impl<'p> Parser<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        Self { pattern, at: 0, stack: Stack::default(), last_repeat: None }
    }

    pub(super) fn parse(mut self) -> Result<(Tree, NodeId), ParseError> {
        while let Some(c) = self.peek() {
            let start = self.at;
            let repeats = self.piece(c)?;
            self.last_repeat = repeats.then_some(start);
        }
        let pattern = self.pattern;
        let finished = self.stack.finish().map_err(|code| code.at(pattern))?;
        finished.ok_or_else(|| ErrorCode::MissingParen.at(pattern))
    }

    /// One operand or operator. Says whether it was a repetition.
    fn piece(&mut self, c: char) -> Result<bool, ParseError> {
        match c {
            '(' if self.rest().starts_with("(?") => self.perl_group()?,
            '(' => self.mark(|stack| stack.open_group(true))?,
            '|' => self.mark(Stack::vertical_bar)?,
            ')' => self.close_group()?,
            '^' if self.stack.flags.multi_line => self.operator(Op::BeginLine, 1)?,
            '^' => self.operator(Op::BeginText, 1)?,
            '$' if self.stack.flags.multi_line => self.operator(Op::EndLine, 1)?,
            '$' => self.operator(Op::EndText { dollar: true }, 1)?,
            '.' if self.stack.flags.dot_newline => self.operator(Op::Any, 1)?,
            '.' => self.operator(Op::AnyButNewline, 1)?,
            '[' => self.bracket_class()?,
            '*' => return self.repeat(Op::Star, self.at + 1),
            '+' => return self.repeat(Op::Plus, self.at + 1),
            '?' => return self.repeat(Op::Quest, self.at + 1),
            '{' => return self.braces(),
            '\\' => self.escape()?,
            _ => self.literal(c)?,
        }
        Ok(false)
    }

    fn mark(
        &mut self,
        push: impl FnOnce(&mut Stack) -> Result<(), ErrorCode>,
    ) -> Result<(), ParseError> {
        self.at += 1;
        push(&mut self.stack).map_err(|code| code.at(self.pattern))
    }

    /// An operator that is this many bytes long.
    pub(super) fn operator(&mut self, op: Op, bytes: usize) -> Result<(), ParseError> {
        self.at += bytes;
        self.stack.push_op(op).map_err(|code| code.at(self.pattern))
    }

    fn literal(&mut self, c: char) -> Result<(), ParseError> {
        self.at += c.len_utf8();
        self.push_literal(u32::from(c))
    }

    pub(super) fn push_literal(&mut self, rune: u32) -> Result<(), ParseError> {
        self.stack.push_literal(rune).map_err(|code| code.at(self.pattern))
    }

    fn close_group(&mut self) -> Result<(), ParseError> {
        self.at += 1;
        self.stack.close_group().map_err(|error| match error {
            CloseError::Unopened => ErrorCode::UnexpectedParen.at(self.pattern),
            CloseError::Limit(code) => code.at(self.pattern),
        })
    }

    fn braces(&mut self) -> Result<bool, ParseError> {
        let start = self.at;
        let Some(braces) = self.read_braces() else {
            // What is no repetition is text.
            self.literal('{')?;
            return Ok(false);
        };
        match braces.bounds.filter(|bounds| bounds_are_valid(*bounds)) {
            Some(bounds) => self.repeat(Op::Repeat(bounds), braces.end),
            None => Err(ErrorCode::InvalidRepeatSize.at(&self.pattern[start..braces.end])),
        }
    }

    fn read_braces(&self) -> Option<Braces> {
        let bytes = self.pattern.as_bytes();
        let (min, mut at) = self.number(self.at + 1)?;
        let mut max = Some(min);
        if bytes.get(at) == Some(&b',') {
            at += 1;
            max = None;
            if bytes.get(at) != Some(&b'}') {
                let (number, end) = self.number(at)?;
                (max, at) = (Some(number), end);
            }
        }
        if bytes.get(at) != Some(&b'}') {
            return None;
        }
        let bounds = match (min, max) {
            (Some(min), None) => Some(Bounds { min, max: None }),
            (Some(min), Some(Some(max))) => Some(Bounds { min, max: Some(max) }),
            _ => None,
        };
        Some(Braces { bounds, end: at + 1 })
    }

    /// A decimal number without leading zeros, and where it ends. `Some(None)` is too big.
    fn number(&self, at: usize) -> Option<(Option<i32>, usize)> {
        let digits = self.pattern.as_bytes()[at..].iter().take_while(|byte| byte.is_ascii_digit());
        let digits = digits.count();
        let text = &self.pattern[at..at + digits];
        if digits == 0 || digits >= 2 && text.starts_with('0') {
            return None;
        }
        let value = text.parse::<i32>().ok().filter(|value| *value / 10 < NUMBER_TOO_BIG);
        Some((value, at + digits))
    }

    /// Repeats the topmost operand. `after` is what follows the operator.
    fn repeat(&mut self, op: Op, mut after: usize) -> Result<bool, ParseError> {
        let start = self.at;
        let mut flags = self.stack.flags;
        if self.pattern[after..].starts_with('?') {
            after += 1;
            flags.non_greedy = !flags.non_greedy;
        }
        if let Some(last) = self.last_repeat {
            return Err(ErrorCode::InvalidRepeatOp.at(&self.pattern[last..after]));
        }
        let written = &self.pattern[start..after];
        let Some(operand) = self.stack.operand() else {
            return Err(ErrorCode::MissingRepeatArgument.at(written));
        };
        let counts = matches!(op, Op::Repeat(bounds) if bounds.min >= 2 || bounds.max >= Some(2));
        let repeated = self.stack.tree.make(op, flags, vec![operand]);
        self.stack.replace_operand(repeated).map_err(|code| code.at(self.pattern))?;
        if counts && !self.stack.tree.repetition_is_valid(repeated) {
            return Err(ErrorCode::InvalidRepeatSize.at(written));
        }
        self.at = after;
        Ok(true)
    }

    /// What begins with `(?`: flags, a group that captures nothing, or a named one.
    fn perl_group(&mut self) -> Result<(), ParseError> {
        let rest = self.rest();
        for (opening, letters) in [("(?P<", 4), ("(?<", 3)] {
            if rest.starts_with(opening) && rest.len() > letters {
                return self.named_group(letters);
            }
        }
        self.flags_group()
    }

    fn named_group(&mut self, opening: usize) -> Result<(), ParseError> {
        let rest = self.rest();
        let Some(end) = rest.find('>') else {
            return Err(ErrorCode::InvalidNamedCapture.at(rest));
        };
        let name = &rest[opening..end];
        if name.is_empty() || !name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()) {
            return Err(ErrorCode::InvalidNamedCapture.at(&rest[..=end]));
        }
        self.at += end;
        self.mark(|stack| stack.open_group(true))
    }

    fn flags_group(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        self.at += 2;
        let mut flags = self.stack.flags;
        let (mut on, mut seen) = (true, false);
        while let Some(c) = self.next() {
            match c {
                'i' => flags.fold_case = on,
                'm' => flags.multi_line = on,
                's' => flags.dot_newline = on,
                'U' => flags.non_greedy = on,
                '-' if on => {
                    (on, seen) = (false, false);
                    continue;
                }
                ':' | ')' if on || seen => {
                    if c == ':' {
                        let opened = self.stack.open_group(false);
                        opened.map_err(|code| code.at(self.pattern))?;
                    }
                    self.stack.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            seen = true;
        }
        Err(ErrorCode::InvalidPerlOp.at(&self.pattern[start..self.at]))
    }

    pub(super) fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }
}

fn bounds_are_valid(bounds: Bounds) -> bool {
    bounds.min <= REPEAT_MAX && bounds.max.is_none_or(|max| bounds.min <= max && max <= REPEAT_MAX)
}
