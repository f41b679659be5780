//! What a command of a script runs that stands in the repository.

use sealwright_manifests::shell::{Command, Part as Piece, Script, Word, positional};
use sealwright_yaml::Place;

use super::Scripts;
use super::recipes::{Part, Recipes};

/// Shells, which run a file or a text.
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ash", "ksh"];
/// Programs that only talk about what stands behind them.
const TALKERS: &[&str] = &["echo", "printf", "grep", "cat", "sed", "awk", "test", "["];
/// What names the folder of the checkout.
const ROOTS: &[&str] = &[
    "$GITHUB_WORKSPACE/",
    "${GITHUB_WORKSPACE}/",
    "${{ github.workspace }}/",
    "$CI_PROJECT_DIR/",
    "$(git rev-parse --show-toplevel)/",
];
/// What names the folder of an action.
const ACTIONS: &[&str] =
    &["$GITHUB_ACTION_PATH/", "${GITHUB_ACTION_PATH}/", "${{ github.action_path }}/"];
/// Recipes that lead to each other: more are a circle.
const RECIPES_MAX: usize = 50;

/// Where a command is run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Base {
    /// Working directory below the root, without a slash at its end.
    pub(crate) folder: String,
    /// Folder of the file that holds the command.
    pub(crate) own: String,
}

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
    ends_early: bool,
    /// Names and what is handed over for them.
    pub(crate) given: Vec<(String, Word)>,
    /// Variables of the file that are texts.
    pub(crate) variables: Vec<(String, String)>,
    /// Where its own commands are run.
    pub(crate) base: Base,
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
        let sets = |line: &str| {
            let mut words = line.split([' ', '\t', ';']).skip_while(|word| *word != "set").skip(1);
            words.any(is_errexit)
        };
        by_first || self.text.contains("errexit") || self.text.lines().any(sets)
    }
}

fn is_errexit(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.contains('e')
}

impl Scripts {
    /// The texts that a command runs, in their order; none when it runs nothing of the repository, or
    /// nothing that is there. `script` is what it stands in, for its here-documents, with its `text`.
    pub(crate) fn follow(
        &self,
        command: &Command,
        (script, text): (&Script, &str),
        base: &Base,
    ) -> Vec<Followed> {
        let Some((program, arguments)) = program(command) else { return vec![] };
        let texts = |word: &Word| word.text();
        match program.rsplit('/').next().unwrap_or_default() {
            "make" | "gmake" => self.make(arguments, base),
            "just" => self.recipe("justfile", &["-f", "--justfile", "-d"], arguments, base),
            "task" | "go-task" => {
                self.recipe("taskfile", &["-t", "--taskfile", "-d", "--dir"], arguments, base)
            }
            "npm" | "pnpm" | "yarn" | "bun" => self.package(arguments, base),
            "source" | "." => {
                let file = arguments.first().and_then(|word| self.file(&texts(word), base));
                file.map(|path| self.whole(path, Way::Sourced, &[], base)).into_iter().collect()
            }
            shell if SHELLS.contains(&shell) => {
                self.shell(command, arguments, (script, text), base)
            }
            talker if TALKERS.contains(&talker) => vec![],
            _ => {
                let path = self.file(&program, base).filter(|_| program.contains('/'));
                if let Some(path) = path {
                    return vec![self.whole(path, Way::Process, arguments, base)];
                }
                // Behind `retry 3`, `docker run`, `xargs`: `sh -c` is still a script.
                let shell = |word: &Word| SHELLS.contains(&base_name(&word.text()));
                let behind = arguments.iter().position(shell).map(|at| &arguments[at + 1..]);
                let inline = behind.filter(|rest| rest.iter().any(is_inline));
                let here = (script, text);
                inline.map(|rest| self.shell(command, rest, here, base)).unwrap_or_default()
            }
        }
    }

    fn shell(
        &self,
        command: &Command,
        arguments: &[Word],
        (script, text): (&Script, &str),
        base: &Base,
    ) -> Vec<Followed> {
        if let Some(at) = arguments.iter().position(is_inline) {
            let inline = arguments.get(at + 1).map(|word| Followed {
                file: None,
                text: word.text(),
                line: word.line,
                literal: true,
                way: Way::Text,
                ignored: false,
                ends_early: is_errexit(arguments[at].start()),
                given: vec![],
                variables: vec![],
                base: base.clone(),
            });
            return inline.into_iter().collect();
        }
        let files = positional(arguments, &["-o", "+o", "--rcfile"]);
        if let Some(first) = files.first().filter(|word| !word.is("-")) {
            let rest: Vec<Word> = files[1..].iter().map(|word| (*word).clone()).collect();
            let path = self.file(&first.text(), base);
            return path
                .map(|path| self.whole(path, Way::Process, &rest, base))
                .into_iter()
                .collect();
        }
        // What stands in the lines below.
        let here = script.heredocs.iter().find(|body| {
            body.start > command.range.end
                && text
                    .get(command.range.end..body.start)
                    .is_some_and(|line| line.matches('\n').count() == 1)
        });
        let here = here.and_then(|body| Some((body.start, text.get(body.clone())?)));
        let here = here.map(|(start, body)| Followed {
            file: None,
            text: body.to_owned(),
            line: u32::try_from(text[..start].matches('\n').count()).unwrap_or(u32::MAX),
            literal: true,
            way: Way::Process,
            ignored: false,
            ends_early: false,
            given: vec![],
            variables: vec![],
            base: base.clone(),
        });
        here.into_iter().collect()
    }

    fn whole(&self, path: &str, way: Way, arguments: &[Word], base: &Base) -> Followed {
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
        }
    }

    /// The script of this name, as the working directory has it; else the only one whose path ends so,
    /// since `cd` is not followed.
    fn file(&self, name: &str, base: &Base) -> Option<&str> {
        let candidates = [
            ROOTS.iter().find_map(|root| name.strip_prefix(root)).map(|rest| ("", rest)),
            ACTIONS
                .iter()
                .find_map(|root| name.strip_prefix(root))
                .map(|rest| (base.own.as_str(), rest)),
            beside(name).map(|rest| (base.own.as_str(), rest)),
            Some((base.folder.as_str(), name)),
        ];
        let (folder, rest) = candidates.into_iter().flatten().next()?;
        let path = joined(folder, rest)?;
        if let Some((path, _)) = self.files.get_key_value(&path) {
            return Some(path);
        }
        let end = format!("/{}", joined("", rest)?);
        let like = self.named.get(base_name(rest))?;
        let mut like = like.iter().filter(|path| path.ends_with(&end));
        like.next().filter(|_| like.next().is_none()).map(String::as_str)
    }

    fn make(&self, arguments: &[Word], base: &Base) -> Vec<Followed> {
        let valued = ["-C", "--directory", "-f", "--file", "--makefile", "-j", "-o", "-W", "-I"];
        let names: Vec<&Word> = positional(arguments, &valued);
        let (given, targets): (Vec<&Word>, Vec<&Word>) =
            names.into_iter().partition(|word| word.start().contains('='));
        let Some((path, recipes)) =
            self.recipes_of("makefile", &["-f", "--file", "--makefile"], arguments, base)
        else {
            return vec![];
        };
        let given = given.iter().filter_map(|word| {
            let (name, _) = word.start().split_once('=')?;
            Some((name.to_owned(), word.after(&format!("{name}="))?))
        });
        let given: Vec<(String, Word)> = given.collect();
        let targets: Vec<String> = match targets.is_empty() {
            true => recipes.first.iter().cloned().collect(),
            false => targets.iter().map(|word| word.text()).collect(),
        };
        targets.iter().flat_map(|name| self.run(path, name, &given)).collect()
    }

    /// `just NAME ARGUMENT…`, `task NAME`.
    fn recipe(
        &self,
        file: &str,
        valued: &[&str],
        arguments: &[Word],
        base: &Base,
    ) -> Vec<Followed> {
        let Some((path, recipes)) = self.recipes_of(file, valued, arguments, base) else {
            return vec![];
        };
        let words = positional(arguments, valued);
        let mut words = words.into_iter().filter(|word| !word.start().contains('='));
        let Some(name) = words.next().map(Word::text).or_else(|| recipes.first.clone()) else {
            return vec![];
        };
        let name =
            if file == "taskfile" && arguments.is_empty() { "default".to_owned() } else { name };
        let parameters = recipes.by_name.get(&name).map(|one| one.parameters.clone());
        let given =
            parameters.unwrap_or_default().into_iter().zip(words.cloned()).collect::<Vec<_>>();
        self.run(path, &name, &given)
    }

    /// `npm run X`, `npm test`, `yarn X`.
    fn package(&self, arguments: &[Word], base: &Base) -> Vec<Followed> {
        let valued = ["--prefix", "-C", "--dir", "-w", "--workspace", "--filter", "-F", "--cwd"];
        let words = positional(arguments, &valued);
        let mut words = words
            .iter()
            .map(|word| word.text())
            .skip_while(|word| word == "run" || word == "run-script");
        let Some((path, _)) = self.recipes_of("package.json", &[], arguments, base) else {
            return vec![];
        };
        words.next().map(|name| self.run(path, &name, &[])).unwrap_or_default()
    }

    /// The file of recipes that is read.
    fn recipes_of(
        &self,
        kind: &str,
        by_file: &[&str],
        arguments: &[Word],
        base: &Base,
    ) -> Option<(&str, &Recipes)> {
        let value = |names: &[&str]| {
            let at = arguments.iter().position(|word| names.iter().any(|name| word.is(name)));
            let joined = arguments
                .iter()
                .find_map(|word| names.iter().find_map(|name| word.after(&format!("{name}="))));
            at.and_then(|at| arguments.get(at + 1).cloned()).or(joined).map(|word| word.text())
        };
        let named = value(by_file).filter(|name| self.recipes.contains_key(name));
        let folder = value(&["-C", "--directory", "--prefix", "--dir", "--cwd"]);
        let folder = joined(&base.folder, folder.as_deref().unwrap_or(""))?;
        let is_kind = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
            match kind {
                "makefile" => name == "makefile" || name == "gnumakefile",
                "justfile" => name == "justfile" || name == ".justfile",
                "taskfile" => name.starts_with("taskfile"),
                other => name == other,
            }
        };
        let found = match &named {
            Some(name) => self.recipes.get_key_value(name),
            None => {
                self.recipes.iter().find(|(path, _)| folder_of(path) == folder && is_kind(path))
            }
        };
        found.map(|(path, recipes)| (path.as_str(), recipes))
    }

    /// A recipe, and those before it.
    fn run(&self, path: &str, name: &str, given: &[(String, Word)]) -> Vec<Followed> {
        let mut order: Vec<(&str, String)> = Vec::new();
        self.ordered(path, name, &mut order);
        let folder = folder_of(path).to_owned();
        let base = Base { folder: folder.clone(), own: folder };
        let texts = order.into_iter().flat_map(|(path, name)| {
            let recipes = &self.recipes[path];
            let variables: Vec<(String, String)> = recipes.variables.clone().into_iter().collect();
            let base = base.clone();
            recipes.by_name[&name].parts.iter().map(move |part: &Part| Followed {
                file: Some(path.to_owned()),
                text: part.text.clone(),
                line: part.line,
                literal: part.literal,
                way: if part.text.starts_with("#!") { Way::Process } else { Way::Text },
                ignored: part.ignored,
                ends_early: false,
                given: given.to_vec(),
                variables: variables.clone(),
                base: base.clone(),
            })
        });
        texts.collect()
    }

    /// Recipes that are not in the file itself are looked for in those that it may include.
    fn ordered<'a>(&'a self, path: &'a str, name: &str, order: &mut Vec<(&'a str, String)>) {
        let here = self.recipes.get_key_value(path);
        let here = here.filter(|(_, recipes)| recipes.by_name.contains_key(name));
        let parts = || {
            self.recipes.iter().find(|(other, recipes)| {
                other.ends_with(".mk") && recipes.by_name.contains_key(name)
            })
        };
        let Some((path, recipes)) = here.or_else(parts) else { return };
        let Some(recipe) = recipes.by_name.get(name) else { return };
        let known = order.iter().any(|(_, other)| other == name);
        if known || order.len() >= RECIPES_MAX {
            return;
        }
        // Its place is kept, so that a circle ends; those before it come first.
        let at = order.len();
        order.push((path, name.to_owned()));
        for before in &recipe.before {
            self.ordered(path, before, order);
        }
        let own = order.remove(at);
        order.push(own);
    }
}

/// `-c`, `-ec`: a script follows.
fn is_inline(word: &Word) -> bool {
    let text = word.start();
    text.starts_with('-') && !text.starts_with("--") && text.ends_with('c')
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

/// The program and its arguments, also where its path begins with a variable.
fn program(command: &Command) -> Option<(String, &[Word])> {
    if let Some((name, arguments)) = command.program() {
        // A path is cut to its last part there.
        let at = command.words.len() - arguments.len() - 1;
        let whole = command.words[at].text();
        return Some((if whole.contains('/') { whole } else { name.to_owned() }, arguments));
    }
    let (first, rest) = command.words.split_first()?;
    // `$(MAKE)` within a recipe.
    if matches!(first.parts.as_slice(), [Piece::Variable { name, .. }] if name == "MAKE") {
        return Some(("make".to_owned(), rest));
    }
    let path = matches!(first.parts.last(), Some(Piece::Text(text)) if text.contains('/'));
    path.then(|| (first.text(), rest))
}

/// What stands beside the script itself: `$(dirname "$0")/x.sh`, `$SCRIPT_DIR/x.sh`.
fn beside(name: &str) -> Option<&str> {
    if name.starts_with("$(dirname") || name.starts_with("$(cd ") {
        return name.rsplit_once(")/").map(|(_, rest)| rest);
    }
    let (variable, rest) = name.strip_prefix('$')?.split_once('/')?;
    let variable = variable.trim_matches(['{', '}']).to_ascii_uppercase();
    let known = ["DIR", "SCRIPT_DIR", "SCRIPTS_DIR", "HERE", "SCRIPTDIR", "SCRIPT_PATH"];
    known.contains(&variable.as_str()).then_some(rest)
}

pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path below the root, with `.` and `..` taken out; none when it leads out, or is open.
fn joined(folder: &str, rest: &str) -> Option<String> {
    if rest.starts_with('/') || rest.contains(['$', '*', '`']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(rest.split('/')) {
        match part {
            "" | "." => (),
            ".." => drop(parts.pop()?),
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}
