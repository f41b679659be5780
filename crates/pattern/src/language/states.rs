//! The states of one set's automaton, made as they are visited.
//!
//! A state is what is left to be read: the places in the expression where reading may go on. Identities
//! are walked through several automata at once, character by character, so most of what each could
//! do is never asked: a state costs next to nothing until it is entered, and a way that leads nowhere
//! costs a comparison.

use std::hash::BuildHasher as _;
use std::sync::Mutex;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::Hir;

use super::closure::{Closure, Finder, Side, Sides};
use crate::AUTOMATON_BYTES_MAX;

/// Bytes of states that one question may make for one set.
const STATES_BYTES_MAX: usize = 8 << 20;

/// Bytes of states that are kept from one question to the next: the shapes of identities and the
/// allowed ones are asked about again and again. More would be taken from the next question's.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// An automaton, with the states that earlier questions made.
#[derive(Debug)]
pub(super) struct Automaton {
    nfa: NFA,
    /// What looks around in it can see.
    sides: Sides,
    /// Groups of bytes that it does not tell apart.
    classes: usize,
    made: Mutex<Option<Made>>,
}

/// The automaton of an expression; `None` when it is too large.
pub(super) fn automaton(expression: &Hir) -> Option<Automaton> {
    let thompson = thompson::Config::new()
        .utf8(false)
        .which_captures(WhichCaptures::None)
        .nfa_size_limit(Some(AUTOMATON_BYTES_MAX));
    let nfa = thompson::Compiler::new().configure(thompson).build_from_hir(expression).ok()?;
    let sides = Sides::of(nfa.look_set_any())?;
    let classes = nfa.byte_classes().alphabet_len();
    Some(Automaton { nfa, sides, classes, made: Mutex::new(None) })
}

/// Where reading an identity has led.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct State(u32);

impl State {
    /// It is out, whatever follows.
    pub(super) const OUT: State = State(0);
    /// It is in, whatever follows.
    pub(super) const IN: State = State(1);
    /// Nobody has gone there yet.
    const UNKNOWN: State = State(2);
    /// From here on, what follows decides.
    const UNDECIDED: u32 = 3;

    fn of(number: u32) -> State {
        State(number + State::UNDECIDED)
    }

    fn number(self) -> Option<usize> {
        self.0.checked_sub(State::UNDECIDED).map(|number| number as usize)
    }
}

/// Too many states.
#[derive(Debug)]
pub(super) struct Exhausted;

/// The states there are so far.
#[derive(Debug, Default)]
struct Made {
    states: Vec<Left>,
    /// Where each leads, by the group of the byte.
    next: Vec<State>,
    known: HashTable<u32>,
    hash: DefaultHashBuilder,
    bytes: usize,
}

/// What is left to be read in a state.
#[derive(Debug)]
struct Left {
    places: Closure,
    before: Side,
}

/// An automaton being asked.
#[derive(Debug)]
pub(super) struct States<'a> {
    automaton: &'a Automaton,
    made: Made,
    finder: Finder,
}

impl<'a> States<'a> {
    pub(super) fn new(automaton: &'a Automaton) -> Self {
        let made = automaton.made.lock().ok().and_then(|mut made| made.take());
        Self { automaton, made: made.unwrap_or_default(), finder: Finder::default() }
    }

    pub(super) fn start(&mut self) -> Result<State, Exhausted> {
        let nfa = &self.automaton.nfa;
        self.finder.find(nfa, [nfa.start_unanchored()], Side::Edge, None);
        self.entered(Side::Edge)
    }

    pub(super) fn after(&mut self, state: State, byte: u8) -> Result<State, Exhausted> {
        let Some(number) = state.number() else { return Ok(state) };
        let at = number * self.automaton.classes + usize::from(self.class(byte));
        match self.made.next[at] {
            State::UNKNOWN => {
                let next = self.read(number, byte)?;
                self.made.next[at] = next;
                Ok(next)
            }
            known => Ok(known),
        }
    }

    /// Reads a byte for the first time in this state.
    fn read(&mut self, number: usize, byte: u8) -> Result<State, Exhausted> {
        let Automaton { nfa, sides, .. } = self.automaton;
        let left = &self.made.states[number];
        let here = sides.of_byte(byte);
        let waiting;
        let places = if left.places.looks_ahead {
            self.finder.find(nfa, left.places.places.iter().copied(), left.before, Some(here));
            waiting = self.finder.found.clone();
            &waiting
        } else {
            &left.places
        };
        if places.matches {
            return Ok(State::IN);
        }
        let targets = places.places.iter().filter_map(|place| target(nfa.state(*place), byte));
        self.finder.find(nfa, targets, here, None);
        self.entered(here)
    }

    /// The state in which what was found is left to be read.
    fn entered(&mut self, before: Side) -> Result<State, Exhausted> {
        let found = &self.finder.found;
        if found.matches {
            return Ok(State::IN);
        }
        if found.places.is_empty() {
            return Ok(State::OUT);
        }
        // What stood before matters only to what looks around.
        let before = if found.looks_ahead { before } else { Side::Other };
        self.made.state(found, before, self.automaton.classes)
    }

    /// Leaves the states that were made for the next question.
    pub(super) fn keep(self) {
        if self.made.bytes <= KEPT_BYTES_MAX
            && let Ok(mut made) = self.automaton.made.lock()
        {
            *made = Some(self.made);
        }
    }

    /// Whether an identity that ends here is in.
    pub(super) fn ends_in(&mut self, state: State) -> bool {
        let Some(number) = state.number() else { return state == State::IN };
        let Left { places, before } = &self.made.states[number];
        if !places.looks_ahead {
            return false;
        }
        let waiting = places.places.iter().copied();
        self.finder.find(&self.automaton.nfa, waiting, *before, Some(Side::Edge));
        self.finder.found.matches
    }

    /// The group of a byte: the automaton does the same for all in it.
    pub(super) fn class(&self, byte: u8) -> u8 {
        self.automaton.nfa.byte_classes().get(byte)
    }
}

impl Made {
    fn state(
        &mut self,
        places: &Closure,
        before: Side,
        classes: usize,
    ) -> Result<State, Exhausted> {
        let Self { states, next, known, hash, bytes } = self;
        let same = |number: &u32| {
            let left: &Left = &states[*number as usize];
            left.before == before && left.places == *places
        };
        let hashed = |number: &u32| hash.hash_one(&states[*number as usize].places.places);
        let entry = match known.entry(hash.hash_one(&places.places), same, hashed) {
            Entry::Occupied(entry) => return Ok(State::of(*entry.get())),
            Entry::Vacant(entry) => entry,
        };
        *bytes += size_of::<Left>()
            + places.places.len() * size_of::<StateID>()
            + classes * size_of::<State>();
        if *bytes > STATES_BYTES_MAX {
            return Err(Exhausted);
        }
        let number = u32::try_from(states.len()).map_err(|_| Exhausted)?;
        entry.insert(number);
        states.push(Left { places: places.clone(), before });
        next.resize(next.len() + classes, State::UNKNOWN);
        Ok(State::of(number))
    }
}

/// Where a byte leads from a place.
fn target(place: &thompson::State, byte: u8) -> Option<StateID> {
    match place {
        thompson::State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        thompson::State::Sparse(sparse) => sparse.matches_byte(byte),
        thompson::State::Dense(dense) => dense.matches_byte(byte),
        _ => None,
    }
}

pub(super) fn holds(automaton: &Automaton, identity: &str) -> Option<bool> {
    let mut states = States::new(automaton);
    let start = states.start().ok()?;
    let end = identity.bytes().try_fold(start, |state, byte| states.after(state, byte)).ok()?;
    let holds = states.ends_in(end);
    states.keep();
    Some(holds)
}
