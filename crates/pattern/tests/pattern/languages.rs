//! Who is in one set of identities and not in another.

use sealwright_pattern::{Containment, Equivalence, GoRegex, Language, Witness};

const CD: &str = "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main";
const TIGHT: &str =
    r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$";

fn search(pattern: &str) -> Language {
    Language::search(&GoRegex::parse(pattern).expect(pattern))
}

#[test]
fn strangers_are_found_and_read_well() {
    for (pattern, stranger, why) in [
        (TIGHT, None, "anchored and escaped: nobody"),
        (
            r"\Ahttps://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main\z",
            None,
            "the same, otherwise",
        ),
        (
            r"^https://github.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$",
            Some("https://githubacom/acme/platform/.github/workflows/cd.yaml@refs/heads/main"),
            "an unescaped dot",
        ),
        (r"^https://github\.com/acme/.*$", Some("https://github.com/acme/"), "an open end"),
        (
            r"(?i)^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$",
            Some("https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/maiN"),
            "case",
        ),
        (
            r"https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$",
            Some("ahttps://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main"),
            "no beginning",
        ),
        (r"^$", None, "the empty identity is nobody"),
        (r"[^\x00-\x{10FFFF}]", None, "nothing at all"),
        ("", Some("a"), "everything"),
    ] {
        let said = match search(pattern).contained_in(&Language::exact(CD)) {
            Containment::Contained => None,
            Containment::Outside(stranger) => Some(stranger),
            Containment::Undecided => panic!("{pattern}: undecided"),
        };
        assert_eq!(said.as_deref(), stranger, "{pattern}: {why}");
        if let Some(stranger) = said {
            assert!(
                GoRegex::parse(pattern).unwrap().is_match(&stranger),
                "{pattern}: a true witness"
            );
        }
    }
}

#[test]
fn globs_and_exact_names_are_sets_too() {
    let glob =
        Language::glob("https://github.com/acme/*/.github/workflows/cd.yaml@refs/heads/ma?n");
    assert_eq!(Language::exact(CD).contained_in(&glob), Containment::Contained);
    assert_eq!(
        glob.holds("https://github.com/acme/x/y/.github/workflows/cd.yaml@refs/heads/man"),
        Some(false),
        "`?` is one"
    );
    assert!(matches!(glob.contained_in(&search(TIGHT)), Containment::Outside(_)));
    assert_eq!(Language::glob("*").compared_with(&search("")), Equivalence::Same);
    assert_eq!(
        Language::exact("a.b").contained_in(&Language::exact("axb")),
        Containment::Outside("a.b".into())
    );
}

#[test]
fn sets_are_joined_and_compared() {
    let either =
        Language::union(&[Language::exact("one"), search("^two$"), Language::glob("three*")]);
    for (identity, inside) in
        [("one", true), ("two", true), ("threefold", true), ("twofold", false)]
    {
        assert_eq!(either.holds(identity), Some(inside), "{identity}");
    }
    assert_eq!(search("^(?:one|two)$").compared_with(&search("^(?:two|one)$")), Equivalence::Same);
    assert_eq!(search("^o").compared_with(&search("^o.")), Equivalence::Different("o".into()));
    assert_eq!(search("^on").overlap(&search("ne$")), Witness::Found("one".into()));
    assert_eq!(search("^on$").overlap(&search("^ne$")), Witness::Nobody);
    assert_eq!(
        Language::witness(&[&search("^[ab]$")], &[&search("a"), &search("b")]),
        Witness::Nobody
    );
}

#[test]
fn who_leads_back_to_the_beginning_is_not_overlooked() {
    for (pattern, stranger, why) in [
        ("-+", "a", "after an `a` nothing is different from before it"),
        (r"\bmain\b", "a", "the same where words count"),
        ("(?m)^-", "a", "the same where lines count"),
    ] {
        let outside = Language::witness(&[], &[&search(pattern)]);
        assert_eq!(outside, Witness::Found(stranger.into()), "{pattern}: {why}");
    }
}

#[test]
fn what_stands_around_is_seen() {
    for (pattern, identity, inside, why) in [
        (r"\bmain\b", "refs/heads/main", Some(true), "the end is no word"),
        (r"\bmain\b", "refs/heads/maintenance", Some(false), "the word goes on"),
        (r"\Bain", "main", Some(true), "within a word"),
        (r"\Bmain", "heads/main", Some(false), "a word begins"),
        (r"a$|^b", "ba", Some(true), "either end"),
        (r"a$|^b", "cab", Some(false), "neither end"),
        ("(?m)^b$", "a\nb\nc", Some(true), "a line of several"),
        ("(?m)^b$", "a b c", Some(false), "no line"),
        ("^b$", "a\nb\nc", Some(false), "the whole is meant"),
        ("$^", "", Some(true), "nothing begins and ends"),
        ("b$^", "b", Some(false), "nothing begins after something"),
    ] {
        assert_eq!(search(pattern).holds(identity), inside, "{pattern} on {identity:?}: {why}");
    }
}

#[test]
fn what_takes_too_much_is_undecided_and_never_contained() {
    for pattern in ["^[ab]*a[ab]{22}$", r"(?:a?){400}a{400}[ab]*b[ab]{20}"] {
        let said = search(pattern).contained_in(&search("^never$"));
        assert_ne!(said, Containment::Contained, "{pattern}");
    }
    let hard = search("^[ab]*a[ab]{22}$");
    assert_eq!(hard.contained_in(&search("^[ab]*a[ab]{22}$|^x$")), Containment::Undecided);
}

#[test]
fn long_expressions_are_walked_without_overflow() {
    let deep = format!("^{}a{}$", "(?:".repeat(400), "b)*".repeat(400));
    let deep = search(&deep);
    assert_eq!(deep.contained_in(&search("")), Containment::Contained);
    assert_eq!(Language::union(&[deep.clone(), deep]).holds("b"), Some(true));
}
