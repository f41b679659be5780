//! What signs, and what only looks like it.

use sealwright_policy::workflow_report::SignedBy;

use crate::support::{COMMIT, judged, signing};

fn found(step: &str, more: &[(&str, &str)]) -> Vec<(String, SignedBy)> {
    let text = signing("push", &format!("      - {}\n", step.replace('\n', "\n        ")));
    let mut files = vec![(".github/workflows/cd.yaml", text.as_str())];
    files.extend(more);
    let judged = judged(&files);
    judged.jobs[0].signs_with.iter().map(|with| (with.tool.clone(), with.by)).collect()
}

#[test]
fn commands_that_sign_are_known_with_whose_name() {
    use SignedBy::*;
    for (script, tool, by, why) in [
        ("cosign sign --yes x", "cosign sign", Workflow, "keyless"),
        ("cosign attest --predicate p --type t x", "cosign attest", Workflow, "keyless"),
        ("cosign sign-blob --bundle b f", "cosign sign-blob", Workflow, "a file"),
        ("cosign sign --key env://K x", "cosign sign", Key, "a key"),
        ("cosign sign --key=cosign.key x", "cosign sign", Key, "a key, in the other form"),
        ("cosign sign --identity-token t x", "cosign sign", Elsewhere, "somebody else's token"),
        (
            "cosign sign --fulcio-url http://localhost x",
            "cosign sign",
            Elsewhere,
            "another authority",
        ),
        ("cosign sign $COSIGN_FLAGS x", "cosign sign", PerhapsWorkflow, "flags from elsewhere"),
        ("timeout 60 retry cosign sign x", "cosign sign", Workflow, "behind others"),
        ("echo x | xargs -n1 cosign sign --yes", "cosign sign", Workflow, "through xargs"),
        ("for i in a b; do cosign sign $i; done", "cosign sign", Workflow, "in a loop"),
        ("out=$(cosign sign x)", "cosign sign", Workflow, "in a substitution"),
        ("bash -ec 'cd y && cosign sign x'", "cosign sign", Workflow, "in a script within"),
        (
            "docker run -e A ghcr.io/sigstore/cosign:v3 sign x",
            "cosign sign",
            Workflow,
            "in a container",
        ),
        ("\"$COSIGN\" sign x", "cosign sign", Workflow, "by a variable"),
        ("./bin/cosign-linux-amd64 sign x", "cosign sign", Workflow, "by its path"),
        (
            "sealwright-publisher publish --artifact x",
            "sealwright-publisher publish",
            Workflow,
            "ours",
        ),
        ("timoni mod push . oci://x --sign cosign", "timoni mod push", Workflow, "told to sign"),
        ("npm publish --provenance", "npm publish", Workflow, "told to attest"),
        ("notation sign x", "notation sign", Key, "knows nothing but keys"),
    ] {
        let step = format!("run: {script:?}");
        assert_eq!(found(&step, &[]), [(tool.to_owned(), by)], "{why}");
    }
}

#[test]
fn what_only_looks_like_signing_is_none() {
    for (step, why) in [
        ("run: echo cosign sign x".to_owned(), "said"),
        ("run: |\n  # cosign sign x\n  true".to_owned(), "a comment"),
        ("run: |\n  cat <<EOF > README\n  cosign sign x\n  EOF".to_owned(), "a text"),
        ("run: cosign verify x".to_owned(), "another verb"),
        ("run: cosign sign --help".to_owned(), "asks how"),
        ("run: cosign version".to_owned(), "asks which"),
        ("run: npm publish".to_owned(), "not told to attest"),
        ("run: timoni mod push . oci://x".to_owned(), "not told to sign"),
        ("run: flux push artifact oci://x".to_owned(), "pushes"),
        (format!("uses: docker/build-push-action@{COMMIT}"), "its provenance is not signed"),
        (format!("uses: sigstore/cosign-installer@{COMMIT}"), "installs"),
        (format!("if: false\nuses: actions/attest@{COMMIT}"), "never runs"),
    ] {
        assert_eq!(found(&step, &[]), [], "{why}");
    }
}

#[test]
fn actions_that_sign_are_known() {
    use SignedBy::*;
    for (uses, by, why) in [
        ("actions/attest", Workflow, "GitHub's"),
        ("actions/attest-build-provenance", Workflow, "GitHub's, for provenance"),
        ("Actions/Attest-SBOM", Workflow, "case does not count"),
        ("sigstore/gh-action-sigstore-python", Workflow, "files"),
        ("pypa/gh-action-pypi-publish", PerhapsWorkflow, "if it has no password"),
        ("goreleaser/goreleaser-action", PerhapsWorkflow, "its configuration is not here"),
    ] {
        assert_eq!(found(&format!("uses: {uses}@{COMMIT}"), &[]), [(uses.to_owned(), by)], "{why}");
    }
    let goreleaser = format!("uses: goreleaser/goreleaser-action@{COMMIT}");
    let tool = "goreleaser/goreleaser-action".to_owned();
    for (config, arguments, by, why) in [
        ("signs: [{cmd: cosign, args: [sign-blob, '--yes']}]\n", "", Some(Workflow), "keyless"),
        ("signs: [{cmd: cosign, args: ['--key=k']}]\n", "", Some(Key), "with a key"),
        ("signs: [{artifacts: all}]\n", "", Some(Key), "GnuPG"),
        ("docker_signs: [{cmd: cosign}]\n", "", Some(Workflow), "images"),
        ("builds: []\n", "", None, "nothing signed"),
        ("signs: [{cmd: cosign}]\n", "\nwith: {args: release --skip=sign}", None, "skipped"),
        ("includes: [x]\n", "", Some(PerhapsWorkflow), "some of it is elsewhere"),
    ] {
        let expected: Vec<_> = by.into_iter().map(|by| (tool.clone(), by)).collect();
        let step = format!("{goreleaser}{arguments}");
        assert_eq!(found(&step, &[(".goreleaser.yaml", config)]), expected, "{why}");
    }
}

#[test]
fn what_a_script_of_the_repository_signs_is_signed_by_the_job() {
    let script = "#!/bin/sh\ncosign sign --yes ghcr.io/acme/x\n";
    let makefile = "sign:\n\tcosign sign --yes ghcr.io/acme/x\n";
    for (step, more, signs, why) in [
        ("./hack/sign.sh", ("hack/sign.sh", script), true, "a script"),
        ("make sign", ("Makefile", makefile), true, "a target"),
        ("docker run x sh -c 'cosign sign --yes y'", ("a.sh", ""), true, "a text in a container"),
        ("./hack/other.sh", ("hack/sign.sh", script), false, "another script"),
        ("make build", ("Makefile", makefile), false, "another target"),
    ] {
        let text = signing("push", &format!("      - run: {step}\n"));
        let files = [(".github/workflows/cd.yaml", text.as_str()), more];
        let judged = judged(&files);
        let found = judged.jobs.iter().flat_map(|job| &job.signs_with);
        let tools: Vec<&str> = found.map(|with| with.tool.as_str()).collect();
        assert_eq!(tools.contains(&"cosign sign"), signs, "{why}: {tools:?}");
    }
}
