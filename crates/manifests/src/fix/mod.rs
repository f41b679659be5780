//! What would mend a file, where that is mechanical: as edits of its bytes, so that comments, quotes
//! and layout stay as they are.
//!
//! A fix is kept only when the file, read again, declares what was meant: a patch together with what it
//! changes. What is not mechanical (entries of different issuers, a template, a pattern that anchors
//! would shut) is left alone; what cannot be written where it stands is left and said.

mod blocks;
mod moved;
mod reread;
mod scalars;
mod wanted;

use std::ops::Range;

use crate::File;
use crate::checks::Expected;
use crate::declaration::{Declaration, Identity, Matcher};
use crate::discover::Facts;
use crate::found::Found;
use crate::relevant::is_utf16;

use self::reread::Reread;

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

/// What would mend the files, and what would not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mending {
    /// Files that change.
    pub mended: Vec<Mended>,
    /// What is known to be wrong and what to write, but not where.
    pub left: Vec<Left>,
}

/// Something that is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// File.
    pub path: String,
    /// Its line.
    pub line: u32,
    /// Why, as a sentence without a full stop.
    pub why: String,
}

/// Why something is left.
const ELSEWHERE: &str =
    "stands in another file or in a text in quotes, or comes of a variable: mend it there";
const SPREAD: &str = "stands in several files: write the joined pattern over the first entry, and take the others out";
const NOT_WRITABLE: &str =
    "is an alias, is behind an anchor or shares its line, and is not edited there";
const NOT_REACHED: &str = "would not come to that alone, or something else would change with it";

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
    /// What changes, as a unified diff from the file as it was, for `git apply` and `patch -p1`; `name` is the
    /// path from where these are run.
    pub fn diff(&self, name: &str, before: &[u8]) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (before, after) = (text(before), text(&self.text));
        let diff = similar::TextDiff::from_lines(&before, &after);
        let [old, new] = ["a", "b"].map(|side| quoted(&format!("{side}/{name}")));
        diff.unified_diff().header(&old, &new).to_string()
    }
}

/// The name of a file as git and GNU patch read it in the head of a diff: with quotes and escapes where it
/// holds something that would end a line or drive a terminal, and with a tab behind it where a blank would
/// end it.
fn quoted(path: &str) -> String {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && !matches!(byte, b'"' | b'\\');
    if path.bytes().all(plain) {
        let end = if path.contains(' ') { "\t" } else { "" };
        return format!("{path}{end}");
    }
    let escaped = path.bytes().map(|byte| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        _ if plain(byte) => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// What would mend these files, of which and of all others `facts` are what they say. A file that needs
/// nothing, or where nothing is mechanical, is not in the answer; applied once, nothing is left to be
/// done.
pub fn mend(
    files: &[File<'_>],
    facts: &[Facts],
    found: &Found,
    expected: &Expected<'_>,
) -> Mending {
    let (all, mut mending) = (Reread::new(facts), Mending::default());
    for file in files.iter().filter(|file| !is_utf16(file.bytes)) {
        let mended = mend_one(*file, &all, found, expected, &mut mending.left);
        mending.mended.extend(mended);
    }
    mending.left.sort();
    mending.left.dedup();
    mending
}

fn mend_one(
    file: File<'_>,
    all: &Reread<'_>,
    found: &Found,
    expected: &Expected<'_>,
    left: &mut Vec<Left>,
) -> Option<Mended> {
    let mut steps = Vec::new();
    // Of what was rendered no line is anybody's.
    let is_here = |one: &&Declaration| one.file == file.path && one.at.line > 0;
    for declaration in found.declarations.iter().filter(is_here) {
        match of_declaration(file, declaration, expected) {
            Ok(step) => steps.extend(step),
            Err(why) => left.push(leave(file, declaration.at.line, &declaration.object, why)),
        }
    }
    let unread = found.unread.iter().filter(|one| one.file == file.path);
    steps.extend(unread.filter_map(|unread| moved::step(file, unread)));
    let alone = all.before(file, false);
    let is_alone = |step: &Step| step.outcome.is_about(&alone);
    let with_others = !steps.iter().all(is_alone);
    let before = if with_others { all.before(file, true) } else { alone };
    let mut text = file.bytes.to_vec();
    let mut changes = Vec::new();
    let mut taken: Vec<Edit> = Vec::new();
    for step in &steps {
        let edits = [&taken[..], &step.edits[..]].concat();
        let Some(changed) = applied(file.bytes, &edits) else { continue };
        let after = all.after(File { path: file.path, bytes: &changed }, with_others);
        if step.outcome.is_reached(&after, file.path) && spares_others(&before, &after, &steps) {
            (text, taken) = (changed, edits);
            changes.push(step.change.clone());
        } else if let Outcome::Declares(object, _) = &step.outcome {
            left.push(leave(file, step.change.line, object, NOT_REACHED));
        }
    }
    changes.sort();
    (!changes.is_empty()).then(|| Mended { path: file.path.to_owned(), text, changes })
}

fn leave(file: File<'_>, line: u32, object: &str, why: &str) -> Left {
    Left { path: file.path.to_owned(), line, why: format!("what is wrong with {object} {why}") }
}

/// Entries that are joined, anchors and dots: what a declaration should say instead. Nothing when that is
/// what it says; else why it cannot be written here.
fn of_declaration(
    file: File<'_>,
    declaration: &Declaration,
    expected: &Expected<'_>,
) -> Result<Option<Step>, &'static str> {
    let Some(wanted) = wanted::of(declaration, expected) else { return Ok(None) };
    let Some((first, rest)) = declaration.identities.split_first() else { return Ok(None) };
    let is_joined = wanted.entries.len() < declaration.identities.len();
    if is_joined && declaration.identities.iter().any(is_elsewhere) {
        return Err(SPREAD);
    }
    let mut edits = Vec::new();
    let mut patterns = Vec::new();
    for (identity, wanted) in declaration.identities.iter().zip(&wanted.entries) {
        let issuer = rewritten(file.bytes, &identity.issuer, &wanted.0).ok_or(NOT_WRITABLE)?;
        let subject = rewritten(file.bytes, &identity.subject, &wanted.1).ok_or(NOT_WRITABLE)?;
        patterns.push((issuer.says, subject.says));
        edits.extend(issuer.edits.into_iter().chain(subject.edits));
    }
    // The first entry stands for all that are joined.
    if is_joined {
        let mut before: &Identity = first;
        for identity in rest {
            let range = blocks::item(file.bytes, &before.at, &identity.at).ok_or(NOT_WRITABLE)?;
            edits.push(Edit { range, instead: String::new() });
            before = identity;
        }
    }
    if edits.is_empty() {
        return Err(ELSEWHERE);
    }
    let at = wanted.line.unwrap_or(declaration.at.line);
    let change = Change { line: at, told: wanted.told };
    let outcome = Outcome::Declares(declaration.object.clone(), patterns);
    Ok(Some(Step { change, edits, outcome }))
}

/// Whether no bytes of this file are the entry: a patch has left it as it was, or a variable is put in.
fn is_elsewhere(identity: &Identity) -> bool {
    let halves = [&identity.issuer, &identity.subject];
    halves.into_iter().flatten().any(|half| half.at.range.is_empty())
}

/// A matcher as it is to be, and the edits that make it so.
struct Rewritten {
    says: Option<String>,
    edits: Vec<Edit>,
}

/// What makes a matcher say something else; no edit when it says that already, or stands elsewhere.
/// `None`: it cannot be written where it stands.
fn rewritten(file: &[u8], matcher: &Option<Matcher>, wanted: &Option<String>) -> Option<Rewritten> {
    let as_it_is = |one: &Matcher| Rewritten { says: Some(one.text.clone()), edits: vec![] };
    match (matcher, wanted) {
        (Some(matcher), Some(wanted)) if matcher.text != *wanted => {
            if matcher.at.range.is_empty() {
                return Some(as_it_is(matcher));
            }
            let edits = scalars::edits(file, &matcher.at.range, wanted)?;
            Some(Rewritten { says: Some(wanted.clone()), edits })
        }
        (None, Some(_)) => None,
        (matcher, _) => {
            let nothing = Rewritten { says: None, edits: vec![] };
            Some(matcher.as_ref().map_or(nothing, as_it_is))
        }
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
    /// Whether a file says by itself what it is about.
    fn is_about(&self, alone: &Found) -> bool {
        match self {
            Outcome::Declares(object, _) => {
                alone.declarations.iter().any(|one| one.object == *object)
            }
            Outcome::Read(..) => true,
        }
    }

    fn is_reached(&self, found: &Found, file: &str) -> bool {
        match self {
            Outcome::Declares(object, patterns) => {
                let is_it = |one: &&Declaration| one.object == *object && one.file == file;
                let mut same = found.declarations.iter().filter(is_it);
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

#[cfg(test)]
mod tests {
    use super::quoted;

    /// As git writes them, and both git and GNU patch read them.
    #[test]
    fn a_file_name_ends_no_line_of_a_diff() {
        for (path, expected, why) in [
            ("a/k8s/app.yaml", "a/k8s/app.yaml", "as it is"),
            ("a/my app.yaml", "a/my app.yaml\t", "a blank would end it"),
            ("a/x\n+++ b/y.yaml", r#""a/x\012+++ b/y.yaml""#, "a head of another file"),
            ("a/\u{1b}[2J.yaml", r#""a/\033[2J.yaml""#, "an escape sequence"),
            ("a/t\t.yaml", r#""a/t\011.yaml""#, "a tab would end it"),
            ("a/\"q\\.yaml", r#""a/\"q\\.yaml""#, "what quotes and escapes"),
            ("a/ü.yaml", r#""a/\303\274.yaml""#, "letters beyond ASCII"),
        ] {
            assert_eq!(quoted(path), expected, "{why}");
        }
    }
}
