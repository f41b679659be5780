//! Text from outside, made harmless for a terminal and for the log of a job.

/// What GitHub's runner takes for the beginning of a command wherever it stands in a line of a job's log:
/// <https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs>.
const RUNNER_COMMAND: &str = "##[";

/// The text with every character spelt out that would move a cursor, change a colour, end a line,
/// turn the direction of writing, take no room or begin a command of a runner: `\u{1b}` for an escape,
/// `\n` for a line feed.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        if drives(character) {
            shown.extend(character.escape_default());
        } else if text[at..].starts_with(RUNNER_COMMAND) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a terminal would do something else than show this character.
pub(crate) fn drives(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_drives_a_terminal_is_spelt_out_and_the_rest_stays() {
        for (text, shown, why) in [
            ("plain ✓ ünïcode 中文", "plain ✓ ünïcode 中文", "letters are letters"),
            ("\u{1b}[2Jx", "\\u{1b}[2Jx", "an escape sequence"),
            ("\u{9b}2Jx", "\\u{9b}2Jx", "an escape sequence in one character"),
            ("a\r\nb\tc", "a\\r\\nb\\tc", "lines and columns"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe", "writing backwards"),
            ("a\u{200b}b", "a\\u{200b}b", "no width"),
            ("\u{7f}\u{0}", "\\u{7f}\\u{0}", "delete and zero"),
            ("a ##[add-mask]b", "a \\u{23}#[add-mask]b", "a command in the middle of a line"),
            ("###[group]", "#\\u{23}#[group]", "a command behind another sign"),
            ("## [x] #[y]", "## [x] #[y]", "a heading, and what is no command"),
        ] {
            assert_eq!(visible(text), shown, "{why}");
        }
    }
}
