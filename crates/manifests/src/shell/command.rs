//! One command: its words, and what it is joined to.

use std::ops::Range;

use super::Word;

/// What stands between a command and the next one of its level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Joint {
    /// A new line, `;`, or the end.
    #[default]
    End,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `|`.
    Pipe,
    /// `&`: nobody waits for it.
    Background,
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
    /// What it stands in; see [`super::Blocks`].
    pub block: usize,
    /// Whether its answer is a question: a condition of `if`, `while` or `until`, or after `!`.
    pub asked: bool,
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
