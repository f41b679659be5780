//! What names stand for at one step: inputs, environment variables, and what is known of the event.

use std::collections::BTreeMap;
use std::rc::Rc;

use sealwright_manifests::shell::{Part, Word};

use super::made::Made;
use super::target::is_open;
use crate::expression::{Contexts, Expression, Value};
use crate::goreleaser::Configurations;
use crate::matrix::{Cell, Combination};
use crate::model::{Setting, Step};
use crate::triggers::Event;

/// Variables within variables; more is a circle.
const DEPTH_MAX: u8 = 8;

/// What is known of the ref that a run stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ref {
    /// This one.
    Exact(String),
    /// A branch that no condition names: what anybody with write access can push.
    Anybodys,
    /// Some tag.
    Tag,
    /// Not on paper.
    Unknown,
}

pub(super) const ANYBODYS_BRANCH: &str = "a-branch-of-anybody";

/// Names at one place.
#[derive(Debug, Clone)]
pub(super) struct Scope<'a> {
    pub(super) event: &'a Event,
    /// `owner/name` of the repository, when that is known.
    pub(super) repository: Option<&'a str>,
    pub(super) reference: Ref,
    /// Inputs of the workflow or action, by name in lower case; not known when not in here.
    pub(super) inputs: BTreeMap<String, String>,
    /// Whether inputs are what somebody chose who started it.
    pub(super) chosen: bool,
    /// Whether inputs are those of an action: all texts, so that `false` counts as yes.
    pub(super) texts: bool,
    /// The combination that the job runs for, as far as its matrix is written out.
    pub(super) matrix: Option<Rc<Combination>>,
    /// `env` from the innermost to the outermost.
    pub(super) env: Vec<&'a [Setting]>,
    /// What earlier steps wrote into `$GITHUB_ENV`.
    pub(super) exported: BTreeMap<String, String>,
    /// What earlier steps made or fetched.
    pub(super) made: Made,
    /// Steps that stand beside, for what their outputs say.
    pub(super) steps: &'a [Step],
    /// What goreleaser pushes in this repository.
    pub(super) goreleaser: &'a Configurations,
}

/// Variables of a script.
pub(super) type Variables = BTreeMap<String, String>;

/// Variables that the runner sets, and the context that says the same.
const RUNNER: &[(&str, &str)] = &[
    ("GITHUB_REPOSITORY", "github.repository"),
    ("GITHUB_REPOSITORY_OWNER", "github.repository_owner"),
    ("GITHUB_SHA", "github.sha"),
    ("GITHUB_REF", "github.ref"),
    ("GITHUB_REF_NAME", "github.ref_name"),
    ("GITHUB_RUN_ID", "github.run_id"),
    ("GITHUB_RUN_NUMBER", "github.run_number"),
    ("GITHUB_RUN_ATTEMPT", "github.run_attempt"),
    ("GITHUB_EVENT_NAME", "github.event_name"),
];

impl<'a> Scope<'a> {
    /// Whether a condition lets it run; not said is yes, not known is `None`.
    pub(super) fn condition(&self, text: Option<&str>) -> Option<bool> {
        let Some(text) = text else { return Some(true) };
        if text.contains("${{") && !text.trim().starts_with("${{") {
            return None;
        }
        Expression::parse(text)?.value(self).truth()
    }

    /// A text of the file with its expressions put in, as far as they are known.
    pub(super) fn expand(&self, text: &str) -> String {
        self.expand_within(text, 0)
    }

    fn expand_within(&self, text: &str, depth: u8) -> String {
        let mut whole = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${{") {
            let Some(length) = rest[start..].find("}}") else { break };
            whole.push_str(&rest[..start]);
            whole.push_str(&self.expression(&rest[start + 3..start + length], depth));
            rest = &rest[start + length + 2..];
        }
        whole + rest
    }

    fn expression(&self, inner: &str, depth: u8) -> String {
        let inner = inner.trim();
        let open = || format!("${{{{ {inner} }}}}");
        let Some(expression) = Expression::parse(inner) else { return open() };
        if let Expression::Context(path) = &expression
            && let Some(text) = self.named(path, depth)
        {
            return text;
        }
        expression.value(self).text().unwrap_or_else(open)
    }

    /// What an input or variable holds, open or not; `None` for other contexts.
    pub(super) fn named(&self, path: &str, depth: u8) -> Option<String> {
        if let Some(name) = path.strip_prefix("inputs.") {
            let known = self.inputs.get(name).cloned();
            return known.or_else(|| (!self.chosen).then(String::new));
        }
        if let Some(name) = path.strip_prefix("matrix.") {
            return Some(match self.matrix.as_ref()?.get(name)? {
                // One value that names another is a circle.
                Some(Cell::Text(text)) if depth < DEPTH_MAX => self.expand_within(text, depth + 1),
                Some(Cell::Text(text)) => text.clone(),
                Some(Cell::Bool(truth)) => truth.to_string(),
                None => String::new(),
            });
        }
        let name = path.strip_prefix("env.")?;
        self.environment(name, depth)
    }

    /// Whether what a context holds is a yes or no, and no text of that look.
    fn is_bool(&self, path: &str) -> bool {
        match path.strip_prefix("matrix.") {
            Some(name) => {
                let cell = self.matrix.as_ref().and_then(|matrix| matrix.get(name)).flatten();
                matches!(cell, Some(Cell::Bool(_)))
            }
            None => path.starts_with("inputs.") && !self.texts,
        }
    }

    /// A variable of the environment, by its name in any case.
    fn environment(&self, name: &str, depth: u8) -> Option<String> {
        let exported = self.exported.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        if let Some((_, value)) = exported {
            return Some(value.clone());
        }
        if depth >= DEPTH_MAX {
            return None;
        }
        let mut layers = self.env.iter().flat_map(|layer| layer.iter());
        let setting = layers.find(|setting| setting.name.eq_ignore_ascii_case(name))?;
        Some(self.expand_within(&setting.value.as_ref()?.text, depth + 1))
    }

    /// A word of a script with its variables put in, as far as they are known.
    pub(super) fn word(&self, word: &Word, variables: &Variables) -> String {
        word.parts.iter().map(|part| self.part(part, variables)).collect()
    }

    fn part(&self, part: &Part, variables: &Variables) -> String {
        match part {
            Part::Text(text) | Part::Substitution(text) => text.clone(),
            Part::Expression(inner) => self.expression(inner, 0),
            Part::Variable { name, default, written } => {
                let plain = [format!("${name}"), format!("${{{name}}}")].contains(written);
                let lower = *written == format!("${{{name},,}}");
                let value = variables.get(name).cloned();
                let value = value.or_else(|| self.environment(name, 0));
                let value = value.or_else(|| Some(self.expression(runner(name)?, 0)));
                match (value, default) {
                    (Some(value), _) if plain => value,
                    (Some(value), _) if lower => value.to_lowercase(),
                    (Some(value), Some(default)) => {
                        if value.is_empty() {
                            default.clone()
                        } else {
                            value
                        }
                    }
                    (None, Some(default)) if !is_open(default) => default.clone(),
                    _ if plain => format!("${{{name}}}"),
                    _ => written.clone(),
                }
            }
        }
    }

    fn reference(&self) -> Value {
        match &self.reference {
            Ref::Exact(reference) => Value::Text(reference.clone()),
            Ref::Anybodys => Value::Text(format!("refs/heads/{ANYBODYS_BRANCH}")),
            Ref::Tag => Value::Begins("refs/tags/".to_owned()),
            Ref::Unknown => Value::Unknown,
        }
    }

    /// `github.…`
    fn github(&self, name: &str) -> Value {
        use Event::{PullRequest, PullRequestTarget, WorkflowDispatch, WorkflowRun};
        let text = |text: &str| Value::Text(text.to_owned());
        let of_pull_request = matches!(self.event, PullRequest | PullRequestTarget);
        match name {
            "repository" => self.repository.map_or(Value::Unknown, text),
            "repository_owner" => {
                let owner = self.repository.and_then(|name| name.split('/').next());
                owner.map_or(Value::Unknown, text)
            }
            "event_name" => text(&self.event.to_string()),
            "ref" => self.reference(),
            "ref_name" => match self.reference() {
                Value::Text(reference) => {
                    let mut parts = reference.splitn(3, '/');
                    parts.nth(2).map_or(Value::Unknown, text)
                }
                _ => Value::Unknown,
            },
            "ref_type" => match &self.reference {
                Ref::Tag => text("tag"),
                Ref::Anybodys => text("branch"),
                Ref::Exact(reference) if reference.starts_with("refs/heads/") => text("branch"),
                _ => Value::Unknown,
            },
            "head_ref" | "base_ref" if !of_pull_request => Value::Null,
            _ if name.starts_with("event.pull_request") && !of_pull_request => {
                // Reviews and comments have one as well.
                match self.event {
                    Event::Other(_) => Value::Unknown,
                    _ => Value::Null,
                }
            }
            _ if name.starts_with("event.workflow_run") && *self.event != WorkflowRun => {
                Value::Null
            }
            _ if name.starts_with("event.release") && *self.event != Event::Release => Value::Null,
            _ if name.starts_with("event.inputs") && *self.event != WorkflowDispatch => Value::Null,
            _ => Value::Unknown,
        }
    }
}

fn runner(name: &str) -> Option<&'static str> {
    RUNNER.iter().find(|(known, _)| *known == name).map(|(_, context)| *context)
}

impl Contexts for Scope<'_> {
    fn value(&self, path: &str) -> Value {
        if let Some(name) = path.strip_prefix("github.") {
            return self.github(name);
        }
        match self.named(path, 0) {
            Some(text) if !is_open(&text) => match text.as_str() {
                "" => Value::Null,
                "true" | "false" if self.is_bool(path) => Value::Bool(text == "true"),
                _ => Value::Text(text),
            },
            _ => Value::Unknown,
        }
    }
}
