//! The characters that identities are made of, those that read best first.

use super::states::States;

/// Letters, digits, and what else a URI may hold unencoded, with `%` for all the rest.
const CHARACTERS: &[u8] =
    b"abcdefghijklmnopqrstuvwxyz0123456789-./@_:ABCDEFGHIJKLMNOPQRSTUVWXYZ~+%=&?#!$'()*,;[]";

/// One character for each group that none of the automata tells apart, the one that reads best.
pub(super) fn representatives(automata: &[States<'_>]) -> Vec<u8> {
    // Groups are split by one automaton after the other; each is named by its first character.
    let mut groups: Vec<u8> = vec![0; CHARACTERS.len()];
    for states in automata {
        let mut seen: Vec<(u8, u8)> = Vec::with_capacity(CHARACTERS.len());
        for (group, byte) in groups.iter_mut().zip(CHARACTERS) {
            let key = (*group, states.class(*byte));
            let known = seen.iter().position(|other| *other == key);
            *group = known.unwrap_or_else(|| {
                seen.push(key);
                seen.len() - 1
            }) as u8;
        }
    }
    let mut next = 0;
    let firsts = groups.iter().zip(CHARACTERS).filter(|(group, _)| {
        let first = usize::from(**group) == next;
        next += usize::from(first);
        first
    });
    firsts.map(|(_, byte)| *byte).collect()
}
