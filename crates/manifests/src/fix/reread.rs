//! What the files declare once one of them is changed: alone, where a file says all of it, or with all
//! the others, where it patches what they declare.

use std::cell::OnceCell;

use crate::discover::{Facts, look};
use crate::found::Found;
use crate::{File, discover, join};

/// All files as they are.
pub(super) struct Reread<'a> {
    facts: &'a [Facts],
    before: OnceCell<Found>,
}

impl<'a> Reread<'a> {
    pub(super) fn new(facts: &'a [Facts]) -> Self {
        Self { facts, before: OnceCell::new() }
    }

    /// What is declared; of all files when others have a say in it.
    pub(super) fn before(&self, file: File<'_>, with_others: bool) -> Found {
        if !with_others {
            return discover([file]);
        }
        self.before.get_or_init(|| join(self.facts.to_vec())).clone()
    }

    /// The same with other bytes in this file.
    pub(super) fn after(&self, file: File<'_>, with_others: bool) -> Found {
        if !with_others {
            return discover([file]);
        }
        let others = self.facts.iter().filter(|one| one.path != file.path).cloned();
        join(others.chain([look(file)]).collect())
    }
}
