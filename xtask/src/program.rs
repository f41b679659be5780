//! Runs programs: one that ends, whose output is wanted, and one that serves until it is dropped.

mod service;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use crate::failure::{Context as _, Failure, Outcome};

pub(crate) use service::{Service, free_port};

/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(2);
/// Bytes of a log shown when something went wrong.
const LOG_TAIL_BYTES: usize = 2_000;

/// A program to run: the ordinary words, one by one.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    path: Utf8PathBuf,
    args: Vec<String>,
    environment: BTreeMap<String, String>,
    clear_environment: bool,
    folder: Option<Utf8PathBuf>,
    time_limit: Duration,
}

/// What a program said, and how it ended.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// Exit code; 128 and up when a signal or our time limit ended it.
    pub(crate) code: u8,
    /// Standard output.
    pub(crate) stdout: Vec<u8>,
    /// Standard error.
    pub(crate) stderr: String,
    /// Wall time.
    pub(crate) took: Duration,
}

/// The exit code we give a program that ran into its time limit.
pub(crate) const EXIT_TIMED_OUT: u8 = 124;

impl Program {
    /// A program by path or name.
    pub(crate) fn new(path: impl Into<Utf8PathBuf>) -> Program {
        Program {
            path: path.into(),
            args: Vec::new(),
            environment: BTreeMap::new(),
            clear_environment: false,
            folder: None,
            time_limit: Duration::from_secs(600),
        }
    }

    /// Appends arguments.
    pub(crate) fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Program {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Program {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Sets environment variables.
    pub(crate) fn envs(mut self, variables: &BTreeMap<String, String>) -> Program {
        self.environment.extend(variables.clone());
        self
    }

    /// Nothing of our environment is passed on: no home, no credentials, no path.
    pub(crate) fn empty_environment(mut self) -> Program {
        self.clear_environment = true;
        self
    }

    /// The folder that it runs in.
    pub(crate) fn folder(mut self, folder: impl Into<Utf8PathBuf>) -> Program {
        self.folder = Some(folder.into());
        self
    }

    /// The same program as the last words of another one.
    pub(crate) fn under<S: Into<String>>(
        mut self,
        path: impl Into<Utf8PathBuf>,
        words: impl IntoIterator<Item = S>,
    ) -> Program {
        let name = std::mem::replace(&mut self.path, path.into());
        let arguments = std::mem::take(&mut self.args);
        self.args(words).args([name.into_string()]).args(arguments)
    }

    /// After this it is ended.
    pub(crate) fn time_limit(mut self, time_limit: Duration) -> Program {
        self.time_limit = time_limit;
        self
    }

    /// As one would type it, for messages.
    pub(crate) fn shown(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_str());
        std::iter::once(name)
            .chain(self.args.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.args);
        if self.clear_environment {
            command.env_clear();
        }
        command.envs(&self.environment);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command.stdin(Stdio::null());
        command
    }

    /// Runs it to its end with its output passed through; gives the exit code.
    pub(crate) fn run_shown(&self) -> Outcome<u8> {
        let status = self.command().status().context(|| self.shown())?;
        Ok(exit_code(status))
    }

    /// Runs it to its end with its output passed through, and insists that it ends well.
    pub(crate) fn run_shown_ok(&self) -> Outcome {
        match self.run_shown()? {
            0 => Ok(()),
            code => {
                Err(Failure::new(format!("{} ended with {code}", self.shown())).exit_code(code))
            }
        }
    }

    /// Runs it to its end and keeps what it said.
    pub(crate) fn run(&self) -> Outcome<Output> {
        let started = Instant::now();
        let mut child = self
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context(|| self.shown())?;
        let stdout = drain(child.stdout.take());
        let stderr = drain(child.stderr.take());
        let code = wait_within(&mut child, self.time_limit)?;
        let took = started.elapsed();
        Ok(Output {
            code,
            stdout: stdout.join().unwrap_or_default(),
            stderr: String::from_utf8_lossy(&stderr.join().unwrap_or_default()).into_owned(),
            took,
        })
    }

    /// Runs it to its end; what it says on stderr is passed through, its standard output is kept.
    pub(crate) fn run_talking(&self) -> Outcome<Output> {
        let started = Instant::now();
        let mut child = self.command().stdout(Stdio::piped()).spawn().context(|| self.shown())?;
        let stdout = drain(child.stdout.take());
        let code = wait_within(&mut child, self.time_limit)?;
        let took = started.elapsed();
        let stdout = stdout.join().unwrap_or_default();
        Ok(Output { code, stdout, stderr: String::new(), took })
    }

    /// Runs it and insists that it ends well; gives its standard output.
    pub(crate) fn run_ok(&self) -> Outcome<Vec<u8>> {
        let output = self.run()?;
        if output.code == 0 {
            return Ok(output.stdout);
        }
        Err(Failure::new(format!(
            "{} ended with {}: {}",
            self.shown(),
            output.code,
            tail(&output.said())
        )))
    }

    /// Starts it as a service whose output goes to a log file.
    pub(crate) fn serve(&self, log: &Utf8Path) -> Outcome<Service> {
        let file = File::create(log).context(|| log.to_string())?;
        let mut command = self.command();
        Service::spawn(command.stdout(file.try_clone()?).stderr(file), self.shown(), log)
    }

    /// Starts it as a service that announces itself in one line on stdout when it is ready; gives
    /// that line. What it says on stderr goes to a log file.
    pub(crate) fn serve_announcing(&self, log: &Utf8Path) -> Outcome<(Service, String)> {
        let file = File::create(log).context(|| log.to_string())?;
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(file);
        let mut service = Service::spawn(&mut command, self.shown(), log)?;
        let announced = first_line(service.take_stdout());
        let mut line = None;
        service.wait_until(|| {
            line = line.take().or_else(|| announced.try_recv().ok());
            line.is_some()
        })?;
        Ok((service, line.unwrap_or_default()))
    }
}

impl Output {
    /// Both streams together, for messages.
    pub(crate) fn said(&self) -> String {
        format!("{}\n{}", String::from_utf8_lossy(&self.stdout).trim(), self.stderr.trim())
    }
}

/// Whether a program can be found on `PATH`.
pub(crate) fn on_path(name: &str) -> Option<Utf8PathBuf> {
    let path = std::env::var("PATH").ok()?;
    path.split(':').map(|folder| Utf8Path::new(folder).join(name)).find(|file| file.is_file())
}

fn drain(stream: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What was read up to an error is still worth showing.
            drop(stream.read_to_end(&mut bytes));
        }
        bytes
    })
}

/// Receives the first line of a stream; the rest is read and dropped, so that the writer never blocks.
fn first_line(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let Some(stream) = stream else { return };
        let mut stream = std::io::BufReader::new(stream);
        let mut line = String::new();
        if stream.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            drop(sender.send(line.trim_end().to_owned()));
        }
        drop(std::io::copy(&mut stream, &mut std::io::sink()));
    });
    receiver
}

fn wait_within(child: &mut Child, limit: Duration) -> Outcome<u8> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(exit_code(status));
        }
        if started.elapsed() > limit {
            drop(child.kill());
            drop(child.wait());
            return Ok(EXIT_TIMED_OUT);
        }
        std::thread::sleep(POLL);
    }
}

fn exit_code(status: std::process::ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(128)
}

/// The last part of a long text.
pub(crate) fn tail(text: &str) -> String {
    let from = text.len().saturating_sub(LOG_TAIL_BYTES);
    let from = (from..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(from..).unwrap_or(text).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Output {
        fn text(&self) -> String {
            String::from_utf8_lossy(&self.stdout).trim().to_owned()
        }
    }

    #[test]
    fn passes_the_exit_code_and_both_streams_through() {
        let output =
            Program::new("sh").args(["-c", "echo out; echo err >&2; exit 7"]).run().unwrap();
        assert_eq!(
            (output.code, output.text().as_str(), output.stderr.as_str()),
            (7, "out", "err\n")
        );
    }

    #[test]
    fn an_empty_environment_has_no_home() {
        let program =
            Program::new("/bin/sh").args(["-c", "echo \"${HOME-none}\""]).empty_environment();
        assert_eq!(program.run().unwrap().text(), "none");
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let program = Program::new("sleep").args(["600"]).time_limit(Duration::from_millis(50));
        assert_eq!(program.run().unwrap().code, EXIT_TIMED_OUT);
    }

    #[test]
    fn a_failing_program_is_an_error_that_shows_what_it_said() {
        let failure =
            Program::new("sh").args(["-c", "echo because >&2; exit 3"]).run_ok().unwrap_err();
        assert!(failure.to_string().contains("because"), "{failure}");
    }

    #[test]
    fn a_service_announces_itself_and_is_asked_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let ended = folder.join("ended");
        let script =
            format!("trap 'echo > {ended}; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
        let program = Program::new("sh").args(["-c", script.as_str()]);
        let (service, line) = program.serve_announcing(&folder.join("log")).unwrap();
        assert_eq!(line, "ready");
        assert!(!ended.exists());
        drop(service);
        assert!(ended.exists(), "it was ended without being asked");
    }

    #[test]
    fn a_service_that_ends_at_once_is_an_error_that_shows_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = Utf8Path::from_path(folder.path()).unwrap().join("log");
        let program = Program::new("sh").args(["-c", "echo because >&2; exit 3"]);
        let failure = program.serve_announcing(&log).unwrap_err();
        assert!(failure.to_string().contains("because"), "{failure}");
    }

    #[test]
    fn the_tail_never_cuts_a_character_in_two() {
        let long = "é".repeat(LOG_TAIL_BYTES);
        assert!(tail(&long).chars().all(|letter| letter == 'é'));
    }
}
