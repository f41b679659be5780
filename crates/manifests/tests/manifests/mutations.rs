//! Every way to weaken the matchers that the example platform commits: each is found, with somebody
//! who comes in or stays out by it, and what is committed has no finding.

use sealwright_manifests::checks::{Expected, judge};
use sealwright_manifests::{File, discover};
use sealwright_pattern::GoRegex;
use sealwright_policy::{Code, Config, Finding, Issuers, Severity};

const CONFIG: &str = include_str!("../../../../docs/example/sealwright.yaml");
const ROOT: &str =
    include_str!("../../../../docs/example/k8s/clusters/prod/flux-system/source.yaml");
const SHOP: &str = include_str!("../../../../docs/example/k8s/apps/base/shop/source.yaml");

const FOREIGN: &str = r"https://github\.com/evil/x/\.github/workflows/x\.yaml@refs/heads/main";

/// What is found in a source that is committed like this.
fn findings(source: &str) -> Vec<Finding> {
    let config = Config::parse("sealwright.yaml", CONFIG, jiff::civil::date(2026, 1, 1));
    let config = config.expect("the example's configuration");
    let expected = Expected { config: Some(&config), issuers: Issuers::public() };
    let found = discover([File { path: "source.yaml", bytes: source.as_bytes() }]);
    let judged = judge(&found, &expected);
    let of_declarations = judged.declarations.into_iter().flat_map(|one| one.findings);
    let all = of_declarations.chain(judged.findings);
    // Other artifacts of the configuration are not in this one file.
    all.filter(|finding| finding.severity > Severity::Note)
        .filter(|finding| finding.code != Code::ExceptionUnused)
        .collect()
}

/// The line of a matcher, changed.
fn changed(source: &str, field: &str, change: impl Fn(&str) -> String) -> String {
    let line = source.lines().find(|line| line.trim_start_matches(['-', ' ']).starts_with(field));
    let line = line.expect(field);
    let (before, pattern) = line.split_once(&format!("{field}: ")).expect("a value on its line");
    // Quoted, so that no change makes it anything but this text.
    let pattern = change(pattern).replace('\'', "''");
    source.replacen(line, &format!("{before}{field}: '{pattern}'"), 1)
}

type Mutation = (&'static str, Code, &'static str, fn(&str) -> String);

/// Changes of the subject.
const SUBJECT: &[Mutation] = &[
    ("no beginning", Code::PatternNotAnchored, "/https://github.com/acme/", |p| {
        p.replacen('^', "", 1)
    }),
    ("no end", Code::PatternNotAnchored, "https://github.com/acme/", |p| {
        p.trim_end_matches('$').to_owned()
    }),
    ("a dot unescaped", Code::PatternUnescapedDot, "https://githubacom/acme/", |p| {
        p.replacen(r"\.com", ".com", 1)
    }),
    ("the ref open", Code::PatternOpenRef, "@refs/", |p| {
        let at = p.find('@').expect("a version");
        let end = p[at..].find(['|', ')', '$']).expect("an end");
        format!("{}@.+{}", &p[..at], &p[at + end..])
    }),
    ("the owner open", Code::PatternOpenOwner, "https://github.com/a/", |p| {
        p.replacen("com/acme/", "com/[^/]+/", 1)
    }),
    ("the workflow open", Code::PatternOpenWorkflow, "/.github/workflows/a.yaml@", |p| {
        let at = p.find(r"\.yaml@").expect("a file");
        let file = p[..at].rfind('/').expect("a folder") + 1;
        format!("{}[^@/]+{}", &p[..file], &p[at..])
    }),
    (
        "an alternative outside of the group",
        Code::PatternOpenOwner,
        "https://github.com/evil/x/",
        |p| format!("{p}|^{FOREIGN}$"),
    ),
    (
        "an alternative that no anchor holds",
        Code::PatternNotAnchored,
        "https://github.com/evil/x/",
        |p| format!("{p}|{FOREIGN}"),
    ),
    ("a stranger within the group", Code::PatternOpenOwner, "https://github.com/evil/x/", |p| {
        let inside = p.trim_start_matches('^').trim_end_matches('$');
        format!("^(?:{inside}|{FOREIGN})$")
    }),
    ("case that does not count", Code::PatternCaseFolding, "https://github.com/acme/", |p| {
        format!("(?i){p}")
    }),
    ("a repository misspelt", Code::PatternKeepsOut, "https://github.com/acme/", |p| {
        p.replace("com/acme/", "com/acmee/")
    }),
    ("everything", Code::PatternMatchesEverything, "https://github.com/", |_| ".*".to_owned()),
];

/// Changes of the issuer.
const ISSUER: &[Mutation] = &[
    ("no beginning", Code::PatternNotAnchored, "https://token.actions", |p| p.replacen('^', "", 1)),
    ("a dot unescaped", Code::PatternUnescapedDot, "https://token.actions", |p| {
        p.replacen(r"\.com", ".com", 1)
    }),
    ("any host", Code::PatternIssuerOpen, "https://", |_| "^https://.+$".to_owned()),
    ("everything", Code::PatternMatchesEverything, "https://", |_| ".*".to_owned()),
];

#[test]
fn what_is_committed_has_no_finding() {
    for (name, source) in [("root", ROOT), ("shop", SHOP)] {
        assert_eq!(findings(source), [], "{name}");
    }
}

#[test]
fn every_weakening_is_found_with_a_witness() {
    for (name, source) in [("root", ROOT), ("shop", SHOP)] {
        for (field, mutations) in [("subject", SUBJECT), ("issuer", ISSUER)] {
            for (why, code, witness, change) in mutations {
                check(&format!("{name}, {field}: {why}"), source, field, (*code, witness, change));
            }
        }
    }
}

/// The code that is expected, what its witness holds, and the change that brings it about.
type Weakening<'a> = (Code, &'a str, &'a dyn Fn(&str) -> String);

fn check(why: &str, source: &str, field: &str, of: Weakening<'_>) {
    let (code, witness, change) = of;
    let mutated = changed(source, field, change);
    let found = findings(&mutated);
    let finding = found.iter().find(|finding| finding.code == code);
    let finding = finding.unwrap_or_else(|| panic!("{why}: {found:#?}"));
    assert!(finding.message.contains(witness), "{why}: {}", finding.message);
    let mut lines = mutated.lines();
    let line = lines.position(|line| line.contains(&format!("{field}: '"))).expect("the field") + 1;
    assert_eq!(finding.place.line, u32::try_from(line).ok(), "{why}: at its line");
    // The witness is a true one.
    let (_, identity) = finding.message.rsplit_once(": ").expect("a witness");
    let (_, matcher) = mutated
        .lines()
        .nth(line - 1)
        .and_then(|line| line.split_once(": "))
        .expect("a value behind the field");
    let matcher = matcher.trim_matches('\'').replace("''", "'");
    let regex = GoRegex::parse(&matcher).expect("what was changed still compiles");
    assert_eq!(regex.is_match(identity), code != Code::PatternKeepsOut, "{why}: {identity}");
}

#[test]
fn what_is_wrong_with_the_entries_is_found() {
    let entry = |source: &str| {
        let at = source.find("      - issuer").expect("an entry");
        let end = source[at..].find("---").map_or(source.len(), |end| at + end);
        source[at..end].to_owned()
    };
    for (name, source) in [("root", ROOT), ("shop", SHOP)] {
        let one = entry(source);
        let two = source.replacen(&one, &format!("{one}{one}"), 1);
        let without = |field: &str| changed(source, field, |_| String::new());
        let blank = source.replacen("provider: cosign", "provider: ' '", 1);
        let none = source.replacen(&format!("    matchOIDCIdentity:\n{one}"), "", 1);
        // A comment stands before the root's entries.
        let from = none.find("    # One entry").unwrap_or(none.len());
        let to = none[from..].find('\n').map_or(none.len(), |end| from + end + 1);
        let none = format!("{}{}", &none[..from], &none[to..]);
        for (mutated, code, why) in [
            (two, Code::IdentitySeveralMatchers, "a second entry"),
            (without("issuer"), Code::IdentityEmpty, "a blank issuer"),
            (without("subject"), Code::IdentityEmpty, "a blank subject"),
            (blank, Code::VerificationOff, "a blank provider"),
            (none, Code::IdentityAnybody, "no entry at all"),
        ] {
            let found = findings(&mutated);
            let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
            assert!(codes.contains(&code), "{name}, {why}: {found:#?}\n{mutated}");
        }
    }
}

/// The pattern is the shop's alone: forty digits of a commit are no `.+`.
#[test]
fn a_commit_that_is_opened_is_found() {
    let source = changed(SHOP, "subject", |pattern| pattern.replace("[0-9a-f]{40}", ".+"));
    let found = findings(&source);
    assert_eq!(found[0].code, Code::PatternOpenRef, "{found:#?}");
    assert!(found[0].message.contains("publish-app.yaml@refs/"), "{}", found[0].message);
}
