//! Kyverno and policy-controller where texts and patterns stand together, or less than both halves: rows of
//! what `cargo xtask admission` asks the engines' own code.

use sealwright_manifests::Weakening::{self, Excludes, Ignores, Narrows, Refused, Undecided};
use sealwright_manifests::checks::{Expected, accepts, judge};
use sealwright_manifests::{Consumer, Declaration};
use sealwright_policy::{Issuers, Severity};

use super::{codes, found};

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const OURS: &str = "https://github.com/acme/a/.github/workflows/cd.yaml@refs/heads/main";
const STRANGER: &str = "https://github.com/stranger/a/.github/workflows/cd.yaml@refs/heads/main";

/// What of an effect is about identities; the rest is told elsewhere.
fn of_identities(declaration: &Declaration) -> Vec<Weakening> {
    let of = [Excludes, Ignores, Narrows, Refused, Undecided];
    declaration.weakened.iter().map(|one| one.how).filter(|how| of.contains(how)).collect()
}

fn cluster_policy(kind: &str, keyless: &str) -> String {
    format!(
        "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {{name: images}}
spec:
  rules:
    - name: verify
      verifyImages:
        - type: {kind}
          imageReferences: ['ghcr.io/acme/*']
          failureAction: Enforce
          attestors: [{{entries: [{{keyless: {{{keyless}}}}}]}}]
"
    )
}

/// Who of us and a stranger is let in, with our issuer.
fn let_in(declaration: &Declaration) -> [Option<bool>; 2] {
    [OURS, STRANGER].map(|name| accepts(declaration, ISSUER, name))
}

#[test]
fn kyverno_compares_by_the_kind_of_signature() {
    let (yes, no) = (Some(true), Some(false));
    let issuer = format!("issuer: '{ISSUER}'");
    let glob = "subject: 'https://github.com/acme/*'";
    let all = "subject: '*'";
    let exact = format!("subject: '{OURS}'");
    let pattern = r"subjectRegExp: '^https://github\.com/acme/.*$'";
    let other = r"subjectRegExp: '^https://github\.com/other/.*$'";
    for (keyless, of_signature, of_bundle, why) in [
        (format!("{issuer}, {exact}"), [yes, no], [yes, no], "one name"),
        (format!("{issuer}, {glob}"), [yes, no], [no, no], "a star is a letter of a bundle's name"),
        (format!("{issuer}, {pattern}"), [yes, no], [yes, no], "a pattern"),
        (format!("{issuer}, {all}, {pattern}"), [yes, yes], [no, no], "text or pattern, and both"),
        (format!("{issuer}, {exact}, {pattern}"), [yes, no], [yes, no], "text and pattern agree"),
        (format!("{issuer}, {exact}, {other}"), [yes, no], [no, no], "and disagree"),
        (exact.clone(), [yes, no], [yes, yes], "no issuer: of a bundle nothing is compared"),
        (issuer.clone(), [yes, yes], [yes, yes], "no name"),
        (format!("{issuer}, issuerRegExp: '^x$', {exact}"), [no, no], [no, no], "no such issuer"),
        (format!("{issuer}, issuerRegExp: 'actions', {exact}"), [yes, no], [yes, no], "both fit"),
        (
            format!("issuer: '*', issuerRegExp: '^{ISSUER}$', {exact}"),
            [yes, no],
            [no, no],
            "narrower",
        ),
        (
            format!("{issuer}, {all}, subjectRegExp: '('"),
            [None; 2],
            [None; 2],
            "it does not compile",
        ),
    ] {
        for (kind, expected) in [("Cosign", of_signature), ("SigstoreBundle", of_bundle)] {
            let found = found(&[("p.yaml", &cluster_policy(kind, &keyless))]);
            assert_eq!(let_in(&found.declarations[0]), expected, "{kind}: {why}: {keyless}");
        }
    }
}

#[test]
fn what_no_certificate_fits_is_told_and_what_is_not_known_too() {
    let exact = format!("subject: '{OURS}'");
    for (kind, keyless, expected, code, why) in [
        ("Cosign", format!("issuer: a, issuerRegExp: '^a', {exact}"), vec![], "", "both fit"),
        (
            "Cosign",
            format!("issuer: a, issuerRegExp: '^b$', {exact}"),
            vec![Excludes],
            "SW9009",
            "nothing fits both",
        ),
        (
            "Cosign",
            format!("issuer: 'https://*.com', issuerRegExp: '^https://token', {exact}"),
            vec![Undecided],
            "SW9158",
            "some fit both",
        ),
        (
            "SigstoreBundle",
            format!("issuer: a, {exact}, additionalExtensions: {{githubWorkflowRef: x}}"),
            vec![Ignores],
            "SW9144",
            "extensions are compared of the older signatures alone",
        ),
        (
            "SigstoreBundle",
            exact.clone(),
            vec![],
            "SW9131",
            "a name without an issuer is never compared",
        ),
    ] {
        let found = found(&[("p.yaml", &cluster_policy(kind, &keyless))]);
        assert_eq!(of_identities(&found.declarations[0]), expected, "{why}");
        let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
        let findings = &judged.declarations[0].findings;
        let told = findings.iter().any(|one| one.code.entry().id == code);
        assert!(code.is_empty() || told, "{why}: {findings:#?}");
    }
}

#[test]
fn an_extension_narrows_an_open_pattern_of_older_signatures() {
    let open =
        format!("issuer: '{ISSUER}', subject: 'https://github.com/*/cd.yaml@refs/heads/main'");
    for (extensions, expected, why) in [
        ("", Severity::Error, "any owner"),
        ("githubWorkflowRepository: acme/a", Severity::Warning, "by its name"),
        ("1.3.6.1.4.1.57264.1.5: acme/a", Severity::Warning, "by its number"),
        ("githubWorkflowRepository: acme/*", Severity::Warning, "one owner"),
        ("githubWorkflowRepository: '*'", Severity::Error, "any repository"),
        ("githubWorkflowRepository: ac*/a", Severity::Error, "some owners"),
        ("githubWorkflowName: release", Severity::Error, "anybody's choice"),
    ] {
        let keyless = format!("{open}, additionalExtensions: {{{extensions}}}");
        let found = found(&[("p.yaml", &cluster_policy("Cosign", &keyless))]);
        let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
        let about = judged.declarations[0].findings.iter().filter(|one| one.place.line == Some(11));
        let worst =
            about.filter(|one| one.code.entry().id != "SW9173").map(|one| one.severity).max();
        assert_eq!(worst, Some(expected), "{why}");
    }
}

#[test]
fn an_attestation_that_names_no_attestor_believes_anybody() {
    let policy = |more: &str| {
        cluster_policy("SigstoreBundle", &format!("issuer: '{ISSUER}', subject: '{OURS}'")) + more
    };
    let named =
        "          attestations: [{type: t, attestors: [{entries: [{keys: {publicKeys: x}}]}]}]\n";
    let unnamed = "          attestations: [{type: t}]\n";
    for (more, expected, why) in
        [("", 1, "none"), (named, 2, "a key"), (unnamed, 2, "nobody named")]
    {
        let found = found(&[("p.yaml", &policy(more))]);
        assert_eq!(found.declarations.len(), expected, "{why}");
        let last = &found.declarations[expected - 1];
        let believes = more == unnamed;
        assert_eq!(accepts(last, ISSUER, STRANGER) == Some(true), believes, "{why}");
    }
}

#[test]
fn the_first_form_of_the_api_is_read() {
    let policy = |fields: &str| {
        format!(
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: images}}\nspec:\n  rules:\n    - \
             verifyImages: [{{image: 'ghcr.io/acme/*', {fields}}}]\n"
        )
    };
    for (fields, expected, why) in [
        (format!("issuer: '{ISSUER}', subject: 'https://github.com/acme/*'"), 1, "an identity"),
        ("key: x".to_owned(), 1, "a key"),
        (format!("subject: '{OURS}'"), 0, "a subject alone is not taken"),
        (
            format!("issuer: '{ISSUER}', attestations: [{{type: t}}]"),
            1,
            "an attestation takes none",
        ),
    ] {
        let found = found(&[("p.yaml", &policy(&fields))]);
        assert_eq!(found.declarations.len(), expected, "{why}");
        let strangers = found.declarations.iter().map(|one| accepts(one, ISSUER, STRANGER));
        let lets_in = strangers.collect::<Vec<_>>() == [Some(true)];
        assert_eq!(lets_in, fields.contains("attestations"), "{why}");
    }
}

fn validating(cosign: &str) -> String {
    format!(
        "apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: {{name: images}}
spec:
  matchImageReferences: [{{glob: 'ghcr.io/acme/*'}}]
  attestors: [{{name: a, cosign: {{{cosign}}}}}]
"
    )
}

#[test]
fn a_key_beside_a_keyless_attestor_is_not_read() {
    let keyless = format!("keyless: {{identities: [{{issuer: '{ISSUER}', subject: '{OURS}'}}]}}");
    for (cosign, key, why) in [
        (keyless.clone(), false, "keyless"),
        (format!("{keyless}, key: {{data: x}}"), false, "keyless goes first"),
        ("key: {data: x}".to_owned(), true, "a key alone"),
        ("certificate: {cert: {value: x}}".to_owned(), true, "a certificate alone"),
    ] {
        let found = found(&[("p.yaml", &validating(&cosign))]);
        assert_eq!(found.declarations[0].key, key, "{why}");
    }
}

#[test]
fn policy_controller_takes_one_of_text_and_pattern() {
    let policy = |identity: &str| {
        format!(
            "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {{name: images}}\n\
             spec:\n  images: [{{glob: '**'}}]\n  authorities: [{{keyless: {{identities: [{{{identity}}}]}}}}]\n"
        )
    };
    for (identity, expected, why) in [
        (format!("issuer: '{ISSUER}', subject: '{OURS}'"), vec![], "one of each"),
        (format!("issuerRegExp: '^i$', subject: '{OURS}'"), vec![], "the other"),
        (format!("issuer: '{ISSUER}', subject: s, subjectRegExp: s"), vec![Refused], "two of one"),
        (format!("subject: '{OURS}'"), vec![Refused], "none of one"),
        (format!("issuer: '', subject: '{OURS}'"), vec![Refused], "an empty one is none"),
    ] {
        let found = found(&[("p.yaml", &policy(&identity))]);
        let declaration = &found.declarations[0];
        assert_eq!(declaration.consumer, Consumer::PolicyController);
        assert_eq!(of_identities(declaration), expected, "{why}");
        let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
        let findings = &judged.declarations[0].findings;
        let off = findings.iter().any(|one| one.code.entry().id == "SW9133");
        assert_eq!(off, !expected.is_empty(), "{why}: {findings:#?}");
    }
}

#[test]
fn a_condition_on_a_policy_is_told() {
    let exact = format!("issuer: '{ISSUER}', subject: '{OURS}'");
    let cluster = cluster_policy("SigstoreBundle", &exact);
    let keyless = format!("keyless: {{identities: [{{{exact}}}]}}");
    let validating = validating(&keyless);
    let controller = format!(
        "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {{name: i}}\nspec:\n  \
         images: [{{glob: '**'}}]\n  authorities: [{{{keyless}}}]\n"
    );
    let beside =
        |policy: &str, more: &str| policy.replace("spec:\n", &format!("spec:\n  {more}\n"));
    let condition = "matchConditions: [{name: n, expression: 'true'}]";
    for (text, expected, why) in [
        (cluster.clone(), 0, "none"),
        (beside(&cluster, &format!("webhookConfiguration: {{{condition}}}")), 1, "of its webhook"),
        (
            cluster.replace("    - name: verify", "    - preconditions: {all: [{key: a}]}"),
            1,
            "a rule's",
        ),
        (cluster.replace("    - name: verify", "    - preconditions: {}"), 0, "an empty one"),
        (cluster.replace("    - name: verify", "    - celPreconditions: [{name: n}]"), 1, "in CEL"),
        (validating.clone(), 0, "none"),
        (beside(&validating, condition), 1, "a policy's own"),
        (beside(&validating, "matchConditions: []"), 0, "an empty list"),
        (
            beside(&validating, "matchConstraints: {namespaceSelector: {matchLabels: {a: b}}}"),
            1,
            "some namespaces",
        ),
        (controller.clone(), 0, "none"),
        (beside(&controller, "match: [{resource: pods, version: v1}]"), 1, "some kinds"),
    ] {
        let found = found(&[("p.yaml", &text)]);
        let declaration = &found.declarations[0];
        let count = of_identities(declaration).iter().filter(|how| **how == Narrows).count();
        assert_eq!(count, expected, "{why}");
    }
}

#[test]
fn an_exception_of_the_newer_api_is_from_its_own_policies() {
    let policy =
        validating(&format!("keyless: {{identities: [{{issuer: i, subject: '{OURS}'}}]}}"));
    for (kind, name, expected, why) in [
        ("ImageValidatingPolicy", "images", vec!["SW9144"], "all of it"),
        ("ImageValidatingPolicy", "other", vec![], "another one"),
        ("ImageValidatingPolicy", "'*'", vec![], "a name has no wildcards"),
        ("NamespacedImageValidatingPolicy", "images", vec![], "one of a namespace"),
    ] {
        let exception = format!(
            "apiVersion: policies.kyverno.io/v1\nkind: PolicyException\nmetadata: {{name: dev}}\nspec:\n  \
             policyRefs: [{{kind: {kind}, name: {name}}}]\n"
        );
        let found = found(&[("policy.yaml", &policy), ("exception.yaml", &exception)]);
        assert_eq!(codes(&found), expected, "{why}");
    }
}

#[test]
fn two_stars_name_all_images_for_policy_controller_and_one_does_for_kyverno() {
    let keyless = format!("issuer: '{ISSUER}', subject: '{OURS}'");
    let kyverno =
        |glob: &str| cluster_policy("SigstoreBundle", &keyless).replace("ghcr.io/acme/*", glob);
    let controller = |glob: &str| {
        format!(
            "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {{name: i}}\nspec:\n  \
             images: [{{glob: '{glob}'}}]\n  authorities: [{{keyless: {{identities: [{{{keyless}}}]}}}}]\n"
        )
    };
    for (text, all, why) in [
        (kyverno("*"), true, "any text"),
        (kyverno("ghcr.io/*"), false, "one registry"),
        (controller("**"), true, "any text"),
        (controller("*/**"), true, "any host"),
        (controller("*"), false, "the library of Docker Hub"),
        (controller("*/*"), false, "Docker Hub"),
        (controller("*/*/*"), false, "three segments"),
    ] {
        let found = found(&[("p.yaml", &text)]);
        let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
        let told = judged.findings.iter().any(|one| one.code.entry().id == "SW9172");
        assert_eq!(told, !all, "{why}");
    }
}
