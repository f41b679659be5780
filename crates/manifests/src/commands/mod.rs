//! Commands that verify: what they ask for, as the program that runs them reads it. Nothing is run.

mod absent;
mod actions;
mod asked;
mod cosign;
mod dialect;
mod embedded;
mod exec;
mod fences;
mod flux;
mod gh;
mod known;
mod placeholder;
mod reading;
mod slsa;
mod strings;
#[cfg(test)]
mod tests;
mod texts;
mod unseen;

use std::ops::Range;

use sealwright_policy::Finding;
use sealwright_yaml::Stream;

pub(crate) use self::absent::absent;
use self::asked::Asked;
pub(crate) use self::embedded::embedded;
use self::known::Known;
use self::reading::Invocation;
pub(crate) use self::texts::Lines;
use self::texts::{Kind, Passage, Setting};
use crate::File;
use crate::declaration::Declaration;
use crate::found::Unjudged;
use crate::relevant::holds;
use crate::shell;

/// What the commands of one file say.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Commands {
    pub(crate) declarations: Vec<Declaration>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) unjudged: Vec<Unjudged>,
}

/// A word that every command which is looked for has in it.
const VERIFY: &str = "verify";

/// Whether a file that is no YAML is one that holds commands or manifests, by its name and first line.
pub(crate) fn holds_texts(path: &str, text: &str) -> bool {
    embedded::holds_manifests(path) || Kind::of(path, text) != Kind::Other
}

/// The text of a file, of which every byte that is no UTF-8 becomes one that says nothing: what is found in
/// the text is at the same place in the file.
fn in_place(bytes: &[u8]) -> String {
    let chunks = bytes.utf8_chunks();
    chunks.map(|one| format!("{}{}", one.valid(), "\u{1a}".repeat(one.invalid().len()))).collect()
}

/// What the commands in a file say. `stream`: its YAML, or that which is embedded in it.
pub(crate) fn commands(file: File<'_>, stream: &Stream) -> Commands {
    let mut commands = Commands::default();
    if !holds(file.bytes, VERIFY) {
        return commands;
    }
    let text = in_place(file.bytes);
    let lines = Lines::of(file.bytes);
    let kind = Kind::of(file.path, &text);
    let known = Known::of_stream(stream);
    for passage in texts::passages(kind, &text) {
        read(&passage, file, &lines, &known, &mut commands);
    }
    for passage in texts::in_values(stream, file, kind) {
        read(&passage, file, &lines, &known, &mut commands);
    }
    commands.declarations.extend(actions::declarations(stream, file));
    for list in exec::lists(stream) {
        let Some(invocation) = Invocation::read(&list.command) else { continue };
        let asked = Asked {
            invocation: &invocation,
            known: &known,
            setting: kind.setting(),
            fills_in: false,
            file: file.path,
            place: &|range: Range<usize>| list.place(range.start),
        };
        asked.add_to(&mut commands);
    }
    commands
}

fn read(
    passage: &Passage<'_>,
    file: File<'_>,
    lines: &Lines<'_>,
    outer: &Known,
    commands: &mut Commands,
) {
    if !passage.text.contains(VERIFY) {
        return;
    }
    let text = dialect::disguised(&passage.text, passage.dialect);
    let script = shell::read(&text);
    let known = outer.with(&script, &passage.text, passage.dialect);
    for (index, command) in script.commands.iter().enumerate() {
        let Some(invocation) = Invocation::read(command) else { continue };
        let told = passage.setting == Setting::Told;
        if told && !invocation.is_typed() {
            continue;
        }
        let asked = Asked {
            invocation: &invocation,
            known: &known,
            setting: passage.setting,
            fills_in: passage.dialect.fills_in(),
            file: file.path,
            place: &|range| passage.place(range, lines),
        };
        asked.add_to(commands);
        if let Some(how) = unseen::unseen(&script, index, passage, &invocation) {
            commands.findings.push(asked.failing_unseen(how));
        }
    }
}
