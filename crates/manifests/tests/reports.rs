//! What people ran into in public, written again with names of our own: which finding each would have
//! been, and that its mended form is none. Here are those that a repository on paper can show; what is
//! shown by workflows, by predictions or by the artifact is tested there.

use sealwright_manifests::checks::{Expected, judge};
use sealwright_manifests::{File, discover};
use sealwright_policy::Issuers;

const ISSUER: &str = "--certificate-oidc-issuer https://token.actions.githubusercontent.com";

fn codes(path: &str, text: &str) -> Vec<String> {
    let found = discover([File { path, bytes: text.as_bytes() }]);
    let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
    let reports = judged.declarations.iter().flat_map(|report| &report.findings);
    let mut codes: Vec<String> =
        reports.chain(&judged.findings).map(|finding| finding.code.to_string()).collect();
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
