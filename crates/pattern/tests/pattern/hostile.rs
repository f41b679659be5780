//! Patterns made to break the reader.

use sealwright_pattern::{GoRegex, PATTERN_BYTES_MAX, ParseError};

fn refusal(pattern: &str) -> String {
    GoRegex::parse(pattern).map(|_| ()).expect_err("must be refused").to_string()
}

#[test]
fn a_megabyte_is_not_read() {
    for pattern in ["a".repeat(1 << 20), "(".repeat(1 << 20), "[^".repeat(1 << 19)] {
        assert_eq!(GoRegex::parse(&pattern).unwrap_err(), ParseError::TooLong { bytes: 1 << 20 });
    }
    assert!(GoRegex::parse(&"a".repeat(PATTERN_BYTES_MAX)).is_ok(), "the limit itself");
}

#[test]
fn depth_is_limited_as_in_go() {
    let nested = |depth: usize| format!("{}{}", "(".repeat(depth), ")".repeat(depth));
    assert!(GoRegex::parse(&nested(999)).is_ok(), "a thousand levels with what is in them");
    assert!(refusal(&nested(1_000)).contains("expression nests too deeply: `(((("));
    let starred = format!("{}a{}", "(?:".repeat(1_000), "b)*".repeat(1_000));
    assert!(refusal(&starred).contains("expression nests too deeply"));
    assert!(refusal(&"(".repeat(60_000)).contains("missing closing )"), "open to the end");
    let deep = format!("{}a{}", "(?:".repeat(499), "b)*".repeat(499));
    assert!(GoRegex::parse(&deep).unwrap().is_match("ab"), "deep, and still within Go's limit");
}

#[test]
fn size_is_limited() {
    assert!(refusal("((a{1000}){1000})").contains("invalid repeat count: `{1000}`"));
    assert!(refusal(r"(?:(?:\pL{1,10}){10}){10}(?:(?:\pL{1,10}){10}){10}").contains("automaton"));
    let large = format!("(?:{}){{1000}}", "a".repeat(4_000));
    assert!(refusal(&large).contains("error parsing regexp: expression too large"));
}

#[test]
fn alternatives_without_end_are_joined_without_overflow() {
    let names: Vec<String> = (0..3_000).map(|number| format!("repository-{number}")).collect();
    let regex = GoRegex::parse(&format!("^(?:{})$", names.join("|"))).unwrap();
    assert!(regex.is_match("repository-2999") && !regex.is_match("repository-3000"));
    let growing: Vec<String> = (1..300).map(|length| "a".repeat(length)).collect();
    assert!(GoRegex::parse(&growing.join("|")).is_ok(), "each begins with the one before");
}
