//! How tasks talk: plain lines on stderr, tables on stdout.

use std::io::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

/// One line on stderr.
pub(crate) fn line(text: &str) {
    // Nobody is left to be told when stderr is closed.
    drop(writeln!(anstream::stderr(), "{text}"));
}

/// One line of data on stdout.
pub(crate) fn data(text: &str) {
    drop(writeln!(anstream::stdout(), "{text}"));
}

/// A heading before something that takes a while.
pub(crate) fn stage(text: &str) {
    line(&format!("==> {text}"));
}

/// A table on stdout.
pub(crate) fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    drop(writeln!(anstream::stdout(), "{table}"));
}
