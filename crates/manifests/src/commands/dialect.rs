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
    /// A recipe of a justfile: `{{name}}` is just's variable.
    Just,
    /// A Dockerfile: `RUN ["a", "b"]` is a command of two words.
    Containerfile,
    /// A text of Groovy or Terraform, between its quotes: `\"` is a quote.
    Quoted,
    /// PowerShell: a backtick continues the line, and a backslash is a backslash.
    PowerShell,
}

// Control characters that nobody writes into a script stand for what the reader would misread.
pub(super) const OPENS: u8 = 0x01;
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
        Dialect::Just => just,
        Dialect::Containerfile => containerfile,
        Dialect::Quoted => quoted,
        Dialect::Document => document,
        Dialect::PowerShell => power_shell,
    };
    let mut bytes = text.as_bytes().to_vec();
    disguise(&mut bytes);
    // Only ASCII took the place of ASCII, so it is text still.
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

impl Dialect {
    /// Whether variables are put in before a shell sees the text, and so between single quotes, too.
    pub(super) fn fills_in(self) -> bool {
        matches!(self, Dialect::Make | Dialect::Just)
    }
}

/// A literal piece of a word with the variables put in that the shell never sees; none when one of them
/// is not known.
pub(super) fn filled(piece: &str, known: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut whole = String::new();
    let mut rest = piece;
    while let Some(at) = rest.find("${") {
        let (before, behind) = (&rest[..at], &rest[at + 2..]);
        let name = behind.split('}').next().filter(|name| name.bytes().all(is_name));
        whole.push_str(before);
        match name {
            // What stood twice is the shell's own.
            Some(name) if !before.ends_with(char::from(NOTHING)) && name.len() < behind.len() => {
                whole.push_str(&known(name)?);
                rest = &behind[name.len() + 1..];
            }
            _ => {
                whole.push_str("${");
                rest = behind;
            }
        }
    }
    Some(whole + rest)
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

/// `$$X` is the shell's, and `$(X)` a variable of make's, as `${X}` is.
fn make(bytes: &mut [u8]) {
    let mut at = 0;
    while at + 1 < bytes.len() {
        if bytes[at] == b'$' && bytes[at + 1] == b'$' {
            bytes[at] = NOTHING;
            at += 1;
        } else if bytes[at] == b'$' && bytes[at + 1] == b'(' {
            let name = bytes[at + 2..].iter().take_while(|byte| is_name(**byte)).count();
            if name > 0 && bytes.get(at + 2 + name) == Some(&b')') {
                (bytes[at + 1], bytes[at + 2 + name]) = (b'{', b'}');
            }
        }
        at += 1;
    }
}

/// `{{X}}` and `{{ X }}` as `${X}`.
fn just(bytes: &mut [u8]) {
    for at in 0..bytes.len().saturating_sub(4) {
        if !bytes[at..].starts_with(b"{{") {
            continue;
        }
        let blank = |byte: &&u8| **byte == b' ';
        let before = bytes[at + 2..].iter().take_while(blank).count();
        let from = at + 2 + before;
        let name = bytes[from..].iter().take_while(|byte| is_name(**byte)).count();
        let end = from + name + bytes[from + name..].iter().take_while(blank).count();
        if name == 0 || !bytes[end..].starts_with(b"}}") {
            continue;
        }
        bytes[at..from - 2].fill(NOTHING);
        (bytes[from - 2], bytes[from - 1]) = (b'$', b'{');
        bytes[from + name] = b'}';
        bytes[from + name + 1..end + 2].fill(NOTHING);
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Instructions that may hold a list of words.
const INSTRUCTIONS: [&[u8]; 4] = [b"RUN", b"CMD", b"ENTRYPOINT", b"HEALTHCHECK"];

/// Brackets and commas between the words of a list become blanks.
fn containerfile(bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
        let line = &bytes[at..end];
        let begins = INSTRUCTIONS
            .iter()
            .any(|word| line.len() > word.len() && line[..word.len()].eq_ignore_ascii_case(word));
        let list = memchr::memchr(b'[', line).filter(|open| {
            let behind = line[open + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
            begins && behind == Some(&b'"') && memchr::memchr(b'"', &line[..*open]).is_none()
        });
        if let Some(open) = list {
            unlist(&mut bytes[at + open..]);
        }
        at = end + 1;
    }
}

fn unlist(bytes: &mut [u8]) {
    let (mut quoted, mut escaped) = (false, false);
    for byte in bytes {
        match *byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b',' if !quoted => *byte = b' ',
            b']' if !quoted => {
                *byte = b' ';
                return;
            }
            b'\n' if quoted => return,
            _ => (),
        }
    }
}

/// What stands behind a backslash, without it.
fn quoted(bytes: &mut [u8]) {
    let mut at = 0;
    while at + 1 < bytes.len() {
        match (bytes[at], bytes[at + 1]) {
            (b'\\', b'n') => (bytes[at], bytes[at + 1]) = (b' ', b'\n'),
            (b'\\', b'"' | b'\'' | b'\\' | b'$') => bytes[at] = NOTHING,
            // `$${` of Terraform's.
            (b'$', b'$') => bytes[at] = NOTHING,
            (b'\\', _) => (),
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
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
    use super::super::placeholder::has_placeholder;
    use super::{Dialect, disguised, restored};
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
                Dialect::Make,
                "a $(D) $(shell d)",
                vec!["[shell][d]", "[a][${D}?][$(shell d)?]"],
                "its variables and its functions",
            ),
            (
                Dialect::Just,
                "a {{D}} {{ d }} \"x{{e}}\"",
                vec!["[a][${D}?][${d}?][x${e}?]"],
                "variables of just's",
            ),
            (Dialect::Just, "a {{D + d}}", vec!["[a][{{D][+][d}}]"], "and what is computed"),
            (
                Dialect::Containerfile,
                "RUN [\"a\", \"b c\"]\nRUN a [ -f x ]",
                vec!["[RUN][a][b c]", "[RUN][a][[][-f][x][]]"],
                "a list of words, and none",
            ),
            (Dialect::Quoted, r#"a \"b c\" \\ d"#, vec!["[a][b c][ d]"], "a text within a text"),
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
