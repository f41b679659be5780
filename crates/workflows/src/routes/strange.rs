//! What strangers can do to jobs that sign or push, each beside what keeps them out.

use sealwright_policy::Severity::{Error, Note, Warning};

use super::tests::{MAIN, SIGN, TAG, codes, job, of, step};
use super::*;

#[test]
fn strangers_and_the_rights_of_the_project() {
    let checkout =
        |what: &str| format!("uses: actions/checkout@v5\nwith: {{ref: \"${{{{ {what} }}}}\"}}");
    let head = checkout("github.event.pull_request.head.sha");
    let guarded = "on: pull_request_target\njobs:\n  publish:\n    if: github.event.pull_request.head.repo.full_name == github.repository\n";
    let target = "pull_request_target";
    let title = "echo \"${{ github.event.pull_request.title }}\"";
    let message = "echo \"${{ github.event.head_commit.message }}\"";
    for (text, expected, why) in [
        (job(target, &[&head, "make"]), &[("SW9237", Error)][..], "their code, our rights"),
        (job(target, &["uses: actions/checkout@v5", "make"]), &[], "our own code"),
        (
            job(target, &[&head, "make"])
                .replace("id-token: write", "id-token: none")
                .replace("packages: write", "packages: read"),
            &[],
            "their code, no rights",
        ),
        (job("pull_request", &[&head, "make"]), &[], "a proposal without rights"),
        (
            job(target, &[&head, "make"])
                .replace("on: pull_request_target\njobs:\n  publish:\n", guarded),
            &[],
            "only proposals of the repository itself",
        ),
        (job(target, &["gh pr checkout 1", "make"]), &[("SW9237", Error)], "by its command"),
        (
            job("issue_comment", &["git fetch origin pull/1/head && make"]),
            &[("SW9237", Error)],
            "by git",
        ),
        (job(target, &[title]), &[("SW9238", Error)], "a title in a script"),
        (
            job(
                target,
                &["env: {TITLE: \"${{ github.event.pull_request.title }}\"}\nrun: echo \"$TITLE\""],
            ),
            &[],
            "a title in a variable",
        ),
        (
            job(target, &["echo ${{ github.event.pull_request.title == 'x' }}"]),
            &[],
            "an answer is no text",
        ),
        (
            job(
                target,
                &["env: {TITLE: \"${{ github.event.pull_request.title }}\"}\nrun: echo \"${{ env.TITLE }}\""],
            ),
            &[("SW9238", Error)],
            "a variable that is put in before the shell reads it",
        ),
        (
            job(target, &["echo '${{ toJSON(github.event.pull_request) }}'"]),
            &[("SW9238", Error)],
            "with everything that is around it",
        ),
        (job(target, &["echo '${{ toJSON(matrix) }}'"]), &[], "nothing of theirs"),
        (
            job(target, &[&head, "make"]).replace(
                "    runs-on",
                "    if: github.actor != 'dependabot[bot]'\n    runs-on",
            ),
            &[("SW9237", Error)],
            "everybody but a bot is everybody",
        ),
        (
            job(target, &[&head, "make"])
                .replace("    runs-on", "    environment: preview\n    runs-on"),
            &[("SW9237", Note)],
            "somebody may have to approve, which no file says",
        ),
        (
            job("{pull_request_target: {types: [labeled]}}", &[&head, "make"]),
            &[],
            "each time by somebody with rights",
        ),
        (
            job("{pull_request_target: {types: [labeled, synchronize]}}", &[&head, "make"])
                .replace(
                    "    runs-on",
                    "    if: contains(github.event.pull_request.labels.*.name, 'safe')\n    runs-on",
                ),
            &[("SW9237", Warning)],
            "a label that stays while they push again",
        ),
        (
            job(
                target,
                &[
                    &format!("if: github.event.pull_request.head.repo.fork == false\n{head}"),
                    "make",
                ],
            ),
            &[],
            "the step itself asks",
        ),
        (
            job(target, &[&head, "make", "cosign sign --key env://KEY ghcr.io/acme/x@$D"])
                .replace("id-token: write", "id-token: none")
                .replace("packages: write", "packages: none"),
            &[("SW9237", Error), ("SW9239", Warning)],
            "no rights of the token, and a key",
        ),
        (
            job("issue_comment", &[&checkout("steps.pr.outputs.sha"), "make"]),
            &[("SW9237", Warning)],
            "what an earlier step has found, which is a proposal as a rule",
        ),
        (
            job("issue_comment", &[&checkout("github.event.repository.default_branch"), "make"]),
            &[],
            "our own branch",
        ),
        (job(MAIN, &[&checkout("steps.pr.outputs.sha"), "make"]), &[], "by our own push"),
        (job(MAIN, &[title]), &[], "a push has no title"),
        (job(MAIN, &[message]), &[("SW9238", Warning)], "a commit message, merged by somebody"),
        (job("pull_request", &[message]), &[], "no rights to lose"),
        (job(target, &[SIGN]), &[("SW9239", Warning)], "a stranger starts the signing"),
        (
            job(target, &[&format!("{SIGN} --identity-token $TOKEN")]),
            &[],
            "under a name that is not the workflow's",
        ),
        (job(MAIN, &[SIGN]), &[], "a push starts it"),
    ] {
        let found = of(&[("cd.yaml", &text)]);
        assert_eq!(codes(&found), expected, "{why}: {:#?}", found.findings);
    }
}

#[test]
fn after_a_workflow_that_strangers_start() {
    let ci = |on: &str| {
        format!("name: CI\non: {on}\njobs: {{t: {{runs-on: x, steps: [{{run: make test}}]}}}}\n")
    };
    let after = job(
        "{workflow_run: {workflows: [CI], types: [completed]}}",
        &[
            "uses: actions/checkout@v5\nwith: {ref: \"${{ github.event.workflow_run.head_sha }}\"}",
            "make",
        ],
    );
    let failed = after.replace(
        "    runs-on",
        "    if: github.event.workflow_run.conclusion == 'failure'\n    runs-on",
    );
    let gates = |text: &str| {
        of(&[("after.yaml", &format!("{text}{}", step(TAG)))]).reports[0].gates.clone()
    };
    assert_eq!(gates(&failed.replace("failure", "success")), ["checks"]);
    assert_eq!(gates(&failed), [] as [&str; 0], "a run that failed has checked nothing");
    for (on, expected, why) in [
        ("[push, pull_request]", 1, "also after a stranger's run"),
        ("[push]", 0, "only after our own"),
    ] {
        let found = of(&[("ci.yaml", &ci(on)), ("after.yaml", &after)]);
        let code = found.findings.iter().filter(|f| f.code == Code::StrangersCodeSigns);
        assert_eq!(code.count(), expected, "{why}: {:#?}", found.findings);
    }
}
