//! Who is a signer: patterns over names, and whole identities.

use jiff::civil::date;
use proptest::prelude::*;
use regex::Regex;
use sealwright_policy::identity::Segment;
use sealwright_policy::{Claims, Config, ExpectedSigner, Issuers, SanPattern};

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const COMMIT: &str = "8f4b7f84864484a7bf31766abe9204da3cbe65b3";

fn config() -> Config {
    Config::parse("x", include_str!("configs/platform.yaml"), date(2026, 11, 25))
        .expect("the platform is valid")
}

fn claims(issuer: &str, sans: &[&str], source: &str) -> Claims {
    Claims {
        issuer: Some(issuer.to_owned()),
        sans: sans.iter().map(|san| (*san).to_owned()).collect(),
        source_repository_uri: Some(source.to_owned()),
        ..Claims::default()
    }
}

#[test]
fn every_identity_is_one_signer_or_nobody() {
    let manifests = config().requirements("manifests", &Issuers::public()).unwrap();
    let shop = config().requirements("shop", &Issuers::public()).unwrap();
    let platform = "https://github.com/acme/platform";
    let cd = format!("{platform}/.github/workflows/cd.yaml@refs/heads/main");
    let queue = format!(
        "{platform}/.github/workflows/ci.yaml@refs/heads/gh-readonly-queue/main/pr-7-{COMMIT}"
    );
    let app =
        format!("https://github.com/acme/actions/.github/workflows/publish-app.yaml@{COMMIT}");
    let wiki = "https://github.com/acme/wiki";
    for (requirements, issuer, sans, source, signer, why) in [
        (&manifests, ISSUER, vec![cd.as_str()], platform, Some("cd"), "the release"),
        (
            &manifests,
            ISSUER,
            vec![&queue],
            platform,
            Some("merge-queue"),
            "one segment for the star",
        ),
        (&shop, ISSUER, vec![&app], wiki, Some("shared-app"), "called from an allowed repository"),
        (
            &shop,
            ISSUER,
            vec![&app],
            "https://github.com/evil/wiki",
            None,
            "called from anywhere else",
        ),
        (
            &manifests,
            ISSUER,
            vec![&cd],
            "https://github.com/evil/fork",
            None,
            "our workflow, called by a stranger",
        ),
        (&manifests, ISSUER, vec![&cd], "", None, "no source repository"),
        (&manifests, "https://issuer.example", vec![&cd], platform, None, "another issuer"),
        (&manifests, "", vec![&cd], platform, None, "an empty issuer"),
        (&manifests, ISSUER, vec![], platform, None, "no name"),
        (&manifests, ISSUER, vec![""], platform, None, "an empty name"),
        (&manifests, ISSUER, vec![&cd, &cd], platform, None, "two names, even the same"),
        (&manifests, ISSUER, vec![&format!("{cd}2")], platform, None, "a branch that begins alike"),
        (&manifests, ISSUER, vec![&format!("x{cd}")], platform, None, "a name that ends alike"),
        (&manifests, ISSUER, vec![&format!("{queue}/x")], platform, None, "a segment too many"),
        (
            &manifests,
            ISSUER,
            vec![&cd.replace(".yaml", "-yaml")],
            platform,
            None,
            "the dot is a dot",
        ),
        (&manifests, ISSUER, vec![&cd.replace("acme", "acne")], platform, None, "another owner"),
        (&manifests, ISSUER, vec![&app], wiki, None, "a signer of another artifact"),
        (&shop, ISSUER, vec![&app[..app.len() - 1]], wiki, None, "39 digits"),
        (&shop, ISSUER, vec![&format!("{app}0")], wiki, None, "41 digits"),
        (&shop, ISSUER, vec![&app.replace("8f4b", "8F4B")], wiki, None, "upper case"),
        (
            &shop,
            ISSUER,
            vec![&app.replace(COMMIT, "refs/heads/main")],
            wiki,
            None,
            "a ref for a commit",
        ),
    ] {
        let found = requirements.signer_for(&claims(issuer, &sans, source));
        assert_eq!(found.ok().map(|signer| signer.name.as_str()), signer, "{why}");
    }
}

#[test]
fn a_refusal_says_what_differs_for_each_signer() {
    let manifests = config().requirements("manifests", &Issuers::public()).unwrap();
    let foreign =
        claims(ISSUER, &["https://github.com/evil/x@refs/heads/main"], "https://github.com/evil/x");
    let refusals = manifests.signer_for(&foreign).unwrap_err();
    let shown: Vec<String> = refusals
        .iter()
        .flat_map(|(name, mismatches)| mismatches.iter().map(move |m| format!("{name}: {m}")))
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn several_refs_are_one_pattern() {
    let text = include_str!("configs/platform.yaml");
    let signer = |refs: &str| {
        let text = text.replacen("[refs/heads/main]", refs, 1);
        let config = Config::parse("x", &text, date(2026, 11, 25)).unwrap();
        config.expected_signer("cd", &Issuers::public()).unwrap()
    };
    let stable = signer("[\"refs/heads/*/stable\"]");
    let signer = signer("[refs/heads/main, \"refs/tags/*\"]");
    insta::assert_snapshot!(format!("{}\n{}", signer.san, signer.san.regex()));
    let file = "https://github.com/acme/platform/.github/workflows/cd.yaml";
    assert!(signer.san.matches(&format!("{file}@refs/heads/main")));
    assert!(signer.san.matches(&format!("{file}@refs/tags/v1")));
    assert!(!signer.san.matches(&format!("{file}@refs/heads/v1")), "a tag is no branch");
    assert!(!signer.san.matches(&format!("{file}@refs/tags/")), "an empty segment");
    assert!(stable.san.matches(&format!("{file}@refs/heads/v1/stable")));
    assert!(!stable.san.matches(&format!("{file}@refs/heads/v1/dev")), "another end");
    assert!(!stable.san.matches(&format!("{file}@refs/heads/v1")), "no end");
}

#[test]
fn a_certificate_that_leaves_a_field_empty_names_nobody() {
    let signer = |issuer: &str, san: &str| ExpectedSigner {
        name: "cd".to_owned(),
        issuer: issuer.to_owned(),
        san: SanPattern::exact(san),
        source_repositories: vec![],
    };
    for (issuer, san, holds, why) in [
        (ISSUER, "x", true, "both are there"),
        ("", "x", false, "no issuer, and a policy that wants none"),
        (ISSUER, "", false, "no name, and a pattern that lets it in"),
    ] {
        let checked = signer(issuer, san).check(&claims(issuer, &[san], ""));
        assert_eq!(checked.is_ok(), holds, "{why}: {checked:?}");
    }
}

#[test]
fn a_configuration_takes_no_legacy_signature() {
    let requirements = config().requirements("manifests", &Issuers::public()).unwrap();
    assert!(!requirements.accept_legacy_signature, "only who types the flag takes one");
}

#[test]
fn another_issuer_for_another_trust_domain() {
    let issuers = Issuers { github: "http://127.0.0.1:4000".to_owned() };
    let signer = config().expected_signer("cd", &issuers).unwrap();
    assert_eq!(signer.issuer, "http://127.0.0.1:4000");
    let requirements = config().requirements("manifests", &issuers).unwrap();
    assert_eq!(requirements.issuer_pattern(), r"^http://127\.0\.0\.1:4000$");
}

/// Text with a weight on what a regular expression would read otherwise.
fn literal() -> impl Strategy<Value = String> {
    "[a-c/@.*+?()|\\[\\]{}^$\\\\ -]{0,6}"
}

fn commit() -> impl Strategy<Value = String> {
    prop_oneof![Just(COMMIT.to_owned()), "[0-9a-f]{40}"]
}

fn segment() -> impl Strategy<Value = Segment> {
    let leaf = prop_oneof![
        4 => literal().prop_map(Segment::Literal),
        2 => Just(Segment::RefSegment),
        1 => Just(Segment::Commit),
        1 => prop::collection::vec(commit(), 1..3).prop_map(Segment::OneOf),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let pattern = prop::collection::vec(inner, 1..3).prop_map(SanPattern::new);
        prop::collection::vec(pattern, 1..3).prop_map(Segment::AnyOf)
    })
}

/// A name that the pattern lets in.
fn member(pattern: &SanPattern, pick: usize) -> String {
    let one = |segment: &Segment| match segment {
        Segment::Literal(text) => text.clone(),
        Segment::RefSegment => "pr-7".to_owned(),
        Segment::Commit => COMMIT.to_owned(),
        Segment::OneOf(commits) => commits[pick % commits.len()].clone(),
        Segment::AnyOf(patterns) => member(&patterns[pick % patterns.len()], pick / 2),
    };
    pattern.segments().iter().map(one).collect()
}

proptest! {
    #[test]
    fn a_pattern_and_its_regular_expression_have_one_language(
        segments in prop::collection::vec(segment(), 0..5),
        pick in any::<usize>(),
        at in any::<prop::sample::Index>(),
        noise in "[a-c/0.@\n -]{0,2}",
        other in "[ -~]{0,12}",
    ) {
        let pattern = SanPattern::new(segments);
        let regex = Regex::new(&pattern.regex()).unwrap();
        let member = member(&pattern, pick);
        prop_assert!(pattern.matches(&member), "{pattern} has {member}");
        let index = at.index(member.len() + 1);
        let (before, after) = member.split_at(index);
        let shorter: String = after.chars().skip(1).collect();
        for name in [member.clone(), format!("{before}{noise}{after}"), format!("{before}{shorter}"), other] {
            prop_assert_eq!(pattern.matches(&name), regex.is_match(&name), "{} on {:?}", regex, name);
        }
    }
}
