//! Kyverno, policy-controller and Talos: what guards images.

use sealwright_manifests::{Consumer, Declaration, Form, Weakening};

use super::{codes, found};

/// Consumer, what is guarded, and the matchers of each declaration.
fn told(text: &str) -> Vec<String> {
    let form = |form: Form| match form {
        Form::Regex => "regex",
        Form::Glob => "glob",
        Form::Exact => "exact",
        Form::Prefix => "prefix",
    };
    let one = |declaration: &Declaration| {
        let guards: Vec<&str> = declaration.guards.iter().map(|one| one.what.as_str()).collect();
        let identities = declaration.identities.iter().map(|identity| {
            let half = identity.subject.as_ref();
            half.map_or("anybody".to_owned(), |half| format!("{} {}", form(half.form), half.text))
        });
        let key = if declaration.key { "key".to_owned() } else { String::new() };
        format!("{}: {}{key}", guards.join(" "), identities.collect::<Vec<_>>().join(", "))
    };
    found(&[("p.yaml", text)]).declarations.iter().map(one).collect()
}

const CLUSTER_POLICY: &str = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: images}
spec:
  validationFailureAction: ACTION
  rules:
    - name: verify
      verifyImages:
        - imageReferences: ['ghcr.io/acme/*']
          type: SigstoreBundle
          attestors:
            - entries:
                - keyless: {issuer: 'https://i', subject: 'https://github.com/acme/*'}
                - keyless: {issuer: 'https://i', subjectRegExp: '^https://github\\.com/acme/x$'}
                - keys: {publicKeys: k8s://a/b}
                - attestor: {entries: [{keyless: {issuer: 'https://i', subject: nested}}]}
          attestations:
            - type: https://slsa.dev/provenance/v1
              attestors: [{entries: [{keyless: {subject: attested}}]}]
    - name: other
      validate: {message: no}
";

#[test]
fn kyverno_policies_are_read_entry_by_entry() {
    let of_bundles = [
        "ghcr.io/acme/*: exact https://github.com/acme/*",
        "ghcr.io/acme/*: regex ^https://github\\.com/acme/x$",
        "ghcr.io/acme/*: key",
        "ghcr.io/acme/*: exact nested",
        // Without an issuer no name is compared.
        "ghcr.io/acme/*: ",
    ];
    let enforced = CLUSTER_POLICY.replace("ACTION", "Enforce");
    assert_eq!(told(&enforced), of_bundles);
    let of_signatures = [
        "ghcr.io/acme/*: glob https://github.com/acme/*",
        "ghcr.io/acme/*: regex ^https://github\\.com/acme/x$",
        "ghcr.io/acme/*: key",
        "ghcr.io/acme/*: glob nested",
        "ghcr.io/acme/*: glob attested",
    ];
    assert_eq!(told(&enforced.replace("type: SigstoreBundle", "type: Cosign")), of_signatures);
    let without = CLUSTER_POLICY.replace("verifyImages", "verifyimages");
    assert!(told(&without).is_empty(), "keys have their case");
}

#[test]
fn a_policy_that_only_warns_says_so() {
    for (action, warns) in
        [("Enforce", false), ("enforce", false), ("Audit", true), ("audit", true)]
    {
        let found = found(&[("p.yaml", &CLUSTER_POLICY.replace("ACTION", action))]);
        let declaration = &found.declarations[0];
        let weakened = declaration.weakened.iter().map(|one| one.how).collect::<Vec<_>>();
        assert_eq!(weakened, if warns { vec![Weakening::Warns] } else { vec![] }, "{action}");
    }
}

/// The fields around the attestors, each with its healthy neighbour.
#[test]
fn what_weakens_a_policy_of_kyverno_is_told() {
    use Weakening::{Excepts, LegacyOnly, Off, Skips, Trusts, Warns, WarnsByDefault};
    let enforced = CLUSTER_POLICY.replace("ACTION", "Enforce");
    let line = "  validationFailureAction: Enforce\n";
    let inside = |more: &str| {
        enforced.replace(
            "        - imageReferences",
            &format!("        - {more}\n          imageReferences"),
        )
    };
    let beside = |more: &str| enforced.replace(line, &format!("{line}  {more}\n"));
    let keyless = |more: &str| {
        enforced.replace(
            "keyless: {issuer: 'https://i', subject: 'h",
            &format!("keyless: {{{more}, issuer: 'https://i', subject: 'h"),
        )
    };
    for (text, expected, why) in [
        (enforced.clone(), vec![], "it denies"),
        (enforced.replace(line, ""), vec![WarnsByDefault], "nobody wrote that it denies"),
        (inside("failureAction: Audit"), vec![Warns], "the rule's own action decides"),
        (
            inside("failureAction: Enforce").replace(line, "  validationFailureAction: Audit\n"),
            vec![],
            "against the policy's",
        ),
        (beside("failurePolicy: Ignore"), vec![Skips], "no answer is a good one"),
        (
            beside("webhookConfiguration: {failurePolicy: Ignore}"),
            vec![Skips],
            "where it is written now",
        ),
        (beside("webhookConfiguration: {failurePolicy: Fail}"), vec![], "the default, written"),
        (beside("admission: false"), vec![Off], "it only reports"),
        (beside("admission: true"), vec![], "the default, written"),
        (inside("required: false"), vec![Skips], "unsigned is good enough"),
        (inside("mutateDigest: false"), vec![], "a tag is refused, then"),
        (
            inside("mutateDigest: false\n          verifyDigest: false"),
            vec![Skips],
            "a tag moves on",
        ),
        (inside("skipImageReferences: ['ghcr.io/acme/x*']"), vec![Excepts], "some images"),
        (
            beside(
                "validationFailureActionOverrides: [{action: Audit, namespaces: [kube-system]}]",
            ),
            vec![Excepts],
            "some namespaces",
        ),
        (
            beside("validationFailureActionOverrides: [{action: Enforce, namespaces: [apps]}]"),
            vec![],
            "as elsewhere",
        ),
        (enforced.replace("          type: SigstoreBundle\n", ""), vec![LegacyOnly], "the default"),
        (enforced.replace("type: SigstoreBundle", "type: Cosign"), vec![LegacyOnly], "by name"),
        (
            enforced.replace("type: SigstoreBundle", "cosignOCI11: true"),
            vec![],
            "what refers to the image is looked for",
        ),
        (keyless("roots: x"), vec![Trusts], "certificates of its own"),
        (keyless("rekor: {url: 'https://rekor.sigstore.dev'}"), vec![], "the public log by name"),
        (keyless("rekor: {url: 'https://r', pubkey: x}"), vec![Trusts], "a log of its own"),
    ] {
        let found = found(&[("p.yaml", &text)]);
        let said: Vec<Weakening> =
            found.declarations[0].weakened.iter().map(|one| one.how).collect();
        assert_eq!(said, expected, "{why}");
    }
}

#[test]
fn what_weakens_a_validating_policy_is_told() {
    use Weakening::{Off, Skips, Trusts, Warns};
    let text = |spec: &str, cosign: &str| {
        format!(
            "apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: {{name: images}}
spec:
  matchImageReferences: [{{glob: 'ghcr.io/acme/*'}}]
{spec}  attestors:
    - name: cosign
      cosign:
        keyless: {{identities: [{{issuer: 'https://i', subject: s}}]}}
{cosign}"
        )
    };
    for (spec, cosign, expected, why) in [
        ("", "", vec![], "it denies by default"),
        ("  validationActions: [Audit]\n", "", vec![Warns], "it only writes it down"),
        ("  validationActions: [Audit, Deny]\n", "", vec![], "it writes it down and denies"),
        ("  evaluation: {admission: {enabled: false}}\n", "", vec![Off], "it only reports"),
        (
            "  validationConfigurations: {required: false}\n",
            "",
            vec![Skips],
            "unsigned is good enough",
        ),
        (
            "  validationConfigurations: {mutateDigest: false, verifyDigest: false}\n",
            "",
            vec![Skips],
            "a tag moves on",
        ),
        (
            "  validationConfigurations: {mutateDigest: false}\n",
            "",
            vec![],
            "a tag is refused, then",
        ),
        (
            "",
            "        tuf: {mirror: 'https://tuf-repo.github.com'}\n",
            vec![Trusts],
            "another repository of trust",
        ),
        (
            "",
            "        ctlog: {url: 'https://rekor.sigstore.dev'}\n",
            vec![],
            "the public log by name",
        ),
    ] {
        let found = found(&[("p.yaml", &text(spec, cosign))]);
        let said: Vec<Weakening> =
            found.declarations[0].weakened.iter().map(|one| one.how).collect();
        assert_eq!(said, expected, "{why}");
    }
}

#[test]
fn image_validating_policies_compare_as_cosign_does() {
    let text = "apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: {name: images}
spec:
  validationActions: [Audit]
  matchImageReferences: [{glob: 'ghcr.io/acme/*'}]
  attestors:
    - name: cosign
      cosign:
        keyless:
          identities:
            - {issuer: 'https://i', subject: 'https://github.com/acme/*'}
            - {issuerRegExp: '^https://i$', subjectRegExp: '^s$'}
        ctlog: {url: 'https://rekor', insecureIgnoreTlog: true}
    - name: notary
      notary: {certs: {value: x}}
";
    let cosign = "ghcr.io/acme/*: exact https://github.com/acme/*, regex ^s$";
    assert_eq!(told(text), [cosign, "ghcr.io/acme/*: key"]);
    let found = found(&[("p.yaml", text)]);
    let declaration = &found.declarations[0];
    assert!(declaration.bundle_path, "several identities are refused there");
    let fields: Vec<&str> = declaration.weakened.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["spec.validationActions: Audit", "ctlog.insecureIgnoreTlog: true"]);
}

#[test]
fn certificates_of_notary_count_as_a_key() {
    let policy = |attestor: &str| {
        format!(
            "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {{name: a}}\nspec:\n  \
             validationActions: [Audit]\n  matchImageReferences: [{{glob: 'ghcr.io/acme/*'}}]\n  \
             attestors: [{{name: a, {attestor}}}]\n"
        )
    };
    for (attestor, expected) in [
        ("notary: {certs: {value: c}}", vec!["ghcr.io/acme/*: key"]),
        ("cosign: {key: {data: k}}", vec!["ghcr.io/acme/*: key"]),
        (
            "cosign: {keyless: {identities: [{issuer: i, subject: s}]}}",
            vec!["ghcr.io/acme/*: exact s"],
        ),
        ("other: {}", vec![]),
    ] {
        assert_eq!(told(&policy(attestor)), expected, "{attestor}");
    }
}

#[test]
fn policy_controller_is_read_authority_by_authority() {
    let text = "apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: images}
spec:
  mode: warn
  images: [{glob: 'ghcr.io/acme/**'}]
  authorities:
    - keyless:
        identities:
          - {issuer: 'https://i', subject: s}
          - {issuer: 'https://i', subjectRegExp: '^s$'}
    - key: {data: x}
";
    assert_eq!(told(text), ["ghcr.io/acme/**: exact s, regex ^s$", "ghcr.io/acme/**: key"]);
    let found = found(&[("p.yaml", text)]);
    assert!(found.declarations.iter().all(|one| one.consumer == Consumer::PolicyController));
    assert_eq!(found.declarations[0].weakened[0].field, "spec.mode: warn");
    assert!(!found.declarations[0].bundle_path, "several identities are taken");
    let legacy = |text: &str| {
        let declared = self::found(&[("p.yaml", text)]).declarations.remove(0);
        declared.weakened.iter().any(|one| one.how == Weakening::LegacyOnly)
    };
    assert!(legacy(text), "the default");
    assert!(!legacy(&text.replace("- keyless:", "- signatureFormat: bundle\n      keyless:")));
}

#[test]
fn talos_is_read_rule_by_rule() {
    let text = "apiVersion: v1alpha1
kind: ImageVerificationConfig
rules:
  - image: registry.k8s.io/*
    verify: true
    keyless: {issuer: 'https://accounts.google.com', subject: krel@acme.test}
  - image: ghcr.io/acme/*
    verify: false
    keyless: {issuer: 'https://i', subjectRegex: '@acme\\.test$'}
  - image: docker.io/*
    verify: false
  - image: '**'
    verify: true
    publicKey: {certificate: x}
";
    let expected = [
        "registry.k8s.io/*: exact krel@acme.test",
        "ghcr.io/acme/*: regex @acme\\.test$",
        "docker.io/*: ",
        "**: key",
    ];
    assert_eq!(told(text), expected);
    let found = found(&[("t.yaml", text)]);
    assert_eq!(found.declarations[1].weakened[0].field, "verify: false");
    assert!(found.declarations[0].weakened.is_empty());
}

/// The first rule that matches decides.
#[test]
fn a_rule_of_talos_that_no_image_reaches_is_told() {
    let rules = |rules: &str| {
        let text = format!("apiVersion: v1alpha1\nkind: ImageVerificationConfig\nrules:\n{rules}");
        let found = found(&[("t.yaml", &text)]);
        let weakened = found.declarations.iter().flat_map(|one| &one.weakened);
        weakened.map(|one| one.how).collect::<Vec<_>>()
    };
    let own = "  - {image: 'ghcr.io/acme/*', publicKey: {certificate: x}}\n";
    for (before, expected, why) in [
        ("", vec![], "it is the first"),
        ("  - {image: 'docker.io/*', deny: true}\n", vec![], "about others"),
        ("  - {image: 'ghcr.io/acme/app', deny: true}\n", vec![], "about some"),
        (
            "  - {image: 'ghcr.io/*', publicKey: {certificate: y}}\n",
            vec![Weakening::Unreached { skipped: false }],
            "another rule verifies all of them",
        ),
        (
            "  - {image: '*', skip: true}\n",
            vec![Weakening::Skips, Weakening::Unreached { skipped: true }],
            "nobody verifies any",
        ),
    ] {
        assert_eq!(rules(&format!("{before}{own}")), expected, "{why}");
    }
}

#[test]
fn an_exception_from_a_policy_about_images_is_told_where_it_stands() {
    let policy = CLUSTER_POLICY.replace("ACTION", "Enforce");
    let of_rules = |name: &str| {
        format!(
            "apiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata: {{name: dev}}\nspec:\n  \
             exceptions: [{{policyName: {name}, ruleNames: [verify]}}]\n"
        )
    };
    let of_policies = |kind: &str| {
        format!(
            "apiVersion: policies.kyverno.io/v1\nkind: PolicyException\nmetadata: {{name: dev}}\n\
             spec:\n  policyRefs: [{{kind: {kind}, name: images}}]\n"
        )
    };
    for (exception, expected, why) in [
        (of_rules("images"), vec!["SW9144"], "rules of it"),
        (of_rules("others"), vec![], "another policy"),
        (of_rules("apps/images"), vec![], "one of a namespace"),
        (of_rules("'*'"), vec![], "a name has no wildcards"),
        (of_policies("ClusterPolicy"), vec![], "the other API excepts from its own policies"),
        (of_rules("images").replace("kyverno.io", "example.org"), vec![], "another API"),
    ] {
        let found = found(&[("policy.yaml", &policy), ("exception.yaml", &exception)]);
        assert_eq!(codes(&found), expected, "{why}");
        assert!(
            found.findings.iter().all(|it| it.place.file.as_deref() == Some("exception.yaml")),
            "{why}"
        );
    }
}
