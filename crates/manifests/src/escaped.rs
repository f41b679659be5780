//! Words that are spelt with the escapes of JSON and YAML: `\x4f`, `\u004f`, `\/`, and the end of a
//! line in a text that goes on.

/// The bytes with every escape replaced by what it stands for, whatever is around it: good enough to
/// look for words, and too much is found rather than too little. `None` when there is no escape.
pub(crate) fn unescaped(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain: Option<Vec<u8>> = None;
    let mut copied = 0;
    for at in memchr::memchr_iter(b'\\', bytes) {
        // The second of two backslashes escapes nothing, but is looked at alike.
        let Some((character, length)) = escape(&bytes[at + 1..]).filter(|_| at >= copied) else {
            continue;
        };
        let plain = plain.get_or_insert_with(|| Vec::with_capacity(bytes.len()));
        plain.extend_from_slice(&bytes[copied..at]);
        plain.extend(character);
        copied = at + 1 + length;
    }
    let mut plain = plain?;
    plain.extend_from_slice(&bytes[copied..]);
    Some(plain)
}

/// What stands behind a backslash: the character, none at the end of a line, and how many bytes. Words
/// that are looked for are ASCII, so other characters are left as they are.
fn escape(rest: &[u8]) -> Option<(Option<u8>, usize)> {
    let hex = |digits: usize| {
        let written =
            rest.get(1..1 + digits).filter(|all| all.iter().all(u8::is_ascii_hexdigit))?;
        let code = u32::from_str_radix(std::str::from_utf8(written).ok()?, 16).ok()?;
        let character = u8::try_from(code).ok().filter(u8::is_ascii)?;
        Some((Some(character), 1 + digits))
    };
    match rest.first()? {
        b'x' => hex(2),
        b'u' => hex(4),
        b'U' => hex(8),
        b'/' => Some((Some(b'/'), 1)),
        b'\n' | b'\r' => {
            let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            Some((None, blank))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn escapes_stand_for_what_they_mean() {
        for (text, expected, why) in [
            (r"\x4fCI", Some("OCI"), "two digits"),
            (r"O\u0043I", Some("OCI"), "four"),
            (r"OC\U00000049", Some("OCI"), "eight"),
            (r"\/spec\/verify", Some("/spec/verify"), "slashes"),
            ("ver\\\n   ify", Some("verify"), "a text that goes on"),
            ("ver\\\r\n\tify", Some("verify"), "on Windows"),
            (r"\u00e9\x41", Some(r"\u00e9A"), "what is no ASCII stays"),
            (r"\n\t\\", None, "others do not make words"),
            (r"\x4", None, "cut short"),
            (r"\x+4", None, "no digits"),
            (r"\", None, "at the end"),
            ("plain", None, "none at all"),
        ] {
            let plain = unescaped(text.as_bytes());
            assert_eq!(plain.as_deref(), expected.map(str::as_bytes), "{why}");
        }
    }
}
