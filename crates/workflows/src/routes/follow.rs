//! The script of a step, and every script of the repository that it runs, each deed at its own line.

use std::collections::BTreeSet;

use sealwright_manifests::shell::{self, Command, Joint, Script, Swallowed};
use sealwright_yaml::Place;

use super::deeds::{Deed, Unseen, What, assign, export, of_command};
use super::scope::{Scope, Variables};
use crate::facts::COSIGN_ELSEWHERE;
use crate::model::Script as RunScript;
use crate::scripts::{Base, DEPTH_MAX, Followed, Scripts, TEXTS_MAX, Way, folder_of};

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
    let text = Text {
        text: &run.text,
        file,
        at: &|line| run.line(line),
        posix,
        pipefail: shell == Some("bash") || shell.is_some_and(|shell| shell.contains("pipefail")),
        stops: true,
        unseen: None,
        base: Base::of(run.folder.as_deref(), file),
    };
    let mut reading =
        Reading { scripts, deeds: vec![], exported: BTreeSet::new(), texts: 0, cut: false };
    reading.read(&text, scope, &mut Variables::new(), 0);
    reading.deeds
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
    ) {
        let script = shell::read(text.text);
        let pipefail = text.pipefail || shell::has_pipefail(&script);
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
                    ..Deed::new(what, text.file, &at)
                }));
            }
            for followed in self.scripts.follow(command, (&script, text.text), &text.base) {
                let called = Called { command, followed, unseen };
                self.follow(text, called, scope, variables, depth);
            }
        }
        export(&script, scope, variables);
    }

    fn follow(
        &mut self,
        from: &Text<'_>,
        called: Called<'_>,
        scope: &mut Scope<'_>,
        variables: &mut Variables,
        depth: usize,
    ) {
        let Called { command, followed, unseen } = called;
        self.texts += 1;
        if depth >= DEPTH_MAX || self.texts > TEXTS_MAX {
            if !std::mem::replace(&mut self.cut, true) {
                let at = (from.at)(usize::try_from(command.line).unwrap_or(usize::MAX));
                let by = command.words.first().map(shell::Word::text).unwrap_or_default();
                self.deeds.push(Deed { by, ..Deed::new(What::Unfollowed, from.file, &at) });
            }
            return;
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
            base: followed.base.clone(),
        };
        self.read(&text, scope, &mut inner, depth + 1);
        if sourced {
            *variables = inner;
        }
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

impl Base {
    /// Where a step runs its script.
    pub(crate) fn of(folder: Option<&str>, file: &str) -> Self {
        let folder = folder.unwrap_or_default();
        let folder = folder.trim_start_matches("./").trim_end_matches('/').to_owned();
        Base { folder, own: folder_of(file).to_owned() }
    }
}
