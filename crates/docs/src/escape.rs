//! Text from outside is data. Handlebars' own escaping is for HTML and wrong for Markdown, so
//! every template says which of four places a value stands in.
//!
//! | helper | place |
//! |---|---|
//! | `text` | running text or a table cell |
//! | `code` | a code span, also within a table |
//! | `block` | a fenced code block |
//! | `xml` | text or attribute of the SVG |

use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext};

/// Longest value shown, in characters. A page is for reading; the report has the rest.
const VALUE_CHARS_MAX: usize = 1024;

pub(crate) fn register(handlebars: &mut Handlebars<'_>) {
    handlebars.register_escape_fn(handlebars::no_escape);
    for (name, escape) in [
        ("text", text as fn(&str) -> String),
        ("code", code as fn(&str) -> String),
        ("block", block as fn(&str) -> String),
        ("xml", xml as fn(&str) -> String),
    ] {
        handlebars.register_helper(
            name,
            Box::new(
                move |helper: &Helper<'_>,
                      _: &Handlebars<'_>,
                      _: &Context,
                      _: &mut RenderContext<'_, '_>,
                      out: &mut dyn Output|
                      -> HelperResult {
                    let value = helper.param(0).map(|param| match param.value() {
                        serde_json::Value::String(string) => string.clone(),
                        serde_json::Value::Null => String::new(),
                        other => other.to_string(),
                    });
                    out.write(&escape(&visible(&value.unwrap_or_default())))?;
                    Ok(())
                },
            ),
        );
    }
}

/// Cuts what is too long and replaces what is not meant to be seen: control characters, and the
/// marks that reverse the reading direction.
fn visible(value: &str) -> String {
    let cut = value.chars().count() > VALUE_CHARS_MAX;
    let shown = value.chars().take(VALUE_CHARS_MAX).map(|c| match c {
        '\n' | '\t' => c,
        c if c.is_control() => '\u{fffd}',
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    });
    shown.chain(cut.then_some('…')).collect()
}

/// ASCII punctuation that neither Markdown nor HTML takes as a mark within a line.
const PLAIN: &[char] = &[',', '.', '\'', '-', '/', '(', ')', ';', '=', '?', '%'];

/// Running text: every ASCII character that Markdown or HTML may take as a mark becomes a numeric
/// character reference, which neither of them reads again. So does the colon of `://`, which would
/// start an automatic link.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => out.push(' '),
            ':' if rest.peek() != Some(&'/') => out.push(c),
            c if c.is_ascii_punctuation() && !PLAIN.contains(&c) => {
                out.push_str(&format!("&#{};", c as u32));
            }
            c => out.push(c),
        }
    }
    out
}

/// A code span: written as an HTML element, because Markdown has no escape inside back-ticks that
/// also survives a table.
fn code(value: &str) -> String {
    format!("<code>{}</code>", text(value))
}

/// Within a fence of four tildes nothing is a mark but a line that starts with tildes.
fn block(value: &str) -> String {
    value
        .lines()
        .map(|line| if line.starts_with("~~~") { format!(" {line}") } else { line.into() })
        .collect::<Vec<_>>()
        .join("\n")
}

fn xml(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_references() {
        for (value, expected, why) in [
            ("plain words", "plain words", "nothing to escape"),
            ("<script>", "&#60;script&#62;", "HTML stays text"),
            ("a|b", "a&#124;b", "a cell does not split"),
            ("**x**", "&#42;&#42;x&#42;&#42;", "no emphasis"),
            ("[a](b)", "&#91;a&#93;(b)", "no link"),
            ("09:00:00 (UTC)", "09:00:00 (UTC)", "a time can be read in the source too"),
            ("https://a.example", "https&#58;//a.example", "no automatic link"),
            (
                "{{#include /etc/passwd}}",
                "&#123;&#123;&#35;include /etc/passwd&#125;&#125;",
                "no mdBook directive",
            ),
            ("one\ntwo", "one two", "one line"),
        ] {
            assert_eq!(text(value), expected, "{why}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_shown_as_replaced() {
        assert_eq!(visible("a\u{202e}b\u{1b}[31m"), "a\u{fffd}b\u{fffd}[31m");
        assert_eq!(visible(&"x".repeat(VALUE_CHARS_MAX)), "x".repeat(VALUE_CHARS_MAX));
        assert!(visible(&"x".repeat(VALUE_CHARS_MAX + 1)).ends_with('…'));
    }

    #[test]
    fn a_fence_cannot_be_closed_from_within() {
        assert_eq!(block("a\n~~~~\nb"), "a\n ~~~~\nb");
    }

    #[test]
    fn svg_text_stays_text() {
        assert_eq!(xml("<a href=\"'&\">"), "&lt;a href=&quot;&#39;&amp;&quot;&gt;");
    }
}
