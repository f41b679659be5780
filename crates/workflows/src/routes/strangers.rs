//! What a step takes from people who may be anybody: their code, and texts that they choose.

use sealwright_manifests::shell;

use super::deeds::{Deed, What};
use super::scope::Scope;
use crate::expression::{Contexts, Expression, Value};
use crate::model::{Script, Setting, setting};

/// Contexts that hold a text which its author chooses freely, by their beginning and end.
const CHOSEN: &[(&str, &[&str])] = &[
    (
        "github.event.pull_request.",
        &["title", "body", "head.ref", "head.label", "head.repo.default_branch"],
    ),
    ("github.event.issue.", &["title", "body"]),
    ("github.event.comment.", &["body"]),
    ("github.event.review.", &["body"]),
    ("github.event.review_comment.", &["body"]),
    ("github.event.discussion.", &["title", "body"]),
    ("github.event.head_commit.", &["message", "author.name", "author.email"]),
    ("github.event.commits.", &["message", "author.name", "author.email"]),
    ("github.event.pages.", &["page_name"]),
    ("github.event.workflow_run.", &["head_branch", "head_commit.message", "display_title"]),
    ("github.head_ref", &[""]),
];

/// What a ref of a checkout holds when it is a proposal.
const PROPOSALS: &[&str] = &[
    "github.event.pull_request.head",
    "github.event.pull_request.merge_commit_sha",
    "github.head_ref",
    "github.event.workflow_run.head_",
    "refs/pull/",
];

/// Whether a stranger chooses the text that an expression puts in.
fn is_chosen(inner: &str, scope: &Scope<'_>) -> bool {
    let Some(expression) = Expression::parse(inner) else { return false };
    let mut paths = Vec::new();
    pasted(&expression, &mut paths);
    paths.iter().any(|path| {
        let chosen = CHOSEN.iter().any(|(start, ends)| {
            path.strip_prefix(start).is_some_and(|rest| {
                ends.iter().any(|end| rest == *end || rest.ends_with(&format!(".{end}")))
            })
        });
        chosen && scope.value(path) != Value::Null
    })
}

/// The contexts whose text may come out of an expression: comparisons give a yes or no.
fn pasted(expression: &Expression, paths: &mut Vec<String>) {
    match expression {
        Expression::Context(path) => paths.push(path.clone()),
        Expression::Or(one, other) => {
            pasted(one, paths);
            pasted(other, paths);
        }
        Expression::And(_, other) => pasted(other, paths),
        Expression::Call(name, arguments) if name == "format" || name == "join" => {
            arguments.iter().for_each(|argument| pasted(argument, paths));
        }
        _ => (),
    }
}

fn expressions(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("${{").filter_map(|(at, _)| {
        let inner = &text[at + 3..];
        Some((at, inner[..inner.find("}}")?].trim()))
    })
}

pub(super) fn of_script(script: &Script, file: &str, scope: &Scope<'_>) -> Vec<Deed> {
    let line = |at: usize| script.line(script.text[..at].matches('\n').count());
    let deed =
        |what, at: usize, by: &str| Deed { by: by.to_owned(), ..Deed::new(what, file, &line(at)) };
    let chosen = expressions(&script.text).filter(|(_, inner)| is_chosen(inner, scope));
    let pastes = chosen.map(|(at, inner)| deed(What::Pastes(inner.to_owned()), at, "run"));
    let mut deeds: Vec<Deed> = pastes.collect();
    for command in &shell::read(&script.text).commands {
        let Some((program, arguments)) = command.program() else { continue };
        let is = |words: &[&str]| arguments.iter().zip(words).all(|(a, b)| a.is(b));
        let fetches = match program {
            "gh" => is(&["pr", "checkout"]) && arguments.len() >= 2,
            "git" => arguments.iter().any(|word| {
                let text = scope.expand(&word.text());
                PROPOSALS.iter().any(|part| text.contains(part)) || text.starts_with("pull/")
            }),
            _ => false,
        };
        if fetches {
            deeds.push(deed(What::FetchesProposal, command.range.start, program));
        }
    }
    deeds.push(deed(What::Runs, 0, "run"));
    deeds
}

pub(super) fn of_action(name: &str, with: &[Setting], scope: &Scope<'_>) -> Vec<What> {
    let value = |key: &str| setting(with, key).map(|written| scope.expand(&written.text));
    match name {
        "actions/checkout" => {
            let reference = value("ref").unwrap_or_default();
            let repository = value("repository").unwrap_or_default();
            let proposal = PROPOSALS.iter().any(|part| reference.to_lowercase().contains(part))
                || repository.to_lowercase().contains("head.repo");
            if proposal { vec![What::FetchesProposal] } else { vec![] }
        }
        "actions/github-script" => {
            let script = setting(with, "script").map(|written| written.text.as_str());
            let found = expressions(script.unwrap_or_default());
            let chosen = found.filter(|(_, inner)| is_chosen(inner, scope));
            chosen.map(|(_, inner)| What::Pastes(inner.to_owned())).collect()
        }
        // An action of the repository itself, or what was just fetched.
        "" => vec![What::Runs],
        _ => vec![],
    }
}
