//! How waiting looks: a line with a spinner for each source on a terminal, plain lines elsewhere.
//! All on standard error.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sealwright_render::visible;

use crate::output::talk;

/// What people see while they wait.
pub(super) struct Progress {
    names: Vec<String>,
    /// What was said last of each source: nothing is said twice.
    said: Vec<String>,
    bars: Option<Vec<ProgressBar>>,
}

impl Progress {
    pub(super) fn of(names: Vec<String>) -> Self {
        let bars = std::io::stderr().is_terminal().then(|| spinners(&names));
        Self { said: vec![String::new(); names.len()], names, bars }
    }

    /// Says how a source stands, when that is news.
    pub(super) fn say(&mut self, source: usize, text: &str) {
        let text = visible(text);
        if self.said[source] == text {
            return;
        }
        match &self.bars {
            Some(bars) => bars[source].set_message(text.clone()),
            None => talk(&format!("{}: {text}", self.names[source])),
        }
        self.said[source] = text;
    }

    /// Says the last word on a source.
    pub(super) fn done(&mut self, source: usize, text: &str) {
        self.say(source, text);
        if let Some(bars) = &self.bars {
            bars[source].finish();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        for bar in self.bars.iter().flatten() {
            bar.abandon();
        }
    }
}

fn spinners(names: &[String]) -> Vec<ProgressBar> {
    let all = MultiProgress::new();
    let style = ProgressStyle::with_template("{spinner} {prefix:.cyan} {wide_msg} {elapsed}");
    names
        .iter()
        .map(|name| {
            let bar = all.add(ProgressBar::new_spinner());
            if let Ok(style) = &style {
                bar.set_style(style.clone());
            }
            bar.set_prefix(visible(name));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        })
        .collect()
}
