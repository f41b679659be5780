//! Where commands stand: scripts, recipes, steps of a workflow, fences of a document.

use std::borrow::Cow;
use std::ops::Range;

use sealwright_yaml::{Inside, Node, Place, Stream, Value};

use super::dialect::Dialect;
use super::fences::{Fence, Markup, fences};

/// Keys whose text a shell runs: GitHub, GitLab, Azure, CircleCI, Tekton, Task.
const KEYS: [&str; 12] = [
    "after_script",
    "bash",
    "before_script",
    "cmd",
    "cmds",
    "command",
    "commands",
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
    origin: Origin<'a>,
}

enum Origin<'a> {
    /// It stands in the file as it is, from this byte on.
    File(usize),
    /// It is what a scalar says, from this byte of it on.
    Scalar(Inside<'a>, usize),
}

impl Passage<'_> {
    /// Where these bytes of the text stand in the file.
    pub(super) fn place(&self, range: Range<usize>, file: &[u8]) -> Place {
        match &self.origin {
            Origin::File(base) => place_in(file, range.start + base..range.end + base),
            Origin::Scalar(inside, base) => inside.place(range.start + base..range.end + base),
        }
    }
}

/// The place of bytes of a file.
pub(crate) fn place_in(file: &[u8], range: Range<usize>) -> Place {
    let before = file.get(..range.start).unwrap_or_default();
    let line_begin = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = String::from_utf8_lossy(&before[line_begin..]).chars().count() + 1;
    let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
    Place { line: number(line), column: number(column), range }
}

/// What the name of a file, or its first line, tells of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Script(Dialect),
    Document(Markup),
    Yaml,
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
            ("justfile" | ".justfile", _) => Kind::Script(Dialect::Posix),
            (name, extension) if is_containerfile(name, extension) => Kind::Script(Dialect::Posix),
            (_, "") if is_shell(text) => Kind::Script(Dialect::Posix),
            _ => Kind::Other,
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
    match kind {
        Kind::Script(dialect) => vec![Passage {
            text: Cow::Borrowed(text),
            dialect,
            setting: Setting::Runs,
            origin: Origin::File(0),
        }],
        Kind::Document(markup) => {
            let found = fences(text, markup).into_iter();
            found.filter_map(|fence| in_fence(&fence, text)).collect()
        }
        Kind::Yaml | Kind::Other => Vec::new(),
    }
}

fn in_fence<'a>(fence: &Fence<'_>, text: &'a str) -> Option<Passage<'a>> {
    let origin = Origin::File(fence.body.start);
    let dialect = spoken(fence.language)?;
    let text = Cow::Borrowed(&text[fence.body.clone()]);
    Some(Passage { text, dialect, setting: Setting::Told, origin })
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
pub(super) fn in_values<'a>(stream: &'a Stream, file: &[u8], setting: Setting) -> Vec<Passage<'a>> {
    let mut found = Vec::new();
    for document in &stream.documents {
        document.root.walk(&mut |node| {
            for (key, value) in node.entries() {
                if KEYS.contains(&key.name.as_str()) {
                    let texts = std::iter::once(value).chain(value.items());
                    found.extend(texts.filter_map(|node| run_by(node, file, setting)));
                } else {
                    found.extend(told_in(value, file));
                }
            }
        });
    }
    found
}

fn run_by<'a>(node: &'a Node, file: &[u8], setting: Setting) -> Option<Passage<'a>> {
    let text = Cow::Borrowed(node.text().filter(|text| text.contains(' '))?);
    let origin = Origin::Scalar(Inside::of(node, file)?, 0);
    let dialect = if setting == Setting::Told { Dialect::Document } else { Dialect::Posix };
    Some(Passage { text, dialect, setting, origin })
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
        let text = Cow::Borrowed(&text[fence.body.clone()]);
        Some(Passage { text, dialect: spoken(fence.language)?, setting: Setting::Told, origin })
    };
    found.filter_map(passage).collect()
}
