//! Sets of code points. Surrogates belong to them: Go counts them, although no text holds one.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// The largest code point.
pub(super) const RUNE_MAX: u32 = 0x10_FFFF;
const SURROGATE_FIRST: u32 = 0xD800;
const SURROGATE_LAST: u32 = 0xDFFF;

/// A set of code points: inclusive ranges, ascending, with a gap between any two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RuneSet(Vec<(u32, u32)>);

impl RuneSet {
    pub(super) fn of(ranges: &[(u32, u32)]) -> RuneSet {
        let mut set = RuneSet(ranges.to_vec());
        set.canonicalise();
        set
    }

    pub(super) fn any() -> RuneSet {
        RuneSet(vec![(0, RUNE_MAX)])
    }

    pub(super) fn surrogates() -> RuneSet {
        RuneSet(vec![(SURROGATE_FIRST, SURROGATE_LAST)])
    }

    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    pub(super) fn contains(&self, rune: u32) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= rune);
        after > 0 && rune <= self.0[after - 1].1
    }

    pub(super) fn add(&mut self, ranges: &[(u32, u32)]) {
        self.0.extend_from_slice(ranges);
        self.canonicalise();
    }

    pub(super) fn union(&mut self, other: &RuneSet) {
        self.add(&other.0);
    }

    pub(super) fn negated(&self) -> RuneSet {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut next = 0;
        for (first, last) in &self.0 {
            if next < *first {
                gaps.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= RUNE_MAX {
            gaps.push((next, RUNE_MAX));
        }
        RuneSet(gaps)
    }

    fn canonicalise(&mut self) {
        self.0.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(self.0.len());
        for (first, last) in self.0.drain(..) {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        self.0 = merged;
    }

    /// What of it a text can hold.
    pub(super) fn scalars(&self) -> ClassUnicode {
        let pieces = self.0.iter().flat_map(|(first, last)| {
            [(*first, (*last).min(SURROGATE_FIRST - 1)), ((*first).max(SURROGATE_LAST + 1), *last)]
        });
        ClassUnicode::new(pieces.filter_map(|(first, last)| {
            let (first, last) = (char::from_u32(first)?, char::from_u32(last)?);
            (first <= last).then(|| ClassUnicodeRange::new(first, last))
        }))
    }
}

impl From<&ClassUnicode> for RuneSet {
    fn from(class: &ClassUnicode) -> Self {
        let ranges = class.ranges().iter();
        let ranges: Vec<_> = ranges.map(|r| (u32::from(r.start()), u32::from(r.end()))).collect();
        RuneSet::of(&ranges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_become_one() {
        let set = RuneSet::of(&[(5, 9), (1, 2), (3, 3), (20, 30), (8, 12)]);
        assert_eq!(set.ranges(), [(1, 3), (5, 12), (20, 30)]);
        for (rune, inside) in
            [(0, false), (1, true), (3, true), (4, false), (12, true), (31, false)]
        {
            assert_eq!(set.contains(rune), inside, "{rune}");
        }
    }

    #[test]
    fn what_is_negated_twice_is_the_same() {
        for ranges in
            [&[][..], &[(0, RUNE_MAX)], &[(0, 9)], &[(65, 90), (97, 122)], &[(9, RUNE_MAX)]]
        {
            let set = RuneSet::of(ranges);
            assert_eq!(set.negated().negated(), set);
            assert!(set.ranges().iter().all(|(first, _)| !set.negated().contains(*first)));
        }
    }

    #[test]
    fn a_text_holds_no_surrogates() {
        assert!(RuneSet::surrogates().scalars().ranges().is_empty());
        assert_eq!(RuneSet::of(&[(0xD7FF, 0xE000)]).scalars().ranges().len(), 2);
        assert_eq!(RuneSet::any().scalars().ranges().len(), 2);
        let ends = RuneSet::of(&[(0xDFFF, 0xE001)]).scalars();
        assert_eq!(ends.ranges(), [ClassUnicodeRange::new('\u{E000}', '\u{E001}')]);
    }
}
