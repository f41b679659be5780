//! A program that serves until it is dropped, and that never outlives the task that started it.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::{POLL, tail};
use crate::failure::{Context as _, Failure, Outcome};

/// How long a service may take until it answers.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long a service may take to end when it is asked to.
const END_WITHIN: Duration = Duration::from_secs(5);
/// Waits for a line. A task that was killed writes none: the pipe ends, and so does the service's
/// process group, whose id is the only argument.
const GUARD: &str = r#"
trap "" INT HUP TERM
read -r _ && exit
kill -s TERM -- "-$0"
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -s 0 -- "-$0" && sleep 0.5 || exit; done
kill -s KILL -- "-$0"
"#;

/// A running service; ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Service {
    name: String,
    child: Child,
    log: Utf8PathBuf,
    guard: Child,
}

impl Service {
    /// Starts it in a process group of its own, with a guard for the case that we are killed. A
    /// guard and not `PR_SET_PDEATHSIG`, which needs unsafe code and looks at threads.
    pub(super) fn spawn(command: &mut Command, name: String, log: &Utf8Path) -> Outcome<Service> {
        let child = command.process_group(0).spawn().context(|| name.clone())?;
        let guard = Command::new("sh")
            .args(["-c", GUARD, &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context(|| format!("the guard of {name}"))?;
        Ok(Service { name, child, log: log.to_owned(), guard })
    }

    /// Its standard output, once, when it is a pipe.
    pub(super) fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits until something listens on the port, or the service ended, or it takes too long.
    pub(crate) fn wait_for_port(&mut self, port: u16) -> Outcome {
        self.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())
    }

    /// Waits until `ready` says so.
    pub(crate) fn wait_until(&mut self, mut ready: impl FnMut() -> bool) -> Outcome {
        let started = Instant::now();
        while started.elapsed() < READY_WITHIN {
            if ready() {
                return Ok(());
            }
            self.insist_running()?;
            std::thread::sleep(POLL * 10);
        }
        Err(Failure::new(format!(
            "{} is not ready after {READY_WITHIN:?}: {}",
            self.name,
            self.log_tail()
        )))
    }

    /// Fails when it has ended by itself.
    pub(crate) fn insist_running(&mut self) -> Outcome {
        match self.child.try_wait()? {
            Some(status) => {
                Err(Failure::new(format!("{} {status}: {}", self.name, self.log_tail())))
            }
            None => Ok(()),
        }
    }

    fn log_tail(&self) -> String {
        tail(&std::fs::read_to_string(&self.log).unwrap_or_default())
    }

    fn signal(&self, signal: Signal) {
        // An error here means that it has already ended; there is nobody left to tell.
        if let Ok(group) = i32::try_from(self.child.id()) {
            let _ = killpg(Pid::from_raw(group), signal);
        }
    }

    fn ends_within(&mut self, limit: Duration) -> bool {
        let asked = Instant::now();
        while asked.elapsed() < limit {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(POLL),
                _ => return true,
            }
        }
        false
    }
}

impl Drop for Service {
    /// Asks it to end, so that it can put its state in order; ends it when it does not listen.
    fn drop(&mut self) {
        self.signal(Signal::SIGTERM);
        if !self.ends_within(END_WITHIN) {
            self.signal(Signal::SIGKILL);
            drop(self.child.wait());
        }
        if let Some(mut guard) = self.guard.stdin.take() {
            drop(guard.write_all(b"\n"));
        }
        drop(self.guard.wait());
    }
}

/// A port of loopback that was free a moment ago.
pub(crate) fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a process group has members left.
    fn lives(group: i32) -> bool {
        killpg(Pid::from_raw(group), None).is_ok()
    }

    fn gone_within(group: i32, limit: Duration) -> bool {
        let started = Instant::now();
        while lives(group) && started.elapsed() < limit {
            std::thread::sleep(POLL);
        }
        !lives(group)
    }

    fn start(script: &str) -> (tempfile::TempDir, Service) {
        let folder = tempfile::tempdir().unwrap();
        let log = Utf8Path::from_path(folder.path()).unwrap().join("log");
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        let service = Service::spawn(&mut command, "sh".to_owned(), &log).unwrap();
        (folder, service)
    }

    #[test]
    fn what_a_service_started_ends_with_it() {
        let (_folder, service) = start("sleep 600 & wait");
        let group = i32::try_from(service.child.id()).unwrap();
        assert!(lives(group));
        drop(service);
        assert!(gone_within(group, Duration::from_secs(2)), "a child of the service lives on");
    }

    #[test]
    fn a_service_ends_when_its_task_was_killed() {
        let (_folder, mut service) = start("sleep 600 & wait");
        let group = i32::try_from(service.child.id()).unwrap();
        // What the guard sees of a task that was killed: the other end of its pipe is closed.
        drop(service.guard.stdin.take());
        // Reaps the child: a zombie is still a member of its group.
        assert!(service.ends_within(Duration::from_secs(2)), "nobody ended the service");
        assert!(gone_within(group, Duration::from_secs(2)), "a child of the service lives on");
    }
}
