//! `workflows` on files that nobody should have written: each is told at its place, the rest is still
//! judged, and what could not be found out is never Verified.

use sealwright_policy::workflow_report::WorkflowReport;
use sealwright_policy::{Code, Report, Verdict};

use crate::bad_trees::{Tree, report};

/// Signs with a pinned action and nothing else.
const GOOD: &str = "\
on: {push: {branches: [main]}}
permissions: {}
jobs:
  sign:
    runs-on: ubuntu-24.04
    permissions: {packages: write, id-token: write}
    steps:
      - run: |
          flux push artifact oci://ghcr.io/acme/platform/manifests:$GITHUB_SHA --path k8s
          cosign sign --yes ghcr.io/acme/platform/manifests@$DIGEST
";
/// A job that signs, with this in front of its step.
const SIGNS: &str = "on: push\njobs:\n  other:\n    permissions: {id-token: write, packages: write}\n    runs-on: ubuntu-24.04\n";

fn judge(files: &[(&str, &str)]) -> Report {
    let tree = Tree::empty();
    tree.write(".github/workflows/cd.yaml", GOOD);
    for (path, text) in files {
        tree.write(path, text);
    }
    report(tree.command(&["workflows", "--repository", "acme/platform"]))
}

fn is_good_judged(report: &Report) -> bool {
    report.workflows.iter().any(|one| is_in(one, ".github/workflows/cd.yaml"))
}

fn is_in(job: &WorkflowReport, file: &str) -> bool {
    job.place.file.as_deref() == Some(file)
}

/// Codes with their places, of everything about one file.
fn about(report: &Report, file: &str) -> Vec<(Code, String)> {
    let jobs = report.workflows.iter().flat_map(|job| &job.findings);
    let all = report.findings.iter().chain(jobs);
    let here = all.filter(|one| one.place.file.as_deref() == Some(file));
    here.map(|one| (one.code, one.place.to_string())).collect()
}

#[test]
fn a_file_that_cannot_be_read_is_one_finding_and_the_rest_is_judged() {
    const BAD: &str = ".github/workflows/bad.yaml";
    let bomb: String = ('b'..='z')
        .zip('a'..)
        .fold("on: push\na: &a [x, x, x, x, x, x, x, x, x]\n".to_owned(), |bomb, (one, other)| {
            format!("{bomb}{one}: &{one} [{}]\n", format!("*{other}, ").repeat(9))
        });
    let large = format!("{SIGNS}    steps: [{{run: x}}]\n#{}", "x".repeat(2 << 20));
    for (text, code, line, why) in [
        ("on: push\njobs: [\n".to_owned(), Code::WorkflowUnreadable, ":2:", "brackets"),
        (
            format!("on: push\njobs: {}\n", "[".repeat(100_000)),
            Code::WorkflowTooLarge,
            ":2:",
            "deep",
        ),
        (bomb, Code::WorkflowTooLarge, ":7:", "an alias bomb"),
        (large, Code::WorkflowTooLarge, "", "longer than GitHub takes"),
        ("on: push\njobs: {a: \0}\n".to_owned(), Code::WorkflowUnreadable, ":2:", "a zero"),
        ("{{ template }}: [\n".to_owned(), Code::WorkflowUnreadable, ":1:", "a template"),
    ] {
        let report = judge(&[(BAD, &text)]);
        let told = about(&report, BAD);
        assert_eq!(told.len(), 1, "{why}: {told:?}");
        assert_eq!(told[0].0, code, "{why}");
        assert!(told[0].1.starts_with(&format!("{BAD}{line}")), "{why}: {told:?}");
        assert_eq!(report.verdict, Verdict::Unknown, "{why}");
        assert!(is_good_judged(&report), "{why}");
    }
}

#[test]
fn an_expression_in_uses_is_told_at_its_place() {
    const ODD: &str = ".github/workflows/odd.yaml";
    let step = |uses: &str| format!("{SIGNS}    steps:\n      - uses: {uses}\n");
    let called = "on: push\njobs:\n  other:\n    permissions: {id-token: write}\n    uses: ${{ vars.CALLED }}\n";
    for (text, line, why) in [
        (step("acme/${{ inputs.x }}@v1"), 7, "in a step"),
        (step("./actions/${{ matrix.to }}"), 7, "of a matrix, for an action of this repository"),
        (called.to_owned(), 5, "for the file that is called"),
    ] {
        let report = judge(&[(ODD, &text)]);
        let told = about(&report, ODD);
        let uses = told.iter().filter(|(code, _)| *code == Code::UsesNotJudged);
        let places: Vec<&str> = uses.map(|(_, place)| place.as_str()).collect();
        assert_eq!(places.len(), 1, "{why}: {told:?}");
        assert!(places[0].starts_with(&format!("{ODD}:{line}:")), "{why}: {told:?}");
        assert!(is_good_judged(&report), "{why}");
    }
}

#[test]
fn anchors_and_byte_order_marks_are_read() {
    const OTHER: &str = ".github/workflows/other.yaml";
    let anchored = GOOD.replace("permissions: {packages", "permissions: &p {packages");
    let anchored = format!(
        "{anchored}  again:\n    runs-on: ubuntu-24.04\n    permissions: *p\n    steps: [{{run: cosign sign --yes ghcr.io/acme/x@$D}}]\n"
    );
    for (text, jobs, why) in [
        (anchored, 2, "an anchor"),
        (format!("\u{feff}{GOOD}"), 1, "a byte order mark"),
        (GOOD.replace('\n', "\r\n"), 1, "Windows' ends of lines"),
    ] {
        let report = judge(&[(OTHER, &text)]);
        let here = report.workflows.iter().filter(|one| is_in(one, OTHER));
        assert_eq!(here.count(), jobs, "{why}: {:?}", report.findings);
    }
    for (text, why) in
        [("", "an empty one"), ("# none\n", "a comment"), (&format!("{GOOD}---\n{GOOD}"), "two")]
    {
        let told = about(&judge(&[(OTHER, text)]), OTHER);
        let malformed = told.iter().filter(|(code, _)| *code == Code::WorkflowMalformed);
        assert_eq!(malformed.count(), 1, "{why} is no workflow: {told:?}");
    }
}

#[test]
fn five_thousand_workflows_are_judged_in_time() {
    let tree = Tree::empty();
    for number in 0..5_000 {
        tree.write(&format!(".github/workflows/cd-{number}.yaml"), GOOD);
    }
    // Which holds it to its time.
    let report = report(tree.command(&["workflows", "--repository", "acme/platform"]));
    assert_eq!(report.workflows.len(), 5_000);
}

/// The link is read as a workflow: whether GitHub follows it is not for us to hope.
#[cfg(unix)]
#[test]
fn a_workflow_behind_a_link_is_judged() {
    let tree = Tree::empty();
    tree.write("ci/cd.yaml", GOOD);
    tree.write(".github/workflows/README.md", "");
    let link = tree.path(".github/workflows/cd.yaml");
    std::os::unix::fs::symlink("../../ci/cd.yaml", link).expect("a link");
    assert!(is_good_judged(&report(tree.command(&["workflows", "--repository", "acme/platform"]))));
}
