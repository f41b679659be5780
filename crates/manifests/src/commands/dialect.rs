//! Text that is nearly a shell's: made readable for the one reader there is, byte by byte, so that
//! every place stays where it was; and taken back in the words that come out.

use std::borrow::Cow;

/// Whose rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `sh` and its kin.
    Posix,
    /// A recipe of a Makefile: `$$` is the shell's `$`.
    Make,
    /// A fence of a document: `<placeholders>`, apostrophes, blanks behind a backslash.
    Document,
    /// PowerShell: a backtick continues the line, and a backslash is a backslash.
    PowerShell,
}

// Control characters that nobody writes into a script stand for what the reader would misread.
const OPENS: u8 = 0x01;
const CLOSES: u8 = 0x02;
const BLANK: u8 = 0x03;
const APOSTROPHE: u8 = 0x04;
const BACKSLASH: u8 = 0x05;
const NOTHING: u8 = 0x06;

/// Bytes of a placeholder between its brackets.
const PLACEHOLDER_BYTES_MAX: usize = 60;

/// The text as the reader should see it, of the same length.
pub(super) fn disguised(text: &str, dialect: Dialect) -> Cow<'_, str> {
    let disguise = match dialect {
        Dialect::Posix => return Cow::Borrowed(text),
        Dialect::Make => make,
        Dialect::Document => document,
        Dialect::PowerShell => power_shell,
    };
    let mut bytes = text.as_bytes().to_vec();
    disguise(&mut bytes);
    // Only ASCII took the place of ASCII, so it is text still.
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// A word that was read, as it was written.
pub(super) fn restored(word: &str) -> String {
    let mut bytes = word.as_bytes().to_vec();
    bytes.retain(|byte| *byte != NOTHING);
    for byte in &mut bytes {
        *byte = match *byte {
            OPENS => b'<',
            CLOSES => b'>',
            BLANK => b' ',
            APOSTROPHE => b'\'',
            BACKSLASH => b'\\',
            other => other,
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| word.to_owned())
}

/// Whether a reader of the document fills in a part of this word.
pub(super) fn has_placeholder(word: &str) -> bool {
    word.as_bytes().contains(&OPENS) || word.contains('…') || word.contains("...")
}

fn make(bytes: &mut [u8]) {
    let mut at = 0;
    while at + 1 < bytes.len() {
        if bytes[at] == b'$' && bytes[at + 1] == b'$' {
            bytes[at] = NOTHING;
            at += 1;
        }
        at += 1;
    }
}

fn power_shell(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = match *byte {
            b'`' => b'\\',
            b'\\' => BACKSLASH,
            other => other,
        };
    }
}

fn document(bytes: &mut [u8]) {
    for at in 0..bytes.len() {
        match bytes[at] {
            b'<' => placeholder(bytes, at),
            b'\'' if between_letters(bytes, at) => bytes[at] = APOSTROPHE,
            b'\\' => continuation(bytes, at),
            _ => (),
        }
    }
}

/// `<your name>`; but not the name of a group in a pattern, `(?P<name>…)`.
fn placeholder(bytes: &mut [u8], at: usize) {
    let group = at > 0 && matches!(bytes[at - 1], b'?' | b'P');
    let behind = &bytes[at + 1..];
    let end = behind.iter().take(PLACEHOLDER_BYTES_MAX).position(|byte| b"<>\n".contains(byte));
    let Some(end) = end.filter(|end| behind[*end] == b'>') else { return };
    if group || !behind[0].is_ascii_alphabetic() {
        return;
    }
    bytes[at] = OPENS;
    bytes[at + 1 + end] = CLOSES;
    for byte in &mut bytes[at + 1..=at + end] {
        *byte = match *byte {
            b' ' => BLANK,
            b'\'' => APOSTROPHE,
            other => other,
        };
    }
}

fn between_letters(bytes: &[u8], at: usize) -> bool {
    let is_letter = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_alphabetic);
    at > 0 && is_letter(at - 1) && is_letter(at + 1)
}

/// Blanks between a backslash and the end of its line: a shell would not forgive them, a reader does.
fn continuation(bytes: &mut [u8], at: usize) {
    let blanks = bytes[at + 1..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    if blanks > 0 && bytes.get(at + 1 + blanks) == Some(&b'\n') {
        bytes[at] = b' ';
        bytes[at + blanks] = b'\\';
    }
}

#[cfg(test)]
mod tests {
    use super::{Dialect, disguised, has_placeholder, restored};
    use crate::shell;

    fn read(text: &str, dialect: Dialect) -> Vec<String> {
        let hidden = disguised(text, dialect);
        assert_eq!(hidden.len(), text.len(), "places stay");
        let commands = shell::read(&hidden).commands;
        let shown = |word: &shell::Word| {
            let text = word.text();
            let open = word.literal().is_none() || has_placeholder(&text);
            format!("[{}{}]", restored(&text), if open { "?" } else { "" })
        };
        commands.iter().map(|command| command.words.iter().map(shown).collect()).collect()
    }

    #[test]
    fn each_dialect_has_its_own_rules() {
        for (dialect, text, expected, why) in [
            (
                Dialect::Make,
                "a \"b$$\" $$C ${D}",
                vec!["[a][b$][$C?][${D}?]"],
                "make takes its dollars first",
            ),
            (
                Dialect::Document,
                "a <your image> \"x/<org>\" b",
                vec!["[a][<your image>?][x/<org>?][b]"],
                "a placeholder is no redirection",
            ),
            (
                Dialect::Document,
                "a '(?P<name>x)' <b",
                vec!["[a][(?P<name>x)]"],
                "the name of a group is none",
            ),
            (
                Dialect::Document,
                "it doesn't\na 'b c'",
                vec!["[it][doesn't]", "[a][b c]"],
                "an apostrophe opens nothing",
            ),
            (
                Dialect::Document,
                "a \\ \n b",
                vec!["[a][b]"],
                "a space behind the backslash, as documents have it",
            ),
            (
                Dialect::Document,
                "a img:…",
                vec!["[a][img:…?]"],
                "an ellipsis is filled in by the reader",
            ),
            (
                Dialect::PowerShell,
                "a `\n b '^c\\.d$'",
                vec!["[a][b][^c\\.d$]"],
                "a backtick continues",
            ),
            (
                Dialect::PowerShell,
                ".\\bin\\a.exe b",
                vec!["[.\\bin\\a.exe][b]"],
                "a backslash parts folders",
            ),
        ] {
            assert_eq!(read(text, dialect), expected, "{why}: {text}");
        }
    }
}
