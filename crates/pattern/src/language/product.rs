//! Walks several automata side by side, breadth first: the first identity that is in all it should
//! be in, and out of all others, is among the shortest.

use std::hash::BuildHasher as _;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::alphabet::representatives;
use super::states::{Exhausted, State, States};
use super::{Language, Witness};

/// Steps from one combination of states to another that a question may take: about 20 ms. Patterns
/// over identities take a few thousand.
const STEPS_MAX: usize = 100_000;

struct Walk<'a> {
    automata: Vec<States<'a>>,
    /// So many of them, from the first, must hold the identity; the others must not.
    within: usize,
    /// In which order they are asked where a step leads.
    asked: Vec<usize>,
    alphabet: Vec<u8>,
    /// Where all automata are, for every place that was reached, in order: so many states for each.
    places: Vec<State>,
    /// How each was reached: from which, by which character.
    reached: Vec<(usize, u8)>,
    /// Each of them by its states.
    known: HashTable<usize>,
    hash: DefaultHashBuilder,
}

pub(super) fn search(within: &[&Language], outside: &[&Language]) -> Witness {
    let languages = within.iter().chain(outside);
    let automata: Option<Vec<States<'_>>> =
        languages.map(|language| language.automaton.as_deref().map(States::new)).collect();
    let Some(automata) = automata else { return Witness::Undecided };
    let alphabet = representatives(&automata);
    // The shapes of identities stand last among those within: they rule out most, and their states
    // are there already.
    let asked = (0..within.len()).rev().chain(within.len()..automata.len()).collect();
    let mut walk = Walk {
        automata,
        within: within.len(),
        asked,
        alphabet,
        places: Vec::new(),
        reached: Vec::new(),
        known: HashTable::new(),
        hash: DefaultHashBuilder::default(),
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
        let start = self.automata.iter_mut().map(States::start).collect::<Result<Vec<_>, _>>()?;
        // The empty text is nobody's identity: coming back to where it leads is something new.
        self.places.extend_from_slice(&start);
        self.reached.push((0, 0));
        let mut place = start;
        let mut next = 0;
        let mut steps = 0;
        while next < self.reached.len() {
            if self.is_answer(next) {
                return Ok(Some(self.identity(next)));
            }
            for index in 0..self.alphabet.len() {
                let byte = self.alphabet[index];
                if self.step(next, byte, &mut place)? {
                    self.reach(&place, next, byte);
                }
            }
            steps += self.alphabet.len();
            if steps > STEPS_MAX {
                return Err(Exhausted);
            }
            next += 1;
        }
        Ok(None)
    }

    /// Where a character leads; false when no answer lies that way.
    fn step(&mut self, from: usize, byte: u8, to: &mut [State]) -> Result<bool, Exhausted> {
        let start = from * self.automata.len();
        for &index in &self.asked {
            let state = self.automata[index].after(self.places[start + index], byte)?;
            let hopeless = if index < self.within { State::OUT } else { State::IN };
            if state == hopeless {
                return Ok(false);
            }
            to[index] = state;
        }
        Ok(true)
    }

    fn reach(&mut self, place: &[State], from: usize, byte: u8) {
        let width = self.automata.len();
        let (places, hash) = (&self.places, &self.hash);
        let states = |index: usize| &places[index * width..(index + 1) * width];
        let same = |index: &usize| states(*index) == place;
        let entry =
            self.known.entry(hash.hash_one(place), same, |index| hash.hash_one(states(*index)));
        if let Entry::Vacant(entry) = entry {
            entry.insert(self.reached.len());
            self.places.extend_from_slice(place);
            self.reached.push((from, byte));
        }
    }

    fn is_answer(&mut self, index: usize) -> bool {
        let start = index * self.automata.len();
        for (number, states) in self.automata.iter_mut().enumerate() {
            let wanted = number < self.within;
            if states.ends_in(self.places[start + number]) != wanted {
                return false;
            }
        }
        index != 0
    }

    fn identity(&self, mut index: usize) -> String {
        let mut bytes = Vec::new();
        while index != 0 {
            let (from, byte) = self.reached[index];
            bytes.push(byte);
            index = from;
        }
        bytes.reverse();
        bytes.into_iter().map(char::from).collect()
    }
}
