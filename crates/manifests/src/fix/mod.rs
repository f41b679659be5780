//! What would mend a file, where that is mechanical: as edits of its bytes, so that comments, quotes
//! and layout stay as they are.
//!
//! A fix is kept only when the file, read again, declares what was meant. What is not mechanical
//! (entries of different issuers, a template, a pattern that anchors would shut) is left alone.

mod blocks;
mod moved;
mod scalars;
mod wanted;

use std::ops::Range;

use crate::checks::Expected;
use crate::declaration::{Declaration, Identity, Matcher};
use crate::found::Found;
use crate::relevant::is_utf16;
use crate::{File, discover};

/// A file with what would mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// Its path.
    pub path: String,
    /// What it would hold.
    pub text: Vec<u8>,
    /// What was done, in the order of the lines.
    pub changes: Vec<Change>,
}

/// One thing that was mended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Line of the file as it was.
    pub line: u32,
    /// What was done, as a sentence without a full stop.
    pub told: String,
}

/// Bytes of a file that are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    range: Range<usize>,
    instead: String,
}

/// Edits that belong together: all of them or none.
#[derive(Debug, Clone)]
struct Step {
    change: Change,
    edits: Vec<Edit>,
    outcome: Outcome,
}

/// What a file must declare after a step.
#[derive(Debug, Clone)]
enum Outcome {
    /// An object with exactly these patterns: issuer and subject of each entry.
    Declares(String, Vec<(Option<String>, Option<String>)>),
    /// Nothing at this path of the object that nobody reads.
    Read(String, String),
}

impl Mended {
    /// What changes, as a unified diff from the file as it was.
    pub fn diff(&self, before: &[u8]) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (before, after) = (text(before), text(&self.text));
        let diff = similar::TextDiff::from_lines(&before, &after);
        diff.unified_diff().header(&self.path, &self.path).to_string()
    }
}

/// What would mend these files. A file that needs nothing, or where nothing is mechanical, is not in
/// the answer; applied once, nothing is left to be done.
pub fn mend(files: &[File<'_>], found: &Found, expected: &Expected<'_>) -> Vec<Mended> {
    files.iter().filter_map(|file| mend_one(*file, found, expected)).collect()
}

fn mend_one(file: File<'_>, found: &Found, expected: &Expected<'_>) -> Option<Mended> {
    if is_utf16(file.bytes) {
        return None;
    }
    let declared = found.declarations.iter().filter(|one| one.file == file.path);
    let unread = found.unread.iter().filter(|one| one.file == file.path);
    let steps: Vec<Step> = declared
        .filter_map(|declaration| of_declaration(file, declaration, expected))
        .chain(unread.filter_map(|unread| moved::step(file, unread)))
        .collect();
    let before = discover([file]);
    let mut text = file.bytes.to_vec();
    let mut changes = Vec::new();
    let mut taken: Vec<Edit> = Vec::new();
    for step in &steps {
        let edits = [&taken[..], &step.edits[..]].concat();
        let Some(changed) = applied(file.bytes, &edits) else { continue };
        let after = discover([File { path: file.path, bytes: &changed }]);
        if step.outcome.is_reached(&after) && spares_others(&before, &after, &steps) {
            (text, taken) = (changed, edits);
            changes.push(step.change.clone());
        }
    }
    changes.sort();
    (!changes.is_empty()).then(|| Mended { path: file.path.to_owned(), text, changes })
}

/// Entries that are joined, anchors and dots: what a declaration should say instead.
fn of_declaration(
    file: File<'_>,
    declaration: &Declaration,
    expected: &Expected<'_>,
) -> Option<Step> {
    let wanted = wanted::of(declaration, expected)?;
    let (first, rest) = declaration.identities.split_first()?;
    let mut edits = Vec::new();
    let mut patterns = Vec::new();
    for (identity, wanted) in declaration.identities.iter().zip(&wanted.entries) {
        edits.extend(rewritten(file.bytes, &identity.issuer, &wanted.0)?);
        edits.extend(rewritten(file.bytes, &identity.subject, &wanted.1)?);
        patterns.push(wanted.clone());
    }
    // The first entry stands for all that are joined.
    if wanted.entries.len() < declaration.identities.len() {
        let mut before: &Identity = first;
        for identity in rest {
            let range = blocks::item(file.bytes, &before.at, &identity.at)?;
            edits.push(Edit { range, instead: String::new() });
            before = identity;
        }
    }
    let at = wanted.line.unwrap_or(declaration.at.line);
    let change = Change { line: at, told: wanted.told };
    Some(Step { change, edits, outcome: Outcome::Declares(declaration.object.clone(), patterns) })
}

/// The edit that makes a matcher say something else; nothing when it says that already. `None`: it
/// cannot be written where it stands.
fn rewritten(file: &[u8], matcher: &Option<Matcher>, wanted: &Option<String>) -> Option<Vec<Edit>> {
    match (matcher, wanted) {
        (Some(matcher), Some(wanted)) if matcher.text != *wanted => {
            scalars::edits(file, &matcher.at.range, wanted)
        }
        (None, Some(_)) => None,
        _ => Some(vec![]),
    }
}

/// The bytes with all edits; `None` when two of them touch the same bytes in different ways.
fn applied(file: &[u8], edits: &[Edit]) -> Option<Vec<u8>> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    // Two uses of one anchor are one place.
    edits.dedup();
    let mut text = Vec::with_capacity(file.len());
    let mut at = 0;
    for edit in edits {
        text.extend_from_slice(file.get(at..edit.range.start)?);
        text.extend_from_slice(edit.instead.as_bytes());
        at = edit.range.end;
    }
    text.extend_from_slice(file.get(at..)?);
    Some(text)
}

impl Outcome {
    fn is_reached(&self, found: &Found) -> bool {
        match self {
            Outcome::Declares(object, patterns) => {
                let mut same = found.declarations.iter().filter(|one| one.object == *object);
                same.any(|one| entries(one) == *patterns)
            }
            Outcome::Read(object, path) => {
                !found.unread.iter().any(|one| one.object == *object && one.path == *path)
            }
        }
    }
}

/// Whether each declaration says what it said, or what a step of its own makes it say: a value behind an
/// anchor is that of several.
fn spares_others(before: &Found, after: &Found, steps: &[Step]) -> bool {
    after.declarations.iter().all(|one| {
        let says = entries(one);
        let mut old = before.declarations.iter().filter(|old| old.object == one.object).peekable();
        // What was moved is read now, and was not before.
        let said = old.peek().is_none() || old.any(|old| entries(old) == says);
        let is_wanted = |step: &Step| match &step.outcome {
            Outcome::Declares(object, patterns) => *object == one.object && *patterns == says,
            Outcome::Read(..) => false,
        };
        said || steps.iter().any(is_wanted)
    })
}

/// Issuer and subject of each entry.
fn entries(declaration: &Declaration) -> Vec<(Option<String>, Option<String>)> {
    let text = |matcher: &Option<Matcher>| matcher.as_ref().map(|one| one.text.clone());
    declaration.identities.iter().map(|one| (text(&one.issuer), text(&one.subject))).collect()
}
