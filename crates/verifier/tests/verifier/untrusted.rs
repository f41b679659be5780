//! A repository that somebody hostile has written: nothing of it is run, nothing is fetched for it, no file
//! beside it is told, and its names break out of nothing.
#![cfg(unix)]
#![allow(clippy::print_stderr, reason = "what could not run is said")]

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use std::thread;

use sealwright_policy::{Code, Verdict};

use crate::bad_trees::{Tree, report, told};

/// Its matcher is not anchored.
const WEAK: &str = r"apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: app, namespace: apps}
spec:
  url: oci://ghcr.io/acme/app
  verify:
    provider: cosign
    matchOIDCIdentity:
      - issuer: ^https://token\.actions\.githubusercontent\.com$
        subject: https://github.com/acme/app/.github/workflows/cd.yaml@refs/heads/main
";
/// An overlay that changes what it takes.
const OVERLAY: &str = r#"resources: [../base]
patches:
  - target: {kind: OCIRepository}
    patch: '[{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]'
"#;

fn real_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--help").output().is_ok();
    if !there {
        eprintln!("not run: there is no {program}");
    }
    there
}

/// With a base, and these kustomizations beside it.
fn overlays(kustomizations: &[(&str, String)]) -> Tree {
    let tree = Tree::empty();
    tree.write("base/app.yaml", WEAK);
    tree.write("base/kustomization.yaml", "resources: [app.yaml]\n");
    for (path, text) in kustomizations {
        tree.write(path, text);
    }
    tree
}

#[test]
fn programs_of_the_repository_are_not_run_wherever_path_leads() {
    let tree = overlays(&[("over/kustomization.yaml", OVERLAY.to_owned())]);
    tree.write(".github/workflows/cd.yaml", "on: push\njobs: {}\n");
    for program in ["kubectl", "git", "bin/kubectl", "bin/git"] {
        tree.write(program, "#!/bin/sh\ntouch ran\n");
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(tree.path(program), mode).expect("a mode");
    }
    let real = real_path().into_string().expect("UTF-8");
    for path in [format!(".:{real}"), format!("bin:{real}"), format!(":{real}"), ".:bin".to_owned()]
    {
        for words in [&["manifests"][..], &["workflows", "--base", "HEAD"]] {
            let mut command = tree.command(words);
            report({
                command.env("PATH", &path);
                command
            });
            assert!(!tree.path("ran").exists(), "PATH={path} {words:?}");
        }
    }
    // It would have been seen.
    let ran = Command::new("./git").current_dir(tree.path("")).status();
    assert!(ran.expect("it runs").success() && tree.path("ran").exists());
}

#[test]
fn nothing_is_downloaded_for_an_overlay_not_even_from_this_machine() {
    if !is_there("kubectl") {
        return;
    }
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = format!("http://{}", server.local_addr().expect("an address"));
    let (send, asked) = std::sync::mpsc::channel();
    thread::spawn(move || server.incoming().flatten().for_each(|one| drop(send.send(one))));
    let with = |more: &str| format!("{OVERLAY}{}", more.replace("AT", &at));
    for (path, text, beside, why) in [
        (
            "over/kustomization.yaml",
            with("configMapGenerator: [{name: a, files: [AT/a]}]"),
            "",
            "a file",
        ),
        (
            "over/kustomization.yaml",
            with("configMapGenerator: [{name: a, files: [k=AT/a]}]"),
            "",
            "by a key",
        ),
        (
            "over/kustomization.yaml",
            with("secretGenerator: [{name: a, envs: [AT/a]}]"),
            "",
            "a secret",
        ),
        ("over/kustomization.yaml", with("openapi: {path: AT/a}"), "", "a schema"),
        ("over/kustomization.yaml", with("transformers: [AT/a]"), "", "a transformer"),
        (
            "over/kustomization.yaml",
            OVERLAY.replace("../base", "../base, ../node_modules/x"),
            "node_modules/x/kustomization.yaml",
            "by a folder in which nobody looks",
        ),
        (
            "over/kustomization.yaml",
            with("generators: [gen.yaml]"),
            "over/gen.yaml",
            "by what configures a generator",
        ),
    ] {
        let tree = overlays(&[(path, text)]);
        if beside.ends_with("gen.yaml") {
            let generator = "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: g}\nfiles: [AT/a]\n";
            tree.write(beside, generator.replace("AT", &at));
        } else if !beside.is_empty() {
            tree.write(beside, format!("resources: ['{at}/a.yaml']\n"));
        }
        let mut command = tree.command(&["manifests"]);
        command.env("PATH", real_path());
        let report = report(command);
        let left = report.findings.iter().find(|one| one.code == Code::OverlayNotRendered);
        let left = left.unwrap_or_else(|| panic!("{why}: {:?}", report.findings));
        assert_eq!(left.place.file.as_deref(), Some(path), "{why}");
        assert!(asked.try_recv().is_err(), "{why}: it was asked for");
    }
    // It would have been seen.
    drop(std::net::TcpStream::connect(at.trim_start_matches("http://")).expect("it listens"));
    asked.recv().expect("somebody asked");
    let tree = overlays(&[(
        "over/kustomization.yaml",
        with("configMapGenerator: [{name: a, literals: ['url=AT/a']}]"),
    )]);
    let mut command = tree.command(&["manifests"]);
    command.env("PATH", real_path());
    let left = told(&report(command));
    let is_left = left.iter().any(|(code, _)| *code == Code::OverlayNotRendered);
    assert!(!is_left, "a value that is a URL is no file: {left:?}");
}

#[test]
fn a_configuration_that_is_a_link_out_of_the_repository_is_not_read() {
    let outside = Tree::empty();
    outside.write("secret", "token: very-secret\n");
    let tree = Tree::empty();
    tree.write("k8s/app.yaml", WEAK);
    symlink(outside.path("secret"), tree.path("sealwright.yaml")).expect("a link");
    for (command, exit) in [("manifests", 1), ("workflows", 2)] {
        let output = tree.command(&[command]).output().expect("it runs");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert!(!told.contains("very-secret"), "{command}: {told}");
        assert_eq!(output.status.code(), Some(exit), "{command}: {told}");
        assert!(told.contains("unknown[SW9155]"), "{command}: the link is told: {told}");
    }
    // By name it is what somebody asked for, and within the folder it is what the repository says.
    tree.write("config/real.yaml", "not-a-configuration\n");
    fs::remove_file(tree.path("sealwright.yaml")).expect("it was there");
    symlink("config/real.yaml", tree.path("sealwright.yaml")).expect("a link");
    let output = tree.command(&["manifests"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(65), "within the folder it is read");
}

#[test]
fn a_name_of_a_file_breaks_out_of_no_diff_and_git_applies_it() {
    if !is_there("git") {
        return;
    }
    let tree = Tree::empty();
    let names = [
        "k8s/deep/app.yaml",
        "k8s/my app.yaml",
        "k8s/x\n+++ b/evil.yaml",
        "k8s/\u{1b}[2J\"ü\t\\.yaml",
        "::error::x.yaml",
    ];
    names.iter().for_each(|name| tree.write(name, WEAK));
    let fixed = tree.command(&["manifests", "--fix"]).output().expect("it runs");
    let diff = String::from_utf8(fixed.stdout).expect("UTF-8");
    let heads = diff.lines().filter(|line| line.starts_with("+++ "));
    assert_eq!(heads.count(), names.len(), "a head for each file: {diff}");
    let talk = String::from_utf8(fixed.stderr).expect("UTF-8");
    let begins = |line: &str| ["+++", "\u{1b}"].iter().any(|begin| line.starts_with(begin));
    assert!(!talk.lines().any(begins) && !talk.contains('\u{1b}'), "{talk}");
    fs::write(tree.path("diff"), &diff).expect("a file");
    let git = |words: &[&str]| {
        let output = Command::new("git").current_dir(tree.path("")).args(words).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{words:?} {}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["init", "--quiet", "."]);
    git(&["apply", "diff"]);
    for name in names {
        let text = fs::read_to_string(tree.path(name)).expect("it is there");
        assert!(text.contains(r"^https://github\.com/acme/app/"), "{name:?} is mended");
    }
    let below = tree.command(&["manifests", "./k8s/deep", "--fix"]).output().expect("it runs");
    assert_eq!(below.stdout, b"", "nothing is left to be mended");
    tree.write("k8s/deep/app.yaml", WEAK);
    let below = tree.command(&["manifests", "./k8s/deep", "--fix"]).output().expect("it runs");
    let diff = String::from_utf8(below.stdout).expect("UTF-8");
    assert!(diff.starts_with("--- a/k8s/deep/app.yaml\n"), "from where it was started: {diff}");
}

#[test]
fn what_cannot_be_written_keeps_nothing_else_from_being_mended() {
    const NOBODY: u32 = 65_534;
    let tree = Tree::empty();
    for name in ["a.yaml", "closed.yaml", "z.yaml"] {
        tree.write(name, WEAK);
    }
    let mode = |path: &str, mode| {
        fs::set_permissions(tree.path(path), fs::Permissions::from_mode(mode)).expect("a mode");
    };
    mode("", 0o755);
    mode("closed.yaml", 0o444);
    let mut command = tree.command(&["manifests", "--fix", "--write"]);
    if fs::OpenOptions::new().write(true).open(tree.path("closed.yaml")).is_ok() {
        use std::os::unix::process::CommandExt as _;
        command.uid(NOBODY).gid(NOBODY);
        for name in ["a.yaml", "z.yaml"] {
            if std::os::unix::fs::chown(tree.path(name), Some(NOBODY), Some(NOBODY)).is_err() {
                eprintln!("not run: files cannot be given away");
                return;
            }
        }
    }
    let Ok(output) = command.output() else {
        eprintln!("not run: nobody else may run the command");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert!(said.contains("closed.yaml") && said.contains("2 of 3 files were written"), "{said}");
    let is_mended = |name: &str| {
        fs::read_to_string(tree.path(name)).expect("it is there").contains("^https://github")
    };
    assert_eq!(["a.yaml", "closed.yaml", "z.yaml"].map(is_mended), [true, false, true]);
}

/// A pipe is waited for by kubectl, for a while; the overlay beside it is rendered.
#[test]
fn an_overlay_that_never_ends_leaves_time_for_the_others() {
    if !is_there("kubectl") || !is_there("mkfifo") {
        return;
    }
    let stuck = OVERLAY.replace("../base", "../base, pipe.yaml");
    let tree = overlays(&[
        ("a/kustomization.yaml", stuck),
        ("b/kustomization.yaml", OVERLAY.to_owned()),
        ("c/kustomization.yaml", OVERLAY.to_owned()),
    ]);
    assert!(
        Command::new("mkfifo").arg(tree.path("a/pipe.yaml")).status().expect("mkfifo").success()
    );
    let mut command = tree.command(&["manifests"]);
    command.env("PATH", real_path());
    let report = report(command);
    let left = report.findings.iter().filter(|one| one.code == Code::OverlayNotRendered);
    let left: Vec<_> = left.map(|one| (one.place.file.as_deref(), one.message.as_str())).collect();
    assert_eq!(left, [(Some("a/kustomization.yaml"), "kubectl has not ended after 15 s")]);
    assert_ne!(report.verdict, Verdict::Verified);
}
