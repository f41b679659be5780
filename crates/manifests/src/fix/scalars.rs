//! A scalar that says something else, in the quotes that it had.

use std::ops::Range;

use super::Edit;
use super::blocks::line_at;

/// Begins what YAML would read as something else than text.
const INDICATORS: &[char] = &[
    '-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`',
];

/// What makes the scalar with these bytes say `wanted`, on one line. `None`: they are an alias, hold
/// an anchor, or are not known.
pub(super) fn edits(file: &[u8], range: &Range<usize>, wanted: &str) -> Option<Vec<Edit>> {
    let written = std::str::from_utf8(file.get(range.clone())?).ok()?;
    let first = written.chars().next()?;
    if wanted.chars().any(char::is_control) || matches!(first, '*' | '&' | '!') {
        return None;
    }
    let scalar = |instead: String| Edit { range: range.clone(), instead };
    if let Some(header) = block_header(file, range.start) {
        let stripped = file.get(header.clone()).is_some_and(|header| header.contains(&b'-'));
        // A line break at the end of a pattern is never meant.
        let strip = Edit { range: header.end..header.end, instead: "-".to_owned() };
        let header = (!stripped).then_some(strip);
        return Some(header.into_iter().chain([scalar(wanted.to_owned())]).collect());
    }
    let instead = match first {
        '\'' => single_quoted(wanted),
        '"' => format!("\"{}\"", wanted.replace('\\', r"\\").replace('"', "\\\"")),
        _ if is_plain(wanted, has_its_line(file, range)) => wanted.to_owned(),
        _ => single_quoted(wanted),
    };
    Some(vec![scalar(instead)])
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Whether it stays text without quotes. Between brackets it must hold none.
fn is_plain(text: &str, has_its_line: bool) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.starts_with(INDICATORS)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && (has_its_line || !text.contains([',', '[', ']', '{', '}']))
}

/// Whether only its key stands before it on its line: it is between no brackets that begin there.
fn has_its_line(file: &[u8], range: &Range<usize>) -> bool {
    let line = line_at(file, range.start);
    let before = std::str::from_utf8(&file[line.start..range.start]).unwrap_or_default();
    let key = before.trim_start_matches([' ', '-']).trim_end().strip_suffix(':');
    key.is_some_and(|key| key.chars().all(|one| one.is_ascii_alphanumeric()))
}

/// Where the header of a block scalar stands, when the scalar with its text here is one: `|` or `>`
/// with what belongs to it.
fn block_header(file: &[u8], text: usize) -> Option<Range<usize>> {
    let before = file.get(..text)?;
    let line = before.iter().rposition(|byte| *byte == b'\n')?;
    if !before[line..].iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    let end = before[..line].iter().rposition(|byte| !byte.is_ascii_whitespace())? + 1;
    let begin = before[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let header = std::str::from_utf8(&before[begin..end]).ok()?;
    // Behind a header there may be a comment.
    let header = header.split(" #").next()?.trim_end();
    let sign = header.rfind(['|', '>'])?;
    let rest = &header[sign + 1..];
    let is_header = rest.chars().all(|one| one.is_ascii_digit() || one == '-');
    is_header.then(|| begin + sign..begin + header.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_keeps_its_quotes() {
        for (file, scalar, wanted, expected, why) in [
            ("a: x.y # why\n", "x.y", r"^x\.y$", "a: ^x\\.y$ # why\n", "plain"),
            ("a: 'x.y'\n", "'x.y'", r"^x\.y$", "a: '^x\\.y$'\n", "single quotes"),
            ("a: 'x'\n", "'x'", "it's", "a: 'it''s'\n", "a quote within"),
            ("a: \"x.y\"\n", "\"x.y\"", r#"^x\.y"$"#, "a: \"^x\\\\.y\\\"$\"\n", "double quotes"),
            ("a: x\n", "x", "[0-9a-f]{40}", "a: '[0-9a-f]{40}'\n", "no text without quotes"),
            ("- a: x\n", "x", "^[a]{4}$", "- a: ^[a]{4}$\n", "brackets within"),
            ("{a: x, b: y}\n", "x", "^(?:x|y)$", "{a: ^(?:x|y)$, b: y}\n", "in a flow"),
            ("{a: x, b: y}\n", "x", "^a{4}$", "{a: '^a{4}$', b: y}\n", "brackets between brackets"),
            ("a: |-\n  x.y\n", "x.y", "z", "a: |-\n  z\n", "a literal block"),
            (
                "a: | # why\n  x.y\n",
                "x.y",
                "z",
                "a: |- # why\n  z\n",
                "with a line break at its end",
            ),
            ("a: >-\r\n  x\r\n  y\r\n", "x\r\n  y", "z", "a: >-\r\n  z\r\n", "folded"),
        ] {
            let at = file.rfind(scalar).expect(why);
            let edits = edits(file.as_bytes(), &(at..at + scalar.len()), wanted).expect(why);
            let changed = super::super::applied(file.as_bytes(), &edits).expect(why);
            assert_eq!(String::from_utf8(changed).unwrap(), expected, "{why}");
        }
        assert_eq!(edits(b"a: *x\n", &(3..5), "y"), None, "an alias is written elsewhere");
        assert_eq!(edits(b"a: x\n", &(3..3), "y"), None, "nobody knows where");
    }
}
