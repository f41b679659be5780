//! The script of a step, and every script of the repository that it runs, each deed at its own line.

use std::collections::BTreeSet;

use sealwright_manifests::shell::{self, Command, Joint, Script, Swallowed};
use sealwright_yaml::Place;

use super::deeds::{Deed, Unseen, What, assign, export, of_command};
use super::facts::is_read;
use super::scope::{Scope, Variables};
use crate::facts::COSIGN_ELSEWHERE;
use crate::model::Script as RunScript;
use crate::scripts::{
    At, Base, DEPTH_MAX, Folder, Folders, Followed, Scripts, TEXTS_MAX, Way, is_errexit,
    sets_errexit,
};

pub(super) fn of_script(
    run: &RunScript,
    file: &str,
    scope: &mut Scope<'_>,
    scripts: &Scripts,
) -> Vec<Deed> {
    let shell = run.shell.as_deref();
    let posix = shell.is_none_or(|shell| {
        ["bash", "sh", "dash", "zsh"].iter().any(|name| shell.split(' ').next() == Some(name))
    });
    let base = Base::of(run, file, scope.repository, &|text| scope.expand(text));
    let text = Text {
        text: &run.text,
        file,
        at: &|line| run.line(line),
        posix,
        pipefail: shell == Some("bash") || shell.is_some_and(|shell| shell.contains("pipefail")),
        stops: shell.is_none_or(stops) || sets_errexit(&run.text),
        unseen: None,
        guessed: false,
        base,
    };
    let mut reading =
        Reading { scripts, deeds: vec![], exported: BTreeSet::new(), texts: 0, cut: false };
    reading.read(&text, scope, &mut Variables::new(), 0);
    reading.deeds
}

/// Whether a shell ends where a command fails: by a name alone GitHub starts it with `-e`, by a line of
/// one's own with what stands there.
fn stops(shell: &str) -> bool {
    !shell.trim().contains(' ') || shell.contains("errexit") || shell.split(' ').any(is_errexit)
}

/// A text that is run.
struct Text<'t> {
    text: &'t str,
    file: &'t str,
    at: &'t dyn Fn(usize) -> Place,
    posix: bool,
    pipefail: bool,
    /// Whether a command that fails ends it.
    stops: bool,
    /// How its own failure goes unseen where it is run.
    unseen: Option<Unseen>,
    /// Whether it is not sure that this is the text.
    guessed: bool,
    base: Base,
}

struct Reading<'s> {
    scripts: &'s Scripts,
    deeds: Vec<Deed>,
    /// Variables that reach the programs which are run.
    exported: BTreeSet<String>,
    texts: usize,
    /// Whether that was told.
    cut: bool,
}

impl Reading<'_> {
    fn read(
        &mut self,
        text: &Text<'_>,
        scope: &mut Scope<'_>,
        variables: &mut Variables,
        depth: usize,
    ) -> Folder {
        let script = shell::read(text.text);
        let pipefail = text.pipefail || shell::has_pipefail(&script);
        let mut folders = Folders::of(&text.base);
        for (index, command) in script.commands.iter().enumerate() {
            assign(command, scope, variables);
            self.exported.extend(exports(command));
            let swallowed = script.swallows(index, pipefail).map(Unseen::Shell);
            let goes_on = (!text.stops && goes_on(&script, index)).then_some(Unseen::GoesOn);
            let unseen = text.unseen.or(swallowed).or(goes_on);
            if let Some((whats, by)) = of_command(command, scope, variables) {
                let at = (text.at)(usize::try_from(command.line).unwrap_or(usize::MAX));
                // Whether another shell goes on after a failure is not looked into: what it does may
                // happen, and holds nothing.
                let whats = whats.into_iter();
                let whats =
                    whats.filter(|what| text.posix || !matches!(what, What::Verify | What::Check));
                let foreign = command.option(COSIGN_ELSEWHERE).is_some();
                self.deeds.extend(whats.map(|what| Deed {
                    by: by.clone(),
                    unseen,
                    foreign,
                    guessed: text.guessed,
                    ..Deed::new(what, text.file, &at)
                }));
            }
            let base =
                Base { folder: folders.at(&script.blocks, command.block), ..text.base.clone() };
            let expand = |word: &shell::Word| scope.word(word, variables);
            folders.pass(&script.blocks, command, &text.base, &expand);
            let at = At { command, script: &script, text: text.text, base: &base, expand: &expand };
            let found = self.scripts.follow(at);
            let unknown = found.lost.filter(|lost| lost.is_script() || !is_read(lost.file_name()));
            self.deeds.extend(unknown.map(|lost| {
                let (why, sure) = scope.made.tell(&lost);
                let at = (text.at)(usize::try_from(command.line).unwrap_or(usize::MAX));
                let by = lost.name;
                Deed { by, ..Deed::new(What::Lost { why, sure }, text.file, &at) }
            }));
            scope.made.by_command(command);
            for followed in found.texts {
                let called = Called { command, followed, unseen };
                if let Some(folder) = self.follow(text, called, scope, variables, depth) {
                    folders.change(&script.blocks, command.block, folder);
                }
            }
        }
        export(&script, scope, variables);
        folders.at(&script.blocks, 0)
    }

    /// Reads what a command runs. Where that leaves the shell in another folder: which.
    fn follow(
        &mut self,
        from: &Text<'_>,
        called: Called<'_>,
        scope: &mut Scope<'_>,
        variables: &mut Variables,
        depth: usize,
    ) -> Option<Folder> {
        let Called { command, followed, unseen } = called;
        self.texts += 1;
        if depth >= DEPTH_MAX || self.texts > TEXTS_MAX {
            if !std::mem::replace(&mut self.cut, true) {
                let at = (from.at)(usize::try_from(command.line).unwrap_or(usize::MAX));
                let by = command.words.first().map(shell::Word::text).unwrap_or_default();
                self.deeds.push(Deed { by, ..Deed::new(What::Unfollowed, from.file, &at) });
            }
            return None;
        }
        let mut inner = self.handed(command, &followed, scope, variables);
        let at = |line: usize| followed.place(line, from.at);
        let ignored = followed.ignored.then_some(Unseen::Shell(Swallowed::Or));
        let sourced = followed.way == Way::Sourced;
        let text = Text {
            text: &followed.text,
            file: followed.file.as_deref().unwrap_or(from.file),
            at: &at,
            posix: true,
            pipefail: sourced && from.pipefail,
            stops: followed.stops() || sourced && from.stops,
            unseen: unseen.or(ignored),
            guessed: from.guessed || followed.guessed,
            base: followed.base.clone(),
        };
        let folder = self.read(&text, scope, &mut inner, depth + 1);
        if sourced {
            *variables = inner;
        }
        Some(folder).filter(|folder| sourced && *folder != text.base.folder)
    }

    /// What a text that is run sees of the variables around it.
    fn handed(
        &self,
        command: &Command,
        followed: &Followed,
        scope: &Scope<'_>,
        variables: &Variables,
    ) -> Variables {
        let own = followed.file.is_none() || followed.way == Way::Sourced;
        let mut handed = variables.clone();
        handed.retain(|name, _| own || self.exported.contains(name));
        handed.extend(followed.variables.iter().cloned());
        let set = command.assignments.iter().chain(&followed.given);
        let set = set.map(|(name, word)| (name.clone(), scope.word(word, variables)));
        handed.extend(set.collect::<Vec<_>>());
        handed
    }
}

/// A command with one of the texts that it runs.
struct Called<'c> {
    command: &'c Command,
    followed: Followed,
    unseen: Option<Unseen>,
}

/// Names that a command makes visible to programs.
fn exports(command: &Command) -> Vec<String> {
    let words = command.words.iter().skip(1).filter(|_| command.first() == Some("export"));
    words.map(|word| word.start().split('=').next().unwrap_or_default().to_owned()).collect()
}

/// Whether more follows that is done whether or not a command failed.
fn goes_on(script: &Script, index: usize) -> bool {
    let command = &script.commands[index];
    let plain = command.level == 0 && !command.asked && command.joint == Joint::End;
    let next = script.next(index).filter(|next| script.commands[*next].level == 0);
    plain && next.is_some_and(|next| !script.asks_for_status(index, next))
}
