//! Whether anybody sees a command fail.

use super::{Command, Joint, Script};

/// How a failure goes unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swallowed {
    /// `|| true` and the like.
    Or,
    /// Left of a pipe, whose last part decides.
    Pipe,
    /// After `set +e`, with a command behind it.
    NotStopping,
    /// A question whose answer leads to words alone: `if ! verify; then echo no; fi`.
    Question,
    /// `&`, and nobody waits for that one.
    Background,
    /// `verify && echo good`, with more behind it: only the last part of such a list ends a script.
    And,
    /// `echo "$(verify)"`: what counts is the command around it.
    Substitution,
}

/// Programs that fail when nothing comes in by the pipe, so a failure before it is seen.
const FAIL_ON_NOTHING: &[&str] = &["grep", "egrep", "fgrep", "rg", "ifne"];

impl Script {
    /// Whether a command may fail without the script failing: GitHub runs `bash -e`, and
    /// `-o pipefail` only where a step says `shell: bash`.
    pub fn swallows(&self, index: usize, pipefail: bool) -> Option<Swallowed> {
        let command = self.commands.get(index)?;
        if command.asked {
            return self.asks_in_vain(index).then_some(Swallowed::Question);
        }
        if self.is_taken_for_words(index) {
            return Some(Swallowed::Substitution);
        }
        let mut at = index;
        let mut and = false;
        loop {
            let next = self.next(at);
            and |= self.commands[at].joint == Joint::And && next.is_some();
            match (self.commands[at].joint, next) {
                (Joint::Or, Some(next)) => {
                    return self.carries_on(next, command.level).then_some(Swallowed::Or);
                }
                (Joint::Pipe, Some(next)) if !pipefail && !self.fails_on_nothing(next) => {
                    return Some(Swallowed::Pipe);
                }
                (Joint::And | Joint::Pipe, Some(next)) => at = next,
                _ => break,
            }
        }
        if self.commands[at].joint == Joint::Background && !self.is_waited_for(at) {
            return Some(Swallowed::Background);
        }
        if and && self.only_talks_behind(index, at) {
            return Some(Swallowed::And);
        }
        let seen = |next| self.asks_for_status(index, next);
        (self.stops_caring_before(index) && self.next(at).is_some_and(|next| !seen(next)))
            .then_some(Swallowed::NotStopping)
    }

    /// Whether the status of a command is asked for up to the end of one that follows it: `$?`.
    pub fn asks_for_status(&self, index: usize, next: usize) -> bool {
        let asked = self.commands[index].range.end..self.commands[next].range.end;
        self.statuses.iter().any(|at| asked.contains(at))
    }

    /// Whether a command stands in a substitution of one that succeeds whatever came out of it.
    fn is_taken_for_words(&self, index: usize) -> bool {
        let inside = self.commands[index].inside;
        let mut later = self.commands[index + 1..].iter();
        let around = later.find(|one| one.inside < inside);
        let end = self.commands[index].range.end;
        around.filter(|one| inside > 0 && one.range.contains(&end)).is_some_and(|one| {
            talks(one) || matches!(one.first(), Some("export" | "local" | "readonly" | "declare"))
        })
    }

    /// Whether a list that ends at `last` does nothing behind this command but talk or leave a loop,
    /// and the script goes on and never leaves with a failure.
    fn only_talks_behind(&self, index: usize, last: usize) -> bool {
        let shell = |one: &Command| self.blocks.shell(one.block);
        let goes_on = self.next(last).filter(|next| !self.asks_for_status(index, *next));
        let leaves = |one: &Command| one.first() == Some("exit") && !leaves_well(one);
        let words = |one: &Command| talks(one) || matches!(one.first(), Some("break" | "continue"));
        let behind = self.commands[index + 1..=last].iter();
        let mut behind = behind.filter(|one| one.inside == self.commands[index].inside);
        goes_on.is_some_and(|next| shell(&self.commands[next]) == shell(&self.commands[index]))
            && behind.all(words)
            && !self.commands[last + 1..].iter().any(leaves)
    }

    /// What reads the output of a command at the end of its pipe.
    pub fn sink(&self, index: usize) -> Option<&Command> {
        let mut at = index;
        while self.commands.get(at)?.joint == Joint::Pipe {
            at = self.next(at)?;
        }
        (at != index).then(|| &self.commands[at])
    }

    /// The next command of the same text; those in its substitutions are none of its chain.
    pub fn next(&self, index: usize) -> Option<usize> {
        let inside = self.commands[index].inside;
        let later = index + 1..self.commands.len();
        let next = later.into_iter().find(|&next| self.commands[next].inside <= inside)?;
        (self.commands[next].inside == inside).then_some(next)
    }

    /// Whether a failure before the pipe makes its reader fail.
    fn fails_on_nothing(&self, reader: usize) -> bool {
        let Some((program, arguments)) = self.commands[reader].program() else { return false };
        FAIL_ON_NOTHING.contains(&program)
            || program == "jq" && arguments.iter().any(|word| is_exit_status(word.start()))
    }

    fn is_waited_for(&self, index: usize) -> bool {
        let later = &self.commands[index + 1..];
        later.iter().any(|one| one.first() == Some("wait") && one.words.len() > 1)
    }

    /// Whether what stands behind `||` ends well, whatever went wrong: nothing in it leaves.
    fn carries_on(&self, handler: usize, level: u16) -> bool {
        let (first, rest) = match self.commands[handler..].split_first() {
            Some((first, rest)) if first.level > level => (first, rest),
            Some((first, _)) => (first, [].as_slice()),
            None => return false,
        };
        let same = |part: &&Command| part.inside == first.inside;
        let group = rest.iter().take_while(|part| part.level > level).filter(same);
        std::iter::once(first).chain(group).all(|part| talks(part) || leaves_well(part))
    }

    /// Whether both answers of a condition lead to words alone.
    fn asks_in_vain(&self, index: usize) -> bool {
        let end = self.commands[index].range.end;
        let Some(then) = self.branches.iter().position(|branch| branch.at >= end) else {
            return false;
        };
        let alone = self.commands[index + 1..].iter().all(|one| {
            one.range.start >= self.branches[then].at || one.range.start < end || !one.asked
        });
        let Some(fi) = self.closing(then).filter(|_| alone) else { return false };
        if self.branches[then].word != "then" {
            return false;
        }
        let body = self.branches[then].at..self.branches[fi].at;
        let within = self.branches[then + 1..fi].iter().any(|branch| branch.word == "elif");
        let mut parts = self.commands.iter().filter(|one| body.contains(&one.range.start));
        !within && parts.all(|part| talks(part) && part.outputs.iter().all(is_terminal))
    }

    /// The `fi` of a `then`, by its place among the branches.
    fn closing(&self, then: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (index, branch) in self.branches.iter().enumerate().skip(then + 1) {
            match branch.word {
                "if" => depth += 1,
                "fi" if depth == 0 => return Some(index),
                "fi" => depth -= 1,
                _ => (),
            }
        }
        None
    }

    fn stops_caring_before(&self, index: usize) -> bool {
        let sets = self.commands[..index].iter().filter(|command| command.first() == Some("set"));
        let mut caring = true;
        for word in sets.flat_map(|command| command.words.iter().skip(1)) {
            let text = word.start();
            match text.chars().next() {
                Some('+') if text.contains('e') => caring = false,
                Some('-') if text.contains('e') && !text.starts_with("--") => caring = true,
                _ => (),
            }
        }
        !caring
    }
}

fn talks(part: &Command) -> bool {
    matches!(part.first(), Some("true" | ":" | "echo" | "printf"))
}

fn leaves_well(part: &Command) -> bool {
    part.first() == Some("exit") && part.words.get(1).is_some_and(|word| word.is("0"))
}

/// `-e`, `-er`, `--exit-status`.
fn is_exit_status(word: &str) -> bool {
    let short = word.strip_prefix('-').filter(|short| !short.starts_with('-'));
    word == "--exit-status" || short.is_some_and(|letters| letters.contains('e'))
}

/// Where words go that only people read.
fn is_terminal(output: &super::Word) -> bool {
    matches!(output.text().as_str(), "1" | "2" | "/dev/stderr" | "/dev/stdout" | "/dev/null")
}
