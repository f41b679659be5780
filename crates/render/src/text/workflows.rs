//! Jobs that sign, for people: the table first, then what is wrong with each.

use std::fmt::{self, Write as _};

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use sealwright_policy::workflow_report::WorkflowReport;

use super::{Page, paint};
use crate::{visible, workflows};

/// Jobs in the table; JSON has them all. The bad ones come first.
const JOBS_MAX: usize = 60;

impl Page {
    pub(super) fn workflows(&mut self, all: &[WorkflowReport]) -> fmt::Result {
        if all.is_empty() {
            return Ok(());
        }
        let sorted = workflows::worst_first(all);
        self.heading("Who signs as whom")?;
        let mut table = Table::new();
        table.load_style(NOTHING);
        table.set_header(workflows::COLUMNS);
        for row in sorted.iter().take(JOBS_MAX).flat_map(|job| workflows::rows(job)) {
            table.add_row(row.map(|cell| visible(&cell)));
        }
        for line in table.trim_fmt().lines() {
            writeln!(self.text, " {line}")?;
        }
        writeln!(self.text)?;
        self.left_out(sorted.len(), JOBS_MAX, "jobs")?;
        for job in sorted.iter().take(JOBS_MAX).filter(|job| !job.findings.is_empty()) {
            let verdict = self.verdict(job.verdict);
            writeln!(self.text, "{verdict} {}", paint(self.palette.loud, &job.job))?;
            let rights = paint(self.palette.quiet, "   rights:");
            writeln!(self.text, "{rights} {}\n", visible(&job.rights.join(", ")))?;
            self.findings(&job.findings)?;
        }
        Ok(())
    }
}
