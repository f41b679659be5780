//! What people write, and what is read of it.

use sealwright_manifests::File;
use sealwright_policy::Code;
use sealwright_workflows::Tree;
use sealwright_workflows::model::{Runs, Secrets, setting};
use sealwright_workflows::permissions::{ID_TOKEN, Level, PACKAGES};
use sealwright_workflows::triggers::{Event, Filter};
use sealwright_workflows::uses::Target;

const CD: &str = r#"name: cd
on:
  push:
    branches: [main, 'release/**']
    paths-ignore: docs/**
  schedule:
    - cron: "0 4 * * *"
  workflow_dispatch:
    inputs:
      tag: {description: which, default: latest}
permissions: {}
concurrency: {group: cd, cancel-in-progress: "${{ github.ref != 'refs/heads/main' }}"}
x-steps: &checkout
  uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
jobs:
  build:
    runs-on: ubuntu-latest
    strategy: {matrix: {arch: [amd64, arm64]}}
    steps:
      - *checkout
      - name: Sign
        if: ${{ github.event_name != 'pull_request' }}
        continue-on-error: true
        env: {A: 1}
        run: |

          cosign sign x
  call:
    needs: build
    if: ${{ a }} && ${{ b }}
    permissions:
      id-token: write
      packages: read
    uses: ./.github/workflows/../workflows/sign.yaml
    secrets: inherit
    with: {tag: latest}
"#;

fn read<'a>(files: &[(&'a str, &'a str)]) -> Tree {
    Tree::read(files.iter().map(|(path, text)| File { path, bytes: text.as_bytes() }))
}

#[test]
fn a_workflow_is_read_with_its_places() {
    let tree = read(&[(".github/workflows/cd.yaml", CD)]);
    let [always] = tree.findings.as_slice() else { panic!("{:?}", tree.findings) };
    assert!(always.message.contains("always true"), "its last job: {always}");
    let cd = tree.workflow(".github/workflows/cd.yaml").unwrap();
    assert!(cd.starts_by_itself() && !cd.is_reusable());
    let push = cd.trigger(&Event::Push).unwrap();
    let Filter::Only(branches) = &push.branches else { panic!("{push:?}") };
    let branches: Vec<&str> = branches.iter().map(|branch| branch.text.as_str()).collect();
    assert_eq!((branches, push.at.line), (vec!["main", "release/**"], 3));
    assert!(matches!(&push.paths, Filter::Except(paths) if paths[0].text == "docs/**"));
    assert_eq!(cd.trigger(&Event::Schedule).unwrap().times[0].text, "0 4 * * *");
    let inputs = &cd.trigger(&Event::WorkflowDispatch).unwrap().inputs;
    assert_eq!(setting(inputs, "TAG").unwrap().text, "latest", "names of inputs have no case");
    assert_eq!(cd.concurrency.as_ref().unwrap().cancel_in_progress, None, "an expression");
    assert_eq!(cd.permissions.as_ref().unwrap().level(PACKAGES), Level::None);
}

#[test]
fn jobs_and_steps_are_read() {
    let tree = read(&[(".github/workflows/cd.yaml", CD)]);
    let cd = tree.workflow(".github/workflows/cd.yaml").unwrap();
    let [checkout, sign] = cd.job("build").unwrap().steps() else { panic!() };
    assert!(checkout.uses().unwrap().is_pinned(), "through an anchor");
    assert_eq!(checkout.at.line, 20, "where it is used");
    assert_eq!(sign.condition.as_ref().unwrap().text, "github.event_name != 'pull_request'");
    assert!(sign.continue_on_error);
    let script = sign.script().unwrap();
    assert_eq!(script.line(1).line, 27, "the second line of the script");
    let job = cd.job("call").unwrap();
    assert_eq!(job.condition.as_ref().unwrap().text, "true", "two expressions are a text");
    let call = job.call().unwrap();
    assert_eq!(call.uses.target, Target::Local(".github/workflows/sign.yaml".to_owned()));
    assert!(matches!(call.secrets, Secrets::Inherit(_)));
    let granted = job.permissions.as_ref().unwrap();
    assert_eq!((granted.level(ID_TOKEN), granted.place(ID_TOKEN).line), (Level::Write, 32));
    assert_eq!(granted.level("contents"), Level::None, "not named");
}

#[test]
fn actions_are_found_by_their_folder() {
    let composite = "runs: {using: composite, steps: [{run: a, shell: bash}]}\n";
    let tree = read(&[
        ("action.yml", "runs: {using: node20, main: x.js}\n"),
        (".github/actions/sign/action.yaml", composite),
        ("image/action.yml", "runs: {using: docker, image: Dockerfile}\n"),
        ("image/values.yaml", "neither: [\n"),
    ]);
    assert_eq!(tree.findings, [], "what is neither workflow nor action is not read");
    assert!(matches!(tree.action("").unwrap().runs, Runs::Program));
    let Runs::Composite(steps) = &tree.action(".github/actions/sign").unwrap().runs else {
        panic!()
    };
    assert_eq!(steps.len(), 1);
    assert!(matches!(tree.action("image").unwrap().runs, Runs::Docker(_)));
}

#[test]
fn what_is_wrong_is_said_at_its_line_and_the_rest_is_read() {
    let good = "on: push\njobs: {a: {steps: [{run: x}]}}\n";
    let too_large = format!("{good}#{}", " ".repeat(sealwright_workflows::FILE_BYTES_MAX));
    for (text, code, line, jobs, why) in [
        ("on: push\njobs: [\n", Code::WorkflowUnreadable, Some(2), None, "not YAML"),
        ("on: push\n", Code::WorkflowMalformed, Some(1), Some(0), "no jobs"),
        ("jobs: {a: {steps: [{run: x}]}}\n", Code::WorkflowMalformed, Some(1), Some(1), "no event"),
        (
            "on: push\njobs:\n  a: {steps: [{name: x}]}\n",
            Code::WorkflowMalformed,
            Some(3),
            Some(1),
            "no act",
        ),
        (
            "on: push\njobs:\n  a:\n  b: {steps: []}\n",
            Code::WorkflowMalformed,
            Some(3),
            Some(2),
            "no job",
        ),
        (
            "on: push\npermissions: all\njobs: {a: {steps: []}}\n",
            Code::WorkflowMalformed,
            Some(2),
            Some(1),
            "no such word",
        ),
        (
            "on: push\njobs: {a: {steps: []}}\non: push\n",
            Code::WorkflowMalformed,
            Some(3),
            Some(1),
            "a key twice",
        ),
        (&too_large, Code::WorkflowTooLarge, None, None, "too large"),
    ] {
        let tree =
            read(&[(".github/workflows/bad.yml", text), (".github/workflows/good.yml", good)]);
        let [finding] = tree.findings.as_slice() else { panic!("{why}: {:?}", tree.findings) };
        assert_eq!((finding.code, finding.place.line), (code, line), "{why}: {finding}");
        let read = tree.workflow(".github/workflows/bad.yml").map(|workflow| workflow.jobs.len());
        assert_eq!(read, jobs, "{why}");
        assert!(tree.workflow(".github/workflows/good.yml").is_some(), "{why}: the other");
    }
}

#[test]
fn steps_beside_each_other_are_those_of_a_job() {
    let steps = "[{id: s, run: a, background: true}, {parallel: [{run: b}, {uses: acme/a@v1}]}, {wait: s}, {wait-all: }, {cancel: s}]";
    let job = format!("on: push\njobs: {{a: {{steps: {steps}}}}}\n");
    let action = format!("runs: {{using: composite, steps: {steps}}}\n");
    let tree = read(&[(".github/workflows/x.yml", &job), ("a/action.yml", &action)]);
    let read = tree.workflows[0].jobs[0].steps();
    let beside: Vec<bool> = read.iter().map(|step| step.background).collect();
    assert_eq!(beside, [true, true, true, false, false, false, false]);
    let places: Vec<_> = tree.findings.iter().map(|one| one.place.file.clone()).collect();
    assert_eq!(
        places,
        vec![Some("a/action.yml".to_owned()); 4],
        "GitHub refuses them in an action"
    );
}

#[test]
fn uses_are_told_apart() {
    const COMMIT: &str = "08c6903cd8c0fde910a37f88322edcfb5dd907a8";
    const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (text, pinned, remote, why) in [
        ("./", true, false, "the root"),
        ("./a/b", true, false, "a folder"),
        ("./../x", false, false, "out of the repository"),
        ("$/a/b", true, false, "a folder of the file's own repository"),
        ("$/a/b@v1", false, false, "which takes no version"),
        ("$/../x", false, false, "and does not lead out of it either"),
        (&format!("acme/a@{COMMIT}"), true, true, "a commit"),
        (&format!("acme/a/b/c@{COMMIT}"), true, true, "a commit, in a folder"),
        (&format!("acme/a@{}", &COMMIT[1..]), false, true, "a digit short"),
        (&format!("acme/a@{}", COMMIT.to_uppercase()), false, true, "not how git writes it"),
        ("acme/a@v1", false, true, "a tag"),
        ("acme/a", false, false, "no version"),
        ("acme@v1", false, false, "no repository"),
        ("docker://alpine:3", false, false, "an image by tag"),
        (&format!("docker://alpine@sha256:{DIGEST}"), true, false, "an image by digest"),
        ("acme/${{ matrix.a }}@v1", false, false, "an expression"),
    ] {
        let text = format!("on: push\njobs: {{a: {{steps: [{{uses: '{text}'}}]}}}}\n");
        let tree = read(&[(".github/workflows/x.yml", &text)]);
        let uses = tree.workflows[0].jobs[0].steps()[0].uses().unwrap().clone();
        assert_eq!(
            (uses.is_pinned(), uses.remote().is_some()),
            (pinned, remote),
            "{why}: {uses:?}"
        );
    }
}

#[test]
fn jobs_that_wait_for_none_that_is_there_or_for_themselves_never_run() {
    for (needs, expected, why) in [
        (["[]", "a", "[a, b]"], vec![], "one behind the other"),
        (["[]", "a", "x"], vec!["job c needs x, which is not there"], "none"),
        (["c", "a", "b"], vec!["job a waits for itself, by what its `needs` need"], "a circle"),
        (["[]", "b", "a"], vec!["job b waits for itself, by what its `needs` need"], "itself"),
    ] {
        let jobs = ["a", "b", "c"].iter().zip(needs);
        let jobs: String = jobs
            .map(|(id, needs)| format!("  {id}: {{needs: {needs}, steps: [{{run: x}}]}}\n"))
            .collect();
        let text = format!("on: push\njobs:\n{jobs}");
        let tree = crate::support::read(&[(".github/workflows/a.yaml", &text)]);
        let told: Vec<&str> = tree.findings.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(told, expected, "{why}");
    }
}

#[test]
fn a_condition_with_something_beside_its_braces_is_always_true() {
    for (condition, always, why) in [
        ("github.ref == 'x'", false, "no braces"),
        ("${{ github.ref == 'x' }}", false, "around all of it"),
        ("'${{ a }}'", false, "quoted for YAML"),
        (">-\n          ${{ a &&\n          b }}", false, "folded, and its end stripped"),
        ("|\n          a &&\n          b", false, "a line break without braces is space"),
        ("|\n          ${{ a }}", true, "a line break behind them is text"),
        ("${{ a }} && ${{ b }}", true, "twice"),
        ("a == '${{ b }}'", true, "in the middle"),
        ("'${{ a }} '", true, "a space"),
    ] {
        let text =
            format!("on: push\njobs:\n  a:\n    steps:\n      - if: {condition}\n        run: x\n");
        let tree = read(&[(".github/workflows/x.yml", &text)]);
        assert_eq!(tree.findings.len(), usize::from(always), "{why}: {:?}", tree.findings);
        let condition = tree.workflows[0].jobs[0].steps()[0].condition.clone().unwrap();
        assert_eq!(condition.text == "true", always, "{why}: {}", condition.text);
    }
}
