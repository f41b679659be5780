//! The characters that identities are made of, those that read best first.

/// Letters, digits, and what else a URI may hold unencoded, with `%` for all the rest.
const CHARACTERS: &[u8] =
    b"abcdefghijklmnopqrstuvwxyz0123456789-./@_:ABCDEFGHIJKLMNOPQRSTUVWXYZ~+%=&?#!$'()*,;[]";

/// One character for each group that none of the automata tells apart. `class` names the group of a
/// byte in all of them.
pub(super) fn representatives(class: impl Fn(u8) -> Vec<u8>) -> Vec<u8> {
    let mut seen = std::collections::HashSet::new();
    CHARACTERS.iter().copied().filter(|byte| seen.insert(class(*byte))).collect()
}
