//! A repository on paper, for people: the table first, the worst holes next, the details last.

use std::collections::HashSet;
use std::fmt::{self, Write as _};

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use sealwright_policy::declaration_report::DeclarationReport;
use sealwright_policy::{Code, Finding, Report, Verdict};

use super::{Page, count, paint};
use crate::findings::word;
use crate::holes::{Hole, holes};
use crate::{declarations, visible};

/// Rows of the table; JSON has them all. The bad ones come first.
const ROWS_MAX: usize = 60;
/// Declarations that are told with all their findings.
const DETAILS_MAX: usize = 50;

/// What makes two findings the same but for their place.
type Known = (Code, String, Option<String>);

fn known(finding: &Finding) -> Known {
    (finding.code, finding.message.clone(), finding.found.clone())
}

impl Page {
    /// Hands back the findings of the report that were told among the worst.
    pub(super) fn declarations<'a>(
        &mut self,
        report: &'a Report,
    ) -> Result<Vec<&'a Finding>, fmt::Error> {
        let all = &report.declarations;
        if all.is_empty() && report.coverage.is_empty() {
            return Ok(vec![]);
        }
        let sorted = declarations::worst_first(all);
        self.who_may_sign(&sorted)?;
        for covered in &report.coverage {
            writeln!(self.text, "{}", visible(&declarations::coverage(covered)))?;
        }
        if !report.coverage.is_empty() {
            writeln!(self.text)?;
        }
        let holes = holes(report);
        self.holes(&holes)?;
        let told: Vec<&Finding> = holes.iter().map(|hole| hole.finding).collect();
        self.details(&sorted, &told)?;
        Ok(told)
    }

    fn who_may_sign(&mut self, sorted: &[&DeclarationReport]) -> fmt::Result {
        if sorted.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(NOTHING);
        table.set_header(declarations::COLUMNS);
        let rows = declarations::rows(sorted);
        for row in rows.iter().take(ROWS_MAX) {
            table.add_row(row.each_ref().map(|cell| visible(cell)));
        }
        self.heading("Who may sign what")?;
        for line in table.trim_fmt().lines() {
            writeln!(self.text, " {line}")?;
        }
        writeln!(self.text)?;
        self.left_out(rows.len(), ROWS_MAX, "rows")
    }

    fn holes(&mut self, holes: &[Hole<'_>]) -> fmt::Result {
        if holes.is_empty() {
            return Ok(());
        }
        self.heading("The worst of it")?;
        for hole in holes {
            self.finding(hole.finding)?;
            if hole.others > 0 {
                // In place of the empty line behind a finding.
                self.text.pop();
                let label = paint(self.palette.quiet, &format!("{:>10}:", "and"));
                let others = match hole.others {
                    1 => "one other".to_owned(),
                    many => count(many, "other"),
                };
                writeln!(self.text, "{label} {others} like it\n")?;
            }
        }
        Ok(())
    }

    /// What is left to say: neither what the table says, nor anything twice.
    fn details(&mut self, sorted: &[&DeclarationReport], told: &[&Finding]) -> fmt::Result {
        let mut seen: HashSet<Known> = told.iter().map(|finding| known(finding)).collect();
        let first = |one: &&Finding| told.iter().any(|known| std::ptr::eq(*known, *one));
        let is_left = |one: &&&DeclarationReport| {
            !one.findings.iter().all(|one| first(&one)) && !declarations::is_only_open(one)
        };
        let left: Vec<&&DeclarationReport> = sorted.iter().filter(is_left).collect();
        if !left.is_empty() {
            self.heading("Details")?;
        }
        for declaration in left.iter().take(DETAILS_MAX) {
            self.declaration(declaration, &mut seen)?;
        }
        self.left_out(left.len(), DETAILS_MAX, "declarations")
    }

    fn declaration(
        &mut self,
        declaration: &DeclarationReport,
        seen: &mut HashSet<Known>,
    ) -> fmt::Result {
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
        let (new, old): (Vec<&Finding>, Vec<&Finding>) =
            declaration.findings.iter().partition(|one| seen.insert(known(one)));
        for finding in old {
            let style = self.severity_style(finding.severity);
            let severity = format!("{}[{}]", word(finding.severity), finding.code);
            writeln!(self.text, "{}: as above", paint(style, &severity))?;
        }
        writeln!(self.text)?;
        self.findings(&new.into_iter().cloned().collect::<Vec<Finding>>())
    }
}
