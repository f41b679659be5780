//! The whole command `patterns`: whom patterns let in, and every way to weaken the example's.

use std::process::Output;

use assert_cmd::Command;
use camino::Utf8PathBuf;
use sealwright_policy::{Code, Report};

use crate::world::snapshots;

const TIGHT: &str =
    r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$";

/// The configuration of the example platform.
fn example() -> String {
    let root = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("../../docs/example/sealwright.yaml").into_string()
}

/// Runs it with an empty environment and the example's configuration.
fn run(flags: &[&str]) -> Output {
    let mut command = Command::cargo_bin("sealwright-verifier").expect("it is built");
    let command = command.env_clear().args(["patterns", "--config", &example()]).args(flags);
    command.output().expect("it runs")
}

fn said(flags: &[&str]) -> String {
    let output = run(flags);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    format!(
        "exit code {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().expect("it was not killed"),
        text(&output.stdout),
        text(&output.stderr).replace(&example(), "sealwright.yaml"),
    )
}

fn codes(flags: &[&str]) -> (Vec<Code>, i32) {
    let output = run(&[flags, &["--format", "json"]].concat());
    let report: Report = serde_json::from_slice(&output.stdout).expect("a report");
    let codes = report.patterns.iter().flat_map(|pattern| &pattern.findings);
    (codes.map(|finding| finding.code).collect(), output.status.code().expect("not killed"))
}

#[test]
fn what_it_says() {
    let weak = "(?i)https://github.com/acme/platform/.github/workflows/cd.yaml@.+";
    let mut settings = snapshots();
    settings.add_filter("sealwright-verifier [0-9.]+", "sealwright-verifier [version]");
    settings.bind(|| {
        insta::assert_snapshot!("help", said(&["--help"]));
        insta::assert_snapshot!("configuration", said(&[]));
        insta::assert_snapshot!("slips", said(&["--subject", weak, "--suggest"]));
        insta::assert_snapshot!(
            "measured",
            said(&[
                "--issuer",
                "https://.*",
                "--subject",
                weak,
                "--allow-signers",
                "cd",
                "--suggest"
            ])
        );
        insta::assert_snapshot!("refused_by_go", said(&["--subject", "^(?!evil).*$"]));
        insta::assert_snapshot!("undecided", said(&["--subject", "^[ab]*a[ab]{30}$"]));
        for format in ["json", "junit"] {
            let flags = ["--subject", r"^https://github\.com/acme/.*", "--format", format];
            insta::assert_snapshot!(format!("as_{format}"), said(&flags));
        }
    });
}

#[test]
fn code_scanning_is_told_with_code_and_witness() {
    let output = run(&["--subject", r"^https://github\.com/acme/.*", "--format", "sarif"]);
    let sarif: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"SW9004".into(), &"error".into()));
    let message = result["message"]["text"].as_str().expect("a text");
    assert!(message.contains("https://github.com/acme/a/.github/workflows/a.yml@"), "{message}");
}

#[test]
fn mistakes_on_the_command_line() {
    for (flags, code, words) in [
        (vec!["--allow-signers", "cd"], 64, "needs a pattern"),
        (
            vec!["--subject", "x", "--allow-signers", "none"],
            64,
            "there are: cd, merge-queue, recovery, shared-app",
        ),
        (
            vec!["--subject", "x", "--allow-signers", "cd", "--config", "absent.yaml"],
            64,
            "cannot be used multiple times",
        ),
        (vec!["--format", "xml"], 64, "possible values"),
    ] {
        let said = said(&flags);
        assert!(said.starts_with(&format!("exit code {code}\n--- stdout\n--- stderr\n")), "{said}");
        assert!(said.contains(words), "{flags:?}: {said}");
    }
}

/// Twelve ways to weaken a matcher, each with what must be found of it.
#[test]
fn every_weakening_of_the_examples_matchers_is_found() {
    for signer in ["cd", "merge-queue", "recovery", "shared-app"] {
        let rendered = rendered(signer);
        let at = rendered.find('@').expect("a version");
        let file = rendered[..at].rfind('/').expect("a file") + 1;
        let with_version = |version: &str| format!("{}@{version}$", &rendered[..at]);
        let weakenings = [
            (rendered.replacen('^', "", 1), Code::PatternNotAnchored, "no beginning"),
            (rendered.trim_end_matches('$').to_owned(), Code::PatternNotAnchored, "no end"),
            (
                rendered.replacen(r"\.com", ".com", 1),
                Code::PatternUnescapedDot,
                "a dot in the host",
            ),
            (rendered.replacen(r"\.y", ".y", 1), Code::PatternUnescapedDot, "a dot in the file"),
            (with_version(".+"), Code::PatternOpenRef, "any version"),
            (with_version("refs/heads/.+"), Code::PatternOpenRef, "any branch"),
            (
                with_version("(?:refs/heads/main|refs/pull/[0-9]+/merge)"),
                Code::PatternOpenRef,
                "pull requests too",
            ),
            (rendered.replacen("com/acme/", "com/[^/]+/", 1), Code::PatternOpenOwner, "any owner"),
            (
                format!("{}[^@]+{}", &rendered[..file], &rendered[at..]),
                Code::PatternOpenWorkflow,
                "any workflow",
            ),
            (format!("(?i){rendered}"), Code::PatternCaseFolding, "any case"),
            (
                format!(
                    "{rendered}|^https://github\\.com/evil/x/\\.github/workflows/x\\.yaml@refs/heads/main$"
                ),
                Code::PatternOpenOwner,
                "an alternative",
            ),
            (format!("{rendered}|"), Code::PatternMatchesEverything, "an empty alternative"),
        ];
        for (weakened, code, why) in weakenings {
            let (found, exit_code) = codes(&["--subject", &weakened, "--allow-signers", signer]);
            assert!(found.contains(&code), "{signer}, {why}: {weakened}: {found:?}");
            assert_eq!(exit_code, 1, "{signer}, {why}");
        }
        let (found, exit_code) = codes(&["--subject", &rendered, "--allow-signers", signer]);
        assert_eq!((found, exit_code), (vec![], 0), "{signer}: what is rendered is tight");
    }
}

/// The pattern for one signer, as `--suggest` prints it.
fn rendered(signer: &str) -> String {
    let flags = ["--subject", "x", "--allow-signers", signer, "--suggest", "--format", "json"];
    let report: Report = serde_json::from_slice(&run(&flags).stdout).expect("a report");
    report.patterns[0].suggested_subject_pattern.clone().expect("a suggestion")
}

#[test]
fn hostile_patterns_get_an_answer() {
    let long = "a".repeat(100_000);
    let deep = "(".repeat(60_000);
    for (pattern, code, exit_code) in [
        (long.as_str(), Code::PatternUndecided, 2),
        (deep.as_str(), Code::PatternInvalid, 1),
        ("(a{1000}){1000}", Code::PatternInvalid, 1),
        (r"(\pL{1,200}){5}", Code::PatternUndecided, 2),
        ("(?<=a)b", Code::PatternInvalid, 1),
        (r"(a)\1", Code::PatternInvalid, 1),
        ("", Code::PatternMatchesEverything, 1),
        ("a^", Code::PatternNeverMatches, 1),
    ] {
        let shown = pattern.chars().take(20).collect::<String>();
        assert_eq!(codes(&["--subject", pattern]), (vec![code], exit_code), "{shown}");
    }
    assert_eq!(codes(&["--subject", TIGHT]), (vec![], 0), "the healthy neighbour");
}
