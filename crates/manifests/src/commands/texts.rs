//! Where commands stand: scripts, recipes, steps of a workflow, fences of a document.

use std::borrow::Cow;
use std::ops::Range;

use sealwright_yaml::{Inside, Node, Place, Stream, Value};

use super::dialect::Dialect;
use super::fences::{Fence, Markup, fences};
use super::{exec, strings};
use crate::File;

/// Keys whose text a shell runs: GitHub, GitLab, Azure, CircleCI, Tekton, Task, Ansible.
const KEYS: [&str; 15] = [
    "after_script",
    "ansible.builtin.command",
    "ansible.builtin.shell",
    "bash",
    "before_script",
    "cmd",
    "cmds",
    "command",
    "commands",
    "inlineScript",
    "pwsh",
    "run",
    "script",
    "sh",
    "shell",
];

/// Languages of fences that people type into a shell. A fence without one often is.
const SHELL_LANGUAGES: [&str; 14] = [
    "",
    "bash",
    "cmd",
    "console",
    "fish",
    "ksh",
    "plain",
    "sh",
    "shell",
    "shell-session",
    "shellsession",
    "terminal",
    "text",
    "zsh",
];

/// How a text comes to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// Something runs it.
    Runs,
    /// A reader of a document is told to run it.
    Told,
}

/// A text that holds commands.
pub(super) struct Passage<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) dialect: Dialect,
    pub(super) setting: Setting,
    pub(super) shell: Shell,
    origin: Origin<'a>,
}

/// What is known of the shell that runs a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shell {
    /// Whether it stops at a command that fails.
    pub(super) stops: Option<bool>,
    /// Whether a pipe fails when a part of it does.
    pub(super) pipes: Option<bool>,
    /// What makes good whatever fails, as a sentence without a full stop.
    pub(super) ignored_by: Option<&'static str>,
}

/// Keys beside a script that make its failure good.
const IGNORES: [(&str, &str); 5] = [
    ("continue-on-error", "`continue-on-error` makes it good"),
    ("allow_failure", "`allow_failure` makes it good"),
    ("continueOnError", "`continueOnError` makes it good"),
    ("ignore_error", "`ignore_error` makes it good"),
    ("ignore_errors", "`ignore_errors` makes it good"),
];

enum Origin<'a> {
    /// It stands in the file as it is, from this byte on.
    File(usize),
    /// It is what a scalar says, from this byte of it on.
    Scalar(Inside<'a>, usize),
}

impl Passage<'_> {
    /// Where these bytes of the text stand in the file.
    pub(super) fn place(&self, range: Range<usize>, file: &Lines<'_>) -> Place {
        match &self.origin {
            Origin::File(base) => file.place(range.start + base..range.end + base),
            Origin::Scalar(inside, base) => inside.place(range.start + base..range.end + base),
        }
    }
}

/// A file with the begins of its lines, since every word of every command is asked for its place.
pub(crate) struct Lines<'a> {
    file: &'a [u8],
    begins: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(file: &'a [u8]) -> Self {
        let next = memchr::memchr_iter(b'\n', file).map(|at| at + 1);
        Self { file, begins: std::iter::once(0).chain(next).collect() }
    }

    /// The place of bytes of the file.
    pub(crate) fn place(&self, range: Range<usize>) -> Place {
        let line = self.begins.partition_point(|begin| *begin <= range.start);
        let begin = self.begins.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.file.get(begin..range.start).unwrap_or_default();
        let column = String::from_utf8_lossy(before).chars().count() + 1;
        let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
        Place { line: number(line), column: number(column), range }
    }
}

/// What the name of a file, or its first line, tells of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Script(Dialect),
    Document(Markup),
    Groovy,
    Terraform,
    Yaml,
    /// `package.json`, whose `scripts` are run.
    Package,
    Other,
}

impl Kind {
    pub(super) fn of(path: &str, text: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        if let Some(markup) = Markup::of(extension) {
            return Kind::Document(markup);
        }
        match (name.as_str(), extension) {
            (_, "yaml" | "yml") => Kind::Yaml,
            (_, "bash" | "bats" | "ksh" | "sh" | "zsh") => Kind::Script(Dialect::Posix),
            (_, "ps1" | "psm1") => Kind::Script(Dialect::PowerShell),
            ("makefile" | "gnumakefile", _) | (_, "mk") => Kind::Script(Dialect::Make),
            ("justfile" | ".justfile", _) | (_, "just") => Kind::Script(Dialect::Just),
            ("package.json" | "deno.json" | "composer.json", _) => Kind::Package,
            (_, "groovy" | "jenkinsfile") => Kind::Groovy,
            (name, _) if name.starts_with("jenkinsfile") => Kind::Groovy,
            (_, "tf" | "hcl") => Kind::Terraform,
            (name, extension) if is_containerfile(name, extension) => {
                Kind::Script(Dialect::Containerfile)
            }
            (_, "") if is_shell(text) => Kind::Script(Dialect::Posix),
            _ => Kind::Other,
        }
    }
}

impl Kind {
    /// How the scripts in its YAML come to be run.
    pub(super) fn setting(self) -> Setting {
        match self {
            Kind::Document(_) | Kind::Other => Setting::Told,
            _ => Setting::Runs,
        }
    }
}

fn is_containerfile(name: &str, extension: &str) -> bool {
    let names = ["dockerfile", "containerfile"];
    names.iter().any(|known| name.starts_with(known) || extension == *known)
}

/// `#!/usr/bin/env bash` and its kin.
fn is_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with("#!") && first.trim_end().ends_with("sh")
}

/// The texts of a file that holds them as they are.
pub(super) fn passages<'a>(kind: Kind, text: &'a str) -> Vec<Passage<'a>> {
    let part = |range: Range<usize>| {
        let text = Cow::Borrowed(&text[range.clone()]);
        Some(Passage { text, ..Passage::run(Dialect::Quoted, range.start) })
    };
    match kind {
        Kind::Script(dialect) => {
            let shell = shell_of(text, dialect);
            let text = Cow::Borrowed(text);
            vec![Passage { text, shell, ..Passage::run(dialect, 0) }]
        }
        Kind::Groovy => strings::in_groovy(text).into_iter().filter_map(part).collect(),
        Kind::Terraform => strings::in_terraform(text).into_iter().filter_map(part).collect(),
        Kind::Document(markup) => {
            let found = fences(text, markup).into_iter();
            found.filter_map(|fence| in_fence(&fence, text)).collect()
        }
        Kind::Yaml | Kind::Package | Kind::Other => Vec::new(),
    }
}

impl Passage<'_> {
    /// A text that stands in the file as it is, without the text.
    fn run(dialect: Dialect, base: usize) -> Self {
        Passage {
            text: Cow::Borrowed(""),
            dialect,
            setting: Setting::Runs,
            shell: Shell::default(),
            origin: Origin::File(base),
        }
    }
}

/// What a file says of the shell that runs it. One without a first line may be read in by another,
/// whose options hold.
fn shell_of(text: &str, dialect: Dialect) -> Shell {
    let pipes = Some(text.contains("pipefail"));
    match dialect {
        Dialect::Posix if is_shell(text) => {
            let first = text.lines().next().unwrap_or_default();
            let stops =
                first.split(' ').skip(1).any(|word| word.starts_with('-') && word.contains('e'))
                    || sets_errexit(text);
            Shell { stops: Some(stops), pipes, ignored_by: None }
        }
        Dialect::Containerfile | Dialect::Make => Shell { pipes, ..Shell::default() },
        _ => Shell::default(),
    }
}

/// `set -e` in any of its spellings, anywhere; a trap for errors does the same.
fn sets_errexit(text: &str) -> bool {
    let sets = |line: &str| {
        let mut words = line.split([' ', '\t', ';']).skip_while(|word| *word != "set");
        words.any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('e'))
    };
    text.contains("errexit") || text.contains("trap ") || text.lines().any(sets)
}

fn in_fence<'a>(fence: &Fence<'_>, text: &'a str) -> Option<Passage<'a>> {
    let origin = Origin::File(fence.body.start);
    let dialect = spoken(fence.language)?;
    let text = fence.lines(text);
    Some(Passage { text, dialect, setting: Setting::Told, shell: Shell::default(), origin })
}

fn spoken(language: &str) -> Option<Dialect> {
    let language = language.to_ascii_lowercase();
    match language.as_str() {
        "powershell" | "ps1" | "pwsh" => Some(Dialect::PowerShell),
        known if SHELL_LANGUAGES.contains(&known) => Some(Dialect::Document),
        _ => None,
    }
}

/// The texts that values of a YAML file hold.
pub(super) fn in_values<'a>(stream: &'a Stream, file: File<'_>, kind: Kind) -> Vec<Passage<'a>> {
    let mut found = Vec::new();
    let values = Values { file, setting: kind.setting(), shell: shell_of_steps(file) };
    for document in &stream.documents {
        document.root.walk(&mut |node| values.of(node, kind, &mut found));
    }
    found
}

/// GitHub runs a step by `bash -e`, and with `pipefail` where a `shell` is named.
fn shell_of_steps(file: File<'_>) -> Shell {
    let has = |word: &[u8]| memchr::memmem::find(file.bytes, word).is_some();
    let workflow = file.path.contains(".github/workflows/");
    let pipes = (workflow && !has(b"shell:")).then(|| has(b"pipefail"));
    Shell { pipes, ..Shell::default() }
}

struct Values<'f> {
    file: File<'f>,
    setting: Setting,
    shell: Shell,
}

impl Values<'_> {
    fn of<'a>(&self, node: &'a Node, kind: Kind, found: &mut Vec<Passage<'a>>) {
        let is_on = |key: &str| node.get(key).is_some_and(|value| value.value == Value::Bool(true));
        let ignored_by = IGNORES.iter().find(|(key, _)| is_on(key)).map(|(_, told)| *told);
        let shell = Shell { ignored_by, ..self.shell };
        for (key, value) in node.entries() {
            let scripts =
                kind == Kind::Package && ["scripts", "tasks"].contains(&key.name.as_str());
            if KEYS.contains(&key.name.as_str()) {
                let texts = std::iter::once(value).chain(value.items());
                found.extend(texts.filter_map(|node| self.run_by(node, shell)));
            } else if scripts {
                let texts = value.entries().iter().map(|(_, value)| value);
                found.extend(texts.filter_map(|node| self.run_by(node, shell)));
            } else {
                found.extend(told_in(value, self.file.bytes));
            }
        }
        // Those of the command itself are read above.
        let list = node.get("args").into_iter().flat_map(Node::items);
        let scripts = exec::scripts(node);
        let own = list.filter(|item| scripts.iter().any(|script| std::ptr::eq(*script, *item)));
        found.extend(own.filter_map(|node| self.run_by(node, shell)));
    }

    fn run_by<'a>(&self, node: &'a Node, shell: Shell) -> Option<Passage<'a>> {
        let text = Cow::Borrowed(node.text().filter(|text| text.contains(' '))?);
        let origin = Origin::Scalar(Inside::of(node, self.file.bytes)?, 0);
        let told = self.setting == Setting::Told;
        let dialect = if told { Dialect::Document } else { Dialect::Posix };
        Some(Passage { text, dialect, setting: self.setting, shell, origin })
    }
}

/// Notes of a release, a page in a ConfigMap: Markdown in a value.
fn told_in<'a>(node: &'a Node, file: &[u8]) -> Vec<Passage<'a>> {
    let Value::Text(text) = &node.value else { return Vec::new() };
    if !text.contains("```") {
        return Vec::new();
    }
    let found = fences(text, Markup::Markdown).into_iter();
    let passage = |fence: Fence<'_>| {
        let origin = Origin::Scalar(Inside::of(node, file)?, fence.body.start);
        let text = fence.lines(text);
        let (dialect, setting) = (spoken(fence.language)?, Setting::Told);
        Some(Passage { text, dialect, setting, shell: Shell::default(), origin })
    };
    found.filter_map(passage).collect()
}
