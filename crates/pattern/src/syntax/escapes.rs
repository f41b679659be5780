//! What a backslash begins.

use super::error::{ErrorCode, ParseError};
use super::parse::Parser;
use super::runes::{RUNE_MAX, RuneSet};
use super::tree::Op;

impl Parser<'_> {
    /// A backslash outside of brackets.
    pub(super) fn escape(&mut self) -> Result<(), ParseError> {
        let rest = self.rest();
        match rest.as_bytes().get(1) {
            Some(b'A') => return self.operator(Op::BeginText, 2),
            Some(b'b') => return self.operator(Op::WordBoundary, 2),
            Some(b'B') => return self.operator(Op::NoWordBoundary, 2),
            Some(b'C') => return Err(ErrorCode::InvalidEscape.at(&rest[..2])),
            Some(b'Q') => return self.quoted(),
            Some(b'z') => return self.operator(Op::EndText { dollar: false }, 2),
            _ => {}
        }
        // Go makes the node for a class before it knows whether it needs one.
        let flags = self.stack.flags;
        let class = self.stack.tree.make(Op::Class(RuneSet::default()), flags, Vec::new());
        let set = match self.unicode_class()? {
            Some(set) => Some(set),
            None => self.perl_class(),
        };
        self.stack.tree.give_back(class);
        match set {
            Some(set) => self.operator(Op::Class(set), 0),
            None => {
                let rune = self.escaped_rune()?;
                self.push_literal(rune)
            }
        }
    }

    /// `\Q…\E`, or to the end of the pattern.
    fn quoted(&mut self) -> Result<(), ParseError> {
        self.at += 2;
        let (text, end) = match self.rest().find(r"\E") {
            Some(length) => (&self.rest()[..length], length + 2),
            None => (self.rest(), self.rest().len()),
        };
        text.chars().try_for_each(|c| self.push_literal(u32::from(c)))?;
        self.at += end;
        Ok(())
    }

    /// A backslash that stands for one code point.
    pub(super) fn escaped_rune(&mut self) -> Result<u32, ParseError> {
        let start = self.at;
        self.at += 1;
        let Some(c) = self.next() else {
            return Err(ErrorCode::TrailingBackslash.at(""));
        };
        let rune = match c {
            '0' => Some(self.octal(0)),
            '1'..='7' if matches!(self.peek(), Some('0'..='7')) => {
                Some(self.octal(u32::from(c) - u32::from('0')))
            }
            'x' => self.hexadecimal(),
            'a' => Some(0x07),
            'f' => Some(0x0C),
            'n' => Some(0x0A),
            'r' => Some(0x0D),
            't' => Some(0x09),
            'v' => Some(0x0B),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
            _ => None,
        };
        rune.ok_or_else(|| ErrorCode::InvalidEscape.at(&self.pattern[start..self.at]))
    }

    /// Up to two more octal digits.
    fn octal(&mut self, mut rune: u32) -> u32 {
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
            rune = rune * 8 + digit;
            self.at += 1;
        }
        rune
    }

    /// After `\x`: two digits, or any number of them in braces. What was read when it turns out
    /// wrong belongs to Go's message.
    fn hexadecimal(&mut self) -> Option<u32> {
        let first = self.next()?;
        if first != '{' {
            // Go reads the second character even when the first is no digit.
            let second = self.next();
            return Some(first.to_digit(16)? * 16 + second?.to_digit(16)?);
        }
        let mut rune = 0;
        let mut digits = 0;
        loop {
            let c = self.next()?;
            if c == '}' {
                return (digits > 0).then_some(rune);
            }
            rune = rune * 16 + c.to_digit(16)?;
            if rune > RUNE_MAX {
                return None;
            }
            digits += 1;
        }
    }
}
