//! The steps of a release, as data: what runs here, and what `tidy` compares the workflows with.

use super::flow::{CANDIDATE, Here, Holds, RELEASED, Run, Stage, Step, Value, Work};

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

/// The source of a plane, from the configuration: applied here, committed elsewhere.
macro_rules! render {
    ($stage:expr, $name:literal, $keeps:literal) => {
        Step {
            name: $name,
            does: "write the plane's source, with the one matcher that the configuration gives",
            plane: Some($stage),
            work: Work::Run(Run {
                program: VERIFIER,
                command: "render",
                positional: Some(Value::Artifact),
                flags: &[
                    ("--config", Value::Config),
                    ("--registry", Value::Registry),
                    ("--github-issuer", Value::Issuer),
                    ("--environment", Value::Word($stage.name())),
                    ("--namespace", Value::Namespace($stage)),
                    ("--name", Value::Name($stage)),
                    ("--tag", Value::Word($stage.tag())),
                    ("--trusted-root-secret", Value::TrustedRoot),
                ],
                holds: Holds::Nothing,
                keeps: Some($keeps),
            }),
        }
    };
}

macro_rules! wait {
    ($stage:expr, $name:literal) => {
        Step {
            name: $name,
            does: "until the plane runs exactly this digest, verified and Ready",
            plane: Some($stage),
            work: Work::Run(Run {
                program: VERIFIER,
                command: "wait",
                positional: Some(Value::SourceName($stage)),
                flags: flags![
                    "--environment" => Value::Word($stage.name()),
                    "--digest" => Value::Digest,
                ],
                holds: Holds::Kubeconfig,
                keeps: None,
            }),
        }
    };
}

macro_rules! cluster {
    ($stage:expr, $name:literal) => {
        Step {
            name: $name,
            does: "read every source of the plane: what it runs, who signed it, whether the lock is on",
            plane: Some($stage),
            work: Work::Run(Run {
                program: VERIFIER,
                command: "cluster",
                positional: None,
                flags: flags![
                    "--environment" => Value::Word($stage.name()),
                    "--format" => Value::Word("json"),
                    "--output" => Value::ClusterReport($stage),
                ],
                holds: Holds::Kubeconfig,
                keeps: None,
            }),
        }
    };
}

/// What is written down, judged before anything is published: it needs nobody, and asks nobody.
macro_rules! on_paper {
    ($command:literal, $does:literal, $folder:expr, $keeps:literal $(, $flag:literal => $value:expr)*) => {
        Step {
            name: $command,
            does: $does,
            plane: None,
            work: Work::Run(Run {
                program: VERIFIER,
                command: $command,
                positional: $folder,
                flags: &[("--config", Value::Config) $(, ($flag, $value))*],
                holds: Holds::Programs,
                keeps: Some($keeps),
            }),
        }
    };
}

/// What only this machine has to do on a plane.
const fn here(stage: Stage, name: &'static str, does: &'static str, here: Here) -> Step {
    Step { name, does, plane: Some(stage), work: Work::Here(here) }
}

const APPLIES: &str = "give the plane its source, and ask for a reconciliation";
const SHOWS: &str = "show what kustomize-controller made of the artifact";

const PUBLISHER: &str = "sealwright-publisher";
const VERIFIER: &str = "sealwright-verifier";
const DOCS: &str = "sealwright-docs";

/// The release. The publisher's `publish` is one transaction that proves before it moves the tag
/// `candidate`; `promote` proves again before it moves `latest`, once the local plane has held.
pub(crate) const RELEASE: &[Step] = &[
    on_paper!(
        "patterns",
        "see that the configuration's matchers let in the signers and nobody else",
        None,
        "patterns.txt"
    ),
    // Contents may be plain workloads; what the configuration is about is never one of them.
    on_paper!(
        "manifests",
        "compare every place that says who may sign with the configuration",
        Some(Value::Manifests),
        "manifests.txt",
        "--may-be-empty" => Value::Set
    ),
    on_paper!(
        "workflows",
        "see as whom each job signs, and that every route to a tag passes the same gates",
        Some(Value::Repository),
        "workflows.txt",
        "--repository" => Value::GithubRepository,
        "--may-be-empty" => Value::Set
    ),
    Step {
        name: "validate",
        does: "read the configuration, pack the contents, say what would happen",
        plane: None,
        work: Work::Run(Run {
            program: PUBLISHER,
            command: "plan",
            positional: None,
            flags: flags![
                "--artifact" => Value::Artifact,
                "--contents" => Value::Contents,
                "--tag" => Value::Word(CANDIDATE),
            ],
            holds: Holds::SigningToken,
            keeps: None,
        }),
    },
    Step {
        name: "publish",
        does: "stage, sign, attest, prove as a stranger, move the tag `candidate`, confirm",
        plane: None,
        work: Work::Run(Run {
            program: PUBLISHER,
            command: "publish",
            positional: None,
            flags: flags![
                "--artifact" => Value::Artifact,
                "--contents" => Value::Contents,
                "--tag" => Value::Word(CANDIDATE),
            ],
            holds: Holds::SigningToken,
            keeps: Some("receipt.json"),
        }),
    },
    Step {
        name: "verify candidate",
        does: "judge the candidate with an empty environment and no credentials",
        plane: None,
        work: Work::Run(Run {
            program: VERIFIER,
            command: "artifact",
            positional: Some(Value::Candidate),
            flags: flags!["--artifact" => Value::Artifact],
            holds: Holds::Nothing,
            keeps: Some("candidate.txt"),
        }),
    },
    render!(Stage::Local, "render local", "source-local.yaml"),
    render!(Stage::Prod, "render prod", "source-prod.yaml"),
    here(Stage::Prod, "before", "let production run what it ran before this release", Here::Before),
    here(Stage::Local, "apply local", APPLIES, Here::Apply),
    wait!(Stage::Local, "wait local"),
    here(Stage::Local, "applied local", SHOWS, Here::ShowApplied),
    here(
        Stage::Local,
        "mint controls",
        "make known-bad artifacts that every lock must refuse",
        Here::MintControls,
    ),
    Step {
        name: "controls local",
        does: "try to break in with each of them, on the live plane",
        plane: Some(Stage::Local),
        work: Work::Run(Run {
            program: VERIFIER,
            command: "controls",
            positional: None,
            flags: flags![
                "--artifact" => Value::Artifact,
                "--environment" => Value::Word("local"),
                "--set" => Value::Controls,
                "--live" => Value::Set,
                "--format" => Value::Word("json"),
                "--output" => Value::ControlsReport(Stage::Local),
            ],
            holds: Holds::Kubeconfig,
            keeps: None,
        }),
    },
    Step {
        name: "promote",
        does: "prove again as a stranger, move the tag `latest`, confirm",
        plane: None,
        work: Work::Run(Run {
            program: PUBLISHER,
            command: "promote",
            positional: Some(Value::Published),
            flags: flags![
                "--artifact" => Value::Artifact,
                "--tag" => Value::Word(RELEASED),
            ],
            holds: Holds::RegistryCredentials,
            keeps: Some("promotion.json"),
        }),
    },
    Step {
        name: "verify",
        does: "judge the promoted tag with an empty environment and no credentials",
        plane: None,
        work: Work::Run(Run {
            program: VERIFIER,
            command: "artifact",
            positional: Some(Value::Released),
            flags: flags![
                "--artifact" => Value::Artifact,
                "--format" => Value::Word("json"),
                "--output" => Value::Report,
            ],
            holds: Holds::Nothing,
            keeps: None,
        }),
    },
    here(Stage::Prod, "apply prod", APPLIES, Here::Apply),
    wait!(Stage::Prod, "wait prod"),
    here(Stage::Prod, "applied prod", SHOWS, Here::ShowApplied),
    Step {
        name: "controls prod",
        does: "judge each known-bad artifact, and predict what production would say of it",
        plane: Some(Stage::Prod),
        work: Work::Run(Run {
            program: VERIFIER,
            command: "controls",
            positional: None,
            flags: flags![
                "--artifact" => Value::Artifact,
                "--environment" => Value::Word("prod"),
                "--set" => Value::Controls,
                "--format" => Value::Word("json"),
                "--output" => Value::ControlsReport(Stage::Prod),
            ],
            holds: Holds::Kubeconfig,
            keeps: None,
        }),
    },
    cluster!(Stage::Local, "cluster local"),
    cluster!(Stage::Prod, "cluster prod"),
    Step {
        name: "docs",
        does: "write the site that says who may sign it, who did, and what runs where",
        plane: None,
        work: Work::Run(Run {
            program: DOCS,
            command: "build",
            positional: None,
            flags: flags![
                "--report" => Value::Report,
                "--report" => Value::ControlsReport(Stage::Local),
                "--report" => Value::ControlsReport(Stage::Prod),
                "--report" => Value::ClusterReport(Stage::Local),
                "--report" => Value::ClusterReport(Stage::Prod),
                "--out" => Value::Site,
            ],
            holds: Holds::Nothing,
            keeps: None,
        }),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn runs() -> impl Iterator<Item = (&'static Step, &'static Run)> {
        RELEASE.iter().filter_map(|step| Some((step, step.run()?)))
    }

    fn at(name: &str) -> usize {
        RELEASE.iter().position(|step| step.name == name).unwrap()
    }

    #[test]
    fn only_what_signs_ever_holds_a_token() {
        for (step, run) in runs() {
            let signs = ["plan", "publish"].contains(&run.command);
            assert_eq!(run.holds == Holds::SigningToken, signs, "{}", step.name);
        }
    }

    #[test]
    fn only_the_publisher_can_write_to_a_registry() {
        for (step, run) in runs() {
            let writes = [Holds::SigningToken, Holds::RegistryCredentials].contains(&run.holds);
            assert_eq!(writes, run.program == PUBLISHER, "{}", step.name);
        }
    }

    #[test]
    fn production_is_touched_after_the_local_plane_has_held() {
        let promotion = at("promote");
        for (place, step) in RELEASE.iter().enumerate() {
            // What reads a plane or brings back what it ran harms nothing, whenever it is done.
            let harmless = ["cluster local", "render prod", "before"].contains(&step.name);
            match step.plane {
                Some(Stage::Local) => assert!(place < promotion || harmless, "{}", step.name),
                Some(Stage::Prod) => assert!(place > promotion || harmless, "{}", step.name),
                None => {}
            }
        }
        assert!(at("verify candidate") < promotion, "the stranger judges before the tag moves");
    }

    #[test]
    fn the_tag_that_production_follows_is_moved_by_nobody_else() {
        for (step, run) in runs().filter(|(_, run)| run.program == PUBLISHER) {
            let moves = run.flags.contains(&("--tag", Value::Word(RELEASED)));
            assert_eq!(moves, step.name == "promote", "{}", step.name);
        }
    }

    #[test]
    fn what_is_on_paper_is_judged_before_anything_is_written() {
        for name in ["patterns", "manifests", "workflows"] {
            assert!(at(name) < at("validate"), "{name}");
            assert_eq!(RELEASE[at(name)].run().unwrap().holds, Holds::Programs, "{name}");
        }
    }

    #[test]
    fn names_are_told_apart() {
        let mut names: Vec<&str> = RELEASE.iter().map(|step| step.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RELEASE.len());
    }

    #[test]
    fn a_flag_without_a_value_is_left_out() {
        let given = BTreeMap::from([(Value::Config, "c.yaml".to_owned())]);
        let words = RELEASE[at("validate")].run().unwrap().arguments(&given).unwrap();
        assert_eq!(words, ["plan", "--config", "c.yaml", "--tag", CANDIDATE]);
    }

    #[test]
    fn a_flag_that_stands_for_itself_has_no_value() {
        let words = RELEASE[at("controls local")].run().unwrap().arguments(&BTreeMap::new());
        let words = words.unwrap();
        let live = words.iter().position(|word| word == "--live").unwrap();
        assert_eq!(words[live + 1], "--format");
    }

    #[test]
    fn verifying_before_anything_is_published_is_an_error() {
        let verify = RELEASE[at("verify")].run().unwrap();
        assert!(verify.arguments(&BTreeMap::new()).is_err());
    }
}
