//! Whole commands: arguments, exit code, stdout, stderr.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod stage;

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use sealwright_devstack::sigstore::TokenRequest;
use serde_json::Value;

use stage::Stage;

/// Runs the binary in the stage's folder with an empty environment.
struct Run<'a> {
    stage: &'a Stage,
    environment: Vec<(&'static str, String)>,
}

impl<'a> Run<'a> {
    fn new(stage: &'a Stage) -> Self {
        Self { stage, environment: vec![] }
    }

    fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// With the flags that lead to the dev stack.
    fn at_the_stack(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let (registry, sigstore) = (self.stage.registry(), self.stage.stack.sigstore());
        let place = [
            "--registry",
            &registry,
            "--trust",
            sigstore.trust_folder().as_str(),
            "--github-issuer",
            sigstore.issuer_url(),
        ];
        self.with(&[arguments, &place].concat())
    }

    fn with(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_sealwright-publisher"))
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.stage.path())
            .args(arguments)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

/// The whole command for a snapshot, with what differs from run to run replaced.
fn show(arguments: &[&str], run: (Option<i32>, String, String), stage: &Stage) -> String {
    let mut text = format!("$ sealwright-publisher {}\n", arguments.join(" "));
    let (code, stdout, stderr) = run;
    let _ = write!(text, "exit {}\n--- stdout\n{stdout}--- stderr\n{stderr}", code.unwrap_or(-1));
    let sigstore = stage.stack.sigstore();
    let text = text.replace(&stage.registry(), "REGISTRY").replace(sigstore.issuer_url(), "ISSUER");
    let text = text.replace(sigstore.trust_folder().as_str(), "TRUST");
    text.replace(stage.path().as_str(), "FOLDER")
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    for (pattern, replacement) in [
        (r"[0-9a-f]{64}", "<sha256>"),
        (r"sealwright-staging-[0-9a-f-]+", "<staging tag>"),
        (r"log entries [0-9, ]+", "log entries <indices>"),
        (r#""(publishedAt|created)": "[^"]+""#, r#""$1": "<time>""#),
        (r#""ageS": \d+"#, r#""ageS": <seconds>"#),
        (r"20\d\d-\d\d-\d\dT[0-9:.]+Z", "<time>"),
    ] {
        settings.add_filter(pattern, replacement);
    }
    settings
}

macro_rules! snapshot {
    ($stage:expr, $run:expr, $arguments:expr) => {
        let arguments: &[&str] = $arguments;
        let shown = show(arguments, $run.at_the_stack(arguments), $stage);
        settings().bind(|| insta::assert_snapshot!(shown));
    };
}

#[test]
fn publish_says_what_it_does_and_the_second_time_that_there_is_nothing_to_do() {
    let stage = Stage::new();
    let publish = ["publish", "--token-file", "token", "--receipt", "receipt.json"];
    snapshot!(&stage, Run::new(&stage), &publish);
    let receipt: Value =
        serde_json::from_slice(&fs::read(stage.path().join("receipt.json")).unwrap()).unwrap();
    assert_eq!(receipt["outcome"], "published");
    snapshot!(&stage, Run::new(&stage), &publish);
}

#[test]
fn a_wrong_identity_is_refused_with_what_was_expected() {
    let stage = Stage::new();
    stage.token("token", &TokenRequest::new("acme/platform", "ci.yaml"));
    snapshot!(&stage, Run::new(&stage), &["publish", "--token-file", "token"]);
    assert!(stage.stack.registry().requests().is_empty());
    snapshot!(&stage, Run::new(&stage), &["whoami", "--token-file", "token"]);
}

#[test]
fn whoami_says_what_may_be_signed() {
    let stage = Stage::new();
    snapshot!(&stage, Run::new(&stage), &["whoami", "--token-file", "token"]);
}

#[test]
fn a_plan_needs_no_token_but_says_that_it_has_none() {
    let stage = Stage::new();
    snapshot!(&stage, Run::new(&stage), &["plan"]);
    snapshot!(&stage, Run::new(&stage), &["plan", "--token-file", "token"]);
    assert!(stage.writes().is_empty());
}

#[test]
fn the_token_of_a_job_is_asked_for() {
    let stage = Stage::new();
    let sigstore = stage.stack.sigstore();
    let run = Run::new(&stage)
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", sigstore.token_request_url())
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", sigstore.token_request_token());
    let (code, stdout, stderr) = run.at_the_stack(&["publish"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("\"published\""));
    assert!(!stderr.contains(sigstore.token_request_token()));
}

#[test]
fn github_gets_groups_outputs_and_a_summary() {
    let stage = Stage::new();
    let (output, summary) = (stage.write("output", ""), stage.write("summary", ""));
    let run = Run::new(&stage)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", output.as_str())
        .env("GITHUB_STEP_SUMMARY", summary.as_str());
    let (code, _, stderr) = run.at_the_stack(&["publish", "--token-file", "token"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stderr.matches("::group::").count(), stderr.matches("::endgroup::").count());
    let files = [output, summary].map(|file| fs::read_to_string(file).unwrap()).join("---\n");
    let shown = files.replace(&stage.registry(), "REGISTRY");
    settings().bind(|| insta::assert_snapshot!(shown));
    stage.write("k8s/bad\nname.yaml", "");
    let (code, _, stderr) = run.at_the_stack(&["publish", "--token-file", "token"]);
    assert_eq!(code, Some(65), "{stderr}");
    assert!(stderr.contains("::error ") && stderr.contains("title=SW5006"), "{stderr}");
}

#[test]
fn signing_and_attesting_what_something_else_has_pushed() {
    let stage = Stage::new();
    let path = "acme/platform/manifests";
    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.cncf.flux.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let registry = stage.stack.registry();
    registry.add_manifest(path, Some("pushed"), media_type, manifest.into()).unwrap();
    let reference = format!("{}/{path}:pushed", stage.registry());
    let run = Run::new(&stage);
    snapshot!(&stage, run, &["sign", &reference, "--token-file", "token"]);
    stage.write("sbom.json", r#"{"bomFormat":"CycloneDX"}"#);
    let attest = |kind: &str, file: &str| {
        run.at_the_stack(&[
            "attest",
            &reference,
            "--type",
            kind,
            "--predicate",
            file,
            "--token-file",
            "token",
        ])
    };
    let promote = ["promote", reference.as_str(), "--tag", "latest"];
    let (code, _, stderr) = run.at_the_stack(&promote);
    assert_eq!(code, Some(1), "the evidence is not complete: {stderr}");
    for kind in ["cyclonedx", "slsaprovenance1", "https://acme.example/review/v1"] {
        let (code, _, stderr) = attest(kind, "sbom.json");
        assert_eq!(code, Some(0), "{kind}: {stderr}");
    }
    let (code, stdout, stderr) = run.at_the_stack(&promote);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("\"latest\""));
    assert_eq!(attest("cyclonedx", "missing.json").0, Some(65));
    assert_eq!(attest("no-uri", "sbom.json").0, Some(64));
}

#[test]
fn mistakes_have_their_exit_codes_and_say_what_to_do() {
    let stage = Stage::new();
    stage.write("empty/.keep/x/.git/y", "");
    let long = format!("a.{}.b", ".".repeat(1_000_000));
    stage.write("dots", &long);
    stage.write(
        "quoted",
        &format!("\"{}\"", fs::read_to_string(stage.path().join("token")).unwrap()),
    );
    let mut expired = TokenRequest::new("acme/platform", "cd.yaml");
    expired.fault = sealwright_devstack::sigstore::TokenFault::Expired;
    stage.token("expired", &expired);
    let foreign = format!("{}/acme/other:v1", stage.registry());
    for (arguments, code, words, why) in [
        (vec!["publish", "--config", "missing.yaml"], 74, "missing.yaml", "no configuration"),
        (vec!["publish", "--artifact", "nobody"], 64, "nobody", "no such artifact"),
        (vec!["publish", "--contents", "missing"], 65, "SW5001", "no such folder"),
        (vec!["publish", "--contents", "empty"], 65, "SW5002", "nothing to publish"),
        (vec!["publish", "--contents-bytes-max", "3"], 65, "SW5007", "over the limit"),
        (vec!["publish", "--tag", "a b"], 65, "tag", "no tag"),
        (vec!["publish", "--tag", "sealwright-staging-x"], 64, "final", "one of ours"),
        (vec!["publish"], 1, "SW6020", "no token"),
        (vec!["publish", "--token-file", "dots"], 1, "SW602", "a million dots"),
        (vec!["publish", "--token-file", "expired"], 1, "SW6022", "an expired token"),
        (vec!["sign", &foreign, "--token-file", "token"], 65, "SW6011", "somebody else's"),
        (vec!["sign", "no reference"], 65, "SW2001", "no reference"),
        (vec!["promote", "x"], 64, "--tag", "a flag is missing"),
        (vec!["publish", "--deadline", "0"], 64, "86400", "no time at all"),
        (vec!["publish", "--deadline", "18446744073709551615"], 64, "86400", "beyond any clock"),
        (vec!["publish", "--config", "/dev/zero"], 65, "SW1", "an endless configuration"),
        (vec!["publish", "--ca-certificates", "/dev/zero"], 65, "SW2002", "endless authorities"),
        (vec!["publish", "--token-file", "quoted"], 1, "SW6021", "a token in quotes"),
        (vec!["publish", "--rekor-version", "3"], 64, "1 or 2", "no such log"),
    ] {
        let (found, stdout, stderr) = Run::new(&stage).at_the_stack(&arguments);
        assert_eq!(found, Some(code), "{why}: {stderr}");
        assert!(stderr.contains(words), "{why}: {stderr}");
        assert!(stdout.is_empty(), "{why}: {stdout}");
        assert!(stderr.len() < 4_000, "{why}: one clear error, not {} bytes", stderr.len());
    }
    assert!(stage.stack.registry().requests().is_empty(), "all of it before the registry");
}

/// It panicked: the exit code was 101, and with stderr gone, in the middle of a publication.
#[test]
fn streams_that_cannot_be_written_do_not_stop_a_publication() {
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let stage = Stage::new();
    let publish = |command: &mut Command| {
        let (registry, sigstore) = (stage.registry(), stage.stack.sigstore());
        command.args(["publish", "--token-file", "token", "--registry", &registry]);
        command.args(["--trust", sigstore.trust_folder().as_str()]);
        command.args(["--github-issuer", sigstore.issuer_url()]);
        command.env_clear().current_dir(stage.path()).output().unwrap()
    };
    let program = || Command::new(env!("CARGO_BIN_EXE_sealwright-publisher"));
    let deaf = publish(program().stderr(full()));
    assert_eq!(deaf.status.code(), Some(0), "nobody listens to the talk");
    let receipt: Value = serde_json::from_slice(&deaf.stdout).unwrap();
    assert_eq!(receipt["outcome"], "published");
    let mute = publish(program().stdout(full()));
    let stderr = String::from_utf8(mute.stderr).unwrap();
    assert_eq!(mute.status.code(), Some(74), "nobody got the receipt: {stderr}");
    assert!(stderr.contains("standard output"), "{stderr}");
}

/// Claims of a token went to the terminal, and to GitHub's log, as they came.
#[test]
fn what_a_token_claims_drives_neither_terminal_nor_workflow() {
    let stage = Stage::new();
    let mut request = TokenRequest::new("acme/platform", "cd.yaml");
    request.git_ref = "refs/heads/\u{1b}[2J\n::error::pwned".to_owned();
    stage.token("hostile", &request);
    for github in ["false", "true"] {
        let run = Run::new(&stage).env("GITHUB_ACTIONS", github);
        let (code, _, stderr) = run.at_the_stack(&["publish", "--token-file", "hostile"]);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains("SW6001") && stderr.contains("pwned"), "{stderr}");
        assert!(!stderr.contains('\u{1b}'), "{stderr}");
        assert!(!stderr.lines().any(|line| line.starts_with("::error::pwned")), "{stderr}");
    }
}

#[test]
fn a_registry_that_is_not_there_is_unknown() {
    let stage = Stage::new();
    let run = Run::new(&stage).with(&[
        "publish",
        "--registry",
        "127.0.0.1:1",
        "--trust",
        stage.stack.sigstore().trust_folder().as_str(),
        "--github-issuer",
        stage.stack.sigstore().issuer_url(),
        "--token-file",
        "token",
        "--deadline",
        "1",
    ]);
    assert_eq!(run.0, Some(2), "{}", run.2);
    assert!(run.2.contains("SW6007"), "{}", run.2);
}

#[test]
fn pack_prints_the_digest_and_leaves_no_half_file() {
    let stage = Stage::new();
    let (code, stdout, _) =
        Run::new(&stage).with(&["pack", "--contents", "k8s", "--output", "a.tgz"]);
    assert_eq!(code, Some(0));
    let answer: Value = serde_json::from_str(&stdout).unwrap();
    let bytes = fs::read(stage.path().join("a.tgz")).unwrap();
    assert_eq!(answer["layer"], sealwright_evidence::Digest::of(&bytes).to_string());
    std::os::unix::fs::symlink("x", stage.path().join("k8s/link")).unwrap();
    let (code, _, stderr) =
        Run::new(&stage).with(&["pack", "--contents", "k8s", "--output", "b.tgz"]);
    assert_eq!(code, Some(65));
    assert!(stderr.contains("link is a symbolic link"), "{stderr}");
    assert!(!stage.path().join("b.tgz").exists());
}

/// It was removed: for root, `--output /dev/full` took the device away.
#[test]
fn pack_that_fails_leaves_a_device_alone() {
    let stage = Stage::new();
    std::os::unix::fs::symlink("/dev/full", stage.path().join("full")).unwrap();
    let (code, _, stderr) =
        Run::new(&stage).with(&["pack", "--contents", "k8s", "--output", "full"]);
    assert_eq!(code, Some(74), "{stderr}");
    assert!(stage.path().join("full").symlink_metadata().is_ok(), "{stderr}");
}

#[test]
fn every_command_has_help() {
    let stage = Stage::new();
    for command in
        ["publish", "plan", "sign", "attest", "promote", "whoami", "prune-staging", "pack"]
    {
        let (code, stdout, _) = Run::new(&stage).with(&[command, "--help"]);
        assert_eq!(code, Some(0));
        assert!(stdout.contains("Usage: sealwright-publisher"), "{command}");
    }
    let (code, _, stderr) = Run::new(&stage).with(&[]);
    assert_eq!(code, Some(64));
    assert!(stderr.contains("Usage:"));
}
