//! What people ran into in public, written again with names of our own: which finding the workflows
//! would have shown, and that the mended form is none. Those that show on paper without workflows are
//! tests of the manifests.

use std::collections::BTreeSet;

use sealwright_manifests::{File, discover};
use sealwright_policy::{Code, Finding, Severity};
use sealwright_workflows::{About, Expected, Judged, Tree, compare, judge, routes};

type Files<'a> = &'a [(&'a str, &'a str)];

const ABOUT: About<'_> = About { repository: Some("acme/app"), default_branch: Some("main") };
const COMMIT: &str = "08c6903cd8c0fde910a37f88322edcfb5dd907a8";
const CD: &str = ".github/workflows/cd.yaml";
const SIGN: &str = ".github/workflows/sign.yaml";
const MAIN: &str = "{push: {branches: [main]}}";
const LOCAL: &str = "./.github/workflows/sign.yaml";
const RIGHTS: &str = "{id-token: write, packages: write}";
const BY_DIGEST: &str = "cosign sign --yes ghcr.io/acme/app@$DIGEST";

fn files<'a>(of: Files<'a>) -> impl Iterator<Item = File<'a>> + Clone {
    of.iter().map(|(path, text)| File { path, bytes: text.as_bytes() })
}

fn borrowed<'a>(of: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    of.iter().map(|(path, text)| (*path, text.as_str())).collect()
}

fn judged(of: Files<'_>) -> Judged {
    let found = discover(files(of));
    let expected = Expected { config: None, declarations: &found.declarations };
    judge(&Tree::read(files(of)), ABOUT, &expected)
}

/// What the command says that is louder than a note, or all of it; with `base`, compared with that.
fn said(of: Files<'_>, base: Option<Files<'_>>, notes: bool) -> Vec<String> {
    let (tree, judged) = (Tree::read(files(of)), judged(of));
    let jobs = judged.jobs.iter().flat_map(|job| job.findings.clone());
    let mut all: Vec<Finding> = jobs.chain(judged.findings.clone()).collect();
    all.extend(routes(&tree, ABOUT, None).findings);
    all.extend(
        base.iter().flat_map(|base| compare(&Tree::read(files(base)), &tree, ABOUT, files(of))),
    );
    let loud = all.iter().filter(|finding| notes || finding.severity > Severity::Note);
    loud.map(|finding| finding.code.to_string()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A workflow of one job with these commands.
fn job(on: &str, permissions: &str, commands: &[&str]) -> String {
    let steps: String = commands.iter().map(|line| format!("      - run: {line}\n")).collect();
    format!(
        "on: {on}\njobs:\n  publish:\n    runs-on: x\n    permissions: {permissions}\n    steps:\n{steps}"
    )
}

fn call(permissions: &str, uses: &str) -> String {
    format!("on: {MAIN}\njobs:\n  publish:\n    permissions: {permissions}\n    uses: {uses}\n")
}

fn verify(identity: &str) -> String {
    format!(
        "cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com --certificate-identity \"https://github.com/{identity}\" img\n"
    )
}

/// Each with its number: what was there, what is found, what mends it.
#[test]
fn what_people_reported_is_found() {
    let called = job("workflow_call", RIGHTS, &[BY_DIGEST]);
    let calls = call(RIGHTS, LOCAL);
    let remote =
        call("{id-token: write}", &format!("acme/ci/.github/workflows/sign.yaml@{COMMIT}"));
    let through_library = |identity: &str| {
        vec![(CD, calls.clone()), (SIGN, called.clone()), ("verify.sh", verify(identity))]
    };
    let elsewhere = |flag: &str| {
        let command = format!("gh attestation verify f --repo acme/app{flag}\n");
        vec![(CD, remote.clone()), ("verify.sh", command)]
    };
    let library = |identity: &str| {
        let on = "{push: {branches: [main]}, workflow_call: {}}";
        let verify = verify(identity);
        vec![(SIGN, job(on, RIGHTS, &[BY_DIGEST, verify.trim()]))]
    };
    let one = |permissions: &str, commands: &[&str]| vec![(CD, job(MAIN, permissions, commands))];
    let unsigned = "docker push ghcr.io/acme/app:${{ github.sha }}";
    let tag = "crane tag ghcr.io/acme/app@$DIGEST latest";
    let file = "cosign sign-blob --yes --bundle app.sigstore.json app.tar.gz";
    let wished = "cosign sign --yes --certificate-identity https://github.com/acme/app/.github/workflows/release.yaml@refs/heads/main ghcr.io/acme/app@$DIGEST";
    let own = |command: &str, file: &str| {
        let identity = format!("acme/app/.github/workflows/{file}@refs/heads/main");
        vec![(CD, job(MAIN, RIGHTS, &[command])), ("verify.sh", verify(&identity))]
    };
    for (number, wrong, code, right) in [
        (
            "1",
            through_library("acme/app/.github/workflows/cd.yaml@refs/heads/main"),
            "SW9205",
            through_library("acme/app/.github/workflows/sign.yaml@refs/heads/main"),
        ),
        ("1, in another repository", elsewhere(""), "SW9205", elsewhere(" --signer-repo acme/ci")),
        (
            "3",
            library("$GITHUB_REPOSITORY/.github/workflows/sign.yaml@$GITHUB_REF"),
            "SW9208",
            library("acme/app/.github/workflows/sign.yaml@${{ inputs.release }}"),
        ),
        ("3, by the file", library("${{ github.workflow_ref }}"), "SW9208", library("$SIGNER")),
        (
            "35",
            one(RIGHTS, &[unsigned, "cosign sign --yes oci://ghcr.io/acme/charts/app:1.0.0"]),
            "SW9231",
            one(RIGHTS, &[unsigned, "cosign sign --yes ghcr.io/acme/app@$DIGEST"]),
        ),
        (
            "39",
            one(
                RIGHTS,
                &["docker push ghcr.io/acme/app:latest", "cosign sign ghcr.io/acme/app:latest"],
            ),
            "SW9231",
            one(RIGHTS, &[unsigned, BY_DIGEST, tag]),
        ),
        (
            "39, pushed by another job",
            one(RIGHTS, &["cosign sign --yes ghcr.io/acme/app:latest"]),
            "SW9231",
            one(RIGHTS, &[BY_DIGEST]),
        ),
        ("41", one("{contents: read}", &[file]), "SW9210", one("{id-token: write}", &[file])),
        (
            "43",
            vec![(CD, call("{contents: read}", LOCAL)), (SIGN, called.clone())],
            "SW9212",
            vec![(CD, calls.clone()), (SIGN, called.clone())],
        ),
        ("45", own(wished, "release.yaml"), "SW9204", own(BY_DIGEST, "cd.yaml")),
    ] {
        let found = said(&borrowed(&wrong), None, true);
        assert!(found.contains(&code.to_owned()), "report {number}: {found:?}");
        let found = said(&borrowed(&right), None, false);
        assert!(found.is_empty(), "report {number}, mended: {found:?}");
        let found = said(&borrowed(&right), None, true);
        assert!(!found.contains(&code.to_owned()), "report {number}, mended: {found:?}");
    }
}

/// Report 5: signing moved behind a called workflow, and texts kept the old name.
#[test]
fn every_place_that_keeps_the_old_name_is_listed_before_the_merge() {
    let identity = |file: &str| format!("acme/app/.github/workflows/{file}@refs/heads/main");
    let (old, new) = (verify(&identity("cd.yaml")), verify(&identity("sign.yaml")));
    let before = job(MAIN, RIGHTS, &[BY_DIGEST]);
    let before = [(CD, before.as_str()), ("check.sh", &old), ("docs/verify.sh", &old)];
    let (calls, called) = (call(RIGHTS, LOCAL), job("workflow_call", RIGHTS, &[BY_DIGEST]));
    for (check, page, named) in [(&old, &old, 2), (&new, &old, 1), (&new, &new, 0)] {
        let after = [
            (CD, calls.as_str()),
            (SIGN, called.as_str()),
            ("check.sh", check),
            ("docs/verify.sh", page),
        ];
        let (was, is) = (Tree::read(files(&before)), Tree::read(files(&after)));
        let found = compare(&was, &is, ABOUT, files(&after));
        let places = found.iter().filter(|finding| finding.code == Code::IdentityStillNamed);
        assert_eq!(places.count(), named, "{found:#?}");
        assert_eq!(found[0].code, Code::SignerVanished, "others may trust the old name");
        assert_eq!(found[0].severity == Severity::Error, named > 0, "{found:#?}");
    }
    assert_eq!(said(&before, Some(&before), true), [""; 0], "nothing moved");
}

/// Report 45: whom a certificate names follows from where it is made, whatever flags are given.
#[test]
fn no_flag_changes_the_name() {
    let wished = "cosign sign --certificate-identity https://github.com/acme/other/.github/workflows/release.yaml@refs/heads/main ghcr.io/acme/app@$DIGEST";
    let name = |command: &str| {
        let text = job(MAIN, RIGHTS, &[command]);
        let judged = judged(&[(CD, &text)]);
        judged.jobs[0].identities[0].san.clone()
    };
    assert_eq!(
        name(BY_DIGEST),
        "https://github.com/acme/app/.github/workflows/cd.yaml@refs/heads/main"
    );
    assert_eq!(name(wished), name(BY_DIGEST));
}
