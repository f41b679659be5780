//! Signing jobs and those who should accept them.

use sealwright_manifests::File;
use sealwright_policy::{Code, Severity};
use sealwright_workflows::{About, Expected, judge};

use crate::support::{COMMIT, SIGN, codes, findings, judged_by, signing, workflow};

const SIGNER: &str =
    "  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}\n";
const MAIN: &str = "{push: {branches: [main]}}";

#[test]
fn a_signer_needs_somebody_who_can_sign_as_it() {
    let good = signing(MAIN, SIGN);
    let build = workflow(MAIN, "permissions: {}", "    steps: [{run: make}]\n");
    let maybe = signing(MAIN, "      - run: aws s3 ls\n");
    let unseen = signing(MAIN, "      - run: ./release.sh\n");
    let tags = signing("{push: {tags: ['v*']}}", SIGN);
    let by = |uses: &str| signing(MAIN, &format!("      - uses: {uses}@{COMMIT}\n"));
    let (githubs, known, other, alike) = (
        by("actions/setup-go"),
        by("docker/build-push-action"),
        by("acme/deploy"),
        by("actionsacme/setup-go"),
    );
    let nothing = || vec![Code::JobMaySign, Code::SignerSignsNothing];
    for (file, text, expected, why) in [
        ("cd.yaml", good.as_str(), vec![], "it signs"),
        (
            "cd.yml",
            &good,
            vec![Code::SigningUnaccepted, Code::SignerWorkflowMissing],
            "another ending",
        ),
        (
            "deploy.yaml",
            &good,
            vec![Code::SigningUnaccepted, Code::SignerWorkflowMissing],
            "renamed",
        ),
        ("cd.yaml", &build, vec![Code::SignerCannotSign], "no job of it can sign"),
        (
            "cd.yaml",
            &maybe,
            vec![Code::JobMaySign, Code::SignerSignsNothing],
            "nothing is known to",
        ),
        ("cd.yaml", &unseen, vec![Code::JobMaySign], "a script may do it unseen"),
        ("cd.yaml", &githubs, nothing(), "an action of GitHub's does not"),
        ("cd.yaml", &known, nothing(), "one that is known does not"),
        ("cd.yaml", &other, vec![Code::JobMaySign], "somebody's action may do it"),
        ("cd.yaml", &alike, vec![Code::JobMaySign], "whose name begins like GitHub's"),
        (
            "cd.yaml",
            &tags,
            vec![Code::SigningUnaccepted, Code::SignerCannotSign],
            "from other refs",
        ),
    ] {
        let path = format!(".github/workflows/{file}");
        let judged = judged_by(&[(&path, text)], SIGNER);
        assert_eq!(codes(&judged), expected, "{why}: {:?}", findings(&judged));
    }
}

#[test]
fn a_missing_file_is_shown_at_the_signer_with_its_twin() {
    let judged = judged_by(&[(".github/workflows/cd.yml", &signing(MAIN, SIGN))], SIGNER);
    let all = findings(&judged);
    let finding = all.iter().find(|f| f.code == Code::SignerWorkflowMissing).unwrap();
    assert_eq!(finding.place.to_string(), "sealwright.yaml:4:54");
    assert_eq!(finding.severity, Severity::Error);
    assert_eq!(finding.hint.as_deref(), Some("the file is called cd.yml"));
}

#[test]
fn a_caller_that_is_named_instead_of_the_called_file_is_found() {
    let caller = "on: {push: {branches: [main]}}\npermissions: {id-token: write}\njobs: {a: {uses: ./.github/workflows/sign.yaml}}\n";
    let files = [
        (".github/workflows/cd.yaml", caller),
        (".github/workflows/sign.yaml", &signing("workflow_call", SIGN)),
    ];
    let judged = judged_by(&files, SIGNER);
    let all = findings(&judged);
    let finding = all.iter().find(|f| f.code == Code::SignerCannotSign).unwrap();
    let hint = finding.hint.as_deref().unwrap();
    assert!(hint.contains("sign.yaml@refs/heads/main"), "{hint}");
    let right = SIGNER.replace("cd.yaml", "sign.yaml");
    assert_eq!(codes(&judged_by(&files, &right)), [], "the called file is the one");
}

#[test]
fn a_called_workflow_of_another_repository_is_accepted_by_its_pin() {
    let signer = "  cd: {github: {repository: acme/shared, workflow: publish.yaml, commit: any}, calledFrom: [acme/platform]}\n";
    let caller = format!(
        "on: push\npermissions: {{id-token: write}}\njobs: {{a: {{uses: acme/shared/.github/workflows/publish.yaml@{COMMIT}}}}}\n"
    );
    let judged = judged_by(&[(".github/workflows/cd.yaml", &caller)], signer);
    assert_eq!(codes(&judged), []);
    assert_eq!(judged.jobs[0].identities[0].accepted_by, ["signer cd"]);
    let by_tag = caller.replace(COMMIT, "v1");
    let judged = judged_by(&[(".github/workflows/cd.yaml", &by_tag)], signer);
    assert!(judged.jobs[0].identities[0].accepted_by.is_empty(), "a tag is no commit");
}

#[test]
fn an_event_that_nobody_accepts_is_noted() {
    for (on, noted, why) in [
        ("{push: {branches: [main]}, merge_group: {}}", 1, "the merge queue"),
        (
            "{push: {branches: [main]}, pull_request: {}}",
            0,
            "pull requests are refused for good reason",
        ),
        ("{push: {branches: [main]}, workflow_dispatch: {}}", 0, "it can be started on main"),
        ("{push: {branches: [main]}, schedule: [{cron: '0 4 * * *'}]}", 0, "runs for main"),
        ("{push: {branches: [main], tags: [v1]}}", 1, "tags"),
    ] {
        let judged = judged_by(&[(".github/workflows/cd.yaml", &signing(on, SIGN))], SIGNER);
        let codes = codes(&judged);
        assert!(codes.iter().all(|code| *code == Code::SigningEventUnaccepted), "{why}: {codes:?}");
        assert_eq!(codes.len(), noted, "{why}");
    }
}

#[test]
fn a_token_for_every_job_lets_every_job_sign() {
    let text = |top: &str, test: &str| {
        format!(
            "on: {MAIN}\n{top}\njobs:\n  sign:\n    permissions: {{id-token: write}}\n    steps:\n{SIGN}  test:\n    {test}\n    steps: [{{run: cargo test}}]\n"
        )
    };
    for (top, test, expected, why) in [
        ("permissions: {}", "# none", vec![], "none for the test"),
        ("permissions: {id-token: write}", "# none", vec![Severity::Warning], "from the top"),
        ("permissions: {}", "permissions: {id-token: write}", vec![Severity::Note], "of its own"),
    ] {
        let judged = judged_by(&[(".github/workflows/cd.yaml", &text(top, test))], SIGNER);
        let found: Vec<Severity> = findings(&judged).iter().map(|f| f.severity).collect();
        assert_eq!(found, expected, "{why}: {:?}", findings(&judged));
    }
}

#[test]
fn others_signers_and_files_say_nothing_about_us() {
    let foreign = SIGNER.replace("acme/platform", "acme/other");
    let judged = judged_by(&[(".github/workflows/ci.yaml", &signing(MAIN, SIGN))], &foreign);
    assert_eq!(codes(&judged), [], "a signer of another repository");
    assert!(!judged.jobs[0].identities[0].compared, "nobody speaks of ours");
    let renamed = judged_by(&[(".github/workflows/deploy.yaml", &signing(MAIN, SIGN))], SIGNER);
    assert!(renamed.jobs[0].identities[0].compared, "who does, and of another file");
    let blob = signing(MAIN, "      - run: cosign sign-blob --bundle b f\n");
    let good = (".github/workflows/cd.yaml", &*signing(MAIN, SIGN));
    let judged = judged_by(&[(".github/workflows/files.yaml", &blob), good], SIGNER);
    assert_eq!(codes(&judged), [], "no cluster looks at files");
}

/// What is said of so many signers, each of a branch of its own.
fn passed_over(signers: usize) -> Vec<(Code, Severity, String)> {
    let more = (1..signers).map(|at| {
        format!("  s{at}: {{github: {{repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/b{at}]}}}}\n")
    });
    let signers: String = std::iter::once(SIGNER.to_owned()).chain(more).collect();
    let text = signing("workflow_dispatch", SIGN);
    let judged = judged_by(&[(".github/workflows/cd.yaml", &text)], &signers);
    let told = |f: sealwright_policy::Finding| (f.code, f.severity, f.message);
    findings(&judged).into_iter().map(told).collect()
}

#[test]
fn matchers_beyond_the_limit_are_not_passed_over_in_silence() {
    assert_eq!(passed_over(500), [], "as many as are compared");
    let message = "more than 500 different matchers are about this repository; signer s99 and those behind it were not compared";
    let expected = (Code::WorkflowTooLarge, Severity::Unknown, message.to_owned());
    assert_eq!(passed_over(501), [expected], "one more");
}

#[test]
fn without_a_name_nobody_is_compared_which_is_no_clean_answer_where_somebody_is_named() {
    let text = signing(MAIN, SIGN);
    let tree = crate::support::read(&[(".github/workflows/cd.yaml", &text)]);
    let severities = |expected: &sealwright_workflows::Expected<'_>| {
        let judged = sealwright_workflows::judge(&tree, Default::default(), expected);
        findings(&judged).iter().map(|f| (f.code, f.severity)).collect::<Vec<_>>()
    };
    let nobody = sealwright_workflows::Expected::default();
    assert_eq!(severities(&nobody), [(Code::RepositoryNameUnknown, Severity::Note)]);
    crate::support::with_signers(SIGNER, |expected| {
        assert_eq!(severities(expected), [(Code::RepositoryNameUnknown, Severity::Unknown)]);
    });
}

/// What is said of a job that signs on any branch, by a source whose refs are these.
fn declared_as(refs: &str) -> Vec<(Code, Severity)> {
    let source = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {{name: a, namespace: a}}\nspec:\n  url: oci://ghcr.io/acme/x\n  verify:\n    provider: cosign\n    matchOIDCIdentity:\n      - issuer: ^https://token\\.actions\\.githubusercontent\\.com$\n        subject: ^https://github\\.com/acme/platform/\\.github/workflows/cd\\.yaml@{refs}$\n"
    );
    let file = File { path: "source.yaml", bytes: source.as_bytes() };
    let found = sealwright_manifests::discover(std::iter::once(file));
    let text = signing("{push: {branches: ['**']}}", SIGN);
    let tree = crate::support::read(&[(".github/workflows/cd.yaml", &text)]);
    let about = About { repository: Some("acme/platform"), default_branch: Some("main") };
    let expected = Expected { config: None, declarations: &found.declarations };
    findings(&judge(&tree, about, &expected)).iter().map(|f| (f.code, f.severity)).collect()
}

#[test]
fn who_cannot_be_compared_with_a_matcher_is_not_taken_for_accepted() {
    let undecided = (Code::PatternUndecided, Severity::Unknown);
    assert!(declared_as("refs/heads/[ab]*a[ab]{40}").contains(&undecided), "2^40 states");
    let partly = declared_as("(?:refs/tags/v1|refs/heads/[ab]*a[ab]{40})");
    assert!(partly.contains(&undecided), "the tag is about us, and its branches are 2^40 states");
    assert!(!declared_as("refs/heads/.*").contains(&undecided), "all branches are easy");
    assert!(!declared_as("refs/heads/main").contains(&undecided), "so is one");
}

#[test]
fn a_job_that_may_sign_by_its_callers_right_is_told_at_the_caller() {
    let signer = SIGNER.replace("cd.yaml", "called.yaml");
    let called = workflow("workflow_call", "", "    steps: [{run: aws s3 ls}]\n");
    let caller = |level: &str| {
        format!(
            "on: {MAIN}\njobs:\n  a:\n    permissions: {{id-token: {level}}}\n    uses: ./.github/workflows/called.yaml\n"
        )
    };
    let found = |level: &str| {
        let caller = caller(level);
        let files = [
            (".github/workflows/cd.yaml", caller.as_str()),
            (".github/workflows/called.yaml", &called),
        ];
        let all = findings(&judged_by(&files, &signer));
        let may = all.into_iter().find(|finding| finding.code == Code::JobMaySign);
        may.map(|finding| finding.place.to_string())
    };
    assert_eq!(found("write").as_deref(), Some(".github/workflows/cd.yaml:4:19"));
    assert_eq!(found("none"), None, "it may not");
}

#[test]
fn an_event_that_a_caller_or_an_earlier_job_may_hold_back_is_not_told() {
    let signer = SIGNER.replace("cd.yaml", "called.yaml");
    let on = "{push: {branches: [main]}, schedule: [{cron: '0 4 * * *'}], release: {}}";
    let caller = |more: &str| {
        format!(
            "on: {on}\njobs:\n  a:\n    {more}\n    permissions: {{id-token: write, packages: write}}\n    uses: ./.github/workflows/called.yaml\n  b: {{if: vars.ON, runs-on: x, steps: [{{run: x}}]}}\n"
        )
    };
    for (more, expected, why) in [
        ("# silent", 1, "a release runs for a tag"),
        ("if: vars.ON", 0, "a condition that is not on paper"),
        ("needs: b", 0, "that of another job"),
    ] {
        let (caller, called) = (caller(more), signing("workflow_call", SIGN));
        let files = [
            (".github/workflows/cd.yaml", caller.as_str()),
            (".github/workflows/called.yaml", &called),
        ];
        let judged = judged_by(&files, &signer);
        let told =
            codes(&judged).iter().filter(|code| **code == Code::SigningEventUnaccepted).count();
        assert_eq!(told, expected, "{why}: {:?}", findings(&judged));
    }
}
