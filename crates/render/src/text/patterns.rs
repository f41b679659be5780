//! Patterns over identities, for people.

use std::fmt::{self, Write as _};

use sealwright_policy::pattern_report::PatternReport;

use super::{Page, paint};
use crate::{patterns, visible};

impl Page {
    pub(super) fn patterns(&mut self, all: &[PatternReport]) -> fmt::Result {
        for pattern in all {
            let verdict = self.verdict(pattern.verdict);
            writeln!(self.text, "{verdict} {}", paint(self.palette.loud, &pattern.name))?;
            for (label, fact) in patterns::facts(pattern) {
                let label = paint(self.palette.quiet, &format!("{label:>18}:"));
                writeln!(self.text, "{label} {}", visible(&fact))?;
            }
            writeln!(self.text)?;
            self.findings(&pattern.findings)?;
        }
        Ok(())
    }
}
