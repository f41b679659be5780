//! The states of one set's automaton, made as they are visited.

use std::sync::Mutex;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::Hir;

use crate::AUTOMATON_BYTES_MAX;

/// Bytes of states that one question may make for one set.
const STATES_BYTES_MAX: usize = 8 << 20;

/// Bytes of states that are kept from one question to the next: the shapes of identities and the
/// allowed ones are asked about again and again. More would be taken from the next question's.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// An automaton, with the states that earlier questions made.
#[derive(Debug)]
pub(super) struct Automaton {
    dfa: DFA,
    made: Mutex<Option<Cache>>,
}

/// The automaton of an expression; `None` when it is too large.
pub(super) fn automaton(expression: &Hir) -> Option<Automaton> {
    let thompson = thompson::Config::new()
        .utf8(false)
        .which_captures(WhichCaptures::None)
        .nfa_size_limit(Some(AUTOMATON_BYTES_MAX));
    let nfa = thompson::Compiler::new().configure(thompson).build_from_hir(expression).ok()?;
    let config = DFA::config()
        .match_kind(MatchKind::All)
        .cache_capacity(STATES_BYTES_MAX)
        .skip_cache_capacity_check(true)
        // States must stay valid as long as the question is open: rather give up than start anew.
        .minimum_cache_clear_count(Some(0));
    let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
    Some(Automaton { dfa, made: Mutex::new(None) })
}

/// Where reading an identity has led.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum State {
    /// It is in, whatever follows.
    In,
    /// It is out, whatever follows.
    Out,
    /// It depends.
    At(LazyStateID),
}

/// Too many states.
#[derive(Debug)]
pub(super) struct Exhausted;

/// An automaton being asked.
#[derive(Debug)]
pub(super) struct States<'a> {
    automaton: &'a Automaton,
    dfa: &'a DFA,
    cache: Cache,
}

impl<'a> States<'a> {
    pub(super) fn new(automaton: &'a Automaton) -> Self {
        let made = automaton.made.lock().ok().and_then(|mut made| made.take());
        let dfa = &automaton.dfa;
        Self { automaton, dfa, cache: made.unwrap_or_else(|| dfa.create_cache()) }
    }

    pub(super) fn start(&mut self) -> Result<State, Exhausted> {
        let config = start::Config::new().anchored(Anchored::No);
        let id = self.dfa.start_state(&mut self.cache, &config).map_err(|_| Exhausted)?;
        Ok(state(id))
    }

    pub(super) fn after(&mut self, state_before: State, byte: u8) -> Result<State, Exhausted> {
        match state_before {
            State::At(id) => {
                let next = self.dfa.next_state(&mut self.cache, id, byte);
                next.map(state).map_err(|_| Exhausted)
            }
            decided => Ok(decided),
        }
    }

    /// Leaves the states that were made for the next question.
    pub(super) fn keep(self) {
        if self.cache.memory_usage() <= KEPT_BYTES_MAX
            && let Ok(mut made) = self.automaton.made.lock()
        {
            *made = Some(self.cache);
        }
    }

    /// Whether an identity that ends here is in.
    pub(super) fn ends_in(&mut self, state: State) -> Result<bool, Exhausted> {
        match state {
            State::In => Ok(true),
            State::Out => Ok(false),
            State::At(id) => {
                let end = self.dfa.next_eoi_state(&mut self.cache, id);
                end.map(|id| id.is_match()).map_err(|_| Exhausted)
            }
        }
    }

    /// The group of a byte: the automaton does the same for all in it.
    pub(super) fn class(&self, byte: u8) -> u8 {
        self.dfa.byte_classes().get(byte)
    }
}

/// A match anywhere is a match: nothing behind it can take it back.
fn state(id: LazyStateID) -> State {
    if id.is_match() {
        State::In
    } else if id.is_dead() {
        State::Out
    } else {
        State::At(id)
    }
}

pub(super) fn holds(automaton: &Automaton, identity: &str) -> Option<bool> {
    let mut states = States::new(automaton);
    let start = states.start().ok()?;
    let end = identity.bytes().try_fold(start, |state, byte| states.after(state, byte)).ok()?;
    let holds = states.ends_in(end).ok();
    states.keep();
    holds
}
