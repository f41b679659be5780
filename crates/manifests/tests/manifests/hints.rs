//! What a finding says to do mends it, in the words of whoever reads the declaration.

use sealwright_manifests::checks::{Expected, Judged, judge};
use sealwright_manifests::{File, discover};
use sealwright_policy::{Code, Finding, Issuers};

const ISSUER: &str = r"^https://token\.actions\.githubusercontent\.com$";
const CD: &str = r"^https://github\.com/acme/a/\.github/workflows/cd\.yaml@refs/heads/main$";
const POLICY: &str = "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\n\
    metadata: {name: all}\nspec:\n  images: [{glob: 'ghcr.io/acme/**'}]\n";

fn judged(texts: &[String]) -> Judged {
    let paths: Vec<String> = (0..texts.len()).map(|number| format!("{number}.yaml")).collect();
    let files = paths.iter().zip(texts).map(|(path, text)| File { path, bytes: text.as_bytes() });
    judge(&discover(files), &Expected { config: None, issuers: Issuers::public() })
}

fn source(issuer: &str, subject: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {{name: a}}\nspec:\n  \
         url: oci://ghcr.io/acme/a\n  verify: {{provider: cosign, matchOIDCIdentity: \
         [{{issuer: '{issuer}', subject: '{subject}'}}]}}\n"
    )
}

fn findings(judged: &Judged) -> Vec<&Finding> {
    judged.declarations.iter().flat_map(|one| &one.findings).collect()
}

#[test]
fn a_pattern_that_is_proposed_closes_the_hole_that_it_is_proposed_for() {
    let other = "^https://kubernetes\\.default\\.svc$";
    for (issuer, subject, code, expected, why) in [
        (
            ISSUER,
            r"https://github\.com/acme/a/\.github/workflows/cd\.yaml@refs/heads/main$",
            Code::PatternNotAnchored,
            Some(CD),
            "an anchor mends it",
        ),
        (
            ISSUER,
            r"https://github\.com/acme/a/\.github/workflows/cd\.yaml@.+",
            Code::PatternOpenRef,
            Some(CD),
            "anchors do not close a ref: one is named",
        ),
        (
            ISSUER,
            r"https://github\.com/[^/]+/a/\.github/workflows/cd\.yaml@refs/heads/main",
            Code::PatternOpenOwner,
            None,
            "nor an owner, whom nobody knows here",
        ),
        (
            r"https://token\.actions\.githubusercontent.+",
            CD,
            Code::PatternIssuerOpen,
            None,
            "nor who vouches",
        ),
        (
            other,
            ".*kubernetes.io/namespaces/acme/serviceaccounts/cd",
            Code::PatternNotAnchored,
            Some(r".*kubernetes\.io/namespaces/acme/serviceaccounts/cd$"),
            "an end",
        ),
    ] {
        let judged = judged(&[source(issuer, subject)]);
        let findings = findings(&judged);
        let found = findings.iter().find(|one| one.code == code).expect(why);
        let hint = found.hint.as_deref().filter(|hint| hint.starts_with("write "));
        match expected {
            Some(tight) => {
                assert!(hint.is_some_and(|hint| hint.contains(tight)), "{why}: {found:?}")
            }
            None => assert_eq!(hint, None, "{why}"),
        }
    }
}

/// GitHub's workflows are no witnesses where another one vouches.
#[test]
fn who_gets_in_is_one_for_whom_the_issuer_vouches() {
    for (issuer, subject, expected, why) in [
        (ISSUER, ".*/acme/a/.*", vec![Code::PatternOpenOwner, Code::PatternOpenRef], "GitHub"),
        (r"^https://accounts\.google\.com$", ".*/acme/a/.*", vec![], "nobody knows Google's names"),
        (
            r"^https://gitlab\.com$",
            r"^https://gitlab\.com/acme/.*$",
            vec![Code::PatternOpenRef],
            "GitLab",
        ),
        (
            r"^https://gitlab\.com$",
            r"^https://gitlab\.com/acme/a//\.gitlab-ci\.yml@refs/heads/main$",
            vec![],
            "GitLab, written out",
        ),
        (
            r"^https://token\.actions\.githubusercontent\.com/acme$",
            r"^https://github\.com/acme/.*$",
            vec![Code::PatternOpenRef],
            "a company's own issuer at GitHub",
        ),
    ] {
        let judged = judged(&[source(issuer, subject)]);
        let found: Vec<Code> = findings(&judged).iter().map(|one| one.code).collect();
        assert_eq!(found, expected, "{why}: {:#?}", findings(&judged));
    }
}

#[test]
fn a_lock_that_is_open_to_all_casts_no_doubt_on_the_others() {
    let disagree = |subject: &str| {
        let judged = judged(&[source(ISSUER, subject), source(ISSUER, CD)]);
        findings(&judged).iter().any(|one| one.code == Code::ConsumersDisagree)
    };
    assert!(!disagree(".*"), "it is told of as what it is");
    assert!(disagree(&CD.replace("cd", "ci")), "who is kept out there is told");
}

#[test]
fn what_is_missing_is_named_as_its_consumer_reads_it() {
    let flux = source("", "").replace(", matchOIDCIdentity: [{issuer: '', subject: ''}]", "");
    for (text, expected, why) in [
        (
            format!("{POLICY}  authorities: [{{keyless: {{}}}}]\n"),
            "`keyless.identities`",
            "policy-controller",
        ),
        (flux, "", "Flux, as the text of the code has it"),
    ] {
        let judged = judged(&[text]);
        let findings = findings(&judged);
        let found = findings.iter().find(|one| one.code == Code::IdentityAnybody).expect(why);
        assert!(found.hint.as_deref().unwrap_or_default().contains(expected), "{why}: {found:?}");
        assert_eq!(found.hint.is_some(), !expected.is_empty(), "{why}");
    }
}
