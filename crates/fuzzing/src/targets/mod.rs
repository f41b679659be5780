//! Everything that reads what strangers send. Each function panics when something does not hold.

mod judging;
mod paper;
mod words;

pub use judging::{bundle, evidence, statement};
pub use paper::{go_pattern, manifests, shell, tree, workflows, yaml};
pub use words::{config, report};

/// A reader of bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, also of the file in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// What must hold of any bytes.
    pub check: fn(&[u8]),
    /// Where bytes to begin with are.
    pub seeds: Seeds,
}

/// Kinds of bytes to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seeds {
    /// Manifests, workflows, scripts and documents, and the texts in the tests that are about them.
    Texts,
    /// Recorded evidence.
    Recordings,
    /// Configurations, good and bad ones.
    Configs,
    /// Reports in JSON.
    Reports,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "bundle", check: bundle, seeds: Seeds::Recordings },
    Target { name: "config", check: config, seeds: Seeds::Configs },
    Target { name: "evidence", check: evidence, seeds: Seeds::Recordings },
    Target { name: "go_pattern", check: go_pattern, seeds: Seeds::Texts },
    Target { name: "manifests", check: manifests, seeds: Seeds::Texts },
    Target { name: "report", check: report, seeds: Seeds::Reports },
    Target { name: "shell", check: shell, seeds: Seeds::Texts },
    Target { name: "statement", check: statement, seeds: Seeds::Recordings },
    Target { name: "tree", check: tree, seeds: Seeds::Texts },
    Target { name: "workflows", check: workflows, seeds: Seeds::Texts },
    Target { name: "yaml", check: yaml, seeds: Seeds::Texts },
];
