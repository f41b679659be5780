//! What is judged on paper: patterns, a large repository of manifests, many workflows. There is no
//! peer: nothing else asks the same.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use super::{Goal, Row};
use crate::failure::{Context as _, Failure, Outcome};
use crate::measure::{Cost, cost_of, median};
use crate::program::Program;
use crate::workspace::Workspace;

/// Runs of each.
const RUNS: usize = 7;
/// Facts gathered from public repositories, where somebody put them.
const CORPUS: &str = "corpus/identities.jsonl";
/// A tree with a hundred plain manifests, likewise.
const PLAIN: &str = "data/gitops/kube-prometheus";
/// Sources, and files that hold none.
const SOURCES: usize = 2_000;
const FILES: usize = 5_000;
/// Files of workflows.
const WORKFLOWS: usize = 100;

const SOURCE: &str = r"apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: app-NUMBER
  namespace: apps
spec:
  interval: 5m
  url: oci://ghcr.io/acme/app-NUMBER/manifests
  ref:
    tag: latest
  verify:
    provider: cosign
    matchOIDCIdentity:
      - issuer: ^https://token\.actions\.githubusercontent\.com$
        subject: ^https://github\.com/acme/app-NUMBER/\.github/workflows/cd\.yaml@refs/heads/main$
";
const PLAIN_FILE: &str = r"apiVersion: v1
kind: ConfigMap
metadata:
  name: app-NUMBER
  namespace: apps
data:
  settings: |
    level: info
    replicas: 3
";
const WORKFLOW: &str = r"name: cd-NUMBER
on:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
      - run: ./test.sh
  publish:
    needs: test
    runs-on: ubuntu-24.04
    permissions:
      contents: read
      packages: write
      id-token: write
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
      - run: sealwright-publisher publish --artifact app-NUMBER --tag latest
";

pub(super) fn rows(workspace: &Workspace) -> Outcome<Vec<Row>> {
    let mut rows = patterns(workspace)?;
    let folder = workspace.out().join("bench-paper");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let manifests = folder.join("manifests");
    for number in 0..FILES {
        let text = if number < SOURCES { SOURCE } else { PLAIN_FILE };
        write(&manifests.join(format!("apps/{}", number / 100)), number, text)?;
    }
    let large = measured(workspace, "manifests", &manifests)?;
    rows.push(wall(
        "manifests-wall",
        "verifier manifests, 2,000 sources in 5,000 files: wall time",
        300.0,
        &large,
    ));
    rows.push(memory("manifests-memory", "the same: peak memory", 100.0, &large));
    rows.push(plain(workspace)?);
    let workflows = folder.join("workflows");
    for number in 0..WORKFLOWS {
        write(&workflows.join(".github/workflows"), number, WORKFLOW)?;
    }
    let many = measured(workspace, "workflows", &workflows)?;
    rows.push(wall("workflows-wall", "verifier workflows, 100 files: wall time", 50.0, &many));
    Ok(rows)
}

fn write(folder: &Utf8Path, number: usize, text: &str) -> Outcome {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("app-{number}.yaml"));
    std::fs::write(&path, text.replace("NUMBER", &number.to_string())).context(|| path.to_string())
}

fn plain(workspace: &Workspace) -> Outcome<Row> {
    let (id, work) = ("manifests-plain", "verifier manifests on kube-prometheus: wall time");
    let tree = workspace.shared().join(PLAIN);
    if !tree.is_dir() {
        let why = format!("{tree} is missing");
        return Ok(Row::not_run(id, work, "ms", Goal::OursAtMost(150.0), why));
    }
    Ok(wall(id, work, 150.0, &measured(workspace, "manifests", &tree)?))
}

/// The runs of a command; what it says of the folder is for its tests.
fn measured(workspace: &Workspace, command: &str, folder: &Utf8Path) -> Outcome<Vec<Cost>> {
    let program = Program::new(workspace.binary("release", "sealwright-verifier")).args([
        command,
        folder.as_str(),
        "--format",
        "json",
        "--may-be-empty",
    ]);
    let costs = (0..RUNS).map(|_| cost_of(&program)).collect::<Outcome<Vec<Cost>>>()?;
    match costs.iter().find(|cost| cost.code > 2) {
        Some(cost) => Err(Failure::new(format!("{} ended with {}", program.shown(), cost.code))),
        None => Ok(costs),
    }
}

fn wall(id: &'static str, work: &str, most: f64, costs: &[Cost]) -> Row {
    let figures = costs.iter().map(|cost| cost.wall_ms);
    Row::alone(id, work, "ms", Goal::OursAtMost(most), median(figures))
}

fn memory(id: &'static str, work: &str, most: f64, costs: &[Cost]) -> Row {
    let figures = costs.iter().map(|cost| cost.peak_kib as f64 / 1024.0);
    Row::alone(id, work, "MiB", Goal::OursAtMost(most), median(figures))
}

/// What `speed`, an example of the crate, prints.
#[derive(Debug, Deserialize)]
struct Speed {
    patterns: usize,
    median_ms: f64,
    worst_ms: f64,
    memory_mib: Option<f64>,
}

const PATTERN_ROWS: [(&str, &str, &str, f64); 3] = [
    ("pattern-median", "analyse a pattern of the corpus: median", "ms", 1.0),
    ("pattern-worst", "the same: worst", "ms", 100.0),
    ("pattern-memory", "the same: peak memory", "MiB", 32.0),
];

fn patterns(workspace: &Workspace) -> Outcome<Vec<Row>> {
    let corpus = workspace.shared().join(CORPUS);
    if !corpus.is_file() {
        let not_run = |(id, work, unit, most)| {
            let why = format!("{corpus} is missing");
            Row::not_run(id, work, unit, Goal::OursAtMost(most), why)
        };
        return Ok(PATTERN_ROWS.map(not_run).into());
    }
    let path = pattern_lines(workspace, &corpus)?;
    let example = ["run", "--quiet", "--release", "-p", "sealwright-pattern", "--example", "speed"];
    let said = workspace.cargo().args(example).args(["--", path.as_str()]).run_ok()?;
    let speed: Speed = serde_json::from_slice(&said).context(|| "speed".to_owned())?;
    let figures = [Some(speed.median_ms), Some(speed.worst_ms), speed.memory_mib];
    let rows = PATTERN_ROWS.into_iter().zip(figures).map(|((id, work, unit, most), figure)| {
        let goal = Goal::OursAtMost(most);
        match figure {
            Some(figure) => Row::alone(id, work, unit, goal, figure)
                .detail(format!("{} analyses", speed.patterns)),
            None => Row::not_run(id, work, unit, goal, "this system does not say"),
        }
    });
    Ok(rows.collect())
}

/// The patterns of the corpus, one a line.
fn pattern_lines(workspace: &Workspace, corpus: &Utf8Path) -> Outcome<Utf8PathBuf> {
    let text = std::fs::read_to_string(corpus).context(|| corpus.to_string())?;
    let mut lines = String::new();
    for line in text.lines() {
        let entry: serde_json::Value = serde_json::from_str(line)?;
        for (half, issuer) in [("subject", false), ("issuer", true)] {
            if entry[format!("{half}_is_regex")] == true && entry[half].is_string() {
                let line = serde_json::json!({"pattern": entry[half], "issuer": issuer});
                writeln!(lines, "{line}").map_err(|error| Failure::new(error.to_string()))?;
            }
        }
    }
    std::fs::create_dir_all(workspace.out())?;
    let path = workspace.out().join("patterns.jsonl");
    std::fs::write(&path, lines).context(|| path.to_string())?;
    Ok(path)
}
