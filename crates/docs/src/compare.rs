//! Whether committed pages are the ones that configuration and report give today.

use std::collections::BTreeSet;

use camino::Utf8Path;

use crate::{DocsError, Pages};

/// One way in which the committed pages are not the rendered ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A page that should be there is not.
    Missing(String),
    /// A page that nothing renders any more.
    Stale(String),
    /// A page with other content; the first line that differs, counted from 1.
    Changed {
        /// Path of the page below the folder.
        page: String,
        /// Line.
        line: usize,
        /// What stands there now.
        committed: String,
        /// What should.
        rendered: String,
    },
}

/// Compares the folder of committed pages with the rendered ones.
pub fn compare(pages: &Pages, committed: &Utf8Path) -> Result<Vec<Difference>, DocsError> {
    let present = Pages::read(committed)?;
    let names: BTreeSet<&String> = pages.files().keys().chain(present.files().keys()).collect();
    Ok(names
        .into_iter()
        .filter_map(|name| match (pages.files().get(name), present.files().get(name)) {
            (Some(_), None) => Some(Difference::Missing(name.clone())),
            (None, Some(_)) => Some(Difference::Stale(name.clone())),
            (Some(rendered), Some(committed)) if rendered != committed => {
                Some(first_difference(name, committed, rendered))
            }
            _ => None,
        })
        .collect())
}

fn first_difference(page: &str, committed: &str, rendered: &str) -> Difference {
    let line_count = committed.lines().count().max(rendered.lines().count());
    let line_of =
        |text: &str, index: usize| text.lines().nth(index).unwrap_or("(end of file)").to_owned();
    let index =
        (0..line_count).find(|i| line_of(committed, *i) != line_of(rendered, *i)).unwrap_or(0);
    Difference::Changed {
        page: page.to_owned(),
        line: index + 1,
        committed: line_of(committed, index),
        rendered: line_of(rendered, index),
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Difference::Missing(page) => write!(f, "{page}: missing; it would be rendered"),
            Difference::Stale(page) => write!(f, "{page}: stale; nothing renders it any more"),
            Difference::Changed { page, line, committed, rendered } => {
                write!(
                    f,
                    "{page}:{line}: differs\n  committed: {committed}\n  rendered:  {rendered}"
                )
            }
        }
    }
}
