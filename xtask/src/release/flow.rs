//! What a step of a release consists of: a program and its words, or something to do on this machine.

use std::collections::BTreeMap;

use crate::failure::{Failure, Outcome};

/// One step of the release.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What it does, for people.
    pub(crate) does: &'static str,
    /// The control plane that it is about, when it is about one: without planes it is left out.
    pub(crate) plane: Option<Stage>,
    pub(crate) work: Work,
}

/// What a step consists of.
#[derive(Debug)]
pub(crate) enum Work {
    /// One of our programs.
    Run(Run),
    /// What only this machine has to do: elsewhere the cluster has its source already.
    Here(Here),
}

/// One of our programs, and how it is called.
#[derive(Debug)]
pub(crate) struct Run {
    /// Which of our binaries.
    pub(crate) program: &'static str,
    /// Its subcommand.
    pub(crate) command: &'static str,
    /// What stands behind the subcommand.
    pub(super) positional: Option<Value>,
    /// Flags and what stands behind them; a flag whose value is not given is left out.
    pub(super) flags: &'static [(&'static str, Value)],
    /// What its environment holds.
    pub(crate) holds: Holds,
    /// Where its standard output is kept.
    pub(crate) keeps: Option<&'static str>,
}

/// What only this machine has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    /// Let the plane run what it ran before, where there was something.
    Before,
    /// Give the plane its source, as rendered, and ask for a reconciliation.
    Apply,
    /// Make known-bad artifacts.
    MintControls,
    /// Show what the plane made of the artifact.
    ShowApplied,
}

/// The planes, in the order in which a release reaches them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Stage {
    /// Where a candidate runs first. Its environment in the configuration is `local`.
    Local,
    /// What must not be harmed. Its environment in the configuration is `prod`.
    Prod,
}

impl Stage {
    /// Both, the one that risks less first.
    pub(crate) const ALL: [Stage; 2] = [Stage::Local, Stage::Prod];

    /// Name of the environment, of the context and of the plane.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Stage::Local => "local",
            Stage::Prod => "prod",
        }
    }

    /// The tag that it follows: moving it is what deploys.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Stage::Local => CANDIDATE,
            Stage::Prod => RELEASED,
        }
    }
}

/// The tag of what has been proven and has not run anywhere yet.
pub(super) const CANDIDATE: &str = "candidate";
/// The tag of what has run on the local plane: the one that production follows.
pub(super) const RELEASED: &str = "latest";

/// What the environment of a program holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// The right to ask for an OIDC token, as a job on GitHub has it, and the registry's credentials.
    SigningToken,
    /// The registry's credentials, and no right to sign.
    RegistryCredentials,
    /// What reaches a cluster: a kubeconfig and the programs that it may name.
    Kubeconfig,
    /// The programs of the machine, for `kubectl kustomize`, and nothing else.
    Programs,
    /// Nothing at all: a stranger.
    Nothing,
}

/// A value that is known only when the flow runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Config,
    Artifact,
    Contents,
    /// Folder whose manifests are judged.
    Manifests,
    /// Folder whose workflows are judged.
    Repository,
    /// Name of the repository on GitHub whose workflow the dev stack stands in for.
    GithubRepository,
    Registry,
    Trust,
    Issuer,
    /// `repository:candidate`.
    Candidate,
    /// `repository@digest` of what was published.
    Published,
    /// Its digest.
    Digest,
    /// `repository:latest`.
    Released,
    /// The stranger's report.
    Report,
    /// Known-bad artifacts.
    Controls,
    /// Name of the Secret with a trusted root that stands in for the public Sigstore's.
    TrustedRoot,
    /// Namespace of the source on the plane, when its environment has no other.
    Namespace(Stage),
    /// Its name.
    Name(Stage),
    /// `namespace/name` of the source on the plane.
    SourceName(Stage),
    /// What trying to break into the plane gave.
    ControlsReport(Stage),
    /// What the plane runs.
    ClusterReport(Stage),
    Site,
    /// Nothing: the flag stands for itself.
    Set,
    /// This word.
    Word(&'static str),
}

impl Step {
    /// The program that it runs, when it runs one.
    pub(crate) fn run(&self) -> Option<&Run> {
        match &self.work {
            Work::Run(run) => Some(run),
            Work::Here(_) => None,
        }
    }
}

impl Run {
    /// The words of the command line.
    pub(crate) fn arguments(&self, given: &BTreeMap<Value, String>) -> Outcome<Vec<String>> {
        let mut words = vec![self.command.to_owned()];
        if let Some(value) = self.positional {
            words.push(value.word(given).ok_or_else(|| {
                Failure::new(format!("{}: {value:?} is not known yet", self.command))
            })?);
        }
        for (flag, value) in self.flags {
            if *value == Value::Set {
                words.push((*flag).to_owned());
            } else if let Some(word) = value.word(given) {
                words.extend([(*flag).to_owned(), word]);
            }
        }
        Ok(words)
    }
}

impl Value {
    fn word(self, given: &BTreeMap<Value, String>) -> Option<String> {
        match self {
            Value::Word(word) => Some(word.to_owned()),
            known => given.get(&known).cloned(),
        }
    }
}
