//! Whole commands: arguments in; exit code, stdout, stderr and files out.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use assert_cmd::Command;
use camino::{Utf8Path, Utf8PathBuf};

const EXAMPLE: &str = include_str!("../../../docs/example/sealwright.yaml");
const REPORT: &str = include_str!("reports/verified.json");

/// A folder with a configuration and a report, to run the program in.
struct Desk {
    _folder: tempfile::TempDir,
    path: Utf8PathBuf,
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        std::fs::write(path.join("sealwright.yaml"), EXAMPLE).unwrap();
        std::fs::write(path.join("report.json"), REPORT).unwrap();
        Desk { _folder: folder, path }
    }

    /// Runs the program; gives exit code, stdout and stderr in one text, for snapshots.
    fn run(&self, args: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright-docs"));
        let output = command
            .args(args.split_whitespace())
            .current_dir(&self.path)
            .env_clear()
            .output()
            .unwrap();
        format!(
            "$ sealwright-docs {args}\nexit: {}\n--- stdout\n{}--- stderr\n{}",
            output.status.code().unwrap(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        )
        .replace(self.path.as_str(), "DESK")
    }
}

const TODAY: &str = "--today 2026-11-25";

#[test]
fn builds_a_site_and_pages() {
    let desk = Desk::new();
    insta::assert_snapshot!(
        "build",
        desk.run(&format!("build --report report.json --out site --pages pages {TODAY}"))
    );
    for file in ["site/index.html", "site/artifacts/manifests.html", "pages/signers/cd.md"] {
        assert!(desk.path.join(file).is_file(), "{file}");
    }
}

#[test]
fn check_passes_on_the_very_pages_and_fails_on_others() {
    let desk = Desk::new();
    desk.run(&format!("build --pages pages {TODAY}"));
    insta::assert_snapshot!("check-current", desk.run(&format!("check --pages pages {TODAY}")));
    let page = desk.path.join("pages/signers/cd.md");
    let edited =
        std::fs::read_to_string(&page).unwrap().replace("refs/heads/main", "refs/heads/other");
    std::fs::write(&page, edited).unwrap();
    std::fs::remove_file(desk.path.join("pages/rename.md")).unwrap();
    std::fs::write(desk.path.join("pages/signers/gone.md"), "# Signer gone\n").unwrap();
    insta::assert_snapshot!("check-differs", desk.run(&format!("check --pages pages {TODAY}")));
}

#[test]
fn writing_pages_removes_what_nothing_renders_any_more() {
    let desk = Desk::new();
    desk.run(&format!("build --pages pages {TODAY}"));
    std::fs::write(desk.path.join("pages/signers/gone.md"), "# Signer gone\n").unwrap();
    std::fs::write(desk.path.join("pages/keep.txt"), "not ours\n").unwrap();
    desk.run(&format!("build --pages pages {TODAY}"));
    assert!(!desk.path.join("pages/signers/gone.md").exists());
    assert!(desk.path.join("pages/keep.txt").exists(), "what is no page is left alone");
}

#[test]
fn bad_input_is_one_clear_error() {
    let desk = Desk::new();
    std::fs::write(desk.path.join("broken.json"), "{\"kind\": \"Receipt\"}").unwrap();
    std::fs::write(desk.path.join("broken.yaml"), EXAMPLE.replace("workflow:", "workflw:"))
        .unwrap();
    for (name, args, why) in [
        ("no-arguments", "build", "neither a site nor pages are asked for"),
        ("no-config", "build --config nowhere.yaml --out site", "the file is missing"),
        ("bad-report", "build --report broken.json --out site --today 2026-11-25", "another file"),
        ("no-report", "build --report nowhere.json --out site --today 2026-11-25", "missing"),
        ("out-is-a-file", "build --out report.json --today 2026-11-25", "cannot be a folder"),
        ("ended-exception", "build --out site --today 2030-07-01", "an exception has ended"),
    ] {
        let said = desk.run(args);
        assert!(!said.contains("exit: 0"), "{why}: {said}");
        insta::assert_snapshot!(name, said, why);
    }
    let said = desk.run("build --config broken.yaml --out site --today 2026-11-25");
    assert!(said.contains("exit: 65") && said.contains("workflow"), "{said}");
    let said = desk.run("build --config /dev/zero --out site");
    assert!(said.contains("exit: 74") && said.contains("more than"), "endless: {said}");
    assert!(!desk.path.join("site/index.html").exists(), "nothing is built from bad input");
}

/// It panicked: the exit code was 101.
#[test]
fn a_full_disk_behind_stdout_is_a_file_error() {
    let desk = Desk::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sealwright-docs"))
        .args(["check", "--pages", "nowhere", "--today", "2026-11-25"])
        .current_dir(&desk.path)
        .env_clear()
        .stdout(full)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert!(said.contains("standard output"), "{said}");
}
