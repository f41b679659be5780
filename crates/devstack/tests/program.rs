//! The program as a person and a script see it: arguments, exit code, stdout, stderr, signals.

#![allow(clippy::unwrap_used, reason = "a test stops where its own set-up fails")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use sealwright_devstack::Endpoints;

const PROGRAM: &str = env!("CARGO_BIN_EXE_sealwright-devstack");
/// Far more than any command here needs, on a machine that is busy with other things.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

struct Folder {
    _kept: tempfile::TempDir,
    path: Utf8PathBuf,
}

fn folder() -> Folder {
    let kept = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(kept.path().canonicalize().unwrap()).unwrap();
    Folder { path: path.join("state"), _kept: kept }
}

/// Runs a command that ends by itself; one that does not is stopped, so that its test fails.
fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + ENDS_WITHIN;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A running `up`, killed when dropped.
struct Up {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    endpoints: Endpoints,
}

impl Up {
    fn start(state: &Utf8Path, flags: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["up", "--state", state.as_str()])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let endpoints = serde_json::from_str(&line).unwrap();
        Self { child, stdout, endpoints }
    }

    /// Sends a signal, waits for the end, and gives back what else was on stdout.
    fn signal(mut self, signal: &str) -> (ExitStatus, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn one_line_when_ready_and_a_graceful_end() {
    for signal in ["INT", "TERM"] {
        let folder = folder();
        let up = Up::start(&folder.path, &["--referrers-api", "off"]);
        assert!(!up.endpoints.referrers_api);
        assert_eq!(Endpoints::left_in(&folder.path).unwrap(), Some(up.endpoints.clone()));
        for file in ["trusted_root.json", "signing_config.json", "signing_config.rekor-v1.json"] {
            assert!(up.endpoints.trust.join(file).is_file(), "{file}");
        }
        let (status, rest) = up.signal(signal);
        assert_eq!((status.code(), rest.as_str()), (Some(0), ""), "SIG{signal}");
    }
}

#[test]
fn a_killed_process_leaves_a_folder_that_starts_again_at_the_same_ports() {
    let folder = folder();
    let up = Up::start(&folder.path, &[]);
    let (endpoints, root) = (up.endpoints.clone(), up.endpoints.trust.join("trusted_root.json"));
    let trusted = fs::read(&root).unwrap();
    let (status, _) = up.signal("KILL");
    assert_eq!(status.code(), None, "it had no chance to clean up");
    let up = Up::start(&folder.path, &[]);
    assert_eq!(up.endpoints, endpoints);
    assert!(fs::read(&root).unwrap() == trusted, "what was trusted before still is");
}

#[test]
fn what_was_answered_survives_a_kill_in_the_middle_of_pushes() {
    let folder = folder();
    let up = Up::start(&folder.path, &[]);
    let address = up.endpoints.registry.clone();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let pushing = std::thread::spawn(move || {
        for tag in 0.. {
            let body = format!(r#"{{"schemaVersion":2,"annotations":{{"tag":"{tag}"}}}}"#);
            let answer = request(&address, "PUT", &manifest_path(tag), &body);
            if !answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 201")) {
                return;
            }
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    while count.load(Ordering::Relaxed) < 20 && !pushing.is_finished() {
        std::thread::sleep(Duration::from_millis(1));
    }
    up.signal("KILL");
    pushing.join().unwrap();
    let answered = count.load(Ordering::Relaxed);
    assert!(answered >= 20, "the kill met pushes");

    let up = Up::start(&folder.path, &[]);
    for tag in 0..answered {
        let answer = request(&up.endpoints.registry, "GET", &manifest_path(tag), "").unwrap();
        assert!(answer.contains(&format!(r#""tag":"{tag}""#)), "{tag} of {answered}: {answer}");
    }
}

#[test]
fn tokens_and_the_environment_of_a_job() {
    let folder = folder();
    let state = folder.path.as_str();
    let up = Up::start(&folder.path, &[]);
    let token = run(&["token", "--state", state, "--repository", "acme/shop"]);
    assert_eq!(token.status.code(), Some(0), "{}", text(&token.stderr));
    assert_eq!(text(&token.stdout).trim_end().split('.').count(), 3);
    let env = run(&["env", "--state", state, "--repository", "acme/shop", "--ref", "refs/tags/v1"]);
    let lines = text(&env.stdout);
    for expected in [
        format!("ACTIONS_ID_TOKEN_REQUEST_TOKEN={}", up.endpoints.token_request_token),
        format!(
            "ACTIONS_ID_TOKEN_REQUEST_URL={}&repository=acme%2Fshop&gitRef=refs%2Ftags%2Fv1",
            up.endpoints.token_request_url
        ),
        "GITHUB_REPOSITORY=acme/shop".to_owned(),
        "GITHUB_REF=refs/tags/v1".to_owned(),
        "GITHUB_WORKFLOW_REF=acme/shop/.github/workflows/cd.yaml@refs/tags/v1".to_owned(),
    ] {
        assert!(lines.lines().any(|line| line == expected), "{expected} in\n{lines}");
    }
}

#[test]
fn what_is_refused_and_how() {
    let (running, foreign, absent) = (folder(), folder(), folder());
    let up = Up::start(&running.path, &[]);
    fs::create_dir(&foreign.path).unwrap();
    fs::write(foreign.path.join("thesis.txt"), "").unwrap();
    let port = up.endpoints.registry.rsplit_once(':').unwrap().1;
    let (running, foreign, absent) =
        (running.path.as_str(), foreign.path.as_str(), absent.path.as_str());
    let pid = up.child.id().to_string();
    for (arguments, code, stderr, reason) in [
        (vec!["up", "--state", running], 69, pid.as_str(), "in use: says by which process"),
        (vec!["up", "--state", foreign], 65, "choose an empty or a new folder", "not ours"),
        (vec!["up", "--state", absent, "--registry-port", port], 69, port, "a taken port"),
        (vec!["token", "--state", "/nowhere"], 69, "sealwright-devstack up --state", "not running"),
        (vec!["env", "--state", foreign], 69, "sealwright-devstack up --state", "never ran"),
        (vec!["token", "--state", running, "--fault", "tired"], 64, "not-yet-valid", "says which"),
        (vec!["up", "--state", absent, "--referrers-api", "maybe"], 64, "on, off", "says which"),
        (vec!["up"], 64, "--state <DIR>", "the state folder is never guessed"),
        (vec!["down"], 64, "unrecognized subcommand", "no such command"),
    ] {
        let output = run(&arguments);
        let (said, talked) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{reason}: {talked}");
        assert_eq!(said, "", "{reason}: stdout is data");
        assert!(talked.contains(stderr), "{reason}: {talked}");
    }
    assert!(foreign_is_untouched(foreign), "nothing was added");
    let token = run(&["token", "--state", running]);
    assert_eq!(token.status.code(), Some(0), "the first one is undisturbed");
}

fn foreign_is_untouched(folder: &str) -> bool {
    fs::read_dir(folder).unwrap().count() == 1
}

#[test]
fn a_stopped_stack_gives_no_tokens() {
    let folder = folder();
    Up::start(&folder.path, &[]).signal("TERM");
    let output = run(&["token", "--state", folder.path.as_str()]);
    assert_eq!(output.status.code(), Some(69), "{}", text(&output.stderr));
}

#[test]
fn help_shows_examples() {
    for (arguments, expected) in [
        (vec!["--help"], "sealwright-devstack token --state .devstack --repository acme/platform"),
        (vec!["up", "--help"], "/_faults"),
        (vec!["plane", "--help"], "kubectl --kubeconfig .plane/kubeconfig"),
        (vec!["token", "--help"], "--workflow-repository <OWNER/NAME>"),
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains(expected), "{}", text(&output.stdout));
    }
}

#[test]
fn control_is_there_only_when_asked_for() {
    for (flags, expected) in [(vec!["--control"], "HTTP/1.1 200"), (vec![], "HTTP/1.1 404")] {
        let folder = folder();
        let up = Up::start(&folder.path, &flags);
        let answer = request(&up.endpoints.registry, "GET", "/_requests", "").unwrap();
        assert!(answer.starts_with(expected), "{flags:?}: {answer}");
    }
}

/// The simulated plane: one line when ready, a kubeconfig, the context's name, a graceful end.
#[test]
fn a_plane_says_where_it_is_and_that_it_is_simulated() {
    let folder = folder();
    let mut child = Command::new(PROGRAM)
        .args(["plane", "--state", folder.path.as_str(), "--name", "prod"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&ready["context"], &ready["simulated"]), (&"prod".into(), &true.into()), "{line}");
    assert_eq!(ready["kubeconfig"], folder.path.join("kubeconfig").as_str());
    let address = ready["server"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let version = request(&address, "GET", "/version", "").unwrap();
    assert!(version.contains("+simulated"), "{version}");
    let faults = request(&address, "GET", "/_faults", "").unwrap();
    assert!(faults.starts_with("HTTP/1.1 404"), "nobody asked for control: {faults}");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn manifest_path(tag: usize) -> String {
    format!("/v2/acme/app/manifests/{tag}")
}

/// One plain request; an HTTP client would be too much for it.
fn request(address: &str, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/vnd.oci.image.manifest.v1+json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
