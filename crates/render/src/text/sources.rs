//! Clusters, sources and negative controls, for people.

use std::fmt::{self, Write as _};

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use sealwright_policy::Verdict;
use sealwright_policy::control_report::ControlReport;
use sealwright_policy::source_report::{ClusterNote, SourceReport};

use super::{Page, paint};
use crate::{controls, sources, visible};

/// Sources that are told; JSON has them all. The bad ones come first.
const SOURCES_COUNT_MAX: usize = 50;

impl Page {
    pub(super) fn cluster(&mut self, cluster: &ClusterNote) -> fmt::Result {
        let style = if cluster.simulated { self.palette.unsure } else { self.palette.loud };
        writeln!(self.text, "{}", paint(style, &sources::cluster(cluster)))?;
        if let Some(scope) = &cluster.scope {
            writeln!(self.text, "{}", visible(&sources::scope(scope)))?;
        }
        writeln!(self.text)
    }

    pub(super) fn sources(&mut self, all: &[SourceReport]) -> fmt::Result {
        for source in sources::worst_first(all).into_iter().take(SOURCES_COUNT_MAX) {
            self.source(source)?;
        }
        self.left_out(all.len(), SOURCES_COUNT_MAX, "sources")
    }

    fn source(&mut self, source: &SourceReport) -> fmt::Result {
        let verdict = self.verdict(source.verdict);
        let title = paint(self.palette.loud, &sources::title(source));
        writeln!(self.text, "{verdict} {title}")?;
        writeln!(self.text, "  {}", visible(&sources::facts(source)))?;
        self.lines("runs", source.revision.clone())?;
        self.lines("observed", source.observed.as_ref().map(sources::observed))?;
        if let Some(prediction) = &source.predicted {
            self.lines("predicted", sources::predicted(prediction))?;
            // What goes well needs no reason.
            if source.verdict != Verdict::Verified {
                let reasons = prediction.because.iter();
                let reasons = reasons.map(|rule| format!("{} ({})", rule.says, rule.rule));
                self.lines("because", reasons)?;
            }
            self.lines("by", Some(prediction.controller.clone()))?;
        }
        if let Some(judged) = &source.judged {
            let digest = judged.digest.as_deref().unwrap_or(&judged.reference);
            self.lines("judged", Some(format!("{} {digest}", judged.verdict)))?;
        }
        writeln!(self.text)?;
        self.findings(&source.findings)?;
        let judged = source.judged.iter().filter(|judged| judged.verdict != Verdict::Verified);
        for judged in judged {
            self.findings(&judged.findings)?;
        }
        Ok(())
    }

    /// Facts under one label, which stands before the first of them.
    fn lines(&mut self, label: &str, lines: impl IntoIterator<Item = String>) -> fmt::Result {
        for (number, line) in lines.into_iter().enumerate() {
            let label = if number == 0 { format!("{label:>11}:") } else { " ".repeat(12) };
            writeln!(self.text, "{} {}", paint(self.palette.quiet, &label), visible(&line))?;
        }
        Ok(())
    }

    pub(super) fn controls(&mut self, all: &[ControlReport]) -> fmt::Result {
        if all.is_empty() {
            return Ok(());
        }
        self.heading(&format!("Negative controls: {}", controls::tally(all)))?;
        let mut table = Table::new();
        table.load_style(NOTHING);
        table.set_header(controls::COLUMNS);
        for control in controls::worst_first(all) {
            table.add_row(controls::row(control).map(|cell| visible(&cell)));
        }
        for line in table.trim_fmt().lines() {
            writeln!(self.text, " {line}")?;
        }
        writeln!(self.text)?;
        for control in controls::worst_first(all) {
            if control.verdict != Verdict::Verified {
                writeln!(self.text, "{}: {}\n", visible(&control.name), visible(&control.does))?;
            }
            self.findings(&control.findings)?;
        }
        Ok(())
    }
}
