//! The name in the certificate, for every way of starting and calling.

use crate::support::{COMMIT, SIGN, codes, judged, names, signing, workflow};

const CD: &str = "https://github.com/acme/platform/.github/workflows/cd.yaml@";
const CALLED: &str = "https://github.com/acme/platform/.github/workflows/sign.yml@";

#[test]
fn every_event_has_its_refs() {
    for (on, refs, why) in [
        ("push", vec!["any branch", "any tag"], "without filters"),
        ("{push: {branches: [main]}}", vec!["refs/heads/main"], "a branch leaves out tags"),
        ("{push: {tags: ['v*']}}", vec!["refs/tags/v*"], "tags leave out branches"),
        ("{push: {paths: [k8s/**]}}", vec!["any branch", "any tag"], "paths are no filter of refs"),
        (
            "{push: {branches: [main, 'rel/**', '!rel/old']}}",
            vec!["refs/heads/main", "refs/heads/rel/**"],
            "in order",
        ),
        ("{push: {branches-ignore: [wip]}}", vec!["any branch but wip"], "all but some"),
        ("pull_request", vec!["refs/pull/<number>/merge"], "the merge commit"),
        (
            "{pull_request: {types: [closed], branches: [main]}}",
            vec!["refs/pull/<number>/merge", "refs/heads/main"],
            "merged",
        ),
        ("pull_request_target", vec!["refs/heads/main"], "the repository's own"),
        (
            "merge_group",
            vec!["refs/heads/gh-readonly-queue/<branch>/pr-<number>-<commit>"],
            "the queue",
        ),
        ("{schedule: [{cron: '0 4 * * *'}]}", vec!["refs/heads/main"], "the default branch"),
        ("workflow_dispatch", vec!["any branch or tag"], "whatever is chosen"),
        ("repository_dispatch", vec!["refs/heads/main"], "the default branch"),
        ("release", vec!["any tag"], "the released tag"),
        ("{workflow_run: {workflows: [ci]}}", vec!["refs/heads/main"], "the default branch"),
        ("issue_comment", vec!["refs/heads/main"], "the default branch"),
        ("workflow_call", vec!["<ref or commit in the caller's `uses`>"], "others may call it"),
    ] {
        let judged = judged(&[(".github/workflows/cd.yaml", &signing(on, SIGN))]);
        let expected: Vec<String> = refs.iter().map(|git_ref| format!("{CD}{git_ref}")).collect();
        assert_eq!(names(&judged), expected, "{why}");
        assert_eq!(codes(&judged), [], "{why}");
    }
}

#[test]
fn examples_are_real_names() {
    for (on, example) in [
        ("{push: {branches: ['release/*']}}", "refs/heads/release/topic"),
        ("{push: {tags: ['v[0-9]+.[0-9]+.*']}}", "refs/tags/v1.1.1.2.3"),
        ("{push: {branches: ['**', '!topic']}}", "refs/heads/-"),
        (
            "merge_group",
            "refs/heads/gh-readonly-queue/main/pr-42-8f4b7f84864484a7bf31766abe9204da3cbe65b3",
        ),
        ("release", "refs/tags/v1.2.3"),
    ] {
        let judged = judged(&[(".github/workflows/cd.yaml", &signing(on, SIGN))]);
        let found = judged.jobs[0].identities[0].example.clone().unwrap();
        if example == "refs/heads/-" {
            assert!(
                found.starts_with(&format!("{CD}refs/heads/")) && !found.ends_with("topic"),
                "{found}"
            );
        } else {
            assert_eq!(found, format!("{CD}{example}"), "{on}");
        }
    }
}

#[test]
fn the_called_file_signs_and_never_the_caller() {
    let called = signing("workflow_call", SIGN);
    let caller = workflow(
        "{push: {branches: [main]}}",
        "permissions: {id-token: write, packages: write}",
        "    uses: ./.github/workflows/sign.yml\n",
    );
    let caller = caller.replace("    runs-on: ubuntu-latest\n", "");
    let judged =
        judged(&[(".github/workflows/cd.yaml", &caller), (".github/workflows/sign.yml", &called)]);
    let expected = [
        format!("{CALLED}refs/heads/main"),
        format!("{CALLED}<ref or commit in the caller's `uses`>"),
    ];
    let mut found = names(&judged);
    found.sort_by_key(|name| !name.ends_with("main"));
    assert_eq!(found, expected);
    let by_cd = judged.jobs[0].identities.iter().find(|identity| identity.event == "push").unwrap();
    assert_eq!(by_cd.called_by, ["cd.yaml: sign"]);
    assert_eq!(codes(&judged), []);
}

#[test]
fn a_workflow_of_another_repository_signs_at_its_pin() {
    let file = "https://github.com/acme/shared/.github/workflows/publish.yaml@";
    for (version, name, why) in [
        (COMMIT, COMMIT, "a commit stays a commit"),
        ("refs/tags/v1", "refs/tags/v1", "a whole ref stays as it is"),
        ("v1", "refs/<tags or heads>/v1", "nothing here says whether it is a tag"),
    ] {
        let job = format!("    uses: acme/shared/.github/workflows/publish.yaml@{version}\n");
        let text = workflow("push", "permissions: {id-token: write}", &job);
        let judged = judged(&[(".github/workflows/cd.yaml", &text)]);
        assert_eq!(names(&judged)[0], format!("{file}{name}"), "{why}");
    }
    let judged = judged(&[(
        ".github/workflows/cd.yaml",
        &workflow("push", "", "    uses: acme/shared/.github/workflows/lint.yaml@v1\n"),
    )]);
    assert_eq!(judged.jobs, [], "without a token it cannot sign");
}

/// GitHub resolves a name in full as it does for any other repository; what that calls by `./` is of
/// the same version.
#[test]
fn a_repository_that_names_its_own_workflow_in_full_signs_at_that_version() {
    let signed = "permissions: {id-token: write, packages: write}";
    let call = |uses: &str| {
        workflow("{push: {branches: [main]}}", signed, &format!("    uses: {uses}\n"))
            .replace("    runs-on: ubuntu-latest\n", "")
    };
    let inner = signing("workflow_call", SIGN);
    let outer =
        call("./.github/workflows/sign.yml").replace("{push: {branches: [main]}}", "workflow_call");
    let by_tag = "refs/<tags or heads>/v1".to_owned();
    for (uses, expected, why) in [
        ("./.github/workflows/outer.yml", "refs/heads/main".to_owned(), "the caller's ref"),
        ("acme/platform/.github/workflows/outer.yml@v1", by_tag.clone(), "a tag or branch"),
        ("Acme/Platform/.github/workflows/outer.yml@v1", by_tag, "without regard to case"),
        (
            &format!("acme/platform/.github/workflows/outer.yml@{COMMIT}"),
            COMMIT.to_owned(),
            "a commit",
        ),
    ] {
        let cd = call(uses);
        let judged = judged(&[
            (".github/workflows/cd.yaml", &cd),
            (".github/workflows/outer.yml", &outer),
            (".github/workflows/sign.yml", &inner),
        ]);
        let [job] = judged.jobs.as_slice() else { panic!("{why}: {:?}", judged.jobs) };
        let by_cd = job.identities.iter().find(|one| one.event == "push").expect(why);
        assert_eq!(by_cd.san, format!("{CALLED}{expected}"), "{why}");
        assert_eq!(by_cd.called_by, ["cd.yaml: sign", "outer.yml: sign"], "{why}");
    }
    // Of a file that is not here nobody knows more than of another repository's.
    let cd = call("acme/platform/.github/workflows/gone.yml@v1");
    let judged = judged(&[(".github/workflows/cd.yaml", &cd)]);
    assert_eq!(
        names(&judged),
        ["https://github.com/acme/platform/.github/workflows/gone.yml@refs/<tags or heads>/v1"]
    );
}

#[test]
fn an_action_never_shows_in_the_name() {
    let action = "runs: {using: composite, steps: [{run: cosign sign x, shell: bash}]}\n";
    let outer = "runs: {using: composite, steps: [{uses: ./.github/actions/inner}]}\n";
    let text = signing("{push: {branches: [main]}}", "      - uses: ./.github/actions/outer\n");
    let judged = judged(&[
        (".github/workflows/cd.yaml", &text),
        (".github/actions/outer/action.yml", outer),
        (".github/actions/inner/action.yaml", action),
    ]);
    assert_eq!(names(&judged), [format!("{CD}refs/heads/main")]);
    let place = &judged.jobs[0].signs_with[0].place;
    assert_eq!(place.file.as_deref(), Some(".github/actions/inner/action.yaml"));
}

#[test]
fn a_condition_on_the_event_takes_names_away() {
    for (condition, left, why) in [
        ("github.event_name != 'pull_request'", 1, "not on pull requests"),
        ("${{ github.event_name == 'pull_request' }}", 1, "only there"),
        ("github.actor == 'bot'", 2, "about something else"),
    ] {
        let text = signing("{push: {branches: [main]}, pull_request: {}}", SIGN);
        let text = text.replace("  sign:\n", &format!("  sign:\n    if: {condition}\n"));
        let judged = judged(&[(".github/workflows/cd.yaml", &text)]);
        assert_eq!(names(&judged).len(), left, "{why}");
    }
}

#[test]
fn a_job_behind_one_that_does_not_run_does_not_run() {
    let build = |condition: &str, own: &str| {
        let text = signing("{push: {branches: [main]}, pull_request: {}}", SIGN);
        let build = format!(
            "jobs:\n  build:\n    if: {condition}\n    runs-on: x\n    steps: [{{run: make}}]\n"
        );
        let text = text.replace("jobs:\n", &build);
        text.replace("  sign:\n", &format!("  sign:\n    needs: build\n    {own}\n"))
    };
    let push = "github.event_name == 'push'";
    for (condition, own, left, why) in [
        (push, "# silent", 1, "it waits for one of pushes alone"),
        (push, "if: github.actor != 'x'", 1, "a condition that does not ask how it went"),
        (push, "if: always()", 2, "it goes on"),
        (push, "if: ${{ !cancelled() }}", 2, "it goes on"),
        ("github.actor == 'x'", "# silent", 2, "perhaps"),
    ] {
        let judged = judged(&[(".github/workflows/cd.yaml", &build(condition, own))]);
        assert_eq!(names(&judged).len(), left, "{why}");
    }
}

#[test]
fn who_says_nothing_signs_with_what_the_caller_passes_on() {
    let called = workflow("workflow_call", "", "    steps: [{run: ./release.sh}]\n");
    let caller = |permissions: &str| {
        format!("on: push\n{permissions}\njobs: {{a: {{uses: ./.github/workflows/sign.yml}}}}\n")
    };
    for (permissions, seen, why) in [
        ("permissions: {id-token: write}", 1, "it may sign under its own name"),
        ("permissions: {contents: read}", 0, "it may not"),
        ("# silent", 0, "nor by any setting"),
    ] {
        let files = [
            (".github/workflows/cd.yaml", caller(permissions)),
            (".github/workflows/sign.yml", called.clone()),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (*p, t.as_str())).collect();
        let judged = judged(&files);
        assert_eq!(judged.jobs.len(), seen, "{why}: {:?}", judged.jobs);
        let Some(job) = judged.jobs.first() else { continue };
        assert_eq!(job.job, "sign.yml: sign");
        assert!(job.identities[0].san.starts_with(CALLED), "{}", job.identities[0].san);
    }
}

#[test]
fn without_its_name_a_repository_has_no_examples() {
    let text = signing("push", SIGN);
    let tree = crate::support::read(&[(".github/workflows/cd.yaml", &text)]);
    let judged = sealwright_workflows::judge(&tree, Default::default(), &Default::default());
    let identity = &judged.jobs[0].identities[0];
    assert_eq!(identity.example, None);
    assert!(
        identity.san.starts_with("https://github.com/<this repository>/.github/workflows/cd.yaml@")
    );
    assert_eq!(codes(&judged), [sealwright_policy::Code::RepositoryNameUnknown]);
}
