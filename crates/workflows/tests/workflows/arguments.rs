//! Arguments that a version of cosign refuses or ignores, and copies that leave the evidence behind.

use sealwright_policy::{Code, Severity};
use sealwright_workflows::judge;

use crate::support::*;

/// `SW9221: the message`, of a job that installs cosign so and runs this.
fn said(install: &str, run: &str) -> Vec<String> {
    let steps = format!("      - {install}\n      - run: {run}\n");
    told(&[(".github/workflows/cd.yaml", &signing("{push: {branches: [main]}}", &steps))])
}

fn told(files: &[(&str, &str)]) -> Vec<String> {
    let judged = judged(files);
    let ours = [Code::CosignRefuses, Code::CosignIgnores, Code::EvidenceLeftBehind];
    let found = findings(&judged).into_iter().filter(|finding| ours.contains(&finding.code));
    found.map(|finding| format!("{}: {}", finding.code, finding.message)).collect()
}

const THREE: &str = "{uses: sigstore/cosign-installer@v4, with: {cosign-release: v3.1.2}}";
const TWO: &str = "{uses: sigstore/cosign-installer@v4, with: {cosign-release: v2.6.1}}";

/// Each command was run with cosign 3.1.2; what older ones do is told by its changelog.
#[test]
fn each_argument_is_told_for_the_versions_that_do_not_take_it() {
    for (install, run, expected, why) in [
        (
            THREE,
            "cosign sign-blob --yes --output-signature a.sig --output-certificate a.pem a",
            "SW9221 no --bundle; SW9222 --output-certificate; SW9222 --output-signature",
            "nothing is written",
        ),
        (
            TWO,
            "cosign sign-blob --yes --output-signature a.sig --output-certificate a.pem a",
            "",
            "as it was written for",
        ),
        (THREE, "cosign sign-blob --yes --bundle a.sigstore.json a", "", "as it is now"),
        (
            THREE,
            "cosign sign-blob --yes --bundle a.sigstore.json --output-signature a.sig a",
            "SW9222 --output-signature",
            "one of two files",
        ),
        (
            THREE,
            "cosign sign-blob --yes --new-bundle-format=false --use-signing-config=false --output-signature a.sig a",
            "",
            "the old way, asked for",
        ),
        (
            THREE,
            "cosign sign-blob --yes --new-bundle-format=false --output-signature a.sig a",
            "SW9221 no --bundle",
            "half of the old way",
        ),
        (
            THREE,
            "cosign attest-blob --yes --predicate p a",
            "SW9221 no --bundle",
            "of attestations too",
        ),
        (
            THREE,
            "cosign sign --yes --tlog-upload=false ghcr.io/acme/x@$DIGEST",
            "SW9221 --tlog-upload",
            "the configuration decides",
        ),
        (THREE, "cosign sign --yes --tlog-upload=true ghcr.io/acme/x@$DIGEST", "", "the default"),
        (
            THREE,
            "cosign sign --yes --tlog-upload=false --use-signing-config=false ghcr.io/acme/x@$DIGEST",
            "",
            "without one",
        ),
        (
            TWO,
            "cosign sign --yes --tlog-upload=false ghcr.io/acme/x@$DIGEST",
            "",
            "before there was one",
        ),
        (
            THREE,
            "cosign sign --yes --rekor-url https://r ghcr.io/acme/x@$DIGEST",
            "SW9221 --rekor-url",
            "the configuration decides",
        ),
        (TWO, "cosign sign --force ghcr.io/acme/x@$DIGEST", "SW9221 --force", "taken away"),
        (
            TWO,
            "cosign verify --certificate-email a@acme.test ghcr.io/acme/x",
            "SW9221 --certificate-email",
            "taken away",
        ),
        (
            "{uses: sigstore/cosign-installer@v4, with: {cosign-release: v2.4.1}}",
            "cosign sign --yes --new-bundle-format ghcr.io/acme/x@$DIGEST",
            "SW9221 --new-bundle-format",
            "not there yet",
        ),
        (TWO, "cosign sign --yes --new-bundle-format ghcr.io/acme/x@$DIGEST", "", "there"),
        (
            "{run: make}",
            "cosign sign --yes --certificate-identity x ghcr.io/acme/x@$DIGEST",
            "SW9221 --certificate-identity",
            "of no version",
        ),
        (
            "{run: make}",
            "cosign verify --certificate-identity x --certificate-oidc-issuer y ghcr.io/acme/x",
            "",
            "verifying takes it",
        ),
        (THREE, "cosign sign-blob --yes $COSIGN_ARGS a", "", "what is in there nobody knows"),
        (THREE, "echo cosign sign-blob a", "", "only talk"),
        (
            "{run: make}",
            "cosign sign --yes oci://ghcr.io/acme/x@$DIGEST",
            "SW9221 oci://ghcr.io/acme/x@$DIGEST",
            "a registry that is called oci",
        ),
    ] {
        let said = said(install, run);
        let mut said: Vec<String> = said
            .iter()
            .map(|one| {
                let (code, rest) = one.split_once(": ").expect("a code");
                let (_, rest) = rest.split_once(" with ").expect("an argument");
                let argument = rest.split(" is ").next().and_then(|one| one.split(" does ").next());
                format!("{code} {}", argument.expect("one"))
            })
            .collect();
        said.sort();
        assert_eq!(said.join("; "), expected, "{why}: {run}");
    }
}

/// A version is known from what is written, and said with its source; else nothing is concluded.
#[test]
fn which_cosign_runs_is_told_or_not_known() {
    let commit = "uses: sigstore/cosign-installer@faadad0cce49287aee09b3a48701e75088a2c6ad";
    let old = "cosign sign-blob --yes --output-signature a.sig a";
    for (install, expected, why) in [
        (THREE.to_owned(), "`cosign-release: v3.1.2`", "asked for"),
        ("{uses: sigstore/cosign-installer@v4}".to_owned(), "cosign-installer v4, which installs cosign 3", "by default"),
        ("{uses: sigstore/cosign-installer@v4.0.0}".to_owned(), "cosign-installer v4.0.0, which installs cosign 3", "by default"),
        (format!("{commit} # v4.0.0"), "cosign-installer v4.0.0, which installs cosign 3", "by a comment"),
        (commit.to_owned(), "", "a commit alone"),
        ("{uses: sigstore/cosign-installer@v3}".to_owned(), "", "cosign 2"),
        ("{uses: sigstore/cosign-installer@main}".to_owned(), "", "whatever is newest"),
        ("{uses: sigstore/cosign-installer@v4, with: {cosign-release: '${{ inputs.cosign }}'}}".to_owned(), "", "an expression"),
        ("{uses: sigstore/cosign-installer@v4, if: inputs.sign}".to_owned(), "", "perhaps"),
        ("run: curl -fsSLO https://github.com/sigstore/cosign/releases/download/v3.0.6/cosign-linux-amd64".to_owned(), "the release v3.0.6 that is downloaded", "by its address"),
        ("run: go install github.com/sigstore/cosign/v3/cmd/cosign@latest".to_owned(), "", "whatever is newest"),
    ] {
        let said = said(&install, old);
        let found = said.iter().find(|one| one.contains("no --bundle"));
        assert_eq!(found.is_some(), !expected.is_empty(), "{why}: {said:?}");
        assert!(found.is_none_or(|one| one.ends_with(expected)), "{why}: {said:?}");
    }
}

/// Two installers: the last one before the command counts, also when an action installs it.
#[test]
fn the_last_installer_counts() {
    let action = format!(
        "runs:\n  using: composite\n  steps:\n    - {THREE}\n    - {{run: 'cosign sign-blob --yes a', shell: bash}}\n"
    );
    let steps =
        format!("      - {TWO}\n      - run: cosign sign-blob --yes a\n      - uses: ./install\n");
    let cd = signing("push", &steps);
    let said = told(&[(".github/workflows/cd.yaml", &cd), ("install/action.yml", &action)]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("no --bundle"), "{said:?}");
}

/// Report 21 as it was: goreleaser runs cosign, and the installer was updated.
#[test]
fn what_goreleaser_runs_is_judged_by_the_cosign_of_its_job() {
    let sign = |arguments: &str| format!("signs:\n  - cmd: cosign\n    args: [{arguments}]\n");
    let old = sign(
        "sign-blob, '--output-certificate=${certificate}', '--output-signature=${signature}', '${artifact}', --yes",
    );
    let new = sign("sign-blob, '--bundle=${signature}', '${artifact}', --yes");
    for (install, signs, arguments, expected) in [
        (THREE, &old, "release", 3),
        (TWO, &old, "release", 0),
        (THREE, &new, "release", 0),
        (THREE, &old, "release --skip=sign", 0),
        (THREE, &old, "release -f other.yaml", 0),
    ] {
        let steps = format!(
            "      - {install}\n      - uses: goreleaser/goreleaser-action@v6\n        with: {{args: {arguments}}}\n"
        );
        let said = told(&[
            (".github/workflows/cd.yaml", &signing("push", &steps)),
            (".goreleaser.yaml", signs),
        ]);
        assert_eq!(said.len(), expected, "{install} {arguments} {signs}: {said:?}");
    }
}

#[test]
fn a_variable_of_the_first_cosign_is_told_as_a_note() {
    for (install, expected) in [(THREE, 1), ("{run: make}", 0)] {
        let steps = format!(
            "      - {install}\n      - env: {{COSIGN_EXPERIMENTAL: 1}}\n        run: cosign sign --yes ghcr.io/acme/x@$DIGEST\n"
        );
        let judged = judged(&[(".github/workflows/cd.yaml", &signing("push", &steps))]);
        let notes = findings(&judged);
        let notes = notes
            .iter()
            .filter(|one| one.code == Code::CosignIgnores && one.severity == Severity::Note);
        assert_eq!(notes.count(), expected, "{install}");
    }
}

/// Reports 29, 31 and 33: a mirror of what is verified, without what it is verified by.
#[test]
fn a_copy_without_its_evidence_is_told() {
    let ours = "ghcr.io/acme/platform/manifests";
    for (run, expected, why) in [
        (
            format!("crane copy {ours}:v1 registry.acme.test/mirror/manifests:v1"),
            Some(Severity::Warning),
            "the tag alone",
        ),
        (
            format!("crane copy --all-tags {ours} registry.acme.test/mirror/manifests"),
            None,
            "the tags of signatures too",
        ),
        (
            format!("skopeo copy docker://{ours}:v1 docker://registry.acme.test/m:v1"),
            Some(Severity::Warning),
            "one more program",
        ),
        (
            format!("oras cp {ours}:v1 registry.acme.test/m:v1"),
            Some(Severity::Warning),
            "without what refers to it",
        ),
        (format!("oras cp -r {ours}:v1 registry.acme.test/m:v1"), None, "with it"),
        (
            format!(
                "regctl image copy --referrers --digest-tags {ours}:v1 registry.acme.test/m:v1"
            ),
            None,
            "with it",
        ),
        (
            format!("regctl image copy {ours}:v1 registry.acme.test/m:v1"),
            Some(Severity::Warning),
            "without it",
        ),
        (format!("crane copy {ours}:v1 {ours}:latest"), None, "the same repository"),
        (
            "crane copy docker.io/library/nginx:1 registry.acme.test/nginx:1".to_owned(),
            Some(Severity::Note),
            "nobody verifies it here",
        ),
        (format!("crane copy {ours}:v1 $MIRROR/manifests:v1"), None, "where to is not on paper"),
        (
            format!(
                "crane copy {ours}:v1 registry.acme.test/m:v1 && cosign copy {ours}:v1 registry.acme.test/m:v1"
            ),
            None,
            "what is attached goes another way",
        ),
        (
            format!(
                "crane copy {ours}:v1 registry.acme.test/m:v1 && cosign sign --yes registry.acme.test/m@$DIGEST"
            ),
            None,
            "signed anew",
        ),
    ] {
        let cd =
            format!("on: push\njobs:\n  mirror:\n    runs-on: x\n    steps:\n      - run: {run}\n");
        let signers = "  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}\n";
        let tree = read(&[(".github/workflows/mirror.yaml", &cd)]);
        let about = sealwright_workflows::About {
            repository: Some("acme/platform"),
            default_branch: Some("main"),
        };
        let found = with_signers(signers, |expected| findings(&judge(&tree, about, expected)));
        let found = found.iter().find(|finding| finding.code == Code::EvidenceLeftBehind);
        assert_eq!(found.map(|finding| finding.severity), expected, "{why}: {run}");
    }
}
