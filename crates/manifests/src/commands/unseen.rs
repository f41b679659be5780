//! Whether a verification that fails stops anything. Only what nobody doubts is told: a shell whose
//! options are set elsewhere, a file that others read in, and a status that somebody keeps are left alone.

use super::dialect::Dialect;
use super::reading::{Invocation, Tool};
use super::texts::{Passage, Setting};
use crate::shell::{Command, Joint, Script, Swallowed};

/// Programs that end well whatever comes in by the pipe.
const CONTENT: &[&str] = &[
    "awk", "base64", "cat", "column", "cut", "head", "jq", "less", "sed", "sort", "tail", "tee",
    "tr", "uniq", "wc", "yq",
];

/// How the failure of a command goes unseen.
pub(super) fn unseen(
    script: &Script,
    index: usize,
    passage: &Passage<'_>,
    invocation: &Invocation,
) -> Option<&'static str> {
    let command = script.commands.get(index)?;
    // What is kept of the output may be looked at later.
    let looked_at = command.inside > 0 || command.outputs.iter().any(is_kept);
    if passage.setting == Setting::Told || looked_at || invocation.tool == Tool::Flux {
        return None;
    }
    if let Some(key) = passage.shell.ignored_by {
        return Some(key);
    }
    if passage.dialect == Dialect::Make
        && invocation.program.text().starts_with(['-', '@'])
        && invocation.program.text().trim_start_matches('@').starts_with('-')
    {
        return Some("make goes on after a `-`");
    }
    match script.swallows(index, passage.shell.pipes != Some(false)) {
        Some(Swallowed::Or) => Some("`||` makes it good"),
        Some(Swallowed::Pipe) => {
            let sink = script.sink(index).and_then(Command::program);
            sink.filter(|(program, _)| CONTENT.contains(program))?;
            Some("without `pipefail` the end of the pipe decides")
        }
        Some(Swallowed::NotStopping) => Some("`set +e` stands before it"),
        Some(Swallowed::Question) => Some("the `if` around it only talks about it"),
        Some(Swallowed::Background) => Some("nobody waits for it behind `&`"),
        Some(Swallowed::And) => Some("`&&` stops nothing but its own list"),
        Some(Swallowed::Substitution) => None,
        None => goes_on(script, index, passage).then_some("no `set -e` stops the script"),
    }
}

fn is_kept(output: &crate::shell::Word) -> bool {
    !matches!(output.text().as_str(), "1" | "2" | "/dev/stderr" | "/dev/stdout" | "/dev/null")
}

/// Whether a script that never stops has more to do behind it.
fn goes_on(script: &Script, index: usize, passage: &Passage<'_>) -> bool {
    let command = &script.commands[index];
    if passage.shell.stops != Some(false) || command.asked || command.level > 0 {
        return false;
    }
    let next = script.next(index).filter(|next| script.commands[*next].level == 0);
    command.joint == Joint::End && next.is_some_and(|next| !script.asks_for_status(index, next))
}
