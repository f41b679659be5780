//! Where commands are run: below the checkout, by `working-directory` and `cd`, where each
//! `actions/checkout` of the job has put what.

use std::collections::BTreeMap;
use std::rc::Rc;

use sealwright_manifests::shell::{Blocks, Command, Word};

use crate::model;

/// What names the folder that a job begins in.
const ROOTS: &[&str] = &[
    "$GITHUB_WORKSPACE",
    "${GITHUB_WORKSPACE}",
    "${{ github.workspace }}",
    "$CI_PROJECT_DIR",
    "$(git rev-parse --show-toplevel)",
];
/// What names the folder of an action.
const ACTIONS: &[&str] =
    &["$GITHUB_ACTION_PATH", "${GITHUB_ACTION_PATH}", "${{ github.action_path }}"];
/// What names the folder that a command is run in.
const HERE: &[&str] = &["$PWD", "${PWD}", "$(pwd)"];
/// What lies outside of every checkout.
const OUTSIDE: &[&str] = &["/", "~", "$HOME", "${HOME}", "$RUNNER_T", "${RUNNER_T", "$(mktemp"];
/// Names that scripts give to the folder they stand in.
const OWN: &[&str] = &["DIR", "SCRIPT_DIR", "SCRIPTS_DIR", "HERE", "SCRIPTDIR", "SCRIPT_PATH"];

/// A folder of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Folder {
    /// Below the one that the job begins in, without slashes around it; empty for that itself.
    Known(String),
    /// Outside of it.
    Outside,
    /// Not on paper.
    Open,
}

/// Where a path of the run leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// To this path of the repository.
    Here(String),
    /// Into another repository.
    OfAnother(String),
    /// Out of everything that was checked out.
    Outside,
    /// Not on paper.
    Open,
}

/// Where a command is run.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    pub(crate) folder: Folder,
    /// Folder of the file that holds the command, in the repository.
    pub(crate) own: String,
    /// What was checked out before: its folder, and the name of another repository.
    pub(crate) checkouts: Rc<[(String, Option<String>)]>,
}

impl Base {
    /// Where a step runs its script. `expand` puts in what is known of expressions.
    pub(crate) fn of(
        script: &model::Script,
        file: &str,
        repository: Option<&str>,
        expand: &dyn Fn(&str) -> String,
    ) -> Self {
        let checkouts = script.checkouts.iter().filter_map(|checkout| {
            let path = expand(checkout.path.as_deref().unwrap_or_default());
            let other = checkout.repository.as_deref().map(expand);
            let other = other.filter(|name| !is_ours(name, repository));
            Some((joined("", &path)?, other))
        });
        let checkouts = checkouts.collect();
        let root = Folder::Known(String::new());
        let own = super::folder_of(file).to_owned();
        let base = Base { folder: root.clone(), own, checkouts };
        let folder = script.folder.as_deref().map(|folder| base.change(&expand(folder)));
        Base { folder: folder.unwrap_or(root), ..base }
    }

    /// The same in the folder that this names, if it names one.
    pub(super) fn within(&self, folder: Option<&str>) -> Self {
        let folder = folder.map(|name| self.change(name));
        Base { folder: folder.unwrap_or_else(|| self.folder.clone()), ..self.clone() }
    }

    /// The folder that `cd` of this leads to.
    fn change(&self, name: &str) -> Folder {
        let name = name.trim_end_matches('/');
        match self.place(&format!("{name}/")) {
            Some(folder) => folder,
            None if name.is_empty() => Folder::Outside,
            None => Folder::Open,
        }
    }

    /// A path as a command names it, below the folder that the job begins in.
    fn place(&self, name: &str) -> Option<Folder> {
        let below = |names: &[&str]| {
            let rest = names.iter().find_map(|start| name.strip_prefix(start));
            rest.filter(|rest| rest.starts_with('/')).map(|rest| &rest[1..])
        };
        let own = || Folder::Known(self.in_run(&self.own));
        let (folder, rest) = if let Some(rest) = below(ROOTS) {
            (Folder::Known(String::new()), rest)
        } else if let Some(rest) = below(ACTIONS).or_else(|| beside(name)) {
            (own(), rest)
        } else if let Some(rest) = below(HERE) {
            (self.folder.clone(), rest)
        } else if OUTSIDE.iter().any(|start| name.starts_with(start)) {
            return Some(Folder::Outside);
        } else {
            (self.folder.clone(), name)
        };
        if !is_plain(rest) {
            return None;
        }
        match folder {
            Folder::Known(folder) => {
                Some(joined(&folder, rest).map_or(Folder::Outside, Folder::Known))
            }
            other => Some(other),
        }
    }

    /// What a command names, in the repository; nothing when its name is not on paper.
    pub(super) fn spot(&self, name: &str) -> Option<Spot> {
        Some(match self.place(name)? {
            Folder::Known(path) => self.in_repository(&path),
            Folder::Outside => Spot::Outside,
            Folder::Open => Spot::Open,
        })
    }

    /// The folder that commands are run in, in the repository.
    pub(super) fn own_folder(&self) -> Spot {
        match &self.folder {
            Folder::Known(path) => self.in_repository(path),
            Folder::Outside => Spot::Outside,
            Folder::Open => Spot::Open,
        }
    }

    fn in_repository(&self, path: &str) -> Spot {
        let within = |folder: &str| match folder {
            "" => Some(path),
            _ if folder == path => Some(""),
            _ => path.strip_prefix(folder)?.strip_prefix('/'),
        };
        let fitting = self
            .checkouts
            .iter()
            .filter_map(|(folder, other)| Some((folder.len(), within(folder)?, other.as_ref())));
        match fitting.max_by_key(|(length, ..)| *length) {
            Some((_, _, Some(other))) => Spot::OfAnother(other.clone()),
            Some((_, rest, None)) => Spot::Here(rest.to_owned()),
            // By what this job does not show.
            None => Spot::Here(path.to_owned()),
        }
    }

    /// A folder of the repository, below the one that the job begins in.
    pub(super) fn in_run(&self, path: &str) -> String {
        let ours = self.checkouts.iter().rfind(|(_, other)| other.is_none());
        let folder = ours.map_or("", |(folder, _)| folder);
        joined(folder, path).unwrap_or_default()
    }
}

/// Whether a checkout is of this repository, or a fork's proposal to it.
fn is_ours(name: &str, repository: Option<&str>) -> bool {
    let by_context = ["github.repository", "head.repo", "head_repository", "GITHUB_REPOSITORY"];
    name.is_empty()
        || repository.is_some_and(|repository| repository.eq_ignore_ascii_case(name))
        || name.contains("${{") && by_context.iter().any(|context| name.contains(context))
}

/// What stands beside the script itself: `$(dirname "$0")/x.sh`, `$SCRIPT_DIR/x.sh`.
fn beside(name: &str) -> Option<&str> {
    let by_own = |start: &str| {
        name.starts_with(start) && (name.contains("$0") || name.contains("BASH_SOURCE"))
    };
    if by_own("$(dirname") || by_own("$(cd ") {
        return name.rsplit_once(")/").map(|(_, rest)| rest);
    }
    let cut = ["${0%/*}/", "${BASH_SOURCE[0]%/*}/", "${BASH_SOURCE%/*}/"];
    if let Some(rest) = cut.iter().find_map(|start| name.strip_prefix(start)) {
        return Some(rest);
    }
    let (variable, rest) = name.strip_prefix('$')?.split_once('/')?;
    let variable = variable.trim_matches(['{', '}']).to_ascii_uppercase();
    OWN.contains(&variable.as_str()).then_some(rest)
}

/// Whether a path is written out: nothing is put in, and no substitution stands for it.
fn is_plain(path: &str) -> bool {
    !path.contains(['$', '*', '`', '?', '<', '(', '{', ' ', '\n'])
}

/// A path below the root, with `.` and `..` taken out; none when it leads out, or is open.
pub(super) fn joined(folder: &str, rest: &str) -> Option<String> {
    if rest.starts_with('/') || !is_plain(rest) {
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

/// The folder of each command of one text, by what the commands before it changed.
#[derive(Debug)]
pub(crate) struct Folders {
    start: Folder,
    by_block: BTreeMap<usize, State>,
}

#[derive(Debug, Clone)]
struct State {
    now: Folder,
    /// What it was where the block began.
    entry: Folder,
    /// For `cd -`.
    before: Folder,
    /// By `pushd`.
    pushed: Vec<Folder>,
}

impl Folders {
    pub(crate) fn of(base: &Base) -> Self {
        Self { start: base.folder.clone(), by_block: BTreeMap::new() }
    }

    /// Where a command of this block is run.
    pub(crate) fn at(&mut self, blocks: &Blocks, block: usize) -> Folder {
        self.state(blocks, block).now.clone()
    }

    fn state(&mut self, blocks: &Blocks, block: usize) -> &mut State {
        if !self.by_block.contains_key(&block) {
            // Blocks stand in others of smaller numbers, so this ends; from the outermost inwards, as
            // text can be written deeper than a stack is.
            let mut missing = vec![block];
            let mut around = blocks.get(block).around;
            while !self.by_block.contains_key(&around) && around != *missing.last().unwrap_or(&0) {
                missing.push(around);
                around = blocks.get(around).around;
            }
            for block in missing.into_iter().rev() {
                let known = self.by_block.get(&blocks.get(block).around);
                let known = known.map(|state| State { entry: state.now.clone(), ..state.clone() });
                let state = known.unwrap_or_else(|| State {
                    now: self.start.clone(),
                    entry: self.start.clone(),
                    before: Folder::Open,
                    pushed: vec![],
                });
                self.by_block.insert(block, state);
            }
        }
        self.by_block.get_mut(&block).expect("it was put there")
    }

    /// Takes in what a command changes. `expand` puts in what is known of its variables.
    pub(crate) fn pass(
        &mut self,
        blocks: &Blocks,
        command: &Command,
        base: &Base,
        expand: &dyn Fn(&Word) -> String,
    ) {
        let Some((program, arguments)) = command.program() else { return };
        if !matches!(program, "cd" | "pushd" | "popd") {
            return;
        }
        let option = |word: &&Word| word.start().starts_with('-') && !word.is("-");
        let name = arguments.iter().find(|word| !option(word)).map(expand);
        let state = self.state(blocks, command.block);
        let here = Base { folder: state.now.clone(), ..base.clone() };
        let target = match (program, name.as_deref()) {
            ("popd", _) => state.pushed.pop().unwrap_or(Folder::Open),
            ("cd", Some("-")) => state.before.clone(),
            (_, Some(name)) => here.change(name),
            ("cd", None) => Folder::Outside,
            (_, None) => Folder::Open,
        };
        if program == "pushd" {
            state.pushed.push(state.now.clone());
        }
        self.change(blocks, command.block, target);
    }

    /// From here on, commands of this block are run there.
    pub(crate) fn change(&mut self, blocks: &Blocks, block: usize, target: Folder) {
        let state = self.state(blocks, block);
        state.before = std::mem::replace(&mut state.now, target);
        // What may be passed over leaves it open where one is afterwards, unless it goes back.
        let mut block = block;
        while !blocks.get(block).own_shell {
            let state = self.state(blocks, block);
            let back = state.now == state.entry;
            let after = if back { state.entry.clone() } else { Folder::Open };
            block = blocks.get(block).around;
            self.state(blocks, block).now = after;
        }
    }
}
