//! What one step does on the way to a tag: moves one, signs, verifies, checks.

use sealwright_manifests::shell::{self, Command, Part, Script, Swallowed, Word};
use sealwright_yaml::Place;

use super::facts::{
    CHECK_ACTIONS, CHECKS, COMMANDS, CommandFact, SIGN_BEHIND, SIGN_VALUED, SIGNS, VERIFIES, Where,
};
use super::follow::of_script;
use super::images::{goreleased, moved, of_build, pushes};
use super::scope::{Scope, Variables};
use super::strangers;
use super::target::Target;
use crate::expression::{Contexts, Expression, Value};
use crate::facts;
use crate::model::{Act, Setting, Step, setting};
use crate::scripts::Scripts;

/// One thing that a step does.
#[derive(Debug, Clone)]
pub(super) struct Deed {
    pub(super) what: What,
    /// In the words of whoever wrote it: `flux push artifact`.
    pub(super) by: String,
    pub(super) file: String,
    pub(super) at: Place,
    /// Whether and how its failure goes unseen.
    pub(super) unseen: Option<Unseen>,
    /// Whether it is done whatever happened before: `if: always()`.
    pub(super) whatever: bool,
    /// Whether the condition of its step keeps strangers out.
    pub(super) kept: bool,
    /// Whether it stands in a script that was taken by its name alone.
    pub(super) guessed: bool,
    /// Id of its step.
    pub(super) step: Option<String>,
    /// Whether it signs under a name that is not the workflow's.
    pub(super) foreign: bool,
}

/// What is done.
#[derive(Debug, Clone)]
pub(super) enum What {
    Move {
        to: Target,
        /// It signs and proves before it moves, as `sealwright-publisher` does.
        proves: bool,
        /// Name of the artifact in the configuration, when the command gives it.
        artifact: Option<String>,
        /// Whether only a run whose inputs or outputs are not known here does it.
        perhaps: bool,
    },
    /// Signs these references; empty when they are not on paper.
    Sign(Vec<String>),
    Verify,
    Check,
    /// Fetches what somebody proposes.
    FetchesProposal,
    /// Fetches what this expression names, which an earlier step or job chooses.
    FetchesChosen(String),
    /// Fetches what the run has left that this one follows.
    TakesArtifact,
    /// Restores what earlier runs have kept.
    RestoresCache,
    /// Runs a script, or an action of the repository.
    Runs,
    /// Runs an action of somebody else's that is in no table.
    Elsewhere,
    /// Runs more scripts within scripts than are followed.
    Unfollowed,
    /// Runs a script that is not read.
    Lost {
        /// Why it is not.
        why: String,
        /// Whether it surely is one of the repository's, and not made in the run.
        sure: bool,
    },
    /// Puts this expression, whose text a stranger chooses, into a script.
    Pastes(String),
}

/// How a failure goes unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unseen {
    ContinueOnError,
    /// The same of its job, for those that need it.
    OfJob,
    Shell(Swallowed),
    /// Nothing stops the script that it stands in.
    GoesOn,
}

/// Reads a step that is no composite action. What its script exports is kept for later steps.
pub(super) fn of_step(
    step: &Step,
    file: &str,
    scope: &mut Scope<'_>,
    scripts: &Scripts,
) -> Vec<Deed> {
    let mut deeds = match &step.act {
        Act::Run(script) => {
            let mut deeds = strangers::of_script(script, file, scope);
            deeds.extend(of_script(script, file, scope, scripts));
            deeds
        }
        Act::Uses(uses) => {
            let name = uses.remote().map(crate::uses::Remote::name).unwrap_or_default();
            let by = uses.text.split('@').next().unwrap_or_default().to_owned();
            let deed = |what| Deed { by: by.clone(), ..Deed::new(what, file, &step.at) };
            let whats = of_action(&name, &step.with, scope);
            let strange = strangers::of_action(&name, &step.with, scope);
            let is_known = !matches!(whats.as_slice(), [What::Elsewhere]);
            scope.made.by_action(&name, &step.with, is_known);
            whats.into_iter().chain(strange).map(deed).collect()
        }
        Act::Wait(_) | Act::Cancel(_) | Act::Nothing => vec![],
    };
    for deed in &mut deeds {
        deed.step = step.id.as_ref().map(|id| id.text.clone());
    }
    deeds
}

/// Functions that ask how it went so far; a condition without any runs after success alone.
pub(super) const STATES: &[&str] = &["always", "success", "failure", "cancelled"];

/// Whether a condition lets a step or job run after a failure, without asking what failed.
pub(super) fn runs_whatever_happened(condition: &str) -> bool {
    let Some(expression) = Expression::parse(condition) else {
        // What cannot be read and speaks of it is taken for the worst.
        return STATES.iter().any(|name| condition.contains(&format!("{name}(")));
    };
    let asks = |names: &[&str]| names.iter().any(|name| expression.asks(name));
    let after = !asks(&["needs.", "steps.", "job.status"])
        && expression.clone().supposing(true).value(&Nothing).truth() != Some(false);
    asks(STATES) && after || runs_only_after_failure(condition)
}

/// Whether it is for runs that did not go well: `if: failure()`. Nothing in it holds back a tag.
pub(super) fn runs_only_after_failure(condition: &str) -> bool {
    Expression::parse(condition).is_some_and(|expression| {
        STATES.iter().any(|name| expression.asks(name))
            && expression.supposing(false).value(&Nothing).truth() == Some(false)
    })
}

/// No context is known.
struct Nothing;

impl Contexts for Nothing {
    fn value(&self, _: &str) -> Value {
        Value::Unknown
    }
}

impl What {
    /// Whether it can hold back a tag, or is its evidence.
    pub(super) fn holds(&self) -> bool {
        matches!(self, What::Sign(_) | What::Verify | What::Check)
    }
}

impl Deed {
    pub(super) fn new(what: What, file: &str, at: &Place) -> Self {
        Deed {
            what,
            by: String::new(),
            file: file.to_owned(),
            at: at.clone(),
            unseen: None,
            whatever: false,
            kept: false,
            guessed: false,
            step: None,
            foreign: false,
        }
    }

    /// Whether it can hold back a tag: what fails unseen holds nothing, and what is not sure to be run
    /// is not known to.
    pub(super) fn is_gate(&self) -> bool {
        self.unseen.is_none() && !self.whatever && !self.guessed
    }
}

/// Keeps what a script sets for itself. A variable that is set twice may hold either.
pub(super) fn assign(command: &Command, scope: &Scope<'_>, variables: &mut Variables) {
    let exports = matches!(command.first(), Some("export" | "local" | "readonly" | "declare"));
    let mut assigned: Vec<(String, String)> = Vec::new();
    if command.words.is_empty() {
        for (name, word) in &command.assignments {
            assigned.push((name.clone(), scope.word(word, variables)));
        }
    } else if exports {
        for word in &command.words[1..] {
            let Some((name, _)) = word.start().split_once('=') else { continue };
            let name = name.to_owned();
            let value = word.after(&format!("{name}=")).unwrap_or_default();
            assigned.push((name, scope.word(&value, variables)));
        }
    } else if command.first() == Some("for") {
        let name = command.words.get(1).map(Word::text).unwrap_or_default();
        assigned.push((name.clone(), format!("${{{name}}}")));
    }
    for (name, value) in assigned {
        let open = format!("${{{name}}}");
        let again = variables.get(&name).is_some_and(|known| *known != value);
        let circular = value.contains(&open) && value != open;
        variables.insert(name, if again || circular { open } else { value });
    }
}

/// `echo "NAME=value" >> "$GITHUB_ENV"`.
pub(super) fn export(script: &Script, scope: &mut Scope<'_>, variables: &Variables) {
    for command in &script.commands {
        let exports = command.outputs.iter().any(|file| file.text().contains("GITHUB_ENV"));
        let Some(word) = command.words.get(1).filter(|_| exports) else { continue };
        let text = scope.word(word, variables);
        if let (Some("echo"), Some((name, value))) = (command.first(), text.split_once('=')) {
            scope.exported.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// Whether the words of a command are these verbs, with nothing but options between.
fn behind<'a>(arguments: &'a [Word], verbs: &[&str]) -> Option<&'a [Word]> {
    let mut rest = arguments;
    for verb in verbs {
        let at = rest.iter().position(|word| word.is(verb))?;
        let option = |word: &Word| word.start().starts_with('-');
        let between = &rest[..at];
        let only_options = between
            .iter()
            .enumerate()
            .all(|(index, word)| option(word) || index > 0 && option(&between[index - 1]));
        if !only_options {
            return None;
        }
        rest = &rest[at + 1..];
    }
    Some(rest)
}

pub(super) fn of_command(
    command: &Command,
    scope: &Scope<'_>,
    variables: &Variables,
) -> Option<(Vec<What>, String)> {
    let (program, arguments) = named_program(command)?;
    let is =
        |(name, verbs): &&(&str, &[&str])| *name == program && behind(arguments, verbs).is_some();
    let told = |(name, verbs): &(&str, &[&str])| format!("{name} {}", verbs.join(" "));
    if program == "goreleaser" {
        let words: Vec<String> = arguments.iter().map(|word| scope.word(word, variables)).collect();
        return Some((goreleased(&words.join(" "), scope), "goreleaser".to_owned()));
    }
    if let Some(row) = SIGNS.iter().find(is) {
        let rest = behind(arguments, row.1)?;
        let of = shell::positional(rest, SIGN_VALUED);
        // What xargs puts there is not on paper.
        let of = of.iter().map(|word| scope.word(word, variables).replace("{}", "${each}"));
        let of = of.collect();
        return Some((vec![What::Sign(of)], told(row)));
    }
    if let Some(row) = VERIFIES.iter().find(is) {
        return Some((vec![What::Verify], told(row)));
    }
    if let Some(row) = CHECKS.iter().find(is) {
        return Some((vec![What::Check], told(row)));
    }
    let fact = COMMANDS.iter().find(|fact| {
        fact.program == program && behind(arguments, fact.verbs).is_some() && applies(fact, command)
    })?;
    let rest = behind(arguments, fact.verbs)?;
    if rest.iter().any(|word| word.is("--help") || word.is("-h") || word.is("--dry-run")) {
        return None;
    }
    let mut moves = moves(fact, command, rest, scope, variables);
    // Some sign what they have pushed, when they are told to.
    if SIGN_BEHIND.contains(&fact.program) && command.option(&["--sign"]).is_some() {
        let pushed = moves.iter().filter_map(|what| match what {
            What::Move { to, .. } => Some(format!("{}@digest", to.repository)),
            _ => None,
        });
        moves.push(What::Sign(pushed.collect()));
    }
    Some((moves, format!("{} {}", fact.program, fact.verbs.join(" "))))
}

/// The program, also by a variable that is named after it: `$COSIGN`, `"${FLUX}"`.
fn named_program(command: &Command) -> Option<(&str, &[Word])> {
    let at = command.program();
    if at.is_some() {
        return at.filter(|(name, _)| !matches!(*name, "echo" | "printf" | "grep" | "cat"));
    }
    let (first, rest) = command.words.split_first()?;
    let [Part::Variable { name, .. }] = first.parts.as_slice() else { return None };
    let known = COMMANDS.iter().map(|fact| fact.program).chain(SIGNS.iter().map(|row| row.0));
    let mut known = known.filter(|program| program.replace('-', "_").eq_ignore_ascii_case(name));
    Some((known.next()?, rest))
}

fn applies(fact: &CommandFact, command: &Command) -> bool {
    let has = |words: &[&str]| {
        command.words.iter().any(|word| {
            let text = word.text();
            words.iter().any(|expected| match expected.strip_prefix("--") {
                Some(_) => text == *expected,
                None => text.split([',', '=']).collect::<Vec<_>>().join("=").contains(expected),
            })
        })
    };
    (fact.only_with.is_empty() || has(fact.only_with)) && !has(fact.not_with)
}

fn moves(
    fact: &CommandFact,
    command: &Command,
    rest: &[Word],
    scope: &Scope<'_>,
    variables: &Variables,
) -> Vec<What> {
    let expand = |word: &Word| scope.word(word, variables);
    let values =
        |names: &[&str]| -> Vec<String> { command.options(names).iter().map(expand).collect() };
    let mut valued = fact.valued.to_vec();
    valued.extend(["--tag", "-t"]);
    let positional: Vec<String> =
        shell::positional(rest, &valued).into_iter().map(expand).collect();
    let first = positional.iter().find(|text| text.contains("://")).or(positional.first());
    let parsed = |text: Option<&String>| {
        text.map_or_else(|| Target::unknown(None), |text| Target::parse(text))
    };
    let tagged = |target: &Target, tags: Vec<String>| -> Vec<Target> {
        tags.iter().map(|tag| target.with_tag(tag)).collect()
    };
    let artifact = command.option(&["--artifact"]).map(|word| expand(&word));
    let targets = match fact.at {
        Where::First => with_more_tags(first),
        Where::Second if fact.version => vec![version(positional.get(1).or(first))],
        Where::Second => with_more_tags(positional.get(1).or(positional.first())),
        Where::TagsBehindFirst => {
            let tags = positional.get(1..).unwrap_or_default().to_vec();
            tagged(&parsed(positional.first()), tags)
        }
        Where::Options(names) => match values(names) {
            // They come out of a substitution.
            none if none.is_empty() => vec![Target::unknown(None)],
            values => values.iter().map(|text| Target::parse(text)).collect(),
        },
        Where::FirstWithTags(names) => tagged(&parsed(first), values(names)),
        Where::Pinned => tagged(&parsed(first), values(&["--tag"])),
        Where::Artifact => {
            let tags = Some(values(&["--tag"])).filter(|tags| !tags.is_empty());
            let tags = tags.unwrap_or_else(|| vec!["latest".to_owned()]);
            tagged(&Target::unknown(None), tags)
        }
        Where::Elsewhere => vec![elsewhere(fact.program, command, &positional, scope, variables)],
    };
    let proves = fact.proves;
    let made = |to| What::Move { to, proves, artifact: artifact.clone(), perhaps: false };
    targets.into_iter().map(made).collect()
}

fn version(repository: Option<&String>) -> Target {
    repository.map_or_else(|| Target::unknown(None), |text| Target::version(text))
}

/// `oras push registry/x:one,two`.
fn with_more_tags(reference: Option<&String>) -> Vec<Target> {
    let Some(reference) = reference else { return vec![Target::unknown(None)] };
    let target = Target::parse(reference);
    match target.tag.as_deref().filter(|tag| tag.contains(',') && !tag.contains('$')) {
        Some(tags) => tags.split(',').map(|tag| target.with_tag(tag)).collect(),
        None => vec![target],
    }
}

/// `ko` pushes to `KO_DOCKER_REPO`, under `latest` unless told otherwise; KSail to what it is told.
fn elsewhere(
    program: &str,
    command: &Command,
    positional: &[String],
    scope: &Scope<'_>,
    variables: &Variables,
) -> Target {
    match program {
        "ko" => {
            let own = command.assignments.iter().find(|(name, _)| name == "KO_DOCKER_REPO");
            let word = own.map(|(_, word)| scope.word(word, variables));
            let variable = Word {
                parts: vec![Part::Variable {
                    name: "KO_DOCKER_REPO".to_owned(),
                    default: None,
                    written: "${KO_DOCKER_REPO}".to_owned(),
                }],
                ..Word::default()
            };
            let repository = word.unwrap_or_else(|| scope.word(&variable, variables));
            let tags = command.option(&["-t", "--tags"]);
            let tag = tags.map_or("latest".to_owned(), |tag| scope.word(&tag, variables));
            Target::parse(&repository).with_tag(&tag)
        }
        "ksail" => match positional.first() {
            Some(reference) => Target::parse(reference),
            None => Target::unknown(Some("latest")),
        },
        _ => Target::unknown(None),
    }
}

/// Whether an action is known to push nothing: GitHub's own, what sets up or logs in, and those that
/// are looked into elsewhere.
fn pushes_nothing(name: &str) -> bool {
    let quiet = ["setup", "install", "login", "metadata", "checkout", "cache", "harden-runner"];
    name.is_empty() || facts::signs_nothing(name) || quiet.iter().any(|word| name.contains(word))
}

fn of_action(name: &str, with: &[Setting], scope: &Scope<'_>) -> Vec<What> {
    let value = |key: &str| setting(with, key).map(|written| scope.expand(&written.text));
    match name {
        "docker/build-push-action" => of_build(with, scope),
        facts::GORELEASER => goreleased(&value("args").unwrap_or_default(), scope),
        "docker/bake-action" if pushes(&value("push").unwrap_or_default()) == Some(true) => {
            vec![moved(Target::unknown(None), false)]
        }
        "redhat-actions/push-to-registry" => {
            let image = format!(
                "{}/{}",
                value("registry").unwrap_or_default(),
                value("image").unwrap_or_default()
            );
            let target = Target::parse(image.trim_start_matches('/'));
            let tags = value("tags").unwrap_or_else(|| "latest".to_owned());
            tags.split_whitespace().map(|tag| moved(target.with_tag(tag), false)).collect()
        }
        "controlplaneio-fluxcd/distribution/actions/push" => {
            let target = Target::parse(&value("repository").unwrap_or_default());
            let tags = [value("tags"), value("diff-tag")].into_iter().flatten();
            let tags: Vec<String> = tags.collect();
            // Not at blanks: an expression has some.
            let tags = tags.iter().flat_map(|tags| tags.split(['\n', ','])).map(str::trim);
            let tags = tags.filter(|tag| !tag.is_empty());
            tags.map(|tag| moved(target.with_tag(tag), false)).collect()
        }
        "akhilerm/tag-push-action" => {
            let targets = value("dst").unwrap_or_default();
            targets.split_whitespace().map(|text| moved(Target::parse(text), false)).collect()
        }
        "actions/attest" | "actions/attest-build-provenance" | "actions/attest-sbom"
            if value("push-to-registry").as_deref() == Some("true") =>
        {
            vec![What::Sign(value("subject-name").into_iter().collect())]
        }
        "notaryproject/notation-action/sign" => {
            vec![What::Sign(value("target_artifact_reference").into_iter().collect())]
        }
        "notaryproject/notation-action/verify" => vec![What::Verify],
        "sealwright/sealwright/.github/actions/publish" => vec![What::Move {
            to: Target::unknown(Some("latest")),
            proves: true,
            artifact: value("artifact"),
            perhaps: false,
        }],
        _ if CHECK_ACTIONS.contains(&name) => vec![What::Check],
        _ if pushes_nothing(name) => vec![],
        _ => vec![What::Elsewhere],
    }
}
