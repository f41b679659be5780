//! Whether a job can run for an event: its `if`, as far as it speaks of the event and the ref.
//! Everything else is not known, and what is not known can be.

use crate::refs::Refs;

/// Levels of parentheses that are followed; deeper ones are not known.
const DEPTH_MAX: usize = 20;

/// Whether the condition is false for every run of these refs.
pub(crate) fn excludes(condition: &str, refs: &Refs) -> bool {
    let mut parser = Parser { tokens: tokens(condition), at: 0, refs, depth: 0, broken: false };
    let value = parser.either();
    let whole = parser.at == parser.tokens.len() && !parser.broken;
    whole && value.truth() == Some(false)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

/// What an expression is, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Bool(bool),
    Text(String),
    /// The ref of the run.
    Ref,
    Unknown,
}

impl Value {
    fn truth(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            Value::Text(text) => Some(!text.is_empty()),
            Value::Ref => Some(true),
            Value::Unknown => None,
        }
    }
}

const SIGNS: &[&str] =
    &["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", ",", "[", "]"];

fn tokens(mut text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    loop {
        text = text.trim_start();
        let Some(first) = text.chars().next() else { return tokens };
        if first == '\'' {
            // `''` within is a quote.
            let mut inner = String::new();
            text = &text[1..];
            loop {
                let end = text.find('\'').unwrap_or(text.len());
                inner.push_str(&text[..end]);
                text = text.get(end + 1..).unwrap_or_default();
                match text.strip_prefix('\'') {
                    Some(rest) => {
                        inner.push('\'');
                        text = rest;
                    }
                    None => break,
                }
            }
            tokens.push(Token::Text(inner));
        } else if let Some(sign) = SIGNS.iter().find(|sign| text.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            text = &text[sign.len()..];
        } else {
            let is_part = |c: char| c.is_alphanumeric() || "._-*".contains(c);
            let end = text.find(|c| !is_part(c)).unwrap_or(text.len()).max(first.len_utf8());
            tokens.push(Token::Word(text[..end].to_owned()));
            text = &text[end..];
        }
    }
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    refs: &'a Refs,
    depth: usize,
    /// Something is missing in it.
    broken: bool,
}

impl Parser<'_> {
    fn eat(&mut self, sign: &str) -> bool {
        let there = self.tokens.get(self.at).is_some_and(|token| *token == sign);
        self.at += usize::from(there);
        there
    }

    fn either(&mut self) -> Value {
        let mut value = self.both();
        while self.eat("||") {
            let other = self.both();
            value = match (value.truth(), other.truth()) {
                (Some(true), _) => value,
                (Some(false), _) => other,
                (None, Some(true)) => Value::Bool(true),
                (None, _) => Value::Unknown,
            };
        }
        value
    }

    fn both(&mut self) -> Value {
        let mut value = self.compared();
        while self.eat("&&") {
            let other = self.compared();
            value = match (value.truth(), other.truth()) {
                (Some(false), _) => value,
                (Some(true), _) => other,
                (None, Some(false)) => Value::Bool(false),
                (None, _) => Value::Unknown,
            };
        }
        value
    }

    fn compared(&mut self) -> Value {
        let left = self.single();
        if self.eat("==") {
            let right = self.single();
            return known(self.equal(&left, &right));
        }
        if self.eat("!=") {
            let right = self.single();
            return known(self.equal(&left, &right).map(|equal| !equal));
        }
        if ["<", ">", "<=", ">="].iter().any(|sign| self.eat(sign)) {
            self.single();
            return Value::Unknown;
        }
        left
    }

    fn single(&mut self) -> Value {
        if self.eat("!") {
            return known(self.single().truth().map(|truth| !truth));
        }
        if self.eat("(") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                self.at = self.tokens.len();
                return Value::Unknown;
            }
            let value = self.either();
            self.depth -= 1;
            self.eat(")");
            return value;
        }
        match self.tokens.get(self.at).cloned() {
            Some(Token::Text(text)) => {
                self.at += 1;
                Value::Text(text)
            }
            Some(Token::Word(word)) => {
                self.at += 1;
                if self.eat("(") { self.call(&word) } else { self.named(&word) }
            }
            _ => {
                self.broken = true;
                Value::Unknown
            }
        }
    }

    fn named(&mut self, word: &str) -> Value {
        if self.eat("[") {
            self.either();
            self.eat("]");
            return Value::Unknown;
        }
        match word.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "github.event_name" if self.refs.is_of_other_callers() => Value::Unknown,
            "github.event_name" => Value::Text(self.refs.event.to_string()),
            "github.ref" => Value::Ref,
            "github.ref_type" => match self.refs.start() {
                start if start.starts_with("refs/tags/") => Value::Text("tag".to_owned()),
                start if start.starts_with("refs/heads/") => Value::Text("branch".to_owned()),
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    fn call(&mut self, name: &str) -> Value {
        let mut arguments = Vec::new();
        self.depth += 1;
        while self.depth <= DEPTH_MAX && !self.eat(")") && self.at < self.tokens.len() {
            let before = self.at;
            arguments.push(self.either());
            self.eat(",");
            if self.at == before {
                self.at = self.tokens.len();
            }
        }
        self.depth -= 1;
        let name = name.to_ascii_lowercase();
        match (name.as_str(), arguments.as_slice()) {
            ("always", []) => Value::Bool(true),
            ("startswith", [Value::Ref, Value::Text(start)]) => known(self.refs.begin_with(start)),
            ("startswith", [Value::Text(text), Value::Text(start)]) => {
                Value::Bool(text.to_lowercase().starts_with(&start.to_lowercase()))
            }
            ("contains", [Value::Text(text), Value::Text(part)]) => {
                Value::Bool(text.to_lowercase().contains(&part.to_lowercase()))
            }
            _ => Value::Unknown,
        }
    }

    fn equal(&self, left: &Value, right: &Value) -> Option<bool> {
        match (left, right) {
            (Value::Text(one), Value::Text(other)) => Some(one.eq_ignore_ascii_case(other)),
            (Value::Bool(one), Value::Bool(other)) => Some(one == other),
            (Value::Ref, Value::Text(name)) | (Value::Text(name), Value::Ref) => {
                self.refs.are(name)
            }
            _ => None,
        }
    }
}

fn known(truth: Option<bool>) -> Value {
    truth.map_or(Value::Unknown, Value::Bool)
}

impl PartialEq<&str> for Token {
    fn eq(&self, sign: &&str) -> bool {
        matches!(self, Token::Sign(own) if own == sign)
    }
}

impl PartialEq<str> for Token {
    fn eq(&self, sign: &str) -> bool {
        *self == sign
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triggers::{Event, Trigger};

    fn refs(event: Event) -> Refs {
        let mut trigger = Trigger::new(event, sealwright_yaml::Place::default());
        let written = crate::model::Written {
            text: "main".to_owned(),
            at: sealwright_yaml::Place::default(),
        };
        trigger.branches = crate::triggers::Filter::Only(vec![written]);
        crate::refs::of(&trigger, Some("main")).remove(0)
    }

    #[test]
    fn conditions_that_speak_of_the_event_decide() {
        for (event, condition, excluded, why) in [
            (Event::Push, "github.event_name != 'pull_request'", false, "another event"),
            (Event::PullRequest, "github.event_name != 'pull_request'", true, "that event"),
            (Event::PullRequest, "github.event_name == 'push' && x", true, "and more"),
            (Event::PullRequest, "github.event_name == 'push' || x", false, "or something unknown"),
            (Event::PullRequest, "!(github.event_name == 'pull_request')", true, "negated"),
            (Event::PullRequest, "github.ref == 'refs/heads/main'", true, "by the ref"),
            (Event::Push, "github.ref == 'refs/heads/main'", false, "the very ref"),
            (Event::Push, "github.ref != 'refs/heads/main'", true, "not the very ref"),
            (Event::Push, "startsWith(github.ref, 'refs/tags/')", true, "a branch"),
            (
                Event::WorkflowDispatch,
                "startsWith(github.ref, 'refs/tags/v')",
                false,
                "perhaps a tag",
            ),
            (Event::WorkflowDispatch, "github.ref == 'refs/heads/main'", false, "perhaps main"),
            (Event::Push, "github.ref_type == 'tag'", true, "by the kind of ref"),
            (Event::Push, "always() && !cancelled()", false, "about the run"),
            (Event::Push, "false", true, "never"),
            (Event::Push, "github.repository == 'acme/x'", false, "not about the event"),
            (Event::Push, "contains(fromJSON('[1]'), github.actor)", false, "unknown functions"),
            (Event::Push, "'it''s' == 'it''s'", false, "a quote in a text"),
            (Event::Push, "false &&", false, "not finished"),
            (Event::Push, "false )", false, "not an expression"),
        ] {
            let name = format!("{why}: {event} {condition}");
            assert_eq!(excludes(condition, &refs(event)), excluded, "{name}");
        }
    }

    #[test]
    fn no_condition_is_too_strange() {
        for strange in ["(", "((((((", "!", "a[", "f(", "f(,", "'", "&&", "é == 'é'", "\u{1f600}"]
        {
            excludes(&strange.repeat(500), &refs(Event::Push));
        }
    }
}
