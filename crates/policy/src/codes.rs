//! Every finding code there is: the only table. `explain`, the SARIF rules and the docs come from it.
//!
//! The first digit is the area: 1 config, 2 registry and gathering, 3 evidence and cryptography,
//! 4 identity and requirements, 5 contents and packing, 6 publishing and signing services.
//! A code is never reused and never renumbered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::Severity;

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The code itself.
    pub code: Code,
    /// `SW` and four digits.
    pub id: &'static str,
    /// How loud it is unless the situation says otherwise.
    pub severity: Severity,
    /// A headline.
    pub title: &'static str,
    /// What brings it about.
    pub cause: &'static str,
    /// What could happen if nobody cared.
    pub risk: &'static str,
    /// What to do.
    pub fix: &'static str,
}

macro_rules! codes {
    ($($name:ident $id:literal $severity:ident $title:literal $cause:literal $risk:literal $fix:literal;)*) => {
        /// A finding code. Serialised as its id, `SW1001`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[allow(missing_docs, reason = "the table below documents each")]
        pub enum Code {
            $(#[serde(rename = $id)] $name,)*
        }

        /// The table, in the order of the ids.
        pub const TABLE: &[Entry] = &[
            $(Entry { code: Code::$name, id: $id, severity: Severity::$severity, title: $title, cause: $cause, risk: $risk, fix: $fix },)*
        ];
    };
}

codes! {
    ConfigUnreadable "SW1001" Error
        "The configuration cannot be read"
        "The file is missing, larger than 1 MiB, not UTF-8, or not YAML."
        "Nothing can be judged without knowing who may sign."
        "Give the path with --config, and mend the place that the message points at.";
}

impl Code {
    /// This code's row.
    pub fn entry(self) -> &'static Entry {
        &TABLE[self as usize]
    }

    /// The code of this id, if there is one.
    pub fn parse(id: &str) -> Option<Code> {
        TABLE.iter().find(|entry| entry.id.eq_ignore_ascii_case(id)).map(|entry| entry.code)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.entry().id)
    }
}
