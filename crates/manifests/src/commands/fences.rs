//! Fences of a document: Markdown's, and AsciiDoc's listing blocks.

use std::borrow::Cow;
use std::ops::Range;

/// A block of text in a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fence<'a> {
    /// The first word of what stands behind the fence, in small letters as it is written mostly.
    pub(crate) language: &'a str,
    /// Bytes of the line that opens it.
    pub(crate) opening: Range<usize>,
    /// Bytes of its lines.
    pub(crate) body: Range<usize>,
}

impl Fence<'_> {
    /// Its lines in the text that it was found in, every byte at its place: the signs of a quotation around
    /// it are blanks.
    pub(crate) fn lines<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let body = &text[self.body.clone()];
        if !text[self.opening.clone()].trim_start().starts_with('>') {
            return Cow::Borrowed(body);
        }
        let unquoted = body.split_inclusive('\n').flat_map(|line| {
            let rest = line.trim_start_matches([' ', '\t', '>']);
            let signs = &line[..line.len() - rest.len()];
            [signs.replace('>', " "), rest.to_owned()]
        });
        Cow::Owned(unquoted.collect())
    }
}

/// How a document marks its fences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Markup {
    Markdown,
    AsciiDoc,
}

impl Markup {
    /// By the end of a file's name.
    pub(crate) fn of(extension: &str) -> Option<Self> {
        match extension {
            "md" | "markdown" | "mdx" => Some(Markup::Markdown),
            "adoc" | "asciidoc" => Some(Markup::AsciiDoc),
            _ => None,
        }
    }
}

/// The fences of a text. One that is never closed ends with the text, as CommonMark has it.
pub(crate) fn fences(text: &str, markup: Markup) -> Vec<Fence<'_>> {
    let mut found: Vec<Fence<'_>> = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    let (mut at, mut before) = (0, "");
    for line in text.split_inclusive('\n') {
        let bare = line.trim_matches([' ', '\t', '\r', '\n', '>']);
        let end = at + line.len();
        match open {
            Some((sign, length)) if closes(bare, sign, length) => {
                if let Some(fence) = found.last_mut() {
                    fence.body.end = at;
                }
                open = None;
            }
            Some(_) => (),
            None => {
                open = opens(bare, markup);
                if let Some((sign, length)) = open {
                    let info = if sign == "-" { source_of(before) } else { &bare[length..] };
                    found.push(Fence {
                        language: first_word(info),
                        opening: at..end,
                        body: end..text.len(),
                    });
                }
            }
        }
        (at, before) = (end, bare);
    }
    found
}

/// The sign of a fence and how often it stands there.
fn opens(line: &str, markup: Markup) -> Option<(&'static str, usize)> {
    let signs: &[(&str, usize)] = match markup {
        Markup::Markdown => &[("`", 3), ("~", 3)],
        Markup::AsciiDoc => &[("-", 4), ("`", 3)],
    };
    signs.iter().find_map(|(sign, least)| {
        let length = line.len() - line.trim_start_matches(sign).len();
        let alone = *sign != "-" || length == line.len();
        // Backticks within the line are code in a sentence.
        (length >= *least && alone && !line[length..].contains('`')).then_some((*sign, length))
    })
}

fn closes(line: &str, sign: &str, length: usize) -> bool {
    line.len() >= length && line.trim_start_matches(sign).is_empty() && !line.is_empty()
}

/// `[source,bash]`, `[,console]`.
fn source_of(line: &str) -> &str {
    let inner = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).unwrap_or_default();
    inner.split(',').nth(1).unwrap_or_default()
}

fn first_word(info: &str) -> &str {
    let info = info.trim().trim_start_matches(['{', '.']);
    info.split([' ', ',', '{', '}', ':']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Markup, fences};

    #[test]
    fn fences_are_found_with_their_language() {
        let markdown = Markup::Markdown;
        for (markup, text, expected, why) in [
            (markdown, "a\n```bash\nb\n```\nc", vec![("bash", "b\n")], "the plain case"),
            (
                markdown,
                "- a\n  ~~~ yaml title=x\n  b\n  ~~~\n",
                vec![("yaml", "  b\n")],
                "in a list, with tildes",
            ),
            (
                markdown,
                "````md\n```sh\nb\n```\n````",
                vec![("md", "```sh\nb\n```\n")],
                "a longer fence holds a shorter one",
            ),
            (markdown, "```\nb", vec![("", "b")], "never closed"),
            (markdown, "say ```a``` or\n```a``` twice\n", vec![], "code within a line"),
            (markdown, "> ```sh\n> b > c\n> ```\n", vec![("sh", "  b > c\n")], "in a quotation"),
            (
                markdown,
                "```{.sh}\r\nb\r\n```\r\n",
                vec![("sh", "b\r\n")],
                "attributes, and Windows",
            ),
            (
                Markup::AsciiDoc,
                "[source,console]\n----\nb\n----\nc",
                vec![("console", "b\n")],
                "AsciiDoc",
            ),
            (Markup::AsciiDoc, "[,bash]\n----\nb\n----\n", vec![("bash", "b\n")], "its short form"),
            (markdown, "a\n----\nb\n----\n", vec![], "lines across the page"),
        ] {
            let found: Vec<_> = fences(text, markup)
                .into_iter()
                .map(|fence| (fence.language, fence.lines(text).into_owned()))
                .collect();
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(language, lines)| (language, lines.to_owned()))
                .collect();
            assert_eq!(found, expected, "{why}");
        }
    }
}
