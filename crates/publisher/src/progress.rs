//! How progress looks: bars on a terminal, plain lines in CI, groups on GitHub. All on stderr.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sealwright_policy::Finding;
use sealwright_render::{annotations, visible};

use crate::github;
use crate::output::say;
use crate::publish::{Step, Talk};

/// What fits where this process runs.
pub(crate) fn choose() -> Box<dyn Talk> {
    if github::is_here() {
        Box::new(Groups::default())
    } else if std::io::stderr().is_terminal() {
        Box::new(Bars::default())
    } else {
        Box::new(Lines)
    }
}

/// One line for each step, when it has ended.
struct Lines;

impl Talk for Lines {
    fn begin(&self, _: Step, _: &str) {}

    fn done(&self, step: Step, did: &str) {
        say(&line(step, did));
    }

    fn remark(&self, finding: &Finding) {
        say(&remark(finding));
    }
}

fn remark(finding: &Finding) -> String {
    let place = match finding.place.to_string() {
        place if place.is_empty() => place,
        place => format!("{place}: "),
    };
    visible(&format!("note     {place}{finding}"))
}

fn line(step: Step, did: &str) -> String {
    visible(&format!("{:<8} {did}", step.name()))
}

/// A spinner while a step runs, and its line afterwards.
#[derive(Default)]
struct Bars(Mutex<Option<ProgressBar>>);

impl Bars {
    fn stop(&self) {
        if let Some(bar) = self.0.lock().ok().and_then(|mut bar| bar.take()) {
            bar.finish_and_clear();
        }
    }
}

impl Talk for Bars {
    fn begin(&self, step: Step, what: &str) {
        self.stop();
        let bar = ProgressBar::new_spinner();
        if let Ok(style) =
            ProgressStyle::with_template("{prefix:<8.cyan} {spinner} {msg} {elapsed}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(step.name());
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        if let Ok(mut current) = self.0.lock() {
            *current = Some(bar);
        }
    }

    fn done(&self, step: Step, did: &str) {
        self.stop();
        say(&line(step, did));
    }

    fn remark(&self, finding: &Finding) {
        self.stop();
        say(&remark(finding));
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A group for each step.
#[derive(Default)]
struct Groups(Mutex<bool>);

impl Groups {
    fn close(&self) {
        let was_open = self.0.lock().is_ok_and(|mut open| std::mem::take(&mut *open));
        if was_open {
            say("::endgroup::");
        }
    }
}

impl Talk for Groups {
    fn begin(&self, step: Step, what: &str) {
        self.close();
        say(&format!("::group::{}: {}", step.name(), github::title(what)));
        if let Ok(mut open) = self.0.lock() {
            *open = true;
        }
    }

    fn done(&self, step: Step, did: &str) {
        say(&line(step, did));
        self.close();
    }

    fn remark(&self, finding: &Finding) {
        say(annotations(std::slice::from_ref(finding)).trim_end());
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        self.close();
    }
}
