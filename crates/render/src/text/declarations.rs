//! A repository on paper, for people: the table first, the worst holes next, the details last.

use std::fmt::{self, Write as _};

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use sealwright_policy::declaration_report::DeclarationReport;
use sealwright_policy::{Report, Verdict};

use super::{Page, count, paint};
use crate::{declarations, visible};

/// Rows of the table; JSON has them all. The bad ones come first.
const ROWS_MAX: usize = 60;
/// Declarations that are told with all their findings.
const DETAILS_MAX: usize = 50;

impl Page {
    pub(super) fn declarations(&mut self, report: &Report) -> fmt::Result {
        let all = &report.declarations;
        if all.is_empty() && report.coverage.is_empty() {
            return Ok(());
        }
        let sorted = declarations::worst_first(all);
        self.who_may_sign(&sorted)?;
        for covered in &report.coverage {
            writeln!(self.text, "{}", visible(&declarations::coverage(covered)))?;
        }
        writeln!(self.text)?;
        self.holes(report)?;
        let wrong = || sorted.iter().filter(|one| !one.findings.is_empty());
        if wrong().next().is_some() {
            self.heading("Details")?;
        }
        for declaration in wrong().take(DETAILS_MAX) {
            self.declaration(declaration)?;
        }
        self.left_out(wrong().count(), DETAILS_MAX, "declarations")
    }

    fn who_may_sign(&mut self, sorted: &[&DeclarationReport]) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(NOTHING);
        table.set_header(declarations::COLUMNS);
        for declaration in sorted.iter().take(ROWS_MAX) {
            table.add_row(declarations::row(declaration).map(|cell| visible(&cell)));
        }
        self.heading("Who may sign what")?;
        for line in table.trim_fmt().lines() {
            writeln!(self.text, " {line}")?;
        }
        writeln!(self.text)?;
        self.left_out(sorted.len(), ROWS_MAX, "declarations")
    }

    fn holes(&mut self, report: &Report) -> fmt::Result {
        let holes = declarations::holes(report);
        if holes.is_empty() {
            return Ok(());
        }
        self.heading(&format!("The worst of it ({})", count(holes.len(), "kind")))?;
        for (finding, others) in holes {
            self.finding(finding)?;
            if others > 0 {
                // In place of the empty line behind a finding.
                self.text.pop();
                let label = paint(self.palette.quiet, &format!("{:>10}:", "and"));
                let others = count(others, "other").replace("1 other", "one other");
                writeln!(self.text, "{label} {others} like it\n")?;
            }
        }
        Ok(())
    }

    fn declaration(&mut self, declaration: &DeclarationReport) -> fmt::Result {
        // Not the verdict: a source that nothing verifies would be called Verified by warnings alone.
        let style = match declaration.verdict {
            Verdict::Refused => self.palette.bad,
            Verdict::Verified | Verdict::Unknown => self.palette.unsure,
        };
        let state = paint(style, declaration.state.words());
        writeln!(self.text, "{state} {}", paint(self.palette.loud, &declaration.object))?;
        for (label, fact) in declarations::facts(declaration) {
            let label = match label {
                "" => String::new(),
                label => format!("{label}:"),
            };
            let label = paint(self.palette.quiet, &format!("{label:>13}"));
            writeln!(self.text, "{label} {}", visible(&fact))?;
        }
        writeln!(self.text)?;
        self.findings(&declaration.findings)
    }
}
