//! The steps of a release, as data: what runs here, and what `tidy` compares the workflows with.

use std::collections::BTreeMap;

use crate::failure::{Failure, Outcome};

/// One program of the release.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What it does, for people.
    pub(crate) does: &'static str,
    /// Which of our binaries.
    pub(crate) program: &'static str,
    /// Its subcommand.
    pub(crate) command: &'static str,
    /// What stands behind the subcommand.
    positional: Option<Value>,
    /// Flags and what stands behind them; a flag whose value is not given is left out.
    flags: &'static [(&'static str, Value)],
    /// What its environment holds.
    pub(crate) holds: Holds,
    /// Where its standard output is kept.
    pub(crate) keeps: Option<&'static str>,
    /// Whether it is the one that leaves a receipt, from which the reference is known.
    pub(crate) publishes: bool,
}

/// What the environment of a step holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// The right to ask for an OIDC token, as a job on GitHub has it.
    SigningToken,
    /// Nothing at all: a stranger.
    Nothing,
}

/// A value that is known only when the flow runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Config,
    Artifact,
    Contents,
    Registry,
    Trust,
    Issuer,
    /// What the receipt says was published.
    Reference,
    Report,
    Site,
    /// This word.
    Word(&'static str),
}

/// What every step is told about where it is: the dev stack, here; nothing, on GitHub.
macro_rules! flags {
    ($($flag:expr => $value:expr),* $(,)?) => {
        &[
            ("--config", Value::Config),
            ("--registry", Value::Registry),
            ("--trust", Value::Trust),
            ("--github-issuer", Value::Issuer),
            $(($flag, $value)),*
        ]
    };
}

/// The release. The publisher's `publish` is one transaction: it proves before it promotes, and
/// confirms after it.
pub(crate) const RELEASE: &[Step] = &[
    Step {
        name: "validate",
        does: "read the configuration, pack the contents, say what would happen",
        program: "sealwright-publisher",
        command: "plan",
        positional: None,
        flags: flags!["--artifact" => Value::Artifact, "--contents" => Value::Contents],
        holds: Holds::SigningToken,
        keeps: None,
        publishes: false,
    },
    Step {
        name: "publish",
        does: "stage, sign, attest, prove as a stranger, promote, confirm",
        program: "sealwright-publisher",
        command: "publish",
        positional: None,
        flags: flags!["--artifact" => Value::Artifact, "--contents" => Value::Contents],
        holds: Holds::SigningToken,
        keeps: Some("receipt.json"),
        publishes: true,
    },
    Step {
        name: "verify",
        does: "judge the promoted tag with an empty environment and no credentials",
        program: "sealwright-verifier",
        command: "artifact",
        positional: Some(Value::Reference),
        flags: flags![
            "--artifact" => Value::Artifact,
            "--format" => Value::Word("json"),
            "--output" => Value::Report,
        ],
        holds: Holds::Nothing,
        keeps: None,
        publishes: false,
    },
    Step {
        name: "docs",
        does: "write the site that says who may sign it, and who did",
        program: "sealwright-docs",
        command: "build",
        positional: None,
        flags: flags!["--report" => Value::Report, "--out" => Value::Site],
        holds: Holds::Nothing,
        keeps: None,
        publishes: false,
    },
];

impl Step {
    /// The words of the command line.
    pub(crate) fn arguments(&self, given: &BTreeMap<Value, String>) -> Outcome<Vec<String>> {
        let mut words = vec![self.command.to_owned()];
        if let Some(value) = self.positional {
            words.push(value.word(given).ok_or_else(|| {
                Failure::new(format!("{}: {value:?} is not known yet", self.name))
            })?);
        }
        for (flag, value) in self.flags {
            if let Some(word) = value.word(given) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_publisher_ever_holds_a_token() {
        for step in RELEASE {
            let holds = step.holds == Holds::SigningToken;
            assert_eq!(holds, step.program == "sealwright-publisher", "{}", step.name);
        }
    }

    #[test]
    fn a_flag_without_a_value_is_left_out() {
        let given = BTreeMap::from([(Value::Config, "c.yaml".to_owned())]);
        assert_eq!(RELEASE[0].arguments(&given).unwrap(), ["plan", "--config", "c.yaml"]);
    }

    #[test]
    fn verifying_before_anything_is_published_is_an_error() {
        let verify = RELEASE.iter().find(|step| step.name == "verify").unwrap();
        assert!(verify.arguments(&BTreeMap::new()).is_err());
    }
}
