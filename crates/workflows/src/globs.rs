//! GitHub's filter patterns (`branches`, `tags`) as patterns over refs.
//!
//! `*` stands for any text without `/`, `**` for any text, `?` and `+` repeat what stands before
//! them, `[…]` is a class, `\` takes a character as it is. A pattern matches the whole name.
//! <https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#filter-pattern-cheat-sheet>

/// Any character of a ref but `/`, as identities are written.
const SEGMENT: &str = "[!-.0-~]";
const ANY: &str = "[!-~]";

/// One filter pattern, without its `!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    /// In Go's syntax, without anchors.
    pub(crate) pattern: String,
    /// A name that reads like one that would be pushed.
    pub(crate) example: String,
}

/// Reads a pattern. `filler` is what an example has in place of a `*`: `1.2.3`, `topic`.
pub(crate) fn read(text: &str, filler: &str) -> Glob {
    let mut glob = Glob { pattern: String::new(), example: String::new() };
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        let (piece, example) = match next {
            '*' if rest.next_if_eq(&'*').is_some() => {
                // `**/` also stands for nothing at all.
                if rest.next_if_eq(&'/').is_some() {
                    (format!("(?:{ANY}*/)?"), String::new())
                } else {
                    (format!("{ANY}*"), filler.to_owned())
                }
            }
            '*' => (format!("{SEGMENT}*"), filler.to_owned()),
            '[' => class(&mut rest),
            '\\' => literal(rest.next().unwrap_or('\\')),
            c => literal(c),
        };
        glob.example.push_str(&example);
        glob.pattern.push_str(&piece);
        if let Some(repeat) = rest.next_if(|c| matches!(c, '?' | '+')) {
            glob.pattern.push(repeat);
        }
    }
    glob
}

fn literal(c: char) -> (String, String) {
    (escaped(c), c.to_string())
}

fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> (String, String) {
    let inside: String = rest.by_ref().take_while(|c| *c != ']').collect();
    let first = inside.chars().find(char::is_ascii_alphanumeric);
    let Some(first) = first else { return (SEGMENT.to_owned(), String::new()) };
    let kept: String = inside.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    (format!("[{kept}]"), if first == '0' { '1' } else { first }.to_string())
}

pub(crate) fn quoted(text: &str) -> String {
    text.chars().map(escaped).collect()
}

fn escaped(c: char) -> String {
    if r"\.+*?()|[]{}^$".contains(c) { format!("\\{c}") } else { c.to_string() }
}

#[cfg(test)]
mod tests {
    use sealwright_pattern::GoRegex;

    use super::read;

    #[test]
    fn a_filter_takes_the_names_that_github_takes() {
        for (filter, taken, left, why) in [
            ("release/*", "release/1.2", "release/1/2", "a star stays in its segment"),
            ("release/**", "release/1/2", "released/1", "two do not"),
            ("**/fix", "fix", "hotfix", "any folder, or none"),
            ("v1.*", "v1.2", "v132", "a dot is a dot"),
            ("v[0-9]+", "v12", "vx", "a class that repeats"),
            ("rc?", "r", "r1", "perhaps the one before"),
            (r"a\*", "a*", "ab", "taken as it is"),
        ] {
            let pattern = format!("^(?:{})$", read(filter, "topic").pattern);
            let regex = GoRegex::parse(&pattern).expect("a pattern of ours");
            assert!(regex.is_match(taken), "{why}: {filter} takes {taken}");
            assert!(!regex.is_match(left), "{why}: {filter} leaves {left}");
        }
    }
}
