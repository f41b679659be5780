//! One command: its words, what it is joined to, and whether anybody sees it fail.

use std::ops::Range;

use super::{Script, Word};

/// What stands between a command and the next one of its level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Joint {
    /// A new line, `;`, `&`, or the end.
    #[default]
    End,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `|`.
    Pipe,
}

/// A simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// `NAME=value` before the first word; a command without words sets them for what follows.
    pub assignments: Vec<(String, Word)>,
    /// Program and arguments, without redirections. Of a loop, `for NAME in WORDS…`.
    pub words: Vec<Word>,
    /// Files that its output is redirected to.
    pub outputs: Vec<Word>,
    /// The bytes of the text, from its first word to its last.
    pub range: Range<usize>,
    /// Line of its first word, from 0.
    pub line: u32,
    /// What follows it.
    pub joint: Joint,
    /// How many groups and subshells it stands in, substitutions included.
    pub level: u16,
    /// How many substitutions it stands in.
    pub inside: u16,
    /// Whether its answer is a question: a condition of `if`, `while` or `until`, or after `!`.
    pub asked: bool,
}

/// How a failure goes unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swallowed {
    /// `|| true` and the like.
    Or,
    /// Left of a pipe, whose last part decides.
    Pipe,
    /// After `set +e`, with a command behind it.
    NotStopping,
}

/// Programs that run what follows them, and their options that take a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("sudo", &["-u", "-g", "-E"]),
    ("env", &["-u", "-C", "--unset", "--chdir"]),
    ("exec", &[]),
    ("command", &[]),
    ("time", &[]),
    ("nohup", &[]),
    ("nice", &["-n"]),
    ("timeout", &["-s", "-k"]),
    ("retry", &[]),
    ("xargs", &["-I", "-n", "-P", "-L", "-d", "-a"]),
    ("doas", &["-u"]),
];

impl Command {
    /// The first word, when it is literal.
    pub fn first(&self) -> Option<&str> {
        self.words.first()?.literal()
    }

    /// The program that does the work and its arguments: past `sudo`, `env A=b`, `timeout 5m`;
    /// a path is cut to its last part. None when the program is not literal.
    pub fn program(&self) -> Option<(&str, &[Word])> {
        let mut words = self.words.as_slice();
        loop {
            let (first, rest) = words.split_first()?;
            let name = first.literal()?.rsplit('/').next().unwrap_or_default();
            match WRAPPERS.iter().find(|(wrapper, _)| *wrapper == name) {
                Some((wrapper, valued)) => words = unwrapped(wrapper, valued, rest),
                None => return Some((name, rest)),
            }
        }
    }

    /// The value of an option, as `--name value` or `--name=value`. The last one counts.
    pub fn option(&self, names: &[&str]) -> Option<Word> {
        self.options(names).pop()
    }

    /// Every value of an option that may be repeated.
    pub fn options(&self, names: &[&str]) -> Vec<Word> {
        let mut values = Vec::new();
        for (index, word) in self.words.iter().enumerate() {
            for name in names {
                if word.is(name) {
                    values.extend(self.words.get(index + 1).cloned());
                } else if let Some(value) = word.after(name) {
                    values.extend(value.after("="));
                }
            }
        }
        values
    }

    /// Whether a switch is set: `--push` or `--push=true`.
    pub fn switch(&self, name: &str) -> bool {
        self.words.iter().any(|word| {
            word.is(name)
                || word.after(name).and_then(|rest| rest.after("=")).is_some_and(|v| v.is("true"))
        })
    }
}

/// What is left of the words behind a wrapper, its options and assignments.
fn unwrapped<'a>(wrapper: &str, valued: &[&str], mut words: &'a [Word]) -> &'a [Word] {
    while let Some((word, rest)) = words.split_first() {
        let text = word.start();
        if valued.contains(&text) {
            words = rest.get(1..).unwrap_or_default();
        } else if text.starts_with('-') || (wrapper == "env" && text.contains('=')) {
            words = rest;
        } else {
            break;
        }
    }
    if wrapper == "timeout" { words.get(1..).unwrap_or_default() } else { words }
}

/// Positional arguments: what is neither an option nor the value of one of `valued`.
pub fn positional<'a>(arguments: &'a [Word], valued: &[&str]) -> Vec<&'a Word> {
    let mut found = Vec::new();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        if word.is("--") {
            found.extend(rest);
            break;
        }
        if valued.iter().any(|name| word.is(name)) {
            rest.next();
        } else if !word.start().starts_with('-') {
            found.push(word);
        }
    }
    found
}

impl Script {
    /// Whether a command may fail without the script failing: GitHub runs `bash -e`, and
    /// `-o pipefail` only where a step says `shell: bash`.
    pub fn swallows(&self, index: usize, pipefail: bool) -> Option<Swallowed> {
        let command = self.commands.get(index)?;
        if command.asked {
            return None;
        }
        let mut at = index;
        loop {
            let next = self.next(at);
            match (self.commands[at].joint, next) {
                (Joint::Or, Some(next)) => {
                    return self.carries_on(next, command.level).then_some(Swallowed::Or);
                }
                (Joint::Pipe, Some(_)) if !pipefail => return Some(Swallowed::Pipe),
                (Joint::And | Joint::Pipe, Some(next)) => at = next,
                _ => break,
            }
        }
        (self.stops_caring_before(index) && self.next(at).is_some())
            .then_some(Swallowed::NotStopping)
    }

    /// The next command of the same text; those in its substitutions are none of its chain.
    fn next(&self, index: usize) -> Option<usize> {
        let inside = self.commands[index].inside;
        let later = index + 1..self.commands.len();
        let next = later.into_iter().find(|&next| self.commands[next].inside <= inside)?;
        (self.commands[next].inside == inside).then_some(next)
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
        let harmless = |part: &Command| {
            matches!(part.first(), Some("true" | ":" | "echo" | "printf"))
                || (part.first() == Some("exit") && part.words.get(1).is_some_and(|w| w.is("0")))
        };
        std::iter::once(first).chain(group).all(harmless)
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
