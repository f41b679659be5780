//! `workflows --base`: what changed since a revision of a real clone, and revisions that are none.
#![allow(clippy::print_stderr, reason = "what could not run is said")]

use assert_cmd::Command;
use camino::{Utf8Path, Utf8PathBuf};
use sealwright_policy::{Report, Severity};

const COMMIT: &str = "08c6903cd8c0fde910a37f88322edcfb5dd907a8";
const OTHER: &str = "faadad0cce49287aee09b3a48701e75088a2c6ad";
const CD: &str = ".github/workflows/cd.yaml";
const SIGNS: &str = "\
on: {push: {branches: [main]}}
permissions: {}
jobs:
  publish:
    runs-on: x
    permissions: {id-token: write, packages: write}
    steps: [{run: cosign sign --yes ghcr.io/acme/shop@$DIGEST}]
";

fn calls(version: &str) -> String {
    format!(
        "on: {{push: {{branches: [main]}}}}\njobs:\n  call:\n    permissions: {{id-token: write, packages: write}}\n    uses: acme/ci/.github/workflows/sign.yaml@{version}\n"
    )
}

/// A clone; `None` where there is no git.
struct Clone {
    folder: tempfile::TempDir,
}

impl Clone {
    fn new() -> Option<Self> {
        let clone = Self { folder: tempfile::tempdir().expect("a folder") };
        if std::process::Command::new("git").arg("--version").output().is_err() {
            eprintln!("not run: there is no git");
            return None;
        }
        clone.git("", &["init", "--quiet", "."]);
        clone.git("", &["remote", "add", "origin", "https://github.com/acme/shop"]);
        Some(clone)
    }

    fn root(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).expect("UTF-8").to_owned()
    }

    fn git(&self, below: &str, arguments: &[&str]) {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let mut git = std::process::Command::new("git");
        let git = git.current_dir(self.root().join(below)).env("HOME", self.root()).args(who);
        let output = git.args(arguments).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
    }

    /// Writes these files instead of those that are there, and keeps them.
    fn commit(&self, files: &[(&str, &str)]) {
        let workflows = self.root().join(".github");
        let _ = std::fs::remove_dir_all(workflows);
        for (path, text) in files {
            let path = self.root().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        self.git("", &["add", "--all", "."]);
        self.git("", &["commit", "--quiet", "--allow-empty", "-m", "a"]);
    }

    /// The exit code, and what is found of before: code, severity, place.
    fn compared(
        &self,
        below: &str,
        revision: &str,
    ) -> (Option<i32>, Vec<(String, Severity, String)>) {
        let mut command = Command::cargo_bin("sealwright-verifier").expect("it is built");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let command = command.env_clear().env("PATH", path).current_dir(self.root().join(below));
        let base = format!("--base={revision}");
        let output = command.args(["workflows", "--format", "json", &base]).output();
        let output = output.expect("it runs");
        let report: Report = serde_json::from_slice(&output.stdout).unwrap_or_else(|why| {
            panic!("{why}: {}", String::from_utf8_lossy(&output.stderr));
        });
        let about = ["SW9235", "SW9236", "SW9241"];
        let found = report
            .findings
            .iter()
            .map(|one| (one.code.to_string(), one.severity, one.place.to_string()));
        (output.status.code(), found.filter(|(code, ..)| about.contains(&code.as_str())).collect())
    }
}

#[test]
fn what_signs_under_another_name_than_before_is_found() {
    let Some(clone) = Clone::new() else { return };
    let moved = "jobs/cd.yaml";
    let deliver = ".github/workflows/deliver.yaml";
    let tags = SIGNS.replace("branches: [main]", "tags: ['v*']");
    let quiet = SIGNS.replace("cosign sign --yes ghcr.io/acme/shop@$DIGEST", "make");
    let (pinned, bumped) = (calls(COMMIT), calls(OTHER));
    let vanished = |severity, place: &str| vec![("SW9235".to_owned(), severity, place.to_owned())];
    for (before, now, expected, why) in [
        (&[(CD, SIGNS)][..], &[(CD, SIGNS)][..], vec![], "the same"),
        (&[(CD, SIGNS)], &[(deliver, SIGNS)], vanished(Severity::Warning, deliver), "renamed"),
        (&[(CD, SIGNS)], &[(moved, SIGNS)], vanished(Severity::Warning, CD), "moved out of sight"),
        (&[(CD, SIGNS)], &[], vanished(Severity::Warning, CD), "deleted"),
        (&[(CD, SIGNS)], &[(CD, &quiet)], vanished(Severity::Warning, CD), "it signs no more"),
        (&[(CD, SIGNS)], &[(CD, &tags)], vanished(Severity::Note, CD), "another trigger"),
        (&[(CD, &quiet)], &[(CD, SIGNS)], vec![], "one that is new is not missed"),
        (
            &[(CD, &pinned)],
            &[(CD, &bumped)],
            vanished(Severity::Note, ".github/workflows/sign.yaml"),
            "another pin of what is called, which its certificate names",
        ),
        (&[(CD, &pinned)], &[(CD, &quiet)], vec![], "nobody knows that it signed, or trusts it"),
    ] {
        clone.commit(before);
        clone.commit(now);
        assert_eq!(clone.compared("", "HEAD~1").1, expected, "{why}");
        assert_eq!(clone.compared("", "HEAD").1, [], "{why}: with itself");
    }
}

#[test]
fn a_revision_that_is_not_there_is_unknown_and_no_option_of_git() {
    let Some(clone) = Clone::new() else { return };
    clone.commit(&[(CD, SIGNS)]);
    clone.commit(&[(CD, SIGNS)]);
    let shown = clone.root().join("shown");
    let injected = format!("--output={shown}");
    let touches = format!("--upload-pack=touch {shown}");
    for revision in
        ["no-such-branch", "", "HEAD~9", &injected, &touches, "--all", "HEAD:README", "HEAD main"]
    {
        let (exit, found) = clone.compared("", revision);
        let found: Vec<_> =
            found.iter().map(|(code, severity, _)| (code.as_str(), *severity)).collect();
        assert_eq!((exit, found), (Some(2), vec![("SW9241", Severity::Unknown)]), "{revision:?}");
    }
    assert!(!shown.exists(), "git did as it was told by a revision");
    assert_eq!(clone.compared("", "HEAD~1").0, Some(0), "one that is there");
    let from = format!("file://{}", clone.root());
    clone.git("", &["clone", "--quiet", "--depth=1", &from, "shallow"]);
    let (exit, found) = clone.compared("shallow", "HEAD~1");
    assert_eq!((exit, found[0].0.as_str()), (Some(2), "SW9241"), "a shallow clone has no before");
}

#[test]
fn a_second_working_tree_and_a_folder_in_a_clone_are_compared_as_they_are() {
    let Some(clone) = Clone::new() else { return };
    clone.commit(&[(CD, SIGNS), ("shop/.github/workflows/cd.yaml", SIGNS)]);
    clone.git("", &["worktree", "add", "--quiet", "second"]);
    for (below, gone) in [("second", "second/.github"), ("shop", "shop/.github")] {
        assert_eq!(clone.compared(below, "HEAD").1, [], "{below}");
        std::fs::remove_dir_all(clone.root().join(gone)).expect("removed");
        let found = clone.compared(below, "HEAD").1;
        assert_eq!(found, [("SW9235".to_owned(), Severity::Warning, CD.to_owned())], "{below}");
    }
}
