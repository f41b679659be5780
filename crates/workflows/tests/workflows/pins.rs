//! What is run by a name that others can move.

use sealwright_policy::{Code, Severity, Verdict};

use crate::support::{COMMIT, SIGN, codes, findings, judged, judged_by, signing, workflow};

#[test]
fn what_a_signing_job_runs_must_be_fixed() {
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (uses, expected, why) in [
        (format!("acme/tool@{COMMIT}"), None, "a commit"),
        ("acme/tool@v1".to_owned(), Some(Code::SigningPathUnpinned), "a tag"),
        ("acme/tool@main".to_owned(), Some(Code::SigningPathUnpinned), "a branch"),
        ("docker://acme/tool:1".to_owned(), Some(Code::SigningPathUnpinned), "an image by tag"),
        (format!("docker://acme/tool@sha256:{digest}"), None, "an image by digest"),
        ("actions/checkout@v4".to_owned(), Some(Code::UsesUnpinned), "GitHub's own"),
        ("acme/platform/tool@main".to_owned(), None, "our own branch, as this file is"),
        ("acme/platform/tool@v1".to_owned(), Some(Code::SigningPathUnpinned), "our own tag"),
        ("acme/platform/tool@topic".to_owned(), Some(Code::SigningPathUnpinned), "or topic"),
        ("acme/${{ inputs.x }}@v1".to_owned(), Some(Code::UsesNotJudged), "an expression"),
        ("nonsense".to_owned(), Some(Code::UsesNotJudged), "nothing"),
    ] {
        let text = signing("push", &format!("      - uses: '{uses}'\n{SIGN}"));
        let judged = judged(&[(".github/workflows/cd.yaml", &text)]);
        assert_eq!(codes(&judged), expected.into_iter().collect::<Vec<_>>(), "{why}");
    }
}

#[test]
fn actions_on_the_way_count_where_they_are_written() {
    let action = "runs:\n  using: composite\n  steps:\n    - uses: acme/tool@v1\n    - run: cosign sign x\n      shell: bash\n";
    let text = signing("push", "      - uses: ./sign\n");
    let judged = judged(&[(".github/workflows/cd.yaml", &text), ("sign/action.yml", action)]);
    let all = findings(&judged);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].place.to_string(), "sign/action.yml:4:13");
}

#[test]
fn elsewhere_it_is_one_warning_a_file() {
    let steps = "    steps: [{uses: a/b@v1}, {uses: a/b@v1}, {uses: c/d@v2}, {uses: ./}]\n";
    let judged = judged(&[
        (".github/workflows/ci.yaml", &workflow("push", "", steps)),
        ("action.yml", "runs: {using: node20, main: x}\n"),
    ]);
    let all = findings(&judged);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!((all[0].code, all[0].severity), (Code::UsesUnpinned, Severity::Warning));
    assert!(all[0].message.ends_with("a/b@v1, c/d@v2"), "{}", all[0].message);
}

#[test]
fn what_several_signing_jobs_run_is_told_once_and_an_error_where_somebody_accepts_it() {
    let signer =
        "  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}\n";
    let main = "{push: {branches: [main]}}";
    let steps = format!("      - uses: acme/tool@v1\n      - uses: acme/tool@v1\n{SIGN}");
    let own = format!("      - uses: actions/checkout@v5\n{SIGN}");
    let (cd, own) = (signing(main, &steps), signing(main, &own));
    let other = cd.replace("main", "next");
    let found = |files: &[(&str, &str)], signer: &str| {
        let judged = judged_by(files, signer);
        let all = findings(&judged);
        let pins = all
            .iter()
            .filter(|one| matches!(one.code, Code::SigningPathUnpinned | Code::UsesUnpinned));
        let told: Vec<(Severity, String)> =
            pins.map(|one| (one.severity, one.message.clone())).collect();
        (told, judged.jobs.iter().map(|job| job.verdict).collect::<Vec<_>>())
    };
    let both = [(".github/workflows/cd.yaml", cd.as_str()), (".github/workflows/b.yaml", &other)];
    let (told, verdicts) = found(&both, signer);
    let message = "2 jobs sign, and run acme/tool@v1 by a name that can be moved: b.yaml: sign, cd.yaml: sign";
    assert_eq!(told, [(Severity::Error, message.to_owned())]);
    assert_eq!(verdicts, [Verdict::Verified, Verdict::Refused], "by b.yaml nobody goes");
    let (told, _) = found(&[(".github/workflows/b.yaml", &other)], signer);
    assert_eq!(told[0].0, Severity::Warning, "nobody here accepts it");
    let (told, verdicts) = found(&[(".github/workflows/cd.yaml", &own)], signer);
    assert_eq!((told[0].0, verdicts), (Severity::Note, vec![Verdict::Verified]), "GitHub's own");
}

#[test]
fn an_image_in_which_a_signing_job_runs_counts_as_what_it_runs() {
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (container, loose, why) in [
        ("container: acme/build:1", 1, "by its tag"),
        ("container: {image: acme/build}", 1, "without any"),
        (&format!("container: acme/build@sha256:{digest}"), 0, "by digest"),
        (&format!("container: {{image: 'acme/build:1@sha256:{digest}'}}"), 0, "by both"),
        ("container: ''", 0, "none"),
        ("services: {db: {image: postgres:17}}", 0, "what runs beside it"),
    ] {
        let text =
            signing("push", SIGN).replace("    runs-on", &format!("    {container}\n    runs-on"));
        let found = codes(&judged(&[(".github/workflows/cd.yaml", &text)]));
        assert_eq!(found, vec![Code::SigningPathUnpinned; loose], "{why}");
    }
    let text = signing("push", &format!("      - uses: ./x\n{SIGN}"));
    for (image, loose, why) in [
        ("docker://acme/x:1", 1, "an image by its tag"),
        ("Dockerfile", 0, "built from a file of the repository"),
    ] {
        let action = format!("runs: {{using: docker, image: '{image}'}}\n");
        let files = [(".github/workflows/cd.yaml", text.as_str()), ("x/action.yml", &action)];
        assert_eq!(codes(&judged(&files)), vec![Code::SigningPathUnpinned; loose], "{why}");
    }
}

#[test]
fn a_generator_that_works_by_tag_alone_may_have_one() {
    let generator =
        "slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml";
    for (version, expected, why) in [
        ("v2.1.0", vec![], "its release"),
        ("main", vec![Code::SigningPathUnpinned], "a branch is no release"),
    ] {
        let text = format!(
            "on: push\njobs:\n  a:\n    permissions: {{id-token: write}}\n    uses: {generator}@{version}\n"
        );
        assert_eq!(codes(&judged(&[(".github/workflows/cd.yaml", &text)])), expected, "{why}");
    }
}

#[test]
fn what_is_called_and_not_there_is_told_once() {
    for (uses, severity, why) in [
        ("uses: ./.github/workflows/gone.yaml", Severity::Warning, "a workflow"),
        ("steps: [{uses: ./gone}]", Severity::Note, "an action, which a step may put there"),
    ] {
        let text = format!("on: [push, pull_request]\njobs:\n  a:\n    {uses}\n");
        let judged = judged(&[(".github/workflows/cd.yaml", &text)]);
        let all = findings(&judged);
        assert_eq!(all.len(), 1, "{why}: {all:?}");
        assert_eq!((all[0].code, all[0].severity), (Code::CalledFileMissing, severity), "{why}");
    }
}
