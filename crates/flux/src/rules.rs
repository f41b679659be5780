//! The rules of the controller, by name. Each has an anchor of the same name in
//! `docs/concepts/flux.md`.

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, and anchor in the documentation.
    pub name: &'static str,
    /// The rule, in one sentence.
    pub says: &'static str,
    /// First version of source-controller that it holds for; `None` for all that are known.
    pub since: Option<&'static str>,
    /// First version that it holds for no longer.
    pub until: Option<&'static str>,
}

/// A suspended source is left alone.
pub const SUSPENDED: Rule =
    rule("suspended", "A suspended source is not reconciled; its conditions stay as they are.");

/// All rules.
pub const RULES: &[&Rule] = &[&SUSPENDED];

const fn rule(name: &'static str, says: &'static str) -> Rule {
    Rule { name, says, since: None, until: None }
}
