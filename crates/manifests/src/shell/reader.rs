//! From characters to commands.

use super::command::{Command, Joint};
use super::word::{Part, Word};
use super::{Branch, COMMANDS_MAX, DEPTH_MAX, SCRIPT_BYTES_MAX, Script};

/// Names of the status of what was run before.
const STATUSES: [&str; 4] = ["$?", "${?", "$PIPESTATUS", "${PIPESTATUS"];
/// Words that part an `if`, and the one that ends the condition of a loop.
const BRANCHES: [&str; 6] = ["if", "then", "elif", "else", "fi", "do"];

pub(super) fn read(text: &str) -> Script {
    let end = text.floor_char_boundary(SCRIPT_BYTES_MAX);
    let mut reader = Reader::new(&text[..end]);
    reader.list(Until::End);
    reader.script.cut |= end < text.len();
    reader.script.statuses = statuses(&text[..end]);
    reader.script
}

fn statuses(text: &str) -> Vec<usize> {
    let found = STATUSES.iter().flat_map(|sign| text.match_indices(sign));
    found.map(|(at, _)| at).collect()
}

/// What ends a list of commands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    End,
    Parenthesis,
    Backtick,
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) script: Script,
    line_starts: Vec<usize>,
    /// Delimiters of here-documents whose bodies begin at the next line.
    waiting: Vec<(String, bool)>,
    level: u16,
    inside: u16,
    /// The innermost block, and that of the list being read, out of which no word leads.
    block: usize,
    list_block: usize,
    /// Lists being read within each other.
    depth: u16,
    /// In a condition, up to `then` or `do`.
    asking: bool,
    /// After `!`, up to the end of the command.
    negating: bool,
    /// A group ended, and nothing stood behind it yet.
    group_ended: bool,
    /// Whether the innermost list ends with a backtick.
    pub(super) in_backticks: bool,
    /// Within `NAME=(…)`.
    pub(super) in_array: bool,
    /// From here on, no single and no double quote closes.
    pub(super) unclosed: [Option<usize>; 2],
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = breaks.map(|(at, _)| at + 1).collect();
        Reader {
            text,
            at: 0,
            script: Script::default(),
            line_starts,
            waiting: vec![],
            level: 0,
            inside: 0,
            block: 0,
            list_block: 0,
            depth: 0,
            asking: false,
            negating: false,
            group_ended: false,
            in_backticks: false,
            in_array: false,
            unclosed: [None; 2],
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn eat(&mut self, start: &str) -> bool {
        let there = self.rest().starts_with(start);
        self.at += if there { start.len() } else { 0 };
        there
    }

    pub(super) fn line(&self, at: usize) -> u32 {
        u32::try_from(self.line_starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
    }

    /// Reads commands until the list ends, and what ends it.
    pub(super) fn list(&mut self, until: Until) {
        let mut command = Command::default();
        loop {
            self.blanks();
            let Some(next) = self.peek() else { break };
            match next {
                '\n' => {
                    self.at += 1;
                    self.finish(&mut command, Joint::End);
                    self.heredocs();
                }
                ';' | '&' | '|' => self.operator(&mut command),
                '`' if until == Until::Backtick => {
                    self.at += 1;
                    break;
                }
                '(' => self.group(&mut command),
                ')' if until == Until::Parenthesis => {
                    self.at += 1;
                    break;
                }
                // A pattern of `case`.
                ')' => {
                    self.at += 1;
                    if command.first() != Some("case") {
                        self.close();
                    }
                    self.open();
                    command = Command::default();
                }
                '#' => self.comment(),
                '<' | '>' => self.redirection(&mut command),
                _ => self.take(&mut command),
            }
        }
        self.finish(&mut command, Joint::End);
    }

    /// Spaces, and lines that go on.
    fn blanks(&mut self) {
        loop {
            let blank = self.rest().trim_start_matches([' ', '\t', '\r']);
            self.at = self.text.len() - blank.len();
            if !self.eat("\\\n") && !self.eat("\\\r\n") {
                return;
            }
        }
    }

    fn comment(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    fn operator(&mut self, command: &mut Command) {
        if self.rest().starts_with("&>") {
            return self.redirection(command);
        }
        let joint = if self.eat("&&") {
            Joint::And
        } else if self.eat("||") {
            Joint::Or
        } else if self.eat("|&") || self.eat("|") {
            Joint::Pipe
        } else if self.eat("&") {
            Joint::Background
        } else {
            self.at += 1;
            Joint::End
        };
        self.finish(command, joint);
    }

    /// A subshell; of a function's `name()`, nothing is left.
    fn group(&mut self, command: &mut Command) {
        self.at += 1;
        if command.words.len() == 1 {
            *command = Command::default();
        }
        self.finish(command, Joint::End);
        if self.too_deep() {
            return;
        }
        let (level, backticks) = (self.level, std::mem::take(&mut self.in_backticks));
        self.level = level.saturating_add(1);
        self.shell(Until::Parenthesis);
        (self.level, self.in_backticks, self.group_ended) = (level, backticks, true);
    }

    /// Reads a substitution whose opening was read; returns it as written from `from`.
    pub(super) fn substitution(&mut self, from: usize, until: Until) -> Part {
        let outer = (self.level, self.asking, self.negating, self.in_backticks);
        (self.level, self.asking, self.negating) = (outer.0.saturating_add(1), false, false);
        self.in_backticks = until == Until::Backtick;
        self.inside += 1;
        self.shell(until);
        self.inside -= 1;
        (self.level, self.asking, self.negating, self.in_backticks) = outer;
        Part::Substitution(self.text[from..self.at].to_owned())
    }

    /// A list that a shell of its own runs.
    fn shell(&mut self, until: Until) {
        let outer = (self.block, self.list_block);
        self.block = self.script.blocks.open(self.block, true);
        self.list_block = self.block;
        self.depth += 1;
        self.list(until);
        self.depth -= 1;
        (self.block, self.list_block) = outer;
    }

    /// A branch or body begins.
    fn open(&mut self) {
        self.block = self.script.blocks.open(self.block, false);
    }

    fn close(&mut self) {
        if self.block != self.list_block {
            self.block = self.script.blocks.get(self.block).around;
        }
    }

    pub(super) fn too_deep(&self) -> bool {
        self.depth >= DEPTH_MAX
    }

    fn redirection(&mut self, command: &mut Command) {
        if self.eat("<<<") {
            self.blanks();
            drop(self.word());
        } else if self.eat("<<") {
            let indented = self.eat("-");
            self.blanks();
            let word = self.word();
            self.waiting.push((word.text(), indented));
        } else if ["<(", ">("].iter().any(|start| self.rest().starts_with(start))
            && !self.too_deep()
        {
            let word = self.word();
            command.words.push(word);
        } else {
            let out = self.rest().trim_start_matches('&').starts_with('>');
            let target = self.rest().trim_start_matches(['<', '>', '&', '|']);
            self.at = self.text.len() - target.len();
            self.blanks();
            let word = self.word();
            if out {
                command.outputs.push(word);
            }
        }
    }

    fn heredocs(&mut self) {
        for (delimiter, indented) in std::mem::take(&mut self.waiting) {
            let from = self.at;
            while self.at < self.text.len() {
                let rest = self.rest();
                let line = rest.split('\n').next().unwrap_or_default();
                let end = self.at;
                self.at += (line.len() + 1).min(rest.len());
                let line = line.trim_end_matches('\r');
                let line = if indented { line.trim_start_matches('\t') } else { line };
                if line == delimiter {
                    self.script.heredocs.push(from..end);
                    break;
                }
                if self.at >= self.text.len() {
                    self.script.heredocs.push(from..self.at);
                }
            }
        }
    }

    /// Takes a word: a reserved one changes what follows, an assignment is kept apart.
    fn take(&mut self, command: &mut Command) {
        self.group_ended = false;
        let word = self.word();
        if word.range.is_empty() {
            // Nothing that begins a word: skip it, so that reading always ends.
            self.at += self.peek().map_or(0, char::len_utf8);
            return;
        }
        // Of `function name {`, nothing is left.
        if command.first() == Some("function") && word.is("{") {
            *command = Command::default();
        }
        let descriptor = !word.quoted && word.text().bytes().all(|byte| byte.is_ascii_digit());
        if descriptor && matches!(self.peek(), Some('<' | '>')) {
            return;
        }
        let first = command.words.is_empty() && !word.quoted;
        if first && command.assignments.is_empty() && self.reserved(&word) {
            return;
        }
        if command.words.is_empty() && command.assignments.is_empty() {
            command.range.start = word.range.start;
            command.line = word.line;
        }
        command.range.end = word.range.end;
        match assignment(&word) {
            Some(assigned) if command.words.is_empty() => command.assignments.push(assigned),
            _ => command.words.push(word),
        }
    }

    fn reserved(&mut self, word: &Word) -> bool {
        if let Some(word) = BRANCHES.into_iter().find(|one| word.is(one)) {
            self.script.branches.push(Branch { word, at: self.at - word.len() });
        }
        match word.literal().unwrap_or_default() {
            "elif" => {
                self.close();
                self.asking = true;
            }
            "if" | "while" | "until" => self.asking = true,
            "!" => self.negating = true,
            "then" | "do" => {
                self.open();
                self.asking = false;
            }
            "{" => {
                self.open();
                self.level = self.level.saturating_add(1);
            }
            "}" => {
                self.close();
                self.level = self.level.saturating_sub(1).max(self.inside);
                self.group_ended = true;
            }
            "else" => {
                self.close();
                self.open();
            }
            "fi" | "done" | "esac" => self.close(),
            "time" => (),
            "[[" => {
                let rest = self.rest();
                let line = rest.find('\n').unwrap_or(rest.len());
                self.at += rest[..line].find("]]").map_or(0, |end| end + "]]".len());
            }
            _ => return false,
        }
        true
    }

    fn finish(&mut self, command: &mut Command, joint: Joint) {
        let command = std::mem::take(command);
        let group_ended = std::mem::take(&mut self.group_ended);
        if command.words.is_empty() && command.assignments.is_empty() {
            // What follows a group joins its last command.
            match self.script.commands.last_mut() {
                Some(last) if group_ended && last.inside == self.inside => last.joint = joint,
                _ => (),
            }
            return;
        }
        if self.script.commands.len() >= COMMANDS_MAX {
            self.script.cut = true;
            return;
        }
        let asked = self.asking || std::mem::take(&mut self.negating);
        let (level, inside, block) = (self.level, self.inside, self.block);
        // The patterns of a `case` lead into its block.
        if command.first() == Some("case") {
            self.open();
        }
        self.script.commands.push(Command { joint, level, inside, block, asked, ..command });
    }
}

/// `NAME=value` or `NAME+=value`.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let (name, _) = word.start().split_once('=')?;
    let plain = name.strip_suffix('+').unwrap_or(name);
    let mut letters = plain.chars();
    let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    let named = begins && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    named.then(|| Some((plain.to_owned(), word.after(&format!("{name}="))?)))?
}
