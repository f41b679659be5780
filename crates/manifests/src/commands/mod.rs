//! Commands that verify: what they ask for, as the program that runs them reads it. Nothing is run.

mod absent;
mod asked;
mod dialect;
mod embedded;
mod fences;
mod reading;
#[cfg(test)]
mod tests;
mod texts;

use sealwright_policy::Finding;
use sealwright_yaml::Stream;

pub(crate) use self::absent::absent;
use self::asked::Asked;
pub(crate) use self::embedded::embedded;
use self::reading::Invocation;
use self::texts::{Kind, Passage, Setting};
use crate::File;
use crate::declaration::Declaration;
use crate::found::Unjudged;
use crate::shell;

/// What the commands of one file say.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Commands {
    pub(crate) declarations: Vec<Declaration>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) unjudged: Vec<Unjudged>,
}

/// A word that every command which is looked for has in it.
const VERIFY: &[u8] = b"verify";

/// What the commands in a file say. `stream`: its YAML, or that which is embedded in it.
pub(crate) fn commands(file: File<'_>, stream: &Stream) -> Commands {
    let mut commands = Commands::default();
    if memchr::memmem::find(file.bytes, VERIFY).is_none() {
        return commands;
    }
    let text = String::from_utf8_lossy(file.bytes);
    let kind = Kind::of(file.path, &text);
    let setting = if kind == Kind::Yaml { Setting::Runs } else { Setting::Told };
    let passages = texts::passages(kind, &text);
    for passage in passages.iter().chain(&texts::in_values(stream, file.bytes, setting)) {
        read(passage, file, &mut commands);
    }
    commands
}

fn read(passage: &Passage<'_>, file: File<'_>, commands: &mut Commands) {
    if memchr::memmem::find(passage.text.as_bytes(), VERIFY).is_none() {
        return;
    }
    let text = dialect::disguised(&passage.text, passage.dialect);
    let script = shell::read(&text);
    let known = asked::known(&script);
    for invocation in script.commands.iter().filter_map(Invocation::read) {
        let told = passage.setting == Setting::Told;
        if told && !invocation.is_typed() {
            continue;
        }
        Asked {
            invocation: &invocation,
            known: &known,
            setting: passage.setting,
            file: file.path,
            place: &|range| passage.place(range, file.bytes),
        }
        .add_to(commands);
    }
}
