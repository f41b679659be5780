//! Routes to a tag, for people.

use std::fmt::{self, Write as _};

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use sealwright_policy::route_report::RouteReport;

use super::Page;
use crate::{routes, visible};

/// Rows of the table; JSON has them all. The bad ones come first.
const ROWS_MAX: usize = 60;

impl Page {
    pub(super) fn routes(&mut self, all: &[RouteReport]) -> fmt::Result {
        if all.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(NOTHING);
        table.set_header(routes::COLUMNS);
        for route in routes::worst_first(all).into_iter().take(ROWS_MAX) {
            table.add_row(routes::row(route).map(|cell| visible(&cell)));
        }
        self.heading("Routes to a tag")?;
        for line in table.trim_fmt().lines() {
            writeln!(self.text, " {line}")?;
        }
        writeln!(self.text)?;
        self.left_out(all.len(), ROWS_MAX, "routes")
    }
}
