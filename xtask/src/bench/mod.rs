//! How fast and how large, against the peers, in one run: `bench.json` and a table.
//!
//! A figure alone says nothing about another machine; a ratio measured in the same minute does. So
//! ours and the peer's runs alternate, and what counts is the ratio of the medians.

mod crowd;
mod judge;
mod pack;
mod paper;
mod publish;
mod sources;
mod verify;
mod world;

use serde::Serialize;

use crate::failure::{Context as _, Outcome};
use crate::say;
use crate::workspace::Workspace;

/// One line of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// Stable name of the figure.
    id: &'static str,
    /// What was done.
    work: String,
    /// Our figure, the median of the runs; absent when it was not run.
    ours: Option<f64>,
    /// The peer's; absent when there is none or it was not run.
    peer: Option<f64>,
    /// Ours divided by the peer's.
    ratio: Option<f64>,
    /// Unit of `ours` and `peer`.
    unit: &'static str,
    /// What we want it to be.
    goal: Goal,
    /// How it was measured, or why it was not.
    detail: String,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Goal {
    /// The ratio is at most this.
    RatioAtMost(f64),
    /// The ratio is at least this.
    RatioAtLeast(f64),
    /// Our figure is at most this, whatever the peer's.
    OursAtMost(f64),
}

impl Row {
    /// A measured figure beside the peer's.
    fn compared(
        id: &'static str,
        work: &str,
        unit: &'static str,
        goal: Goal,
        ours: f64,
        peer: f64,
    ) -> Row {
        let ratio = Some(ours / peer).filter(|ratio| ratio.is_finite());
        Row {
            id,
            work: work.to_owned(),
            ours: Some(ours),
            peer: Some(peer),
            ratio,
            unit,
            goal,
            detail: String::new(),
        }
    }

    /// A measured figure that has no peer.
    fn alone(id: &'static str, work: &str, unit: &'static str, goal: Goal, ours: f64) -> Row {
        Row {
            id,
            work: work.to_owned(),
            ours: Some(ours),
            peer: None,
            ratio: None,
            unit,
            goal,
            detail: String::new(),
        }
    }

    /// A figure that could not be had, and why.
    fn not_run(
        id: &'static str,
        work: &str,
        unit: &'static str,
        goal: Goal,
        why: impl Into<String>,
    ) -> Row {
        let detail = format!("not run: {}", why.into());
        Row { id, work: work.to_owned(), ours: None, peer: None, ratio: None, unit, goal, detail }
    }

    fn detail(mut self, detail: impl Into<String>) -> Row {
        self.detail = detail.into();
        self
    }

    /// Whether the goal is met; `None` when it cannot be told.
    fn met(&self) -> Option<bool> {
        match self.goal {
            Goal::RatioAtMost(most) => self.ratio.map(|ratio| ratio <= most),
            Goal::RatioAtLeast(least) => self.ratio.map(|ratio| ratio >= least),
            Goal::OursAtMost(most) => self.ours.map(|ours| ours <= most),
        }
    }

    fn shown(&self) -> [String; 7] {
        let figure = |value: Option<f64>| {
            value.map_or_else(|| "—".to_owned(), |value| format!("{value:.2}"))
        };
        let met = match self.met() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "not run",
        };
        [
            self.work.clone(),
            figure(self.ours),
            figure(self.peer),
            self.unit.to_owned(),
            figure(self.ratio),
            self.goal.shown(),
            met.to_owned(),
        ]
    }
}

impl Goal {
    fn shown(self) -> String {
        match self {
            Goal::RatioAtMost(most) => format!("≤ {most} x"),
            Goal::RatioAtLeast(least) => format!("≥ {least} x"),
            Goal::OursAtMost(most) => format!("≤ {most}"),
        }
    }
}

/// The rows of one group, measured.
type Measure = fn(&Workspace) -> Outcome<Vec<Row>>;

const GROUPS: [(Group, Measure); 6] = [
    (Group::Judge, judge::rows),
    (Group::Pack, pack::rows),
    (Group::Verify, verify::rows),
    (Group::Publish, publish::rows),
    (Group::Sources, sources::rows),
    (Group::Paper, paper::rows),
];

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only the rows of these groups.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Group>,
}

/// Rows that are measured together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Group {
    /// Judging in memory.
    Judge,
    /// Packing.
    Pack,
    /// The verifier as a program.
    Verify,
    /// The publisher as a program.
    Publish,
    /// Many sources on a real API server.
    Sources,
    /// Patterns, manifests and workflows, on paper.
    Paper,
}

/// Measures everything that can be measured here.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    say::stage("build in release mode, as users run it");
    build(workspace)?;
    let mut rows = Vec::new();
    for (group, measure) in GROUPS {
        if arguments.only.is_empty() || arguments.only.contains(&group) {
            say::stage(&format!("measure {group:?}").to_lowercase());
            rows.extend(measure(workspace)?);
        }
    }
    let file = workspace.out().join("bench.json");
    std::fs::create_dir_all(workspace.out())?;
    std::fs::write(&file, serde_json::to_vec_pretty(&rows)?).context(|| file.to_string())?;
    for row in rows.iter().filter(|row| !row.detail.is_empty()) {
        say::line(&format!("{}: {}", row.id, row.detail));
    }
    say::table(
        ["work", "ours", "peer", "unit", "ratio", "goal", "result"],
        rows.iter().map(Row::shown),
    );
    say::line(&format!("wrote {file}"));
    Ok(())
}

fn build(workspace: &Workspace) -> Outcome {
    let packages = ["sealwright-publisher", "sealwright-verifier", "sealwright-devstack"];
    workspace
        .cargo()
        .args(["build", "--release", "--bins"])
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .run_shown_ok()
}

#[cfg(test)]
mod tests {
    use super::{Goal, Row};

    #[test]
    fn a_goal_is_met_missed_or_not_told() {
        for (ours, peer, goal, met, why) in [
            (1.0, 4.0, Goal::RatioAtMost(0.3), Some(true), "a quarter is below"),
            (2.0, 4.0, Goal::RatioAtMost(0.3), Some(false), "a half is not"),
            (3.0, 2.0, Goal::RatioAtLeast(1.4), Some(true), "half as much again"),
            (2.0, 2.0, Goal::RatioAtLeast(1.4), Some(false), "the same is not"),
            (4.0, 9.0, Goal::OursAtMost(4.0), Some(true), "exactly the limit"),
            (5.0, 9.0, Goal::OursAtMost(4.0), Some(false), "one more"),
            (1.0, 0.0, Goal::RatioAtMost(0.3), None, "nothing to compare with is no success"),
        ] {
            assert_eq!(Row::compared("x", "x", "ms", goal, ours, peer).met(), met, "{why}");
        }
        assert_eq!(Row::not_run("x", "x", "ms", Goal::OursAtMost(1.0), "no Go").met(), None);
    }
}
