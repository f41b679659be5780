//! What a code means, for `explain`.

use sealwright_policy::Code;
use sealwright_policy::codes::TABLE;

use crate::examples::{Shown, example};
use crate::findings::word;

/// All there is to say about a code.
pub fn explain(code: Code) -> String {
    let entry = code.entry();
    let shown = example(code).map(|one| shown(&one.shown)).unwrap_or_default();
    format!(
        "{} ({}): {}\n\nCause:  {}\nRisk:   {}\nRemedy: {}\n{shown}",
        entry.id,
        word(entry.severity),
        entry.title,
        entry.cause,
        entry.risk,
        entry.fix
    )
}

fn shown(shown: &Shown) -> String {
    match shown {
        Shown::Pattern { flag, wrong, right } => {
            let command =
                |pattern: &str| format!("sealwright-verifier patterns {flag} '{pattern}'");
            let (wrong, right) = (command(wrong), command(right));
            format!("\nWrong:\n{}\nRight:\n{}", indented(&wrong), indented(&right))
        }
        Shown::File { command, path, wrong, right, beside } => {
            let beside: String = beside
                .iter()
                .map(|(path, text)| format!("\nBeside {path}:\n{}", indented(text)))
                .collect();
            format!(
                "\nWrong {path}, found by `sealwright-verifier {command}`:\n{}\nRight:\n{}{beside}",
                indented(wrong),
                indented(right)
            )
        }
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// Every code there is, one a line.
pub fn catalogue() -> String {
    TABLE
        .iter()
        .map(|entry| format!("{}  {:<7}  {}\n", entry.id, word(entry.severity), entry.title))
        .collect()
}
