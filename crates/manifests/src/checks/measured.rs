//! Matchers measured once each: repositories repeat them in hundreds of places.

use std::collections::HashMap;

use sealwright_pattern::About;
use sealwright_policy::{Code, Finding, Requirements};

use super::expected::{Expected, Measure};
use crate::declaration::{Declaration, Form, Matcher};
use crate::patterns::Judge;

type Asked = (String, Form, u8, Option<String>);

/// What is known of one matcher.
#[derive(Clone)]
pub(super) struct Measured {
    /// What is wrong with it, without places.
    pub(super) findings: Vec<Finding>,
    /// What it should be.
    suggestion: Option<String>,
    /// What would still be wrong with that.
    left: Vec<Code>,
}

impl Measured {
    /// What to write where that mends this.
    pub(super) fn mends(&self, code: Code) -> Option<&str> {
        self.suggestion.as_deref().filter(|_| !self.left.contains(&code))
    }
}

/// What is known of each matcher.
pub(super) struct Measures<'a> {
    pub(super) expected: &'a Expected<'a>,
    answers: HashMap<Asked, Measured>,
}

impl<'a> Measures<'a> {
    pub(super) fn new(expected: &'a Expected<'a>) -> Self {
        Self { expected, answers: HashMap::new() }
    }

    pub(super) fn measure(&self, declaration: &Declaration) -> Option<Measure> {
        self.expected.measure(declaration)
    }

    /// What is wrong with a matcher, and what it should be.
    pub(super) fn ask(
        &mut self,
        matcher: &Matcher,
        about: About,
        measure: Option<&Measure>,
    ) -> Measured {
        // One name, written out with care, is what most matchers of a tidy repository are.
        if measure.is_none() && matcher.form == Form::Regex && is_one_name(&matcher.text) {
            return Measured { findings: vec![], suggestion: None, left: vec![] };
        }
        let text = matcher.text.clone();
        let artifacts = measure.map(|measure| measure.artifacts.clone());
        let asked = (text, matcher.form, about as u8, artifacts);
        let allowed: Option<&Requirements> = measure.map(|measure| &measure.requirements);
        let answer = self.answers.entry(asked).or_insert_with(|| {
            let judge = Judge { allowed, suggest: true };
            let findings = judge.findings(&matcher.text, matcher.form, about);
            let suggestion = match (findings.is_empty(), matcher.form, allowed) {
                (true, ..) | (_, Form::Glob | Form::Exact | Form::Prefix, None) => None,
                _ => judge.suggestion(&matcher.text, about),
            };
            // One by the configuration is what is meant.
            let again = suggestion.iter().filter(|_| allowed.is_none());
            let again = again.flat_map(|tight| judge.findings(tight, Form::Regex, about));
            Measured { left: again.map(|one| one.code).collect(), findings, suggestion }
        });
        answer.clone()
    }
}

/// Whether a pattern matches one plain name and nothing else: `^https://github\.com/acme/a$`.
fn is_one_name(pattern: &str) -> bool {
    let inner = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$'));
    let Some(inner) = inner.filter(|inner| !inner.is_empty()) else { return false };
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        let plain = letter.is_ascii_alphanumeric() || "-/@_:".contains(letter);
        let escaped = |next: char| "-./".contains(next);
        let holds = plain || (letter == '\\' && letters.next().is_some_and(escaped));
        if !holds {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_told_from_more() {
        for (pattern, expected, why) in [
            (
                r"^https://github\.com/acme/a/\.github/workflows/cd\.yaml@refs/heads/main$",
                true,
                "written out",
            ),
            (r"^https:\/\/github\.com$", true, "slashes may be escaped"),
            (r"^https://github.com$", false, "a dot is any letter"),
            (r"^a\d$", false, "a class"),
            (r"^a\$", false, "an escaped dollar is no end"),
            (r"^a|b$", false, "an alternative is open at one end"),
            ("^a", false, "no end"),
            ("^$", false, "nothing"),
            ("^a b$", false, "a letter that no name has"),
        ] {
            assert_eq!(is_one_name(pattern), expected, "{why}: {pattern}");
            let said = Judge { allowed: None, suggest: false }.findings(
                pattern,
                Form::Regex,
                About::Subject,
            );
            assert!(!expected || said.is_empty(), "the whole analysis says the same: {said:?}");
        }
    }
}
