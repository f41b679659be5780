//! Scripts in the texts of other languages: `sh '…'` of a Jenkinsfile, `command = "…"` of Terraform.

use std::ops::Range;

/// Bytes of the scripts of a Jenkinsfile: what stands in quotes behind `sh` or `script:`.
pub(super) fn in_groovy(text: &str) -> Vec<Range<usize>> {
    let runs = |before: &str| {
        let before = before.trim_end().trim_end_matches('(').trim_end();
        ["sh", "script:", "bash"].iter().any(|word| ends_with_word(before, word))
    };
    literals(text, &["\"\"\"", "'''", "\"", "'"], &["//"], runs)
}

/// Bytes of the scripts of a Terraform file: what `command` and `inline` are set to, and here-documents
/// that begin with `#!`.
pub(super) fn in_terraform(text: &str) -> Vec<Range<usize>> {
    let runs = |before: &str| {
        let line = before.rsplit('\n').next().unwrap_or_default();
        let list = before
            .rsplit_once('[')
            .is_some_and(|(head, inside)| !inside.contains(']') && is_set(head, "inline"));
        is_set(line, "command") || list
    };
    let mut found = literals(text, &["\""], &["#", "//"], runs);
    found.extend(here_documents(text));
    found
}

fn is_set(before: &str, name: &str) -> bool {
    let before = before.trim_end();
    before.strip_suffix('=').is_some_and(|left| ends_with_word(left.trim_end(), name))
}

fn ends_with_word(text: &str, word: &str) -> bool {
    text.strip_suffix(word).is_some_and(|before| {
        !before.ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_')
    })
}

/// What stands in quotes where `runs` says yes of what stands before.
fn literals(
    text: &str,
    quotes: &[&str],
    comments: &[&str],
    runs: impl Fn(&str) -> bool,
) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if comments.iter().any(|sign| rest.starts_with(sign)) {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(quote) = quotes.iter().find(|quote| rest.starts_with(**quote)) {
            let from = at + quote.len();
            let end = closing(text, from, quote);
            if runs(last_lines(&text[..at])) {
                found.push(from..end);
            }
            at = (end + quote.len()).min(text.len());
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// Bytes before a text that are looked at.
const BEFORE_BYTES_MAX: usize = 4096;

fn last_lines(before: &str) -> &str {
    &before[before.ceil_char_boundary(before.len().saturating_sub(BEFORE_BYTES_MAX))..]
}

/// Where a text ends; one in a single quote ends with its line.
fn closing(text: &str, from: usize, quote: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text[from..].char_indices() {
        if escaped {
            escaped = false;
        } else if letter == '\\' {
            escaped = true;
        } else if text[from + at..].starts_with(quote) || (letter == '\n' && quote.len() == 1) {
            return from + at;
        }
    }
    text.len()
}

fn here_documents(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(String, usize, bool)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        match &open {
            Some((word, from, runs)) if line.trim() == word => {
                let shebang = text[*from..at].trim_start().starts_with("#!");
                found.extend((*runs || shebang).then_some(*from..at));
                open = None;
            }
            Some(_) => (),
            None => {
                open = line.trim_end().rsplit_once("<<").and_then(|(before, word)| {
                    let word = word.trim_start_matches(['-', '~']);
                    let plain = !word.is_empty()
                        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                    plain.then(|| (word.to_owned(), at + line.len(), is_set(before, "command")))
                });
            }
        }
        at += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{in_groovy, in_terraform};

    #[test]
    fn scripts_are_told_from_other_texts() {
        for (text, expected, why) in [
            ("sh 'a b'", vec!["a b"], "a step"),
            ("sh(\"a \\\"b\\\"\")", vec!["a \\\"b\\\""], "a call, with quotes inside"),
            ("sh \"\"\"\n  a\n  b\n\"\"\"", vec!["\n  a\n  b\n"], "lines"),
            ("sh(label: 'x', script: 'a b')", vec!["a b"], "by name"),
            ("echo 'a b'", vec![], "what is printed"),
            ("// sh 'a b'", vec![], "a comment"),
            ("push 'a b'", vec![], "another step"),
            ("sh 'a\n'", vec!["a"], "a quote that closes nowhere"),
        ] {
            let found: Vec<&str> = in_groovy(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{why}: {text}");
        }
        for (text, expected, why) in [
            ("command = \"a b\"", vec!["a b"], "local-exec"),
            ("command = <<-EOT\n  a\n  EOT\n", vec!["  a\n"], "lines"),
            ("inline = [\n  \"a\",\n  \"b\",\n]\nx = [\"c\"]", vec!["a", "b"], "remote-exec"),
            ("user_data = <<EOF\n#!/bin/sh\na\nEOF\n", vec!["#!/bin/sh\na\n"], "a script"),
            ("description = \"a b\"", vec![], "a text"),
            ("y = <<EOF\na: b\nEOF\n", vec![], "another document"),
        ] {
            let found: Vec<&str> =
                in_terraform(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{why}: {text}");
        }
    }
}
