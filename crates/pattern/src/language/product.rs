//! Walks several automata side by side, breadth first: the first identity that is in all it should
//! be in, and out of all others, is among the shortest.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::alphabet::representatives;
use super::states::{Exhausted, State, States};
use super::{Language, Witness};

/// Steps from one combination of states to another that a question may take: about 20 ms. Patterns
/// over identities take a few thousand.
const STEPS_MAX: usize = 100_000;

/// Where all automata are.
type Place = Vec<State>;

struct Walk<'a> {
    automata: Vec<States<'a>>,
    /// So many of them, from the first, must hold the identity; the others must not.
    within: usize,
    alphabet: Vec<u8>,
    /// Every place that was reached, in order, with how: from which, by which character.
    reached: Vec<(Place, usize, u8)>,
    known: HashMap<Place, usize>,
}

pub(super) fn search(within: &[&Language], outside: &[&Language]) -> Witness {
    let languages = within.iter().chain(outside);
    let automata: Option<Vec<States<'_>>> =
        languages.map(|language| language.automaton.as_deref().map(States::new)).collect();
    let Some(automata) = automata else { return Witness::Undecided };
    let alphabet =
        representatives(|byte| automata.iter().map(|states| states.class(byte)).collect());
    let mut walk = Walk {
        automata,
        within: within.len(),
        alphabet,
        reached: Vec::new(),
        known: HashMap::new(),
    };
    let answer = walk.run();
    walk.automata.into_iter().for_each(States::keep);
    match answer {
        Ok(Some(identity)) => Witness::Found(identity),
        Ok(None) => Witness::Nobody,
        Err(Exhausted) => Witness::Undecided,
    }
}

impl Walk<'_> {
    fn run(&mut self) -> Result<Option<String>, Exhausted> {
        let start = self.automata.iter_mut().map(States::start).collect::<Result<Place, _>>()?;
        self.reach(start, 0, 0);
        let mut next = 0;
        let mut steps = 0;
        while next < self.reached.len() {
            if self.is_answer(next)? {
                return Ok(Some(self.identity(next)));
            }
            for index in 0..self.alphabet.len() {
                self.step(next, self.alphabet[index])?;
                steps += 1;
            }
            if steps > STEPS_MAX {
                return Err(Exhausted);
            }
            next += 1;
        }
        Ok(None)
    }

    fn step(&mut self, from: usize, byte: u8) -> Result<(), Exhausted> {
        let mut place = Place::with_capacity(self.automata.len());
        for (index, states) in self.automata.iter_mut().enumerate() {
            let state = states.after(self.reached[from].0[index], byte)?;
            let hopeless = if index < self.within { State::Out } else { State::In };
            if state == hopeless {
                return Ok(());
            }
            place.push(state);
        }
        self.reach(place, from, byte);
        Ok(())
    }

    fn reach(&mut self, place: Place, from: usize, byte: u8) {
        if let Entry::Vacant(entry) = self.known.entry(place) {
            let place = entry.key().clone();
            entry.insert(self.reached.len());
            self.reached.push((place, from, byte));
        }
    }

    fn is_answer(&mut self, index: usize) -> Result<bool, Exhausted> {
        for (number, states) in self.automata.iter_mut().enumerate() {
            let wanted = number < self.within;
            if states.ends_in(self.reached[index].0[number])? != wanted {
                return Ok(false);
            }
        }
        // The empty text is nobody's identity.
        Ok(index != 0)
    }

    fn identity(&self, mut index: usize) -> String {
        let mut bytes = Vec::new();
        while index != 0 {
            let (_, from, byte) = &self.reached[index];
            bytes.push(*byte);
            index = *from;
        }
        bytes.reverse();
        bytes.into_iter().map(char::from).collect()
    }
}
