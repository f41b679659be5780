//! `cargo xtask oracle`: every situation is shown to the real controllers and to the predictor, and
//! both must say the same: `oracle.json` and a table.
//!
//! The controller is right. What is missing on this machine is said as not run, never passed.

mod arrange;
mod artifacts;
mod compare;
mod evidence;
pub(crate) mod links;
mod mint;
mod objects;
mod predict;
mod rows;
mod run;
mod shelves;
mod situation;
mod situations;
mod watch;

use std::collections::BTreeSet;

use camino::Utf8Path;

use crate::failure::{Context as _, Failure, Outcome};
use crate::planes::Controller;
use crate::say;
use crate::workspace::Workspace;

use rows::Row;
use situation::Situation;

/// The exit code when nothing disagreed and something was not run.
const EXIT_NOT_RUN: u8 = 2;
/// Characters of a message that fit into the table.
const SHOWN_CHARS: usize = 400;

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The controller to ask; without it both.
    #[arg(long, value_enum, value_name = "VERSION")]
    controller: Option<Controller>,
    /// Only situations whose name holds this text.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Writes into docs/concepts/flux.md which situations show which rule. Of a whole run only.
    #[arg(long, conflicts_with_all = ["controller", "only"])]
    link: bool,
}

/// Runs the situations.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    say::stage("build the binaries");
    workspace.build()?;
    let folder = workspace.out().join("oracle");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context(|| folder.to_string())?;
    }
    let situations: Vec<Situation> = situations::all()
        .into_iter()
        .filter(|situation| {
            arguments.only.as_ref().is_none_or(|only| situation.name.contains(only))
        })
        .collect();
    let mut rows = Vec::new();
    for controller in [Controller::Source19, Controller::Source18] {
        if arguments.controller.is_none_or(|only| only == controller) {
            rows.extend(ask(workspace, &folder, controller, &situations)?);
        }
    }
    conclude(&rows, &workspace.out().join("oracle.json"))?;
    if arguments.link { links::write(&workspace.root, &rows) } else { Ok(()) }
}

/// The name of every situation.
pub(crate) fn names() -> BTreeSet<String> {
    situations::all().into_iter().map(|situation| situation.name).collect()
}

fn ask(
    workspace: &Workspace,
    folder: &Utf8Path,
    controller: Controller,
    situations: &[Situation],
) -> Outcome<Vec<Row>> {
    let version = controller.version(workspace)?;
    say::stage(&format!("source-controller {version}"));
    let (known, unknown): (Vec<_>, Vec<_>) = situations
        .iter()
        .cloned()
        .partition(|situation| situation.only.is_none_or(|(only, _)| only == controller));
    let mut rows: Vec<Row> = unknown
        .iter()
        .map(|situation| {
            let why = situation.only.map_or("", |(_, why)| why);
            Row::not_run(situation, &version, why)
        })
        .collect();
    let (known, homeless): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|situation| shelves::is_built(workspace, situation.shelf));
    rows.extend(homeless.iter().map(|s| Row::missing(s, &version, "its registry is not built")));
    let folder = folder.join(controller.peer());
    match run::ask(workspace, &folder, controller, &known) {
        Ok(asked) => {
            keep(&asked.observations, &folder.join("observed.json"))?;
            say::line("  predict");
            let reports = predict::all(workspace, &asked, &version)?;
            let compared = asked.observations.iter().zip(reports);
            rows.extend(
                compared.map(|(observation, report)| Row::of(observation, &version, report)),
            );
        }
        Err(failure) if failure.next.as_deref() == Some(crate::planes::MISSING) => {
            let why = failure.to_string();
            rows.extend(known.iter().map(|s| Row::missing(s, &version, &why)));
        }
        Err(failure) => return Err(failure),
    }
    Ok(rows)
}

/// All that the controller said, for whoever looks for the reason of a disagreement.
fn keep(observations: &[run::Observation], path: &Utf8Path) -> Outcome {
    let objects: Vec<&serde_json::Value> =
        observations.iter().map(|observation| &observation.object).collect();
    std::fs::write(path, serde_json::to_vec_pretty(&objects)?).context(|| path.to_string())
}

fn conclude(rows: &[Row], path: &Utf8Path) -> Outcome {
    std::fs::create_dir_all(path.parent().unwrap_or(path))?;
    std::fs::write(path, serde_json::to_string_pretty(rows)? + "\n")
        .context(|| path.to_string())?;
    let disagreements = rows.iter().filter(|row| row.agree == Some(false));
    say::table(
        ["situation", "controller", "what differs"],
        disagreements.map(|row| {
            let why: String =
                row.why.iter().flat_map(|why| why.chars()).take(SHOWN_CHARS).collect();
            [row.situation.clone(), row.controller.clone(), why]
        }),
    );
    let versions: BTreeSet<&str> = rows.iter().map(|row| row.controller.as_str()).collect();
    let mut counts = Vec::new();
    for version in versions {
        let of = |agree| {
            rows.iter().filter(|row| row.controller == version && row.agree == agree).count()
        };
        counts.push([
            version.to_owned(),
            of(Some(true)).to_string(),
            of(Some(false)).to_string(),
            rows.iter()
                .filter(|row| row.controller == version && row.undecided.is_some())
                .count()
                .to_string(),
            rows.iter()
                .filter(|row| row.controller == version && row.observed.is_none())
                .count()
                .to_string(),
        ]);
    }
    say::table(["controller", "agree", "disagree", "not foretold", "not run"], counts);
    verdict(rows, path)
}

fn verdict(rows: &[Row], path: &Utf8Path) -> Outcome {
    let count = |agree| rows.iter().filter(|row| row.agree == agree).count();
    let (agree, disagree) = (count(Some(true)), count(Some(false)));
    let summary = format!("{agree} agree, {disagree} disagree; {path}");
    match (agree, disagree) {
        (_, 1..) => {
            Err(Failure::new(summary).next("the controller is right: correct the prediction"))
        }
        (0, _) => Err(Failure::new(format!("nothing was run; {path}"))
            .next(crate::planes::MISSING)
            .exit_code(EXIT_NOT_RUN)),
        _ if rows.iter().any(|row| row.missing) => {
            Err(Failure::new(format!("{summary}; some were not run: a program is missing"))
                .next(crate::planes::MISSING)
                .exit_code(EXIT_NOT_RUN))
        }
        _ => {
            say::line(&summary);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(agree: Option<bool>, missing: bool) -> Row {
        let situation = situation::situation("one", "a situation of a test");
        let row = match missing {
            true => Row::missing(&situation, "1.9.6", "not built"),
            false => Row::not_run(&situation, "1.9.6", "not known there"),
        };
        Row { agree, ..row }
    }

    #[test]
    fn what_is_missing_or_disagrees_never_passes() {
        let unknown = || row(None, false);
        for (rows, exit, reason) in [
            (vec![row(Some(true), false)], 0, "everything agrees"),
            (vec![row(Some(true), false), unknown()], 0, "an older controller does not know it"),
            (vec![row(Some(true), false), row(None, true)], EXIT_NOT_RUN, "a program is missing"),
            (vec![row(None, true)], EXIT_NOT_RUN, "nothing was run"),
            (vec![], EXIT_NOT_RUN, "there is nothing"),
            (vec![row(Some(true), false), row(Some(false), false)], 1, "one disagrees"),
        ] {
            let ended = verdict(&rows, Utf8Path::new("oracle.json"));
            assert_eq!(ended.err().map_or(0, |failure| failure.exit_code), exit, "{reason}");
        }
        assert_eq!(json!(row(None, true))["agree"], serde_json::Value::Null);
    }
}
