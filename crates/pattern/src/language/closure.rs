//! Places in an expression that are reached without reading anything, as far as what stands before
//! and behind lets one look.

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::look::{Look, LookSet};
use regex_automata::util::primitives::StateID;

/// What stands on one side of a place in an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    /// Nothing: its beginning or its end.
    Edge,
    NewLine,
    Word,
    Other,
}

/// Which sides an expression tells apart: those that it does not are [`Side::Other`], so that states
/// do not differ by them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides {
    words: bool,
    lines: bool,
}

impl Sides {
    /// Of an expression that looks around like this; `None` when no pattern of Go's does.
    pub(super) fn of(looks: LookSet) -> Option<Self> {
        let words = [Look::WordAscii, Look::WordAsciiNegate];
        let lines = [Look::StartLF, Look::EndLF];
        let known = [Look::Start, Look::End];
        let all = || words.iter().chain(&lines).chain(&known);
        let any = |of: &[Look]| of.iter().any(|look| looks.contains(*look));
        let understood = looks.iter().all(|look| all().any(|known| *known == look));
        understood.then(|| Self { words: any(&words), lines: any(&lines) })
    }

    pub(super) fn of_byte(self, byte: u8) -> Side {
        match byte {
            b'\n' if self.lines => Side::NewLine,
            b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' if self.words => Side::Word,
            _ => Side::Other,
        }
    }
}

/// Places, each once and in order, where reading goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Closure {
    pub(super) places: Vec<StateID>,
    /// Whether one of them waits for what stands behind.
    pub(super) looks_ahead: bool,
    /// Whether everything was read.
    pub(super) matches: bool,
}

/// Finds closures, one after another in the same memory.
#[derive(Debug, Default)]
pub(super) struct Finder {
    pub(super) found: Closure,
    to_visit: Vec<StateID>,
    visited: Visited,
}

impl Finder {
    /// What is reached from some places. Where `behind` is not known yet, what looks there waits.
    pub(super) fn find(
        &mut self,
        nfa: &NFA,
        from: impl IntoIterator<Item = StateID>,
        before: Side,
        behind: Option<Side>,
    ) {
        let Self { found, to_visit, visited } = self;
        let Closure { places, looks_ahead, matches } = found;
        (*looks_ahead, *matches) = (false, false);
        places.clear();
        visited.forget();
        to_visit.extend(from);
        while let Some(id) = to_visit.pop() {
            match nfa.state(id) {
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => places.push(id),
                State::Match { .. } => *matches = true,
                State::Fail => {}
                State::Capture { next, .. } => to_visit.push(*next),
                _ if !visited.first_time(id) => {}
                State::Union { alternates } => to_visit.extend(alternates),
                State::BinaryUnion { alt1, alt2 } => to_visit.extend([*alt1, *alt2]),
                State::Look { look, next } => match holds(*look, before, behind) {
                    Some(true) => to_visit.push(*next),
                    Some(false) => {}
                    None => {
                        *looks_ahead = true;
                        places.push(id);
                    }
                },
            }
        }
        // Several ways may have led to the same place.
        places.sort_unstable();
        places.dedup();
    }
}

/// Whether looking around sees what is asked for; `None` as long as nobody knows what stands behind.
fn holds(look: Look, before: Side, behind: Option<Side>) -> Option<bool> {
    let word = |side| side == Side::Word;
    match look {
        Look::Start => Some(before == Side::Edge),
        Look::StartLF => Some(matches!(before, Side::Edge | Side::NewLine)),
        Look::End => behind.map(|behind| behind == Side::Edge),
        Look::EndLF => behind.map(|behind| matches!(behind, Side::Edge | Side::NewLine)),
        Look::WordAscii => behind.map(|behind| word(before) != word(behind)),
        Look::WordAsciiNegate => behind.map(|behind| word(before) == word(behind)),
        // `Sides::of` lets no others in.
        _ => Some(false),
    }
}

/// Which forks were taken already: few as a rule, and thousands in a pattern that was made to take
/// time.
#[derive(Debug, Default)]
struct Visited {
    few: Vec<StateID>,
    many: hashbrown::HashSet<StateID>,
}

/// So many are looked through one by one.
const FEW: usize = 16;

impl Visited {
    fn forget(&mut self) {
        self.few.clear();
        self.many.clear();
    }

    fn first_time(&mut self, id: StateID) -> bool {
        if self.few.contains(&id) {
            return false;
        }
        if self.few.len() < FEW {
            self.few.push(id);
            return true;
        }
        self.many.insert(id)
    }
}
