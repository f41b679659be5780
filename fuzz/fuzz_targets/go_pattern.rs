//! Any text as a pattern, and what follows it as an identity.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sealwright_pattern::{About, Containment, GoRegex, Language, analyse};

/// Beyond this the analysis only grows slower.
const ANALYSED_BYTES_MAX: usize = 200;

fuzz_target!(|input: (&str, &str)| {
    let (pattern, identity) = input;
    let Ok(regex) = GoRegex::parse(pattern) else { return };
    let matches = regex.is_match(identity);
    if pattern.len() > ANALYSED_BYTES_MAX {
        return;
    }
    let language = Language::search(&regex);
    if let Some(holds) = language.holds(identity) {
        assert_eq!(holds, matches, "the set is what the pattern matches");
    }
    assert!(!matches!(language.contained_in(&language), Containment::Outside(_)));
    for weakness in analyse(&regex, About::Subject, None) {
        if let Some(witness) = weakness.witness {
            assert!(regex.is_match(&witness), "{witness} is let in");
        }
    }
});
