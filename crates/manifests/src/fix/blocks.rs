//! Lines that belong together by their indentation.

use std::ops::Range;

use sealwright_yaml::Place;

/// A line of the file: its bytes with the line break, and how far it is indented.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) start: usize,
    pub(super) end: usize,
    /// `None`: there is nothing on it.
    pub(super) indent: Option<usize>,
}

pub(super) fn line_at(file: &[u8], at: usize) -> Line {
    let start = file[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |found| found + 1);
    let end = file[at..].iter().position(|byte| *byte == b'\n');
    let end = end.map_or(file.len(), |found| at + found + 1);
    let text = &file[start..end];
    let indent = text.iter().position(|byte| !byte.is_ascii_whitespace());
    Line { start, end, indent }
}

/// Where the block ends that begins on this line: behind the last line that is indented further.
/// Comments and empty lines behind it belong to what follows.
pub(super) fn end(file: &[u8], first: Line) -> usize {
    let indent = first.indent.unwrap_or_default();
    let mut end = first.end;
    let mut next = first.end;
    while next < file.len() {
        let line = line_at(file, next);
        next = line.end;
        match line.indent {
            Some(deeper) if deeper > indent => end = line.end,
            None => {}
            Some(_) => break,
        }
    }
    end
}

/// All of an item of a list, with what parts it from the one before. `None`: it shares lines with
/// something else.
pub(super) fn item(file: &[u8], before: &Place, item: &Place) -> Option<Range<usize>> {
    let at = item.range.start;
    let line = line_at(file, file.get(..at).map(|_| at)?);
    let lead = file.get(line.start..at)?.trim_ascii();
    if lead == b"-" {
        return Some(line.start..end(file, line));
    }
    // Between brackets: the comma before goes with it.
    let between = file.get(before.range.end..at)?.trim_ascii();
    (between == b"," && !item.range.is_empty()).then_some(before.range.end..item.range.end)
}
