//! What is wrong with a pattern, and who gets in by it.

use sealwright_pattern::{
    About, Allowed, GoRegex, Language, WeaknessKind, analyse, marked, tightened,
};

const CD: &str = "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

fn allowed(identity: &str) -> Allowed {
    Allowed { language: Language::exact(identity), examples: vec![identity.to_owned()] }
}

/// `Kind: marked pattern: witness`, for each weakness.
fn said(pattern: &str, about: About, allowed: Option<&Allowed>) -> Vec<String> {
    let regex = GoRegex::parse(pattern).expect(pattern);
    let weaknesses = analyse(&regex, about, allowed).into_iter().map(|weakness| {
        if let Some(witness) = &weakness.witness {
            let lets_in = weakness.kind != WeaknessKind::KeepsOut;
            assert_eq!(regex.is_match(witness), lets_in, "{pattern}: a true witness");
        }
        let spots = marked(pattern, &weakness.spots);
        format!("{:?}: {spots}: {}", weakness.kind, weakness.witness.unwrap_or_default())
    });
    weaknesses.collect()
}

#[test]
fn each_weakness_is_found_with_its_spot_and_a_stranger() {
    let allowed = allowed(CD);
    let tight = r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$";
    for (from, to, expected) in [
        ("", "", vec![]),
        (
            "^",
            "",
            vec![
                "NotAnchored: ⟦⟧https://github\\.com/acme/platform/\\.github/workflows/cd\\.yaml@refs/heads/main$: https://a.a/https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main",
            ],
        ),
        (
            "$",
            "",
            vec![
                "NotAnchored: ^https://github\\.com/acme/platform/\\.github/workflows/cd\\.yaml@refs/heads/main⟦⟧: https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/maina",
            ],
        ),
        (
            r"github\.com",
            "github.com",
            vec![
                "UnescapedDot: ^https://github⟦.⟧com/acme/platform/\\.github/workflows/cd\\.yaml@refs/heads/main$: https://githubacom/acme/platform/.github/workflows/cd.yaml@refs/heads/main",
            ],
        ),
        (
            "refs/heads/main",
            ".+",
            vec![
                "OpenRef: ^https://github\\.com/acme/platform/\\.github/workflows/cd\\.yaml@⟦.+⟧$: https://github.com/acme/platform/.github/workflows/cd.yaml@refs/tags/a",
            ],
        ),
        (
            "acme/platform",
            "[^/]+/platform",
            vec![
                "OpenOwner: ^https://github\\.com/⟦[^/]+⟧/platform/\\.github/workflows/cd\\.yaml@refs/heads/main$: https://github.com/a/platform/.github/workflows/cd.yaml@refs/heads/main",
            ],
        ),
        (
            r"cd\.yaml",
            r"[a-z]+\.yaml",
            vec![
                "OpenWorkflow: ^https://github\\.com/acme/platform/\\.github/workflows/⟦[a-z]+⟧\\.yaml@refs/heads/main$: https://github.com/acme/platform/.github/workflows/a.yaml@refs/heads/main",
            ],
        ),
        (
            "^",
            "(?i)^",
            vec![
                "CaseFolding: ⟦(?i)⟧^https://github\\.com/acme/platform/\\.github/workflows/cd\\.yaml@refs/heads/main$: https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/maiN",
            ],
        ),
        (
            "heads/main",
            "(?:heads/main|tags/v1)",
            vec![
                "OpenRef: ^https://github\\.com/acme/platform/\\.github/workflows/cd\\.yaml@refs/(?:heads/main|⟦tags/v1⟧)$: https://github.com/acme/platform/.github/workflows/cd.yaml@refs/tags/v1",
            ],
        ),
        (
            "heads/main",
            "(?:heads/main|heads/main)",
            vec![
                "DeadAlternative: ^https://github\\.com/acme/platform/\\.github/workflows/cd\\.yaml@refs/(?:⟦heads/main⟧|⟦heads/main⟧)$: ",
            ],
        ),
    ] {
        let pattern = tight.replacen(from, to, 1);
        assert_eq!(said(&pattern, About::Subject, Some(&allowed)), expected, "{from:?} -> {to:?}");
    }
}

#[test]
fn patterns_for_everybody_and_for_nobody() {
    let allowed = allowed(CD);
    for (pattern, kind) in [
        ("", "MatchesEverything"),
        (".*", "MatchesEverything"),
        ("^.+$", "MatchesEverything"),
        ("a^", "NeverMatches"),
        ("main $", "NeverMatches"),
        (r"^https://github\.com/acme/other$", "TooWide"),
        ("^[ab]*a[ab]{22}$", "Undecided"),
    ] {
        let said = said(pattern, About::Subject, Some(&allowed));
        assert!(said[0].starts_with(kind), "{pattern}: {said:?}");
    }
    let renamed =
        r"^https://github\.com/acme/platform/\.github/workflows/deploy\.yaml@refs/heads/main$";
    let said = said(renamed, About::Subject, Some(&allowed));
    assert!(said.iter().any(|line| line.starts_with("KeepsOut") && line.ends_with(CD)), "{said:?}");
}

#[test]
fn issuers_are_open_in_their_own_way() {
    let allowed = allowed(ISSUER);
    for (pattern, expected) in [
        (r"^https://token\.actions\.githubusercontent\.com$", ""),
        ("^https://token.actions.githubusercontent.com$", "UnescapedDot"),
        (r"https://token\.actions\.githubusercontent\.com", "NotAnchored"),
        (r"^https://.*$", "OpenIssuer"),
        (".*", "MatchesEverything"),
    ] {
        for allowed in [Some(&allowed), None] {
            let said = said(pattern, About::Issuer, allowed);
            assert_eq!(said.is_empty(), expected.is_empty(), "{pattern}: {said:?}");
            assert!(said.iter().all(|line| line.starts_with(expected)), "{pattern}: {said:?}");
        }
    }
}

#[test]
fn a_stranger_who_could_really_sign_is_shown_first() {
    for (pattern, witness) in [
        (
            "https://github\\.com/acme/*",
            "https://github.com/acme/a/.github/workflows/a.yml@refs/tags/a",
        ),
        (
            "^https://github.com/acme/my.app/\\.github/workflows/a\\.yml@refs/heads/main$",
            "https://github.com/acme/myaapp/.github/workflows/a.yml@refs/heads/main",
        ),
    ] {
        let said = said(pattern, About::Subject, None);
        assert!(said.iter().any(|line| line.ends_with(witness)), "{pattern}: {said:?}");
    }
}

#[test]
fn without_a_list_of_signers_slips_still_show() {
    for (pattern, expected) in [
        (
            r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$",
            vec![],
        ),
        (r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/tags/.*$", vec![]),
        (r"^https://github\.com/acme/.*$", vec!["OpenRef"]),
        (r"^https://github.com/acme/platform", vec!["NotAnchored", "UnescapedDot"]),
        (
            r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/(heads/main|tags/v[0-9].+)$",
            vec![],
        ),
        (
            r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/(heads|tags)/.+$",
            vec!["OpenRef"],
        ),
        (
            r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/(heads/main|pull/.*)$",
            vec!["OpenRef"],
        ),
        (r"^https://github\.com/Acme/Platform/.*$", vec!["OpenRef"]),
        (r"^https://github\.com/.*/\.github/workflows/cd\.yaml@.*$", vec!["OpenOwner", "OpenRef"]),
    ] {
        let said = said(pattern, About::Subject, None);
        let kinds: Vec<&str> = said.iter().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(kinds, expected, "{pattern}: {said:?}");
    }
}

/// What GitHub does not vouch for is not shown by its names, and GitLab's pipelines are measured like its
/// workflows.
#[test]
fn names_of_others_are_measured_by_their_own_kind() {
    const FILE: &str = r"//\.gitlab-ci\.yml";
    for (pattern, expected, why) in [
        (format!(r"^https://gitlab\.com/acme/app{FILE}@refs/heads/main$"), vec![], "written out"),
        (
            r"^https://gitlab\.com/acme/.*$".to_owned(),
            vec![
                "OpenRef: ^https://gitlab\\.com/acme/⟦.*⟧$: https://gitlab.com/acme/a//.gitlab-ci.yml@refs/tags/a",
            ],
            "any ref of any project",
        ),
        (
            format!(r"^https://gitlab\.acme\.test/acme/app{FILE}@.*$"),
            vec![
                r"OpenRef: ^https://gitlab\.acme\.test/acme/app//\.gitlab-ci\.yml@⟦.*⟧$: https://gitlab.acme.test/acme/app//.gitlab-ci.yml@refs/tags/a",
            ],
            "on a host of one's own",
        ),
        (format!(r"^https://gitlab\.com/acme/app{FILE}@refs/heads/.*$"), vec![], "one kind of ref"),
        (
            format!(r".*/acme/app{FILE}@refs/heads/main$"),
            vec![
                r"OpenOwner: ⟦.*⟧/acme/app//\.gitlab-ci\.yml@refs/heads/main$: https://gitlab.com/a/acme/app//.gitlab-ci.yml@refs/heads/main",
            ],
            "a group of somebody's own may hold one of that name",
        ),
        (r"^https://ci\.acme\.test/.*$".to_owned(), vec![], "nobody knows what names it gives"),
        (r".*@acme\.com$".to_owned(), vec![], "everybody in the house"),
        (
            r"^https://kubernetes\.io/namespaces/acme/serviceaccounts/cd".to_owned(),
            vec![
                r"NotAnchored: ^https://kubernetes\.io/namespaces/acme/serviceaccounts/cd⟦⟧: https://kubernetes.io/namespaces/acme/serviceaccounts/cda",
            ],
            "an account that begins so",
        ),
        (".*kubernetes.*".to_owned(), vec![], "not of GitHub"),
    ] {
        assert_eq!(said(&pattern, About::OtherSubject, None), expected, "{why}");
    }
}

#[test]
fn the_tight_pattern_is_what_it_should_have_been() {
    for (pattern, tight) in [
        (r"^https://github\.com/acme$", None),
        ("https://github.com/acme", Some(r"^https://github\.com/acme$")),
        ("(?i)^a.b$|^c$", Some(r"^a\.b$|^c$")),
        ("a|b", Some("^(?:a|b)$")),
    ] {
        let regex = GoRegex::parse(pattern).unwrap();
        assert_eq!(tightened(&regex).as_deref(), tight, "{pattern}");
    }
}

/// git takes a branch that is called `anything@refs/heads/main`.
#[test]
fn a_branch_that_is_called_like_another_ref_is_let_in_by_what_takes_the_sign_before_it() {
    let file = r"^https://github\.com/acme/a/\.github/workflows/";
    for (rest, expected, why) in [
        (
            ".*@refs/heads/main$",
            Some("a.yml@refs/heads/anything@refs/heads/main"),
            "the file takes a ref as well",
        ),
        (r".+\.ya?ml@refs/tags/v1$", None, "behind an ending no ref fits in front of another"),
        ("[^@]+@refs/heads/main$", None, "a file has no such sign"),
        ("[a-z.]+@refs/heads/main$", None, "nor has a class without it"),
        ("cd.yml@refs/heads/.*$", None, "any branch is meant anyway"),
        ("cd.yml@refs/heads/release-.*$", None, "any that begins so"),
        ("cd.yml@refs/tags/v[0-9].+$", None, "a tag that begins so is meant, whatever its end"),
    ] {
        let regex = GoRegex::parse(&format!("{file}{rest}")).expect("a pattern");
        let said = analyse(&regex, About::Subject, None).into_iter();
        let witness =
            said.filter(|one| one.kind == WeaknessKind::OpenRef).find_map(|one| one.witness);
        let expected =
            expected.map(|rest| format!("https://github.com/acme/a/.github/workflows/{rest}"));
        assert_eq!(witness, expected, "{why}: {rest}");
    }
}
