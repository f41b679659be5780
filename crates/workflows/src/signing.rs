//! Which steps sign, and with what.

use sealwright_manifests::shell::{self, Command, Word};
use sealwright_yaml::Place;

use crate::facts::{self, ALWAYS_A_KEY, ActionFact, CommandFact, Makes, With};
use crate::goreleaser::{Goreleaser, Release};
use crate::model::{Act, Call, Job, Runs, Script, Setting, Step, Workflow, setting};
use crate::permissions::PACKAGES;
use crate::scripts::{At, Base, DEPTH_MAX, Folders, TEXTS_MAX};
use crate::tree::Tree;
use crate::uses::{Remote, Target, Uses};

/// Actions within actions that are followed; GitHub stops at ten.
const ACTION_DEPTH_MAX: usize = 10;
/// Programs that only talk about what stands behind them.
const TALKERS: &[&str] =
    &["echo", "printf", "grep", "egrep", "cat", "sed", "awk", "test", "[", ":", "which", "type"];
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ash"];
/// Names that mean the job's own token, by which it pushes to GitHub's registry.
const OWN_TOKEN: &[&str] = &["github.token", "secrets.GITHUB_TOKEN", "secrets.github_token"];
const GITHUBS_REGISTRY: &str = "ghcr.io";

/// Something that signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// What signs, `cosign sign` or `actions/attest-build-provenance`.
    pub tool: String,
    /// What is signed.
    pub makes: Makes,
    /// With what.
    pub with: With,
    /// Permissions that it needs for certain.
    pub needs: Vec<&'static str>,
    /// Why we think that it signs.
    pub why: &'static str,
    /// The file that it stands in: an action's, when it is in one.
    pub file: String,
    /// Where.
    pub at: Place,
    /// Whether it or the step that holds it has a condition.
    pub conditional: bool,
}

impl Signing {
    /// Whether a certificate names the workflow, as far as that is known.
    pub fn has_identity(&self) -> bool {
        matches!(self.with, With::Identity)
    }
}

/// What a job does that concerns signing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work {
    pub(crate) signings: Vec<Signing>,
    /// Whether a step runs something that could sign unseen.
    pub(crate) opaque: bool,
    /// Whether it logs in to GitHub's registry with its own token.
    pub(crate) own_registry: bool,
    /// Local actions that are not there.
    pub(crate) missing: Vec<(String, Place, String)>,
}

/// All that the steps of a job sign; those of local actions as well.
pub(crate) fn of_job(
    tree: &Tree,
    workflow: &Workflow,
    job: &Job,
    repository: Option<&str>,
) -> Work {
    let mut look =
        Look { tree, repository, work: Work::default(), env: vec![&workflow.env, &job.env] };
    look.steps(&workflow.path, job.steps(), false, 0);
    look.work
}

/// What a called workflow of another repository signs, when that is known.
pub(crate) fn of_call(file: &str, call: &Call) -> Option<Signing> {
    let remote = call.uses.remote()?;
    let fact = facts::action(&remote.name())?;
    let at = call.uses.at.clone();
    Some(of_fact(fact, remote, file, at, false))
}

struct Look<'a> {
    tree: &'a Tree,
    /// `owner/name` of this one.
    repository: Option<&'a str>,
    work: Work,
    env: Vec<&'a [Setting]>,
}

impl<'a> Look<'a> {
    fn steps(&mut self, file: &str, steps: &'a [Step], conditional: bool, depth: usize) {
        for step in steps {
            let conditional = conditional || step.condition.is_some();
            if step.condition.as_ref().is_some_and(|condition| condition.text == "false") {
                continue;
            }
            self.env.push(&step.env);
            match &step.act {
                Act::Run(script) => self.script(file, script, conditional),
                Act::Uses(uses) => match &uses.target {
                    Target::Local(path) => self.local(file, step, path, conditional, depth),
                    Target::Remote(remote) => match self.named(uses) {
                        Some(path) => self.local(file, step, path, conditional, depth),
                        None => self.remote(file, step, remote, conditional),
                    },
                    _ => self.work.opaque = true,
                },
                Act::Wait(_) | Act::Cancel(_) | Act::Nothing => {}
            }
            self.env.pop();
        }
    }

    /// The folder of an action of this repository that is named in full.
    fn named<'u>(&self, uses: &'u Uses) -> Option<&'u str> {
        let (path, _) = uses.own(self.repository)?;
        self.tree.action(path).map(|_| path)
    }

    fn local(&mut self, file: &str, step: &Step, path: &str, conditional: bool, depth: usize) {
        let Some(action) = self.tree.action(path) else {
            let at = step.uses().map_or(&step.at, |uses| &uses.at).clone();
            self.work.missing.push((file.to_owned(), at, path.to_owned()));
            self.work.opaque = true;
            return;
        };
        match &action.runs {
            Runs::Composite(steps) if depth < ACTION_DEPTH_MAX => {
                self.steps(&action.path, steps, conditional, depth + 1);
            }
            _ => self.work.opaque = true,
        }
    }

    fn remote(&mut self, file: &str, step: &Step, remote: &Remote, conditional: bool) {
        let name = remote.name();
        self.work.own_registry |= logs_in(&name, &step.with);
        let Some(fact) = facts::action(&name) else {
            self.work.opaque |= !facts::signs_nothing(&name);
            return;
        };
        let at = step.uses().map_or(&step.at, |uses| &uses.at).clone();
        let mut signing = of_fact(fact, remote, file, at, conditional);
        if name == facts::GORELEASER {
            let arguments = setting(&step.with, "args").map_or("", |args| args.text.as_str());
            match Release::of(arguments).signs(&self.tree.goreleaser) {
                Goreleaser::SignsNothing => return,
                Goreleaser::Signs(with) => signing.with = with,
                Goreleaser::NotKnown => {}
            }
        }
        if setting(&step.with, "push-to-registry").is_some_and(|push| push.text == "true") {
            signing.needs.push(PACKAGES);
        }
        // With a token of its own it does not depend on the job's.
        let token = setting(&step.with, "github-token");
        if token.is_some_and(|token| !OWN_TOKEN.iter().any(|own| token.text.contains(own))) {
            signing.needs.retain(|need| *need == crate::permissions::ID_TOKEN);
        }
        self.work.signings.push(signing);
    }

    fn script(&mut self, file: &str, script: &Script, conditional: bool) {
        let whole = each_call(self.tree, file, script, &mut |call, text, is_followed| {
            self.call(call, text, conditional);
            self.work.opaque |= !is_followed && call.is_opaque();
        });
        self.work.opaque |= !whole;
    }

    fn call(&mut self, call: &Invocation, text: &Text<'_>, conditional: bool) {
        self.work.own_registry |= call.logs_in();
        for fact in facts::COMMANDS {
            let Some(arguments) = call.arguments_of(fact.program, fact.verbs) else { continue };
            let Some(with) = self.with(fact, arguments) else { continue };
            let with = match fact.program {
                "goreleaser" => {
                    let arguments =
                        [fact.verbs, &[arguments.join(" ").as_str()]].concat().join(" ");
                    match Release::of(&arguments).signs(&self.tree.goreleaser) {
                        Goreleaser::SignsNothing => continue,
                        Goreleaser::Signs(with) => with,
                        Goreleaser::NotKnown => With::PerhapsIdentity,
                    }
                }
                _ => with,
            };
            self.work.signings.push(Signing {
                tool: format!("{} {}", fact.program, fact.verbs.join(" ")),
                makes: fact.makes,
                with,
                needs: vec![],
                why: fact.why,
                file: text.file.to_owned(),
                at: (text.at)(call.line),
                conditional,
            });
        }
    }

    /// With what a command signs; `None` when it does not.
    fn with(&self, fact: &CommandFact, arguments: &[String]) -> Option<With> {
        let has = |flags: &[&str]| flags.iter().any(|name| flag(arguments, name).is_some());
        let (needed, value) = fact.only_with;
        if !needed.is_empty() {
            let given = flag(arguments, needed)?;
            if !value.is_empty() && given != value {
                return None;
            }
        }
        let help = arguments.iter().any(|word| word == "--help" || word == "-h");
        if help {
            return None;
        }
        let elsewhere = has(fact.elsewhere) || self.is_set("SIGSTORE_ID_TOKEN");
        Some(match () {
            () if fact.keys == ALWAYS_A_KEY || has(fact.keys) => With::Key,
            () if elsewhere => With::Elsewhere,
            // A key may be among flags that are put together somewhere else.
            () if arguments.iter().any(|word| is_flags(word)) => With::PerhapsIdentity,
            () => With::Identity,
        })
    }

    fn is_set(&self, name: &str) -> bool {
        self.env.iter().any(|settings| settings.iter().any(|setting| setting.name == name))
    }
}

fn of_fact(
    fact: &ActionFact,
    remote: &Remote,
    file: &str,
    at: Place,
    conditional: bool,
) -> Signing {
    Signing {
        tool: if remote.path.is_empty() {
            remote.slug()
        } else {
            format!("{}/{}", remote.slug(), remote.path)
        },
        makes: fact.makes,
        with: fact.with,
        needs: fact.needs.to_vec(),
        why: fact.why,
        file: file.to_owned(),
        at,
        conditional,
    }
}

/// Whether an action logs in to GitHub's registry with the job's own token.
fn logs_in(name: &str, with: &[Setting]) -> bool {
    let is = |key: &str, wanted: &[&str]| {
        setting(with, key).is_some_and(|value| wanted.iter().any(|own| value.text.contains(own)))
    };
    name == "docker/login-action"
        && is("registry", &[GITHUBS_REGISTRY])
        && is("password", OWN_TOKEN)
}

/// A command of a script, in words.
pub(crate) struct Invocation {
    words: Vec<String>,
    pub(crate) line: usize,
}

/// A text of a shell, in its place.
pub(crate) struct Text<'t> {
    text: &'t str,
    pub(crate) file: &'t str,
    pub(crate) at: &'t dyn Fn(usize) -> Place,
    base: Base,
}

/// What is made of a command: itself, where it stands, and whether what it runs is looked at as well.
type Visit<'v> = &'v mut dyn FnMut(&Invocation, &Text<'_>, bool);

/// Every command of a step, those of the repository's scripts that it runs as well. Whether that were
/// all of them.
pub(crate) fn each_call(tree: &Tree, file: &str, script: &Script, visit: Visit<'_>) -> bool {
    let base = Base::of(script, file, None, &str::to_owned);
    let text = Text { text: &script.text, file, at: &|line| script.line(line), base };
    let mut left = TEXTS_MAX;
    each_of(tree, &text, 0, &mut left, visit)
}

fn each_of(tree: &Tree, text: &Text<'_>, depth: usize, left: &mut usize, visit: Visit<'_>) -> bool {
    let script = shell::read(text.text);
    let mut folders = Folders::of(&text.base);
    for command in &script.commands {
        let base = Base { folder: folders.at(&script.blocks, command.block), ..text.base.clone() };
        let at = At { command, script: &script, text: text.text, base: &base, expand: &Word::text };
        let found = tree.scripts.follow(at);
        folders.pass(&script.blocks, command, &text.base, &Word::text);
        visit(&invocation(command), text, !found.texts.is_empty());
        for followed in found.texts {
            if depth >= DEPTH_MAX || *left == 0 {
                return false;
            }
            *left -= 1;
            let at = |line: usize| followed.place(line, text.at);
            let file = followed.file.as_deref().unwrap_or(text.file);
            let inner = Text { text: &followed.text, file, at: &at, base: followed.base.clone() };
            if !each_of(tree, &inner, depth + 1, left, visit) {
                return false;
            }
        }
    }
    true
}

fn invocation(command: &Command) -> Invocation {
    Invocation {
        words: command.words.iter().map(Word::text).collect(),
        line: usize::try_from(command.line).unwrap_or(usize::MAX),
    }
}

impl Invocation {
    fn program(&self) -> &str {
        self.words.first().map_or("", |word| base_name(word))
    }

    /// The arguments behind a program and its verbs, wherever in the command they stand: behind
    /// `retry 3`, `xargs` or `docker run`. `None` when they do not, or when the command only talks.
    pub(crate) fn arguments_of(&self, program: &str, verbs: &[&str]) -> Option<&[String]> {
        if TALKERS.contains(&self.program()) {
            return None;
        }
        let starts = self.words.iter().enumerate().filter(|(_, word)| is_program(word, program));
        starts.filter_map(|(at, _)| behind(&self.words[at + 1..], verbs)).next()
    }

    fn logs_in(&self) -> bool {
        self.words.iter().any(|word| word == "login")
            && self.words.iter().any(|word| word.contains(GITHUBS_REGISTRY))
    }

    /// Whether it runs something that was not looked into: a script, a build, a program of one's own.
    fn is_opaque(&self) -> bool {
        let word = self.words.first().map_or("", String::as_str);
        let build =
            ["make", "task", "just", "npm", "yarn", "pnpm", "mage", "bazel", "earthly", "dagger"];
        word.starts_with("./")
            || word.starts_with('$')
            || word.contains("scripts/")
            || word.ends_with(".sh")
            || build.contains(&base_name(word))
            || SHELLS.contains(&base_name(word))
    }
}

/// All words of `verbs` in their order, with nothing but flags and their values between.
fn behind<'a>(mut words: &'a [String], verbs: &[&str]) -> Option<&'a [String]> {
    for verb in verbs {
        let at = words.iter().position(|word| word == verb)?;
        let flags = words[..at].iter().enumerate().all(|(index, word)| {
            word.starts_with('-') || index > 0 && words[index - 1].starts_with('-')
        });
        if !flags {
            return None;
        }
        words = &words[at + 1..];
    }
    Some(words)
}

/// `cosign` is `cosign`, `/usr/bin/cosign`, `cosign-linux-amd64`, `$COSIGN` and `${COSIGN}`.
fn is_program(word: &str, program: &str) -> bool {
    let name = base_name(word);
    if let Some(variable) = name.strip_prefix('$') {
        let variable = variable.trim_start_matches('{').trim_end_matches('}');
        return variable.eq_ignore_ascii_case(&program.replace('-', "_"));
    }
    let rest = name.strip_suffix(".exe").unwrap_or(name).strip_prefix(program);
    rest.is_some_and(|rest| {
        let endings = ["-linux", "-darwin", "-windows", "-v", ":", "@"];
        rest.is_empty() || endings.iter().any(|ending| rest.starts_with(ending))
    })
}

/// The value of a flag, in either form: `--key x` and `--key=x`; empty when it has none.
fn flag<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|word| word.split('=').next() == Some(name))?;
    if let Some((_, value)) = arguments[at].split_once('=') {
        return Some(value);
    }
    let next = arguments.get(at + 1).map(String::as_str);
    Some(next.filter(|next| !next.starts_with('-')).unwrap_or_default())
}

/// `$COSIGN_FLAGS`, `${{ inputs.args }}`.
fn is_flags(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.starts_with('$')
        && ["flags", "args", "opts", "options"].iter().any(|end| word.contains(end))
}

fn base_name(word: &str) -> &str {
    word.rsplit_once('/').map_or(word, |(_, name)| name)
}
