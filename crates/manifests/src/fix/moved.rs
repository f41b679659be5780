//! A block that stands where nobody reads it, moved to the path that is read, where both are plain:
//! blocks by indentation, and nothing there yet.

use sealwright_yaml::{Key, Node, Style};

use super::blocks::{Line, end, line_at};
use super::{Change, Edit, Outcome, Step};
use crate::File;
use crate::found::Unread;

pub(super) fn step(file: File<'_>, unread: &Unread) -> Option<Step> {
    let stream = sealwright_yaml::read(file.bytes);
    let from: Vec<&str> = unread.path.split('.').collect();
    let to: Vec<&str> = unread.read_at.split('.').collect();
    let root = stream.documents.iter().map(|document| &document.root).find(|root| {
        root.at_path(&from).is_some_and(|node| {
            key_of(root, &from).is_some_and(|key| key.at.line == unread.at.line)
                || node.at.line == unread.at.line
        })
    })?;
    if root.at_path(&to).is_some() || from.last() != to.last() {
        return None;
    }
    let edits = vec![taken_out(file.bytes, root, &from)?, put_in(file.bytes, root, &from, &to)?];
    let told = format!("moved from {} to {}", unread.path, unread.read_at);
    let change = Change { line: unread.at.line, told };
    let outcome = Outcome::Read(unread.object.clone(), unread.path.clone());
    Some(Step { change, edits, outcome })
}

fn key_of<'a>(root: &'a Node, path: &[&str]) -> Option<&'a Key> {
    let (last, parents) = path.split_last()?;
    root.at_path(parents)?.entry(last).map(|(key, _)| key)
}

/// The lines of an entry. `None`: it shares them with others.
fn lines_of(file: &[u8], root: &Node, path: &[&str]) -> Option<(Line, usize)> {
    let (last, parents) = path.split_last()?;
    let parent = root.at_path(parents)?;
    let (key, value) = parent.entry(last)?;
    let line = line_at(file, key.at.range.start);
    let alone = key.at.range.start == line.start + line.indent?;
    let block = parent.style == Style::Block && value.style == Style::Block;
    (alone && block).then(|| (line, end(file, line)))
}

/// Takes the entry out, with parents that hold nothing else.
fn taken_out(file: &[u8], root: &Node, path: &[&str]) -> Option<Edit> {
    let mut path = path;
    while let [parents @ .., _] = path
        && parents.len() > 1
        && root.at_path(parents)?.entries().len() == 1
    {
        path = parents;
    }
    let (line, end) = lines_of(file, root, path)?;
    Some(Edit { range: line.start..end, instead: String::new() })
}

/// Puts its lines behind those of the nearest parent that is there, with the parents that are not.
fn put_in(file: &[u8], root: &Node, from: &[&str], to: &[&str]) -> Option<Edit> {
    let (first, last) = lines_of(file, root, from)?;
    let there = (1..to.len()).rev().find(|depth| root.at_path(&to[..*depth]).is_some())?;
    let (parent, behind) = lines_of(file, root, &to[..there])?;
    let children = root.at_path(&to[..there])?.entries().first()?;
    let indent = children.0.at.column as usize - 1;
    let step = indent.checked_sub(parent.indent?)?;
    let text = std::str::from_utf8(file.get(first.start..last)?).ok()?;
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut instead = String::new();
    if !file[..behind].ends_with(b"\n") {
        instead.push_str(ending);
    }
    let missing = &to[there..to.len() - 1];
    for (depth, name) in missing.iter().enumerate() {
        instead += &format!("{}{name}:{ending}", " ".repeat(indent + depth * step));
    }
    let indent = indent + missing.len() * step;
    for line in text.split_inclusive('\n') {
        let stripped = line.get(first.indent?..).filter(|_| !line.trim().is_empty());
        match stripped {
            Some(rest) => instead += &format!("{}{rest}", " ".repeat(indent)),
            None => instead += line.trim_start_matches(' '),
        }
    }
    if !instead.ends_with('\n') {
        instead.push_str(ending);
    }
    Some(Edit { range: behind..behind, instead })
}
