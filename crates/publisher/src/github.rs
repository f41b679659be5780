//! What GitHub Actions understands: annotations, outputs, the job summary.
//!
//! Text from outside is data: it can neither begin a command nor end a line.

use std::fmt::Write as _;
use std::io::Write as _;

use sealwright_policy::{Finding, Severity};

use crate::publish::Receipt;

/// Whether this is a job of GitHub Actions.
pub fn is_here() -> bool {
    std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true")
}

/// `::error file=…,line=…,title=…::message`.
pub fn annotation(finding: &Finding) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Unknown | Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = vec![format!("title={}", escape_property(&finding.code.to_string()))];
    if let Some(file) = &finding.place.file {
        properties.push(format!("file={}", escape_property(file)));
    }
    properties.extend(finding.place.line.map(|line| format!("line={line}")));
    properties.extend(finding.place.column.map(|column| format!("col={column}")));
    format!("::{level} {}::{}", properties.join(","), escape_data(&finding.message))
}

/// The message of a command ("Workflow commands", `escapeData` of actions/toolkit).
pub fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
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
    use sealwright_policy::{Code, Place};

    #[test]
    fn text_from_outside_cannot_begin_a_command() {
        let finding = Finding::new(Code::ContentsSymlink, "100%\n::error::x")
            .with_place(Place::file("a,b:c\n.yaml").at(3, 4));
        assert_eq!(
            annotation(&finding),
            "::error title=SW5004,file=a%2Cb%3Ac%0A.yaml,line=3,col=4::100%25%0A::error::x"
        );
    }

    #[test]
    fn text_from_outside_is_no_markup_in_the_summary() {
        assert_eq!(code("a`|<b>\nc"), "`a\u{fffd}\u{fffd}<b>\u{fffd}c`");
    }
}
