//! The report itself.

use std::fmt::Write as _;

use sealwright_policy::Report;
use serde::Serialize;

use crate::visible::drives;

pub(crate) fn render(report: &Report) -> String {
    pretty(report)
}

/// JSON that stays the same value and is harmless on a terminal: what drives one is escaped.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(value).expect("these types are plain JSON");
    let mut shown = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        // Outside of strings there are only ASCII characters and line feeds; inside, line feeds
        // are escaped already.
        if character != '\n' && drives(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(shown, "\\u{unit:04x}").expect("a string takes everything");
            }
        } else {
            shown.push(character);
        }
    }
    shown.push('\n');
    shown
}
