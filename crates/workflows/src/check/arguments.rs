//! Arguments that the cosign of a job refuses or ignores: the step fails, or a file that the next one
//! reads is not written. Found after the artifact was pushed, unless it is found here.

use std::collections::HashSet;

use sealwright_policy::{Code, Finding};
use sealwright_yaml::Place;

use crate::cosign::{self, Comes, Installed};
use crate::facts;
use crate::goreleaser::{Release, SignCommand};
use crate::model::{Act, Runs, Setting, Step, setting};
use crate::place::in_file;
use crate::signing;
use crate::tree::Tree;
use crate::uses::Target;

/// Actions within actions that are followed; GitHub stops at ten.
const ACTION_DEPTH_MAX: usize = 10;
const VERBS: &[&str] = &[
    "sign",
    "attest",
    "sign-blob",
    "attest-blob",
    "verify",
    "verify-attestation",
    "verify-blob",
    "verify-blob-attestation",
];
/// Set by those who signed without a key before cosign 2; later ones sign so by default.
const EXPERIMENTAL: &str = "COSIGN_EXPERIMENTAL";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for workflow in &tree.workflows {
        for job in &workflow.jobs {
            let mut look = Look { tree, installed: None, findings: &mut findings };
            look.steps(&workflow.path, job.steps(), 0);
        }
    }
    // An action is looked at once for every job that uses it.
    let mut seen = HashSet::new();
    findings.retain(|finding| seen.insert((finding.message.clone(), finding.place.clone())));
    findings
}

struct Look<'t, 'f> {
    tree: &'t Tree,
    installed: Option<Installed>,
    findings: &'f mut Vec<Finding>,
}

impl Look<'_, '_> {
    fn steps(&mut self, file: &str, steps: &[Step], depth: usize) {
        for step in steps {
            match &step.act {
                Act::Run(script) => {
                    self.installed = installed_by(&script.text).unwrap_or(self.installed.take());
                    self.experimental(file, &step.env);
                    let mut found = Vec::new();
                    signing::each_call(self.tree, file, script, &mut |call, text, _| {
                        for verb in VERBS {
                            if let Some(arguments) = call.arguments_of("cosign", &[verb]) {
                                let at = (text.at)(call.line);
                                found.push((text.file.to_owned(), at, *verb, arguments.to_vec()));
                            }
                        }
                    });
                    for (file, at, verb, arguments) in found {
                        self.command(&file, &at, verb, &arguments);
                    }
                }
                Act::Uses(uses) => match &uses.target {
                    Target::Local(path) => self.local(path, depth),
                    Target::Remote(remote) if cosign::is_installer(remote) => {
                        let comment = self.tree.comment(file, &uses.at);
                        // One that is installed under a condition may not be.
                        let sure = step.condition.is_none();
                        self.installed =
                            Installed::by(remote, &step.with, comment).filter(|_| sure);
                    }
                    Target::Remote(remote) if remote.name() == facts::GORELEASER => {
                        self.goreleaser(&step.with);
                    }
                    _ => {}
                },
                Act::Wait(_) | Act::Cancel(_) | Act::Nothing => {}
            }
        }
    }

    fn local(&mut self, path: &str, depth: usize) {
        let Some(action) = self.tree.action(path).filter(|_| depth < ACTION_DEPTH_MAX) else {
            return;
        };
        if let Runs::Composite(steps) = &action.runs {
            self.steps(&action.path, steps, depth + 1);
        }
    }

    /// What goreleaser runs by its own configuration, when it signs at all.
    fn goreleaser(&mut self, with: &[Setting]) {
        let arguments = setting(with, "args").map_or("", |written| written.text.as_str());
        let (file, commands) =
            Release::of(arguments).commands(&self.tree.goreleaser).unwrap_or_default();
        for SignCommand { at, verb, arguments } in commands {
            self.command(file, at, verb, arguments);
        }
    }

    fn command(&mut self, file: &str, at: &Place, verb: &str, arguments: &[String]) {
        for (argument, comes, why) in cosign::refused(verb, arguments, self.installed.as_ref()) {
            let by = self.installed.as_ref().map_or("every cosign", |one| one.told.as_str());
            let (code, does) = match comes {
                Comes::Refused => (Code::CosignRefuses, "is refused"),
                Comes::Ignored => (Code::CosignIgnores, "does nothing"),
            };
            let message = format!("`cosign {verb}` with {argument} {does}, by {by}");
            let finding = Finding::new(code, message).with_place(in_file(file, at));
            self.findings.push(finding.with_hint(why));
        }
    }

    fn experimental(&mut self, file: &str, env: &[Setting]) {
        let set = env.iter().find(|setting| setting.name == EXPERIMENTAL);
        let since_two = self.installed.as_ref().filter(|one| one.is_since((2, 0, 0)));
        if let (Some(set), Some(installed)) = (set, since_two) {
            let message = format!("{EXPERIMENTAL} does nothing, by {}", installed.told);
            let finding = Finding::new(Code::CosignIgnores, message).as_note();
            let hint = "signing without a key is the default since cosign 2: take it out, unless a registry's referrers are asked for with it";
            self.findings.push(finding.with_place(in_file(file, &set.at)).with_hint(hint));
        }
    }
}

/// What a script says about the cosign that it installs: nothing, which one, or that it is not known.
fn installed_by(script: &str) -> Option<Option<Installed>> {
    let installs = script.contains("sigstore/cosign/releases/")
        || script.contains("go install github.com/sigstore/cosign");
    installs.then(|| Installed::downloaded(script))
}
