//! What a command of a script runs that stands in the repository: files, and texts of its own.

use sealwright_manifests::shell::{Command, Part, Script, Word};
use sealwright_yaml::Place;

use super::Scripts;
use super::folder::{Base, Spot, joined};
use super::lost::{Lost, Why};

/// Shells, which run a file or a text.
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ash", "ksh"];
/// Programs that only talk about what stands behind them.
const TALKERS: &[&str] = &["echo", "printf", "grep", "cat", "sed", "awk", "test", "["];

/// How a text comes to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By a shell of its own, with the options that it sets.
    Process,
    /// By the same shell: `source`.
    Sourced,
    /// By a shell of its own that is given the text as it is: `bash -c`, a recipe's line.
    Text,
}

/// A text that is run.
#[derive(Debug, Clone)]
pub(crate) struct Followed {
    /// The file that it stands in; nothing when that is the caller's.
    pub(crate) file: Option<String>,
    pub(crate) text: String,
    /// Line of the file that it begins at, from 1; without a file, of the caller's text, from 0.
    pub(crate) line: u32,
    /// Whether its lines are those of the file.
    pub(crate) literal: bool,
    pub(crate) way: Way,
    /// Whether its failure is passed over there.
    pub(crate) ignored: bool,
    /// `bash -ec`.
    pub(super) ends_early: bool,
    /// Names and what is handed over for them.
    pub(crate) given: Vec<(String, Word)>,
    /// Variables of the file that are texts.
    pub(crate) variables: Vec<(String, String)>,
    /// Where its own commands are run.
    pub(crate) base: Base,
    /// Whether it was taken by its name alone, since the folder is not on paper.
    pub(crate) guessed: bool,
}

/// A command, in its place.
#[derive(Clone, Copy)]
pub(crate) struct At<'c> {
    pub(crate) command: &'c Command,
    /// What it stands in, for its here-documents, with the text of that.
    pub(crate) script: &'c Script,
    pub(crate) text: &'c str,
    pub(crate) base: &'c Base,
    /// Puts in what is known of the variables of a word.
    pub(crate) expand: &'c dyn Fn(&Word) -> String,
}

/// What a command runs of the repository.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The texts, in their order.
    pub(crate) texts: Vec<Followed>,
    /// What it runs as well, or instead, and is not read.
    pub(crate) lost: Option<Lost>,
}

impl Found {
    /// The same, when a shell is told to read it.
    fn by_shell(self) -> Self {
        Self { lost: self.lost.map(|lost| Lost { by_shell: true, ..lost }), ..self }
    }
}

impl From<Vec<Followed>> for Found {
    fn from(texts: Vec<Followed>) -> Self {
        Self { texts, lost: None }
    }
}

impl From<Lost> for Found {
    fn from(lost: Lost) -> Self {
        Self { texts: vec![], lost: Some(lost) }
    }
}

/// A file of the repository that is a script.
struct Known<'s> {
    path: &'s str,
    guessed: bool,
}

impl Followed {
    /// Where one of its lines stands, from 0: in its own file, or among those of its caller's text.
    pub(crate) fn place(&self, line: usize, caller: &dyn Fn(usize) -> Place) -> Place {
        let first = usize::try_from(self.line).unwrap_or(usize::MAX);
        if self.file.is_none() {
            return caller(first.saturating_add(line));
        }
        let line = if self.literal { first.saturating_add(line) } else { first };
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        Place { line, column: 1, range: 0..0 }
    }

    /// Whether a command that fails ends it: by its first line, by `set -e`, or since a recipe does so.
    pub(crate) fn stops(&self) -> bool {
        if self.way == Way::Text {
            return self.file.is_some() || self.ends_early;
        }
        let first = self.text.lines().next().filter(|line| line.starts_with("#!"));
        let by_first = first.is_some_and(|line| line.split(' ').skip(1).any(is_errexit));
        by_first || sets_errexit(&self.text)
    }
}

/// Whether a text says itself that a command which fails ends it.
pub(crate) fn sets_errexit(text: &str) -> bool {
    let sets = |line: &str| {
        let mut words = line.split([' ', '\t', ';']).skip_while(|word| *word != "set").skip(1);
        words.any(is_errexit)
    };
    text.contains("errexit") || text.lines().any(sets)
}

/// `-e`, `-euo`.
pub(crate) fn is_errexit(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.contains('e')
}

impl Scripts {
    /// What a command runs of the repository: nothing, texts that are read, or what is not.
    pub(crate) fn follow(&self, at: At<'_>) -> Found {
        let Some((program, arguments)) = program(at.command, at.expand) else {
            return Found::default();
        };
        match program.rsplit('/').next().unwrap_or_default() {
            "make" | "gmake" => self.make(arguments, at.base),
            "just" => self.recipe("justfile", &["-f", "--justfile", "-d"], arguments, at.base),
            "task" | "go-task" => {
                self.recipe("taskfile", &["-t", "--taskfile", "-d", "--dir"], arguments, at.base)
            }
            "npm" | "pnpm" | "yarn" | "bun" => self.package(arguments, at.base),
            "source" | "." => match arguments.first() {
                Some(word) => {
                    let found = self.named(&(at.expand)(word), Way::Sourced, &[], at.base);
                    found.by_shell()
                }
                None => Found::default(),
            },
            shell if SHELLS.contains(&shell) => self.shell(arguments, at),
            talker if TALKERS.contains(&talker) => Found::default(),
            _ if program.contains('/') => self.named(&program, Way::Process, arguments, at.base),
            _ => {
                // Behind `retry 3`, `docker run`, `xargs`: `sh -c` is still a script.
                let shell = |word: &Word| SHELLS.contains(&base_name(&word.text()));
                let behind = arguments.iter().position(shell).map(|at| &arguments[at + 1..]);
                let inline = behind.filter(|rest| rest.iter().any(is_inline));
                inline.map(|rest| self.shell(rest, at)).unwrap_or_default()
            }
        }
    }

    /// The script of this name.
    fn named(&self, name: &str, way: Way, arguments: &[Word], base: &Base) -> Found {
        match self.file(name, base) {
            None => Found::default(),
            Some(Err(lost)) => lost.into(),
            Some(Ok(known)) => vec![self.whole(&known, way, arguments, base)].into(),
        }
    }

    fn shell(&self, arguments: &[Word], at: At<'_>) -> Found {
        let At { command, script, text, base, expand } = at;
        let text_of = |text: &str, line: u32, way: Way, ends_early: bool| Followed {
            file: None,
            text: text.to_owned(),
            line,
            literal: true,
            way,
            ignored: false,
            ends_early,
            given: vec![],
            variables: vec![],
            base: base.clone(),
            guessed: false,
        };
        if let Some(at) = arguments.iter().position(is_inline) {
            let ends_early = is_errexit(arguments[at].start());
            let inline = arguments.get(at + 1);
            let inline = inline.map(|word| text_of(&word.text(), word.line, Way::Text, ends_early));
            return inline.into_iter().collect::<Vec<_>>().into();
        }
        if let Some((first, rest)) = operands(arguments).filter(|(first, _)| !first.is("-")) {
            return self.named(&expand(first), Way::Process, rest, base).by_shell();
        }
        // What stands in the lines below.
        let here = script.heredocs.iter().find(|body| {
            body.start > command.range.end
                && text
                    .get(command.range.end..body.start)
                    .is_some_and(|line| line.matches('\n').count() == 1)
        });
        let here = here.and_then(|body| Some((body.start, text.get(body.clone())?)));
        let here = here.map(|(start, body)| {
            let line = u32::try_from(text[..start].matches('\n').count()).unwrap_or(u32::MAX);
            text_of(body, line, Way::Process, false)
        });
        here.into_iter().collect::<Vec<_>>().into()
    }

    fn whole(&self, known: &Known<'_>, way: Way, arguments: &[Word], base: &Base) -> Followed {
        let path = known.path;
        let text = self.files.get(path).cloned().unwrap_or_default();
        // In a function they are the function's own.
        let has_functions =
            text.contains("() {") || text.contains("(){") || text.contains("function ");
        let numbered = arguments.iter().take(9).enumerate().filter(|_| !has_functions);
        let given = numbered.map(|(index, word)| ((index + 1).to_string(), word.clone())).collect();
        let own = folder_of(path).to_owned();
        Followed {
            file: Some(path.to_owned()),
            text,
            line: 1,
            literal: true,
            way,
            ignored: false,
            ends_early: false,
            given,
            variables: vec![],
            base: Base { own, ..base.clone() },
            guessed: known.guessed,
        }
    }

    /// The script of this name, as a shell finds it. Where the folder is not on paper, the only one
    /// whose path ends so. Nothing when the name is not on paper either, or leads out of the checkout.
    fn file(&self, name: &str, base: &Base) -> Option<Result<Known<'_>, Lost>> {
        let lost = |why| Some(Err(Lost { name: name.to_owned(), by_shell: false, why }));
        let path = match base.spot(name)? {
            Spot::Here(path) => path,
            Spot::OfAnother(repository) => return lost(Why::OfAnother(repository)),
            Spot::Outside => return None,
            Spot::Open => return self.by_name(name),
        };
        if let Some((path, _)) = self.files.get_key_value(&path) {
            return Some(Ok(Known { path, guessed: false }));
        }
        if let Some(unread) = self.unread.get(&path) {
            return lost(Why::Unread(path, *unread));
        }
        Lost::at(name, &path).map(Err)
    }

    fn by_name(&self, name: &str) -> Option<Result<Known<'_>, Lost>> {
        let rest = joined("", name.trim_start_matches("./").trim_start_matches("../"))?;
        let end = format!("/{rest}");
        let like = self.named.get(base_name(&rest)).into_iter().flatten();
        let mut like = like.filter(|path| **path == rest || path.ends_with(&end));
        match (like.next(), like.next()) {
            (Some(path), None) => Some(Ok(Known { path, guessed: true })),
            _ => Lost::at(name, &rest).map(|lost| Err(Lost { why: Why::FolderOpen, ..lost })),
        }
    }
}

/// `-c`, `-ec`: a script follows.
fn is_inline(word: &Word) -> bool {
    let text = word.start();
    text.starts_with('-') && !text.starts_with("--") && text.ends_with('c')
}

/// What a shell is told to run, and with what: the first word that is neither an option nor the value
/// of one, as in `-euo pipefail x.sh`.
fn operands(arguments: &[Word]) -> Option<(&Word, &[Word])> {
    let mut rest = arguments;
    loop {
        let (first, behind) = rest.split_first()?;
        let text = first.start();
        rest = match () {
            () if first.is("--") => return behind.split_first(),
            () if text == "--rcfile" || text == "--init-file" => behind.get(1..)?,
            () if text.starts_with(['-', '+'])
                && !text.starts_with("--")
                && text.ends_with('o') =>
            {
                behind.get(1..)?
            }
            () if text.starts_with(['-', '+']) && text.len() > 1 => behind,
            () => return Some((first, behind)),
        };
    }
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

/// The program and its arguments, also where its path begins with a variable.
fn program<'c>(
    command: &'c Command,
    expand: &dyn Fn(&Word) -> String,
) -> Option<(String, &'c [Word])> {
    if let Some((name, arguments)) = command.program() {
        // A path is cut to its last part there.
        let at = command.words.len() - arguments.len() - 1;
        let whole = command.words[at].text();
        return Some((if whole.contains('/') { whole } else { name.to_owned() }, arguments));
    }
    let (first, rest) = command.words.split_first()?;
    // `$(MAKE)` within a recipe.
    if matches!(first.parts.as_slice(), [Part::Variable { name, .. }] if name == "MAKE") {
        return Some(("make".to_owned(), rest));
    }
    let whole = expand(first);
    whole.contains('/').then_some((whole, rest))
}

pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
