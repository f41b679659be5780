//! The action runs the flow that `cargo xtask release` runs.

use camino::Utf8Path;

use super::workflow::File;
use super::workflows::ROUTE;
use super::{Complaints, Repository};
use crate::failure::Outcome;
use crate::release::flow::{Holds, Run};
use crate::release::steps::RELEASE;

/// Commands that only a desk runs: elsewhere the source of a cluster is written once and committed.
const ONLY_HERE: &[&str] = &["render"];

/// How a line starts whose program must hold no more than this.
const PREFIXES: &[(Holds, &str)] = &[
    (Holds::Nothing, "env --ignore-environment "),
    (Holds::Programs, "env --ignore-environment PATH="),
    (Holds::Kubeconfig, "env --ignore-environment KUBECONFIG="),
    (
        Holds::RegistryCredentials,
        "env --unset=ACTIONS_ID_TOKEN_REQUEST_TOKEN --unset=ACTIONS_ID_TOKEN_REQUEST_URL ",
    ),
];

pub(super) fn flow(repository: &Repository) -> Outcome<Complaints> {
    let path = format!("{}/action.yaml", ROUTE.1.trim_start_matches("./"));
    let file = File::parse(Utf8Path::new(&path), repository.text(&path)?)?;
    Ok(check_flow(&file))
}

fn flow_elsewhere() -> Vec<&'static Run> {
    let runs = RELEASE.iter().filter_map(|step| step.run());
    runs.filter(|run| !ONLY_HERE.contains(&run.command)).collect()
}

/// The action must run the steps of the flow in its order, each with no more in its environment than
/// it needs: strangers with nothing.
fn check_flow(file: &File) -> Complaints {
    let flow = flow_elsewhere();
    let lines = file.script_lines();
    let ours: Vec<&String> = lines
        .iter()
        .filter(|line| flow.iter().any(|run| line.contains(run.program)))
        .filter(|line| !line.starts_with("tar "))
        .collect();
    let mut complaints = Complaints::new();
    if ours.len() != flow.len() {
        complaints.push(format!(
            "{}: runs {} of our programs; the flow in xtask/src/release/steps.rs has {} for it",
            file.path,
            ours.len(),
            flow.len()
        ));
    }
    for (run, line) in flow.into_iter().zip(ours) {
        complaints.extend(check_line(run, line).map(|what| format!("{}: {what}", file.path)));
    }
    complaints
}

fn check_line(run: &Run, line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let names = |word: &str| word.trim_end_matches([')', '"']).ends_with(run.program);
    let at = words.iter().position(|word| names(word));
    let command = at.and_then(|at| words.get(at + 1)).copied().unwrap_or_default();
    if command != run.command {
        let (program, command) = (run.program, run.command);
        return Some(format!("the flow has `{program} {command}` where this runs `{line}`"));
    }
    (held(line) != run.holds).then(|| {
        let expected = PREFIXES.iter().find(|(holds, _)| *holds == run.holds);
        let expected = expected.map_or("nothing before it", |(_, prefix)| prefix.trim_end());
        format!("`{} {}` must run with `{expected}`", run.program, run.command)
    })
}

/// What a line lets its program hold; the narrowest prefix counts.
fn held(line: &str) -> Holds {
    let fitting = PREFIXES.iter().filter(|(_, prefix)| line.starts_with(prefix));
    let longest = fitting.max_by_key(|(_, prefix)| prefix.len());
    longest.map_or(Holds::SigningToken, |(holds, _)| *holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(run: &Run) -> String {
        let prefix = PREFIXES.iter().find(|(holds, _)| *holds == run.holds);
        let prefix = prefix.map_or("", |(_, prefix)| *prefix);
        let prefix = prefix.replace("KUBECONFIG=", "KUBECONFIG=k ").replace("PATH=", "PATH=p ");
        format!("{prefix}{} {} --config c", run.program, run.command)
    }

    fn action(lines: &[String]) -> File {
        let steps: String = lines.iter().map(|line| format!("    - run: '{line}'\n")).collect();
        let text = format!("runs:\n  steps:\n{steps}");
        File::parse(Utf8Path::new(".github/actions/publish/action.yaml"), text).unwrap()
    }

    fn lines() -> Vec<String> {
        flow_elsewhere().into_iter().map(line).collect()
    }

    #[test]
    fn the_flow_is_run_in_its_order() {
        assert_eq!(check_flow(&action(&lines())), Complaints::new());
        assert!(!check_flow(&action(&lines()[1..])).is_empty(), "a step is missing");
        let mut swapped = lines();
        swapped.swap(0, 1);
        assert!(!check_flow(&action(&swapped)).is_empty(), "publishes before it validates");
    }

    #[test]
    fn each_program_holds_no_more_than_it_needs() {
        for (at, run) in flow_elsewhere().into_iter().enumerate() {
            if run.holds == Holds::SigningToken {
                continue;
            }
            let mut holding = lines();
            holding[at] = format!("{} {}", run.program, run.command);
            let complaints = check_flow(&action(&holding));
            assert_eq!(complaints.len(), 1, "{} {}: {complaints:?}", run.program, run.command);
        }
    }
}
