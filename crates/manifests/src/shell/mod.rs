//! Shell text as people write it into workflow steps, scripts and documents, read into commands. It is
//! never run: variables, substitutions and `${{ }}` expressions stay as they are written. No published
//! parser reads text that is half a template and half a shell, which is what a workflow step is.

mod blocks;
mod command;
mod quoting;
mod reader;
mod swallowed;
#[cfg(test)]
mod tests;
mod word;

pub use blocks::{Block, Blocks};
pub use command::{Command, Joint, positional};
pub use swallowed::Swallowed;
pub use word::{Part, Word};

/// A longer text is read up to here: a script of this size is data.
pub const SCRIPT_BYTES_MAX: usize = 1 << 20;
/// More commands than anybody writes into one file.
pub const COMMANDS_MAX: usize = 10_000;
/// Substitutions within substitutions; deeper ones stay text.
const DEPTH_MAX: u16 = 24;

/// What a text says to do, in the order in which it would be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The commands; those of a substitution stand before the command that uses it.
    pub commands: Vec<Command>,
    /// Where the bodies of here-documents are, as bytes of the text.
    pub heredocs: Vec<std::ops::Range<usize>>,
    /// What its commands stand in, by [`Command::block`].
    pub blocks: Blocks,
    /// The words that part an `if` or open a loop, in their order.
    pub(crate) branches: Vec<Branch>,
    /// Where the status of what was run before is asked for: `$?`, `$PIPESTATUS`.
    pub(crate) statuses: Vec<usize>,
    /// Whether a limit was hit, and commands are missing.
    pub cut: bool,
}

/// `if`, `then`, `elif`, `else`, `fi` or `do`, where it is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) word: &'static str,
    /// Its first byte.
    pub(crate) at: usize,
}

/// Reads a text. It never fails: what is no shell yields commands that nobody knows.
///
/// POSIX.1-2024, Shell Command Language, and the parts of Bash that workflows use: `[[`, arrays,
/// here-strings, process substitution.
pub fn read(text: &str) -> Script {
    reader::read(text)
}

/// Whether a failing part of a pipe fails the whole: `set -o pipefail`, in any of its spellings.
pub fn has_pipefail(script: &Script) -> bool {
    script.commands.iter().any(|command| {
        command.first() == Some("set") && command.words.iter().any(|word| word.is("pipefail"))
    })
}
