//! What a step takes from people who may be anybody: their code, and texts that they choose.

use sealwright_manifests::shell;

use super::deeds::{Deed, What};
use super::poison;
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

/// Inputs and variables that hold each other; more is a circle.
const INDIRECT_MAX: u8 = 8;

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
    chosen_within(inner, scope, 0)
}

fn chosen_within(inner: &str, scope: &Scope<'_>, depth: u8) -> bool {
    let Some(expression) = Expression::parse(inner) else { return false };
    let mut paths = Vec::new();
    pasted(&expression, &mut paths);
    paths.iter().any(|path| {
        let chosen = CHOSEN.iter().any(|(start, ends)| {
            let within = start.starts_with(&format!("{path}."));
            let named = |rest: &str| {
                ends.iter().any(|end| rest == *end || rest.ends_with(&format!(".{end}")))
            };
            // A whole part of the event, as `toJSON(github.event)` puts it in.
            within || path.strip_prefix(start).is_some_and(named)
        });
        // An input or variable that somebody filled with such a text.
        let handed = scope.named(path, 0).filter(|_| depth < INDIRECT_MAX);
        let handed = handed.is_some_and(|text| {
            expressions(&text).any(|(_, inner)| chosen_within(inner, scope, depth + 1))
        });
        handed || chosen && scope.value(path) != Value::Null
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
        Expression::Call(name, arguments)
            if ["format", "join", "tojson", "fromjson"].contains(&name.as_str()) =>
        {
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
        if program == "gh" && is(&["run", "download"]) && of_the_run_before(arguments, scope) {
            deeds.push(deed(What::TakesArtifact, command.range.start, "gh run download"));
        }
    }
    deeds.push(deed(What::Runs, 0, "run"));
    deeds
}

/// Whether an argument, or a variable in it, is the number of the run that this one follows.
fn of_the_run_before(arguments: &[shell::Word], scope: &Scope<'_>) -> bool {
    let none = std::collections::BTreeMap::new();
    arguments.iter().any(|word| scope.word(word, &none).contains("github.event.workflow_run."))
}

/// What an action takes, in the order in which it does.
pub(super) fn of_action(name: &str, with: &[Setting], scope: &Scope<'_>) -> Vec<What> {
    let taken = [
        (poison::takes_artifact(name, with), What::TakesArtifact),
        (poison::restores(name, with), What::RestoresCache),
    ];
    let taken = taken.into_iter().filter_map(|(is, what)| is.then_some(what));
    taken.chain(proposed(name, with, scope)).collect()
}

fn proposed(name: &str, with: &[Setting], scope: &Scope<'_>) -> Vec<What> {
    let value = |key: &str| setting(with, key).map(|written| scope.expand(&written.text));
    match name {
        "actions/checkout" => {
            let reference = value("ref").unwrap_or_default();
            let repository = value("repository").unwrap_or_default();
            let proposal = PROPOSALS.iter().any(|part| reference.to_lowercase().contains(part))
                || repository.to_lowercase().contains("head.repo");
            let chosen = reference.contains("steps.") || reference.contains("needs.");
            match (proposal, chosen) {
                (true, _) => vec![What::FetchesProposal],
                (false, true) => vec![What::FetchesChosen(reference)],
                (false, false) => vec![],
            }
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
