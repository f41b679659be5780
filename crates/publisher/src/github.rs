//! What GitHub Actions understands: groups, outputs, the job summary. Annotations come from `render`.
//!
//! Text from outside is data: it can neither begin a command nor end a line.

use std::fmt::Write as _;
use std::io::Write as _;

use sealwright_render::visible;

use crate::publish::Receipt;

/// Whether this is a job of GitHub Actions.
pub fn is_here() -> bool {
    std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true")
}

/// The title of a group: one line, and no command of its own.
pub(crate) fn title(text: &str) -> String {
    visible(text).replace('%', "%25")
}

/// Writes outputs and summary to where GitHub wants them, if it wants them.
///
/// # Errors
/// A file that GitHub named cannot be written.
pub fn publish_outputs(receipt: &Receipt) -> std::io::Result<()> {
    append("GITHUB_OUTPUT", &outputs(receipt))?;
    append("GITHUB_STEP_SUMMARY", &summary(receipt))
}

fn append(variable: &str, text: &str) -> std::io::Result<()> {
    let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    std::fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

/// `name=value` lines. None of the values can hold a line end: they are digests, tags and names of
/// repositories.
fn outputs(receipt: &Receipt) -> String {
    let Receipt { digest, repository, tags, outcome, .. } = receipt;
    let reference = match tags.first() {
        Some(tag) => format!("{repository}:{tag}"),
        None => format!("{repository}@{digest}"),
    };
    format!(
        "digest={digest}\nreference={reference}\ntags={}\noutcome={}\n",
        tags.join(","),
        outcome.name()
    )
}

fn summary(receipt: &Receipt) -> String {
    let Receipt { artifact, repository, digest, tags, outcome, .. } = receipt;
    let mut text = format!("### {}: {}\n\n| | |\n|---|---|\n", code(artifact), outcome.name());
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "| {name} | {} |", code(value));
    };
    row("repository", repository);
    row("digest", digest);
    row("tags", &tags.join(", "));
    if let Some(revision) = &receipt.source.revision {
        row("revision", revision);
    }
    if let Some(identity) = &receipt.identity {
        row("signed by", identity.san.as_deref().unwrap_or("(nobody)"));
    }
    for evidence in &receipt.evidence {
        row(&evidence.evidence, &evidence.verdict.to_string());
    }
    text.push('\n');
    text
}

/// A code span in a table cell: nothing in it is markup.
fn code(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() || c == '`' || c == '|' { '\u{fffd}' } else { c })
        .collect();
    format!("`{plain}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_stays_one_line() {
        assert!(!title("100%\n::error::x").contains('\n'));
        assert!(title("100%").ends_with("%25"));
    }

    #[test]
    fn text_from_outside_is_no_markup_in_the_summary() {
        assert_eq!(code("a`|<b>\nc"), "`a\u{fffd}\u{fffd}<b>\u{fffd}c`");
    }
}
