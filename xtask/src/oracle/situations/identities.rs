//! Identities: how many, and what their patterns say.

use crate::oracle::evidence::{Run, bundle, signature};
use crate::oracle::situation::{Situation, situation};

use super::{CD, ISSUER, keyless};

const NOBODY: &str = "^https://github\\.com/nobody/";

pub(super) fn situations() -> Vec<Situation> {
    [entries(), strangers(), patterns()].concat()
}

/// Issuer and subject.
type Entry = (&'static str, &'static str);

/// Name, entries, reason; each with a bundle and with an older signature.
const ENTRIES: &[(&str, &[Entry], &str)] = &[
    ("one", &[(ISSUER, CD)], "the one that signed"),
    ("one-wrong-subject", &[(ISSUER, NOBODY)], "another subject"),
    ("one-wrong-issuer", &[("^https://issuer\\.example$", CD)], "another issuer"),
    ("one-both-wrong", &[("^https://issuer\\.example$", NOBODY)], "another everything"),
    ("two", &[(ISSUER, CD), (ISSUER, NOBODY)], "the right one first"),
    ("two-turned", &[(ISSUER, NOBODY), (ISSUER, CD)], "the right one last"),
    ("two-wrong", &[(ISSUER, NOBODY), (ISSUER, "^nobody$")], "two wrong ones"),
    ("two-same", &[(ISSUER, CD), (ISSUER, CD)], "the right one twice"),
    ("empty-issuer", &[("", CD)], "any issuer"),
    ("empty-subject", &[(ISSUER, "")], "any subject"),
    ("empty-both", &[("", "")], "anything"),
    ("bad-issuer", &[("(", CD)], "an issuer that is no pattern"),
    ("bad-subject", &[(ISSUER, "(")], "a subject that is no pattern"),
    ("part", &[("127", "acme/platform")], "patterns are not anchored"),
    (
        "exact",
        &[(ISSUER, "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main")],
        "dots match anything",
    ),
];

fn entries() -> Vec<Situation> {
    ENTRIES
        .iter()
        .flat_map(|(name, entries, because)| {
            [
                situation(format!("bundle-entries-{name}"), format!("{because}, by a bundle"))
                    .with(bundle()),
                situation(format!("legacy-entries-{name}"), format!("{because}, by a signature"))
                    .with(signature()),
            ]
            .map(|situation| situation.verify(keyless(entries)))
        })
        .collect()
}

fn strangers() -> Vec<Situation> {
    let by = |name: &str, because: &str, run| {
        situation(format!("signed-by-{name}"), because)
            .with(bundle().run(run))
            .verify(keyless(&[(ISSUER, CD)]))
    };
    let reusable =
        r"^https://github\.com/acme/actions/\.github/workflows/publish\.yaml@[0-9a-f]{40}$";
    let either = r"^https://github\.com/acme/(platform/\.github/workflows/cd\.yaml@refs/heads/main|actions/\.github/workflows/publish\.yaml@[0-9a-f]{40})$";
    vec![
        by("other-repository", "another repository", Run::Evil),
        by("other-workflow", "another workflow of the repository", Run::OtherWorkflow),
        by("other-branch", "another branch of the repository", Run::OtherBranch),
        by("reusable", "a reusable workflow is an identity of its own", Run::Reusable),
        situation("reusable-expected", "the reusable workflow, pinned to a commit")
            .with(bundle().run(Run::Reusable))
            .verify(keyless(&[(ISSUER, reusable)])),
        situation("alternation-first", "one of two inside one pattern")
            .with(bundle())
            .verify(keyless(&[(ISSUER, either)])),
        situation("alternation-second", "the other of two inside one pattern")
            .with(bundle().run(Run::Reusable))
            .verify(keyless(&[(ISSUER, either)])),
        situation("alternation-neither", "none of two inside one pattern")
            .with(bundle().run(Run::Evil))
            .verify(keyless(&[(ISSUER, either)])),
        situation(
            "evil-suffix",
            "a name that only begins as expected, without an end in the pattern",
        )
        .with(bundle().run(Run::Evil))
        .verify(keyless(&[(ISSUER, "^https://github.com/")])),
    ]
}

/// Name, pattern over the subject, reason.
const PATTERNS: &[(&str, &str, &str)] = &[
    ("any-byte", r"\Cttps", "one byte, which only Go has"),
    ("quoted", r"\Qacme/platform/.github\E", "quoted text, which only Go has"),
    ("quoted-open", r"\Qacme/platform", "quoted text without an end"),
    ("fold", "(?i)ACME/PLATFORM", "letters of any case"),
    ("look-ahead", "(?=https)", "Go has no look-ahead"),
    ("back-reference", r"(a)\1", "Go has no back-references"),
    ("named", "(?P<owner>acme)/platform", "a named group"),
    ("named-bare", "(?<owner>acme)/platform", "a named group, in the shorter spelling"),
    ("named-twice", "(?P<a>acme)/(?P<a>platform)", "a name that is used twice"),
    ("repeat-limit", "^h{1}.{0,1000}$", "a thousand repeats"),
    ("repeat-beyond", "^.{0,1001}$", "a thousand and one repeats"),
    ("repeat-nested", "(a{1000}){1000}", "repeats of repeats"),
    ("repeat-literal", "{main", "a brace that opens nothing"),
    ("repeat-twice", "a**", "a repeat of a repeat"),
    ("repeat-nothing", "*main", "a repeat of nothing"),
    ("digit", r"\d", "there is no digit in the name"),
    ("class", "[[:alpha:]]+/platform", "a class by name"),
    ("class-unknown", "[[:letter:]]", "a class of an unknown name"),
    ("class-open", "[a-z", "a class without an end"),
    ("class-turned", "[z-a]", "a range from back to front"),
    ("script", r"\p{Latin}", "letters of a script"),
    ("script-unknown", r"\p{Klingon}", "letters of an unknown script"),
    ("escape-unknown", r"\y", "an escape that means nothing"),
    ("escape-end", "main\\", "a backslash at the end"),
    ("end-of-text", r"main\z", "the end of the text"),
    ("end-of-text-perl", r"main\Z", "the end of the text as Perl has it"),
    ("multi-line", r"(?m)^https.*main$", "lines of the text"),
    ("ungreedy", "(?U)https.+main", "as little as possible"),
    ("flag-unknown", "(?x) https", "a flag that Go does not have"),
    ("possessive", "a++", "a repeat that gives nothing back"),
    ("hex", r"\x{68}ttps", "a letter by its number"),
    ("hex-beyond", r"\x{110000}", "a number beyond Unicode"),
    ("octal", r"\150ttps", "a letter by its octal number"),
    ("word-boundary", r"\bacme\b", "the boundary of a word"),
    ("not-closed", "(acme", "a group without an end"),
    ("not-opened", "acme)", "a group without a beginning"),
    ("empty-alternative", "nobody|", "nothing is an alternative that matches everything"),
    ("comment", "(?#note)acme", "Go has no comments"),
];

fn patterns() -> Vec<Situation> {
    PATTERNS
        .iter()
        .map(|(name, pattern, because)| {
            situation(format!("pattern-{name}"), *because)
                .with(bundle())
                .verify(keyless(&[(ISSUER, pattern)]))
        })
        .collect()
}
