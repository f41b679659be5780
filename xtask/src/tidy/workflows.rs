//! Workflows and actions: what they may use, what they may hold, and that they run our flows.

use camino::Utf8Path;
use serde_json::Value;

use super::workflow::{File, files};
use super::{Complaints, Repository};
use crate::ci::ELSEWHERE;
use crate::failure::Outcome;

/// What a job may hold beyond reading the repository. Whatever stands here can be stolen from that
/// job, so each row is a decision.
const PERMISSIONS: &[Held] = &[
    Held {
        workflow: "cd",
        job: "publish",
        permissions: &[("contents", "read"), ("packages", "write"), ("id-token", "write")],
    },
    Held { workflow: "release", job: "binaries", permissions: &[("contents", "write")] },
];

struct Held {
    workflow: &'static str,
    job: &'static str,
    permissions: &'static [(&'static str, &'static str)],
}

/// The workflow and the action through which the tag moves.
pub(super) const ROUTE: (&str, &str) = ("cd", "./.github/actions/publish");
/// What moves the tag that production follows.
const PROMOTES: &str = "sealwright-publisher promote";
/// Programs that can move a tag or sign, by the words that do it.
const OTHER_ROUTES: &[&str] = &[
    PROMOTES,
    "sealwright-publisher sign",
    "sealwright-publisher attest",
    "cosign sign",
    "cosign attest",
    "crane tag",
    "crane copy",
    "crane push",
    "docker push",
    "docker buildx",
    "flux push",
    "flux tag",
    "oras push",
    "oras tag",
    "oras copy",
    "regctl",
    "skopeo copy",
];
const COMMIT_DIGITS: usize = 40;

fn each(repository: &Repository, check: fn(&File) -> Complaints) -> Outcome<Complaints> {
    Ok(files(repository)?.iter().flat_map(check).collect())
}

pub(super) fn pins(repository: &Repository) -> Outcome<Complaints> {
    each(repository, check_pins)
}

fn check_pins(file: &File) -> Complaints {
    let mut complaints = Complaints::new();
    for located in file.steps() {
        let Some(uses) = located.uses().filter(|uses| !uses.starts_with("./")) else { continue };
        let commit = uses.split_once('@').map(|(_, commit)| commit).unwrap_or_default();
        let pinned = commit.len() == COMMIT_DIGITS
            && commit.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if !pinned {
            complaints.push(format!(
                "{}: {uses} is not pinned by commit; a tag can be moved by others",
                file.path
            ));
        } else if !file.text.contains(&format!("{uses} # v")) {
            complaints.push(format!(
                "{}: {uses} does not say which version it is; add `# vX.Y.Z`",
                file.path
            ));
        }
        let persists =
            located.step.pointer("/with/persist-credentials") != Some(&Value::Bool(false));
        if uses.starts_with("actions/checkout@") && persists {
            complaints.push(format!("{}: checkout leaves its token in the working copy; say `persist-credentials: false`", file.path));
        }
    }
    complaints
}

pub(super) fn permissions(repository: &Repository) -> Outcome<Complaints> {
    each(repository, check_permissions)
}

fn check_permissions(file: &File) -> Complaints {
    let mut complaints = Complaints::new();
    if !file.is_workflow() {
        return complaints;
    }
    if file.content.get("permissions") != Some(&serde_json::json!({"contents": "read"})) {
        complaints.push(format!(
            "{}: say `permissions: {{contents: read}}` at the top; a job may ask for more",
            file.path
        ));
    }
    for (name, job) in file.jobs() {
        let held = PERMISSIONS.iter().find(|held| (held.workflow, held.job) == (file.name(), name));
        let allowed: Option<Value> = held.map(|held| {
            held.permissions
                .iter()
                .map(|(what, how)| ((*what).to_owned(), Value::from(*how)))
                .collect()
        });
        if job.get("permissions") != allowed.as_ref() {
            complaints.push(format!("{}: job {name} asks for other permissions than the table in xtask/src/tidy/workflows.rs allows", file.path));
        }
        if !job.contains_key("timeout-minutes") {
            complaints.push(format!(
                "{}: job {name} has no timeout-minutes; it may hang for six hours",
                file.path
            ));
        }
        if job.contains_key("continue-on-error") {
            complaints.push(format!(
                "{}: job {name} may fail unseen; remove continue-on-error",
                file.path
            ));
        }
    }
    complaints
}

pub(super) fn one_route(repository: &Repository) -> Outcome<Complaints> {
    Ok(check_one_route(&files(repository)?))
}

fn check_one_route(files: &[File]) -> Complaints {
    let mut complaints = Complaints::new();
    let mut taken = 0;
    for file in files {
        for located in file.steps().into_iter().filter(|located| located.uses() == Some(ROUTE.1)) {
            taken += 1;
            if file.name() != ROUTE.0 || !file.is_workflow() {
                complaints.push(format!(
                    "{}: job {} publishes; only {}.yaml may",
                    file.path, located.job, ROUTE.0
                ));
            }
        }
        let action = format!("{}/action.yaml", ROUTE.1.trim_start_matches("./"));
        for line in file.script_lines() {
            let is_route = file.path == action;
            let publishes = line.contains("sealwright-publisher publish") && !is_route;
            // The last step of the route itself.
            let mut others = OTHER_ROUTES.iter().filter(|words| !is_route || **words != PROMOTES);
            if let Some(other) = others.find(|words| line.contains(**words)) {
                complaints.push(format!(
                    "{}: `{other}` is another route to a tag or a signature; go through {}",
                    file.path, ROUTE.1
                ));
            } else if publishes {
                complaints.push(format!("{}: publishes by itself; use {}", file.path, ROUTE.1));
            }
        }
        let triggers = file.triggers();
        if file.name() == ROUTE.0 && triggers.contains("workflow_dispatch") {
            complaints.push(format!(
                "{}: can be started by hand, past the checks that a push to main has passed",
                file.path
            ));
        }
    }
    if taken != 1 {
        complaints.push(format!("{taken} steps use {}; exactly one must", ROUTE.1));
    }
    complaints
}

pub(super) fn signers(repository: &Repository) -> Outcome<Complaints> {
    let path = ".github/sealwright.yaml";
    let file = File::parse(Utf8Path::new(path), repository.text(path)?)?;
    Ok(check_signers(&file))
}

/// The certificate names the workflow file: one that is renamed here and not there is refused by
/// everybody who follows the tag.
fn check_signers(config: &File) -> Complaints {
    let signers = config.content.get("signers").and_then(Value::as_object);
    let workflows: Vec<&str> = signers
        .into_iter()
        .flatten()
        .filter_map(|(_, signer)| signer.pointer("/github/workflow").and_then(Value::as_str))
        .collect();
    let expected = format!("{}.yaml", ROUTE.0);
    if workflows == [expected.as_str()] {
        return Complaints::new();
    }
    vec![format!("{}: names {workflows:?} as signers; {expected} is what publishes", config.path)]
}

pub(super) fn scripts(repository: &Repository) -> Outcome<Complaints> {
    each(repository, check_scripts)
}

fn check_scripts(file: &File) -> Complaints {
    let mut complaints = Complaints::new();
    let injected = file.script_lines().into_iter().filter(|line| line.contains("${{"));
    complaints.extend(injected.map(|line| {
        format!("{}: `{line}` pastes an expression into a script; pass it through `env`", file.path)
    }));
    let triggers = file.triggers();
    if triggers.contains("pull_request_target") {
        complaints.push(format!(
            "{}: pull_request_target runs strangers' code with our secrets",
            file.path
        ));
    }
    complaints
}

pub(super) fn tasks(repository: &Repository) -> Outcome<Complaints> {
    let mut complaints = Complaints::new();
    for path in [".github/workflows/ci.yaml", ".github/workflows/release.yaml"] {
        let file = File::parse(Utf8Path::new(path), repository.text(path)?)?;
        complaints.extend(check_tasks(path, &file.script_lines()));
    }
    let lines: Vec<String> =
        repository.text(".ci/run")?.lines().map(|line| line.trim().to_owned()).collect();
    complaints.extend(check_tasks(".ci/run", &lines));
    Ok(complaints)
}

/// Every task that CI consists of must be run, in its order.
fn check_tasks(path: &str, lines: &[String]) -> Complaints {
    let mut run: Vec<&str> = lines
        .iter()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once("cargo xtask ").map(|(_, task)| task))
        .filter_map(|task| task.split_whitespace().next())
        .collect();
    run.dedup();
    if run == ELSEWHERE {
        return Complaints::new();
    }
    vec![format!("{path}: runs {run:?}; CI consists of {ELSEWHERE:?}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File::parse(Utf8Path::new(path), text.to_owned()).unwrap()
    }

    fn workflow(steps: &str) -> File {
        file(".github/workflows/x.yaml", &format!("jobs:\n  j:\n    steps:\n{steps}"))
    }

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn only_commits_pin() {
        for (uses, count, why) in [
            (format!("acme/a@{COMMIT} # v1.2.3"), 0, "a commit and its version"),
            ("./.github/actions/publish".to_owned(), 0, "our own"),
            (format!("acme/a@{COMMIT}"), 1, "which version?"),
            ("acme/a@v1 # v1".to_owned(), 1, "a tag"),
            (format!("acme/a@{} # v1", &COMMIT[1..]), 1, "a digit short"),
            (format!("acme/a@{} # v1", COMMIT.to_uppercase()), 1, "not how git writes it"),
            ("acme/a # v1".to_owned(), 1, "no version at all"),
            (format!("actions/checkout@{COMMIT} # v1"), 1, "keeps its token"),
        ] {
            let complaints = check_pins(&workflow(&format!("      - uses: {uses}\n")));
            assert_eq!(complaints.len(), count, "{why}: {complaints:?}");
        }
    }

    #[test]
    fn permissions_are_those_of_the_table() {
        let with = |top: &str, job: &str| {
            file(
                ".github/workflows/release.yaml",
                &format!("{top}\njobs:\n  binaries:\n    timeout-minutes: 1\n{job}\n"),
            )
        };
        let (top, job) = ("permissions: {contents: read}", "    permissions: {contents: write}");
        for (top, job, count, why) in [
            (top, job, 0, "as the table says"),
            ("", job, 1, "the default may be everything"),
            ("permissions: write-all", job, 1, "everything"),
            (top, "", 1, "less than it needs"),
            (top, "    permissions: {contents: write, id-token: write}", 1, "one too many"),
            (
                top,
                "    permissions: {contents: write}\n    continue-on-error: true",
                1,
                "fails unseen",
            ),
        ] {
            let complaints = check_permissions(&with(top, job));
            assert_eq!(complaints.len(), count, "{why}: {complaints:?}");
        }
        let hanging =
            file(".github/workflows/x.yaml", "permissions: {contents: read}\njobs: {j: {}}");
        assert_eq!(check_permissions(&hanging).len(), 1, "no time limit");
    }

    #[test]
    fn another_route_to_the_tag_is_found() {
        let cd = |steps: &str, on: &str| {
            file(
                ".github/workflows/cd.yaml",
                &format!("on: {on}\njobs:\n  publish:\n    steps:\n{steps}"),
            )
        };
        let publish = "      - uses: ./.github/actions/publish\n";
        let other = workflow(publish);
        assert_eq!(check_one_route(&[cd(publish, "push")]), Complaints::new());
        assert_eq!(check_one_route(&[cd(publish, "push"), other]).len(), 2, "two routes");
        assert_eq!(check_one_route(&[]).len(), 1, "no route");
        assert_eq!(
            check_one_route(&[cd(publish, "[push, workflow_dispatch]")]).len(),
            1,
            "by hand"
        );
        for words in OTHER_ROUTES.iter().chain(&["sealwright-publisher publish"]) {
            let steps = format!("{publish}      - run: {words} x\n");
            assert_eq!(check_one_route(&[cd(&steps, "push")]).len(), 1, "{words}");
        }
    }

    #[test]
    fn a_renamed_workflow_is_found() {
        let config = |workflow: &str| {
            file(
                ".github/sealwright.yaml",
                &format!("signers: {{cd: {{github: {{workflow: {workflow}}}}}}}"),
            )
        };
        assert_eq!(check_signers(&config("cd.yaml")), Complaints::new());
        assert_eq!(check_signers(&config("publish.yaml")).len(), 1);
    }

    #[test]
    fn expressions_stay_out_of_scripts() {
        assert!(
            check_scripts(&workflow("      - run: echo \"$A\"\n        env: {A: \"${{ b }}\"}\n"))
                .is_empty()
        );
        assert_eq!(
            check_scripts(&workflow("      - run: echo ${{ github.event.title }}\n")).len(),
            1
        );
        let target = file(".github/workflows/x.yaml", "on: [pull_request_target]\njobs: {}\n");
        assert_eq!(check_scripts(&target).len(), 1);
    }

    #[test]
    fn a_task_left_out_of_ci_is_found() {
        let lines = |tasks: &[&str]| -> Vec<String> {
            tasks.iter().map(|task| format!("cargo xtask {task}")).collect()
        };
        assert!(check_tasks("x", &lines(ELSEWHERE)).is_empty());
        assert_eq!(check_tasks("x", &lines(&ELSEWHERE[1..])).len(), 1);
    }
}
