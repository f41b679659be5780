//! Matchers measured once each: repositories repeat them in hundreds of places.

use std::collections::HashMap;

use sealwright_pattern::About;
use sealwright_policy::{Finding, Requirements};

use super::expected::{Expected, Measure};
use crate::declaration::{Declaration, Form, Matcher};
use crate::patterns::Judge;

type Asked = (String, Form, bool, Option<String>);

/// What is known of each matcher.
pub(super) struct Measures<'a> {
    pub(super) expected: &'a Expected<'a>,
    answers: HashMap<Asked, (Vec<Finding>, Option<String>)>,
}

impl<'a> Measures<'a> {
    pub(super) fn new(expected: &'a Expected<'a>) -> Self {
        Self { expected, answers: HashMap::new() }
    }

    pub(super) fn measure(&self, declaration: &Declaration) -> Option<Measure> {
        self.expected.measure(declaration)
    }

    /// What is wrong with a matcher, without places, and what it should be.
    pub(super) fn ask(
        &mut self,
        matcher: &Matcher,
        about: About,
        measure: Option<&Measure>,
    ) -> (Vec<Finding>, Option<String>) {
        let text = matcher.text.clone();
        let artifacts = measure.map(|measure| measure.artifacts.clone());
        let asked = (text, matcher.form, about == About::Issuer, artifacts);
        let allowed: Option<&Requirements> = measure.map(|measure| &measure.requirements);
        let answer = self.answers.entry(asked).or_insert_with(|| {
            let judge = Judge { allowed, suggest: true };
            let findings = judge.findings(&matcher.text, matcher.form, about);
            let suggestion = match (findings.is_empty(), matcher.form, allowed) {
                (true, ..) | (_, Form::Glob | Form::Exact | Form::Prefix, None) => None,
                _ => judge.suggestion(&matcher.text, about),
            };
            (findings, suggestion)
        });
        answer.clone()
    }
}
