//! The whole command `workflows`: as whom jobs sign, and who accepts them.

use assert_cmd::Command;
use camino::{Utf8Path, Utf8PathBuf};
use sealwright_policy::{Code, Report};

use crate::world::snapshots;

const CD: &str = "\
on:
  push: {branches: [main]}
  pull_request:
permissions: {}
jobs:
  publish:
    if: github.event_name == 'push'
    permissions: {contents: read, packages: write, id-token: write}
    uses: ./.github/workflows/publish.yaml
";
const PUBLISH: &str = "\
on: workflow_call
jobs:
  sign:
    permissions: {packages: write, id-token: write}
    steps:
      - uses: acme/setup@v1
      - run: |
          flux push artifact oci://ghcr.io/acme/platform/manifests:$GITHUB_SHA --path k8s
          cosign sign --yes ghcr.io/acme/platform/manifests@$DIGEST
";
const CONFIG: &str = "\
apiVersion: sealwright.dev/v1alpha1
kind: SupplyChain
signers:
  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}
artifacts:
  manifests: {repository: ghcr.io/acme/platform/manifests, contents: k8s, signers: [cd], evidence: [signature]}
";

/// Who accepts what `publish.yaml` signs.
const SOURCE: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: manifests, namespace: flux-system}
spec:
  url: oci://ghcr.io/acme/platform/manifests
  verify:
    provider: cosign
    matchOIDCIdentity:
      - issuer: ^https://token\\.actions\\.githubusercontent\\.com$
        subject: ^https://github\\.com/acme/platform/\\.github/workflows/publish\\.yaml@refs/heads/main$
";

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = root(&folder).join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    }
    folder
}

fn root(folder: &tempfile::TempDir) -> Utf8PathBuf {
    Utf8Path::from_path(folder.path()).expect("UTF-8").to_owned()
}

fn run(folder: &tempfile::TempDir, flags: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("sealwright-verifier").expect("it is built");
    let command = command.env_clear().current_dir(folder.path()).arg("workflows").args(flags);
    command.output().expect("it runs")
}

fn said(folder: &tempfile::TempDir, flags: &[&str]) -> String {
    told(&run(folder, flags))
}

fn told(output: &std::process::Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    format!(
        "exit code {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().expect("it was not killed"),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn report(folder: &tempfile::TempDir, flags: &[&str]) -> Report {
    let output = run(folder, &[flags, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).expect("a report")
}

const WORKFLOWS: [(&str, &str); 2] =
    [(".github/workflows/cd.yaml", CD), (".github/workflows/publish.yaml", PUBLISH)];

#[test]
fn a_signer_that_names_the_caller_is_refused_and_one_that_names_the_called_file_is_not() {
    let folder = repository(&[WORKFLOWS.as_slice(), &[("sealwright.yaml", CONFIG)]].concat());
    snapshots().bind(|| insta::assert_snapshot!("workflows_refused", said(&folder, &[])));
    let mended = CONFIG.replace("cd.yaml", "publish.yaml");
    let pinned = PUBLISH.replace("@v1", "@08c6903cd8c0fde910a37f88322edcfb5dd907a8");
    std::fs::write(root(&folder).join("sealwright.yaml"), mended).expect("written");
    std::fs::write(root(&folder).join(".github/workflows/publish.yaml"), pinned).expect("written");
    let report = report(&folder, &[]);
    let codes: Vec<Code> = report
        .workflows
        .iter()
        .flat_map(|job| &job.findings)
        .chain(&report.findings)
        .map(|finding| finding.code)
        .filter(|code| code.entry().id < "SW9230")
        .collect();
    assert_eq!(codes, []);
    assert_eq!(report.workflows[0].identities[0].accepted_by, ["signer cd"]);
}

#[test]
fn without_a_configuration_the_clone_says_which_repository_it_is() {
    let git = "[remote \"origin\"]\n\turl = git@github.com:acme/platform.git\n";
    let folder = repository(&[WORKFLOWS.as_slice(), &[(".git/config", git)]].concat());
    let identities = &report(&folder, &[]).workflows[0].identities;
    let name = "https://github.com/acme/platform/.github/workflows/publish.yaml@refs/heads/main";
    assert_eq!(identities[0].example.as_deref(), Some(name));
    let given = report(&folder, &["--repository", "acme/other"]);
    assert!(given.workflows[0].identities[0].san.contains("acme/other"), "what is given counts");
    assert_eq!(run(&folder, &["--repository", "acme"]).status.code(), Some(64));
}

#[test]
fn nothing_is_no_clean_answer() {
    let folder = repository(&[("README.md", "# nothing\n")]);
    assert_eq!(run(&folder, &[]).status.code(), Some(2));
    assert_eq!(report(&folder, &[]).findings[0].code, Code::NothingSigns);
}

#[test]
fn a_broken_workflow_is_shown_at_its_line_and_the_rest_is_judged() {
    let broken = (".github/workflows/broken.yaml", "on: push\njobs: [\n");
    let folder = repository(&[WORKFLOWS.as_slice(), &[broken]].concat());
    let report = report(&folder, &["--repository", "acme/platform"]);
    let finding = report.findings.iter().find(|f| f.code == Code::WorkflowUnreadable).expect("it");
    assert_eq!(finding.place.to_string(), ".github/workflows/broken.yaml:2:7");
    assert_eq!(report.workflows.len(), 1);
}

/// A repository of git with one commit, in which `publish.yaml` signs and both matcher and
/// configuration accept it; `None` where there is no git.
#[allow(clippy::print_stderr, reason = "what could not run is said")]
fn committed() -> Option<tempfile::TempDir> {
    let config = CONFIG.replace("cd.yaml", "publish.yaml");
    let pinned = PUBLISH.replace("@v1", "@08c6903cd8c0fde910a37f88322edcfb5dd907a8");
    let folder = repository(&[
        (".github/workflows/cd.yaml", CD),
        (".github/workflows/publish.yaml", &pinned),
        ("sealwright.yaml", &config),
        ("k8s/source.yaml", SOURCE),
    ]);
    for arguments in
        [&["init", "--quiet", "."][..], &["add", "."], &["commit", "--quiet", "-m", "a"]]
    {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let mut git = std::process::Command::new("git");
        let git = git.current_dir(folder.path()).env("HOME", folder.path()).args(who);
        let Ok(output) = git.args(arguments).output() else {
            eprintln!("not run: there is no git");
            return None;
        };
        assert!(output.status.success(), "{arguments:?}");
    }
    Some(folder)
}

/// With git to be found.
fn compared(folder: &tempfile::TempDir, flags: &[&str]) -> String {
    let mut command = Command::cargo_bin("sealwright-verifier").expect("it is built");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let command = command.env_clear().env("PATH", path).current_dir(folder.path());
    let output = command.arg("workflows").args(flags).output().expect("it runs");
    told(&output)
}

#[test]
fn a_renamed_signer_is_found_by_the_base_and_nothing_is_when_nothing_was_renamed() {
    let Some(folder) = committed() else { return };
    let same = compared(&folder, &["--base", "HEAD"]);
    assert!(same.starts_with("exit code 0\n"), "{same}");
    assert_eq!(same, compared(&folder, &[]), "the comparison has nothing to add");
    let (before, now) = ("publish.yaml", "deliver.yaml");
    let workflows = root(&folder).join(".github/workflows");
    std::fs::rename(workflows.join(before), workflows.join(now)).expect("renamed");
    std::fs::write(workflows.join("cd.yaml"), CD.replace(before, now)).expect("written");
    let renamed = compared(&folder, &["--base", "HEAD"]);
    snapshots().bind(|| insta::assert_snapshot!("workflows_renamed", renamed));
    let unread = compared(&folder, &["--base", "no-such-revision"]);
    assert!(unread.contains("SW9241"), "{unread}");
    let alone = compared(&folder, &[]);
    assert!(!alone.contains("SW9235") && !alone.contains("SW9236"), "{alone}");
}

#[test]
fn the_same_report_for_machines_and_for_a_pull_request() {
    let folder = repository(&[WORKFLOWS.as_slice(), &[("sealwright.yaml", CONFIG)]].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let junit = text(run(&folder, &["--format", "junit"]).stdout);
    insta::assert_snapshot!("workflows_junit", junit);
    let sarif = run(&folder, &["--format", "sarif"]).stdout;
    let mut sarif: serde_json::Value = serde_json::from_slice(&sarif).expect("JSON");
    let mut results = sarif["runs"][0]["results"].take();
    // The row in the table of rules is another one with every rule that is new.
    for result in results.as_array_mut().expect("a list") {
        result.as_object_mut().expect("an object").remove("ruleIndex").expect("a row");
    }
    let results = serde_json::to_string_pretty(&results).expect("JSON");
    insta::assert_snapshot!("workflows_sarif", results);
    let mut command = Command::cargo_bin("sealwright-verifier").expect("it is built");
    let command = command.env_clear().current_dir(folder.path()).arg("workflows");
    let summary = root(&folder).join("summary.md");
    let output = command.env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_ACTIONS", "true");
    assert_eq!(output.output().expect("it runs").status.code(), Some(1));
    let summary = std::fs::read_to_string(summary).expect("it is written");
    insta::assert_snapshot!("workflows_summary", summary);
}
