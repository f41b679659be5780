//! Another program, asked within a deadline and a limit: git, kubectl.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Between two looks at whether it has ended.
const PAUSE: Duration = Duration::from_millis(2);
/// Characters that are repeated of what it says when it fails.
const SAID_CHARS_MAX: usize = 300;

/// What one question may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// When it is stopped.
    pub(crate) until: Instant,
    /// How long that was from the beginning, for people.
    pub(crate) deadline: Duration,
    /// Bytes that it may answer.
    pub(crate) answer_bytes_max: u64,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// It ran and failed, with these words; sometimes none.
    Failed(String),
    /// It did not run to its end, or answered too much.
    Stopped(String),
}

impl Unanswered {
    /// In words.
    pub(crate) fn words(self) -> String {
        match self {
            Unanswered::Failed(words) | Unanswered::Stopped(words) => words,
        }
    }
}

/// Runs it from an absolute folder of PATH, gives it the input, and reads what it answers, within its time. When that is up, it and
/// all that it has started in its group are stopped.
pub(crate) fn ask(
    mut command: Command,
    input: Vec<u8>,
    bounds: Bounds,
) -> Result<Vec<u8>, Unanswered> {
    let name = command.get_program().to_string_lossy().into_owned();
    let stopped = |why: String| Err(Unanswered::Stopped(format!("{name} {why}")));
    let Some(path) = std::env::var_os("PATH").and_then(|path| absolute(&path)) else {
        return stopped("cannot be run: PATH has no absolute folder to look for it in".to_owned());
    };
    command.env("PATH", path);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, since kubectl starts git, and git its helpers.
    command.process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(why) => return stopped(format!("cannot be run: {why}")),
    };
    let (limit, seconds) = (bounds.answer_bytes_max, bounds.deadline.as_secs());
    // All three at once: a full pipe would stop it. None is waited for beyond the deadline, since a
    // program that has left the group could hold a pipe for ever.
    let stdin = child.stdin.take();
    thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    let (bytes, said) = (read(child.stdout.take(), limit), read(child.stderr.take(), limit));
    let Some(status) = wait(&mut child, bounds.until) else {
        stop_group(&child);
        let _ = child.wait();
        return stopped(format!("has not ended after {seconds} s"));
    };
    let left = || bounds.until.saturating_duration_since(Instant::now());
    let (Ok(bytes), Ok(said)) = (bytes.recv_timeout(left()), said.recv_timeout(left())) else {
        stop_group(&child);
        return stopped(format!(
            "has ended, but something that it started has not after {seconds} s"
        ));
    };
    match status {
        _ if bytes.len() as u64 > limit => stopped(format!("gives more than {limit} bytes")),
        status if status.success() => Ok(bytes),
        _ => {
            let said = String::from_utf8_lossy(&said);
            Err(Unanswered::Failed(said.trim().chars().take(SAID_CHARS_MAX).collect()))
        }
    }
}

/// Of a PATH the absolute folders. Any other, an empty one as well, would mean one below the folder in which
/// the program is started: of a repository that is looked at, nothing is ever run.
fn absolute(path: &OsStr) -> Option<OsString> {
    let folders: Vec<PathBuf> =
        std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect();
    std::env::join_paths(&folders).ok().filter(|_| !folders.is_empty())
}

/// Until it has ended, or its time is up: then `None`, and it still has its number.
fn wait(child: &mut Child, until: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => thread::sleep(PAUSE),
            _ => return None,
        }
    }
}

/// An error says that nobody is left in it.
fn stop_group(leader: &Child) {
    if let Ok(leader) = i32::try_from(leader.id()) {
        let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
    }
}

/// What comes out of a pipe until it is closed, or one byte more than the limit, which tells that
/// there was more.
fn read(pipe: Option<impl Read + Send + 'static>, limit: u64) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.map(|pipe| pipe.take(limit + 1).read_to_end(&mut bytes));
        // Nobody may be waiting for it any more.
        let _ = send.send(bytes);
    });
    receive
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, deadline_ms: u64, answer_bytes_max: u64) -> Result<Vec<u8>, Unanswered> {
        let deadline = Duration::from_millis(deadline_ms);
        let bounds = Bounds { until: Instant::now() + deadline, deadline, answer_bytes_max };
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        ask(command, b"input".to_vec(), bounds)
    }

    #[test]
    fn an_answer_within_its_bounds_is_one_and_nothing_else_is() {
        assert_eq!(shell("cat", 60_000, 5).expect("as many as may be"), b"input");
        assert!(matches!(shell("cat", 60_000, 4), Err(Unanswered::Stopped(_))), "one byte more");
        let failed = shell("cat; echo no >&2; exit 1", 60_000, 100);
        assert!(matches!(failed, Err(Unanswered::Failed(said)) if said == "no"), "its words");
        let late = shell("cat; exec sleep 60", 50, 100).expect_err("it does not end");
        assert_eq!(late.words(), "sh has not ended after 0 s", "what it said so far is no answer");
        let gone = ask(
            Command::new("no-such-program-anywhere"),
            vec![],
            Bounds {
                until: Instant::now() + Duration::from_secs(1),
                deadline: Duration::from_secs(1),
                answer_bytes_max: 1,
            },
        );
        let words = gone.expect_err("it is not there").words();
        assert!(words.starts_with("no-such-program-anywhere cannot be run"), "{words}");
    }

    #[test]
    fn programs_are_looked_for_in_absolute_folders_alone() {
        for (path, expected, why) in [
            ("/usr/bin:/bin", Some("/usr/bin:/bin"), "as it is"),
            (".:/usr/bin", Some("/usr/bin"), "where it is started"),
            ("/usr/bin:", Some("/usr/bin"), "an empty one means the same"),
            ("node_modules/.bin:/usr/bin:../bin", Some("/usr/bin"), "below it, and beside it"),
            ("", None, "nothing"),
            (".:", None, "nothing but it"),
        ] {
            let found = absolute(OsStr::new(path));
            assert_eq!(found.as_deref(), expected.map(OsStr::new), "{why}");
        }
    }

    #[test]
    fn what_a_program_has_started_outlasts_no_deadline() {
        let folder = tempfile::tempdir().expect("a folder");
        let late = folder.path().join("late");
        let write_later = format!("(sleep 1; echo > {}) &", late.display());
        for (script, expected, why) in [
            (format!("{write_later} echo said"), "has ended, but something", "it holds the pipes"),
            (format!("{write_later} exec sleep 60"), "has not ended", "both are there"),
            (
                "setsid sleep 5 & echo said".to_owned(),
                "has ended, but something",
                "not in the group",
            ),
        ] {
            let begun = Instant::now();
            let words = shell(&script, 300, 100).expect_err(why).words();
            assert!(words.contains(expected), "{why}: {words}");
            assert!(begun.elapsed() < Duration::from_secs(4), "{why}: {:?}", begun.elapsed());
        }
        thread::sleep(Duration::from_millis(1_500));
        assert!(!late.exists(), "it went on after it was stopped");
        let apart = shell("sleep 1 < /dev/null > /dev/null 2>&1 & echo said", 60_000, 100);
        assert_eq!(apart.expect("what holds no pipe is nobody's concern"), b"said\n");
        let much = shell("exec cat /dev/zero", 60_000, 100).expect_err("it never ends by itself");
        assert_eq!(much.words(), "sh gives more than 100 bytes", "and is not waited for");
    }
}
