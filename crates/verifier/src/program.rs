//! Another program, asked within a deadline and a limit: git, kubectl.

use std::io::{Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

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

/// Runs it, gives it the input, and reads what it answers. It is gone when this returns.
pub(crate) fn ask(
    mut command: Command,
    input: Vec<u8>,
    bounds: Bounds,
) -> Result<Vec<u8>, Unanswered> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|why| Unanswered::Stopped(format!("{name} cannot be run: {why}")))?;
    let (stdin, mut out, mut talk) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let limit = bounds.answer_bytes_max;
    // All three at once: a full pipe would stop it.
    let (bytes, said, ended) = thread::scope(|scope| {
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        let bytes = scope.spawn(|| read_to_limit(out.as_mut(), limit));
        let said = scope.spawn(|| read_to_limit(talk.as_mut(), limit));
        let ended = wait(&mut child, bounds.until);
        (bytes.join().unwrap_or_default(), said.join().unwrap_or_default(), ended)
    });
    match ended {
        _ if bytes.len() as u64 > limit => {
            Err(Unanswered::Stopped(format!("{name} gives more than {limit} bytes")))
        }
        Some(status) if status.success() => Ok(bytes),
        Some(_) => {
            let said = String::from_utf8_lossy(&said);
            Err(Unanswered::Failed(said.trim().chars().take(SAID_CHARS_MAX).collect()))
        }
        None => {
            let seconds = bounds.deadline.as_secs();
            Err(Unanswered::Stopped(format!("{name} has not ended after {seconds} s")))
        }
    }
}

/// Until it has ended, or is killed, so that its pipes close: then `None`, whatever it says of its end.
fn wait(child: &mut Child, until: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => thread::sleep(PAUSE),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

/// One byte more than the limit tells that there was more.
fn read_to_limit(pipe: Option<&mut impl Read>, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let _ = pipe.take(limit + 1).read_to_end(&mut bytes);
    }
    bytes
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
}
