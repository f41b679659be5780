//! What people ran into in public, written again with names of our own: which finding each would have
//! been, and that its mended form is none. Here are those that a repository on paper can show; what is
//! shown by workflows, by predictions or by the artifact is tested there.

use sealwright_manifests::checks::{Expected, judge};
use sealwright_manifests::{File, discover};
use sealwright_policy::{Code, Issuers};

const ISSUER: &str = "--certificate-oidc-issuer https://token.actions.githubusercontent.com";

fn codes(path: &str, text: &str) -> Vec<String> {
    let found = discover([File { path, bytes: text.as_bytes() }]);
    let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
    let reports = judged.declarations.iter().flat_map(|report| &report.findings);
    let all = reports.chain(&judged.findings);
    // What an engine does with images that no rule names holds of the healthy ones, too.
    let all = all.filter(|finding| finding.code != Code::ImagesUnnamed);
    let mut codes: Vec<String> = all.map(|finding| finding.code.to_string()).collect();
    codes.sort();
    codes.dedup();
    codes
}

fn kyverno(attestors: &[&str]) -> String {
    let identity = |subject: &&str| {
        format!("{{issuer: https://token.actions.githubusercontent.com, subject: {subject}}}")
    };
    let identities: Vec<String> = attestors.iter().map(identity).collect();
    format!(
        "apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: {{name: a}}
spec:
  matchImageReferences: [{{glob: ghcr.io/acme/*}}]
  attestors:
    - name: a
      cosign: {{keyless: {{identities: [{}]}}}}
",
        identities.join(", ")
    )
}

#[test]
fn what_people_reported_is_found() {
    let step = |file: &str| {
        format!(
            "on: push\njobs:\n  a:\n    steps:\n      - run: cosign verify {ISSUER} --certificate-identity \"https://github.com/$GITHUB_REPOSITORY/.github/workflows/{file}@$GITHUB_REF\" img\n"
        )
    };
    let cosign = |identity: &str| format!("cosign verify {ISSUER} {identity} img\n");
    let cd = "https://github.com/acme/a/.github/workflows/cd.yaml@refs/heads/main";
    let source = |verify: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {{name: a}}\nspec: {{url: oci://ghcr.io/acme/a, verify: {verify}}}\n"
        )
    };
    for (number, path, wrong, code, right) in [
        (7, ".github/workflows/release.yaml", step("publish.yaml"), "SW9124", step("release.yaml")),
        (
            9,
            "verify.sh",
            "gh attestation verify f --owner acme\n".to_owned(),
            "SW9123",
            "gh attestation verify f --owner acme --signer-workflow acme/ci/.github/workflows/cd.yaml\n"
                .to_owned(),
        ),
        (
            11,
            "verify.sh",
            "cosign verify --certificate-identity-regexp '.*' --certificate-oidc-issuer-regexp '.*' img\n"
                .to_owned(),
            "SW9010",
            cosign(&format!("--certificate-identity {cd}")),
        ),
        (
            13,
            "README.md",
            format!(
                "```sh\n{}```\n",
                cosign(&format!("--certificate-identity-regexp '^{cd}$'"))
            ),
            "SW9003",
            format!("```sh\n{}```\n", cosign(&format!("--certificate-identity {cd}"))),
        ),
        (
            15,
            "verify.sh",
            cosign("--certificate-identity-regexp acme/a/.github/workflows/cd.yaml"),
            "SW9002",
            cosign(&format!("--certificate-identity {cd}")),
        ),
        (
            17,
            ".github/workflows/gate.yaml",
            "jobs:\n  a:\n    steps:\n      - run: gh attestation verify f --owner acme\n".to_owned(),
            "SW9123",
            "jobs:\n  a:\n    steps:\n      - run: gh attestation verify f --repo acme/a --signer-workflow acme/ci/.github/workflows/cd.yaml\n"
                .to_owned(),
        ),
        (
            47,
            "source.yaml",
            source("{}"),
            "SW9131",
            source(&format!("{{provider: cosign, matchOIDCIdentity: [{{issuer: '^https://token\\.actions\\.githubusercontent\\.com$', subject: '^{}$'}}]}}", cd.replace('.', "\\."))),
        ),
        (51, "policy.yaml", kyverno(&[cd, &cd.replace("cd", "dr")]), "SW9130", kyverno(&[cd])),
    ] {
        let said = codes(path, &wrong);
        assert!(said.contains(&code.to_owned()), "report {number}: {said:?}");
        let said = codes(path, &right);
        assert!(said.is_empty(), "report {number}, mended: {said:?}");
    }
}

/// A policy of Kyverno for one identity, with these lines in its spec, its rule and its attestor.
fn cluster_policy(spec: &str, rule: &str, keyless: &str) -> String {
    let cd = "https://github.com/acme/a/.github/workflows/cd.yaml@refs/heads/main";
    format!(
        "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {{name: a}}
spec:
{spec}  rules:
    - name: a
      match: {{any: [{{resources: {{kinds: [Pod]}}}}]}}
      verifyImages:
        - imageReferences: ['ghcr.io/acme/*']
          type: SigstoreBundle
{rule}          attestors:
            - entries:
                - keyless:
                    issuer: https://token.actions.githubusercontent.com
                    subject: {cd}
{keyless}"
    )
}

/// Reports 49 and 53: whose trust decides, and that nobody renews it. And that a policy which only
/// audits is no lock, whether somebody wrote so or nobody wrote anything.
#[test]
fn what_stands_around_an_attestor_is_told() {
    let enforces = "          failureAction: Enforce\n";
    let pasted =
        "                    roots: |-\n                      -----BEGIN CERTIFICATE-----\n";
    for (wrong, code, why) in [
        (cluster_policy("", enforces, pasted), "SW9171", "49, 53: certificates of its own"),
        (cluster_policy("", "", ""), "SW9143", "it audits by default"),
        (
            cluster_policy("  validationFailureAction: Audit\n", "", ""),
            "SW9143",
            "it audits by its own word",
        ),
        (cluster_policy("  admission: false\n", enforces, ""), "SW9133", "it only reports"),
        (
            cluster_policy("  webhookConfiguration: {failurePolicy: Ignore}\n", enforces, ""),
            "SW9144",
            "no answer lets in",
        ),
    ] {
        let said = codes("policy.yaml", &wrong);
        assert_eq!(said, [code], "{why}");
    }
    let right = cluster_policy("", enforces, "");
    let older = right.replace("          type: SigstoreBundle\n", "");
    assert_eq!(codes("policy.yaml", &older), ["SW9173"], "49, 19: bundles are not looked for");
    assert_eq!(codes("policy.yaml", &right), [""; 0], "mended");
}

/// Report 57: each engine has its own answer for an image that no rule names.
#[test]
fn what_becomes_of_an_image_that_no_rule_names_is_told_for_each_engine() {
    let kyverno = kyverno(&["https://github.com/acme/a/.github/workflows/cd.yaml@refs/heads/main"]);
    let every = kyverno.replace("ghcr.io/acme/*", "*");
    let controller = "apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: a}
spec:
  images: [{glob: 'ghcr.io/acme/**'}]
  authorities:
    - keyless:
        identities:
          - issuer: https://token.actions.githubusercontent.com
            subject: https://github.com/acme/a/.github/workflows/cd.yaml@refs/heads/main
";
    let config = |word: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: config-policy-controller, namespace: cosign-system}}\ndata: {{no-match-policy: {word}}}\n"
        )
    };
    for (files, expected, why) in [
        (vec![kyverno.clone()], vec!["Kyverno names: it is let in"], "let in"),
        (
            vec![controller.to_owned()],
            vec!["policy-controller names: it is denied where the namespace is labelled"],
            "denied",
        ),
        (
            vec![kyverno.clone(), controller.to_owned()],
            vec!["Kyverno names: it is let in", "policy-controller names: it is denied"],
            "one of each",
        ),
        (
            vec![controller.to_owned(), config("allow")],
            vec!["policy-controller names: it is let in, by `no-match-policy: allow` in 1.yaml:4"],
            "as it is configured",
        ),
        (
            vec![controller.to_owned(), config("allwo")],
            vec!["policy-controller names: it is denied where"],
            "a word that it does not know",
        ),
        (vec![every], vec![], "every image is named"),
    ] {
        let names: Vec<String> = (0..files.len()).map(|number| format!("{number}.yaml")).collect();
        let files = names.iter().zip(&files);
        let found = discover(files.map(|(path, text)| File { path, bytes: text.as_bytes() }));
        let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
        let said = judged.findings.iter().filter(|finding| finding.code == Code::ImagesUnnamed);
        let said: Vec<&str> = said.map(|finding| finding.message.as_str()).collect();
        assert_eq!(said.len(), expected.len(), "{why}: {said:?}");
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.contains(expected), "{why}: {said}");
        }
    }
}
