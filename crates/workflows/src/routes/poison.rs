//! What strangers leave behind and a signing job picks up: artifacts of their runs, and caches of the
//! default branch that their code can fill.

use sealwright_policy::{Code, Finding, Place};

use super::deeds::{Deed, What};
use super::exposure::{is_open_to_strangers, strangers_code};
use super::guards::{self, Guard};
use super::walk::{Run, Unit};
use crate::model::{Setting, setting};
use crate::place::in_file;
use crate::tree::Tree;
use crate::triggers::Event;

pub(super) fn findings(runs: &[Run<'_>], tree: &Tree) -> Vec<Finding> {
    let filled = runs.iter().find_map(|run| filled(run, tree));
    let mut findings = Vec::new();
    for run in runs {
        let strangers =
            run.start.trigger.event == Event::WorkflowRun && is_open_to_strangers(run, tree);
        for unit in &run.units {
            if strangers && guards::of(run, unit) != Guard::Holds {
                findings.extend(artifact(run, unit));
            }
            findings.extend(filled.as_ref().and_then(|by| restored(unit, by)));
        }
    }
    findings
}

/// Bytes of a run that strangers start are signed or published.
fn artifact(run: &Run<'_>, unit: &Unit<'_>) -> Option<Finding> {
    let takes = |deed: &Deed| matches!(deed.what, What::TakesArtifact) && !deed.kept;
    let taken = unit.deeds.iter().position(|(deed, _)| takes(deed))?;
    let behind = unit.deeds[taken..].iter().map(|(deed, _)| deed);
    let made = behind.into_iter().find(|deed| vouches(deed))?;
    let (deed, _) = &unit.deeds[taken];
    let message = format!(
        "job `{}` fetches what a run has left that anybody starts ({}), and `{}` vouches for it",
        unit.job.id.text, run.start.label, made.by
    );
    let finding = Finding::new(Code::StrangersArtifact, message);
    Some(finding.with_place(in_file(&deed.file, &deed.at)))
}

/// The step by which strangers' code fills caches that every branch reads: it runs for the default
/// branch, with whatever rights.
fn filled(run: &Run<'_>, tree: &Tree) -> Option<Place> {
    let units = run.units.iter().filter(|_| is_open_to_strangers(run, tree));
    let mut open = units.filter(|unit| guards::of(run, unit) == Guard::None);
    open.find_map(|unit| strangers_code(unit).map(|(_, runs)| in_file(&runs.file, &runs.at)))
}

fn restored(unit: &Unit<'_>, by: &Place) -> Option<Finding> {
    let (deed, _) = unit.deeds.iter().find(|(deed, _)| matches!(deed.what, What::RestoresCache))?;
    let (made, _) = unit.deeds.iter().find(|(deed, _)| vouches(deed))?;
    let message = format!(
        "job `{}` restores a cache before `{}`, and strangers' code can fill it at {by}",
        unit.job.id.text, made.by
    );
    let finding = Finding::new(Code::StrangersCache, message);
    Some(finding.with_place(in_file(&deed.file, &deed.at)))
}

fn vouches(deed: &Deed) -> bool {
    match &deed.what {
        What::Sign(_) => true,
        What::Move { to, .. } => to.is_live(),
        _ => false,
    }
}

/// When an action restores what earlier runs have kept.
enum Restores {
    Always,
    /// Unless this input says `false`.
    Unless(&'static str),
    /// With this input, whatever it says but `false`.
    With(&'static str),
    /// When this input holds this text.
    Holding(&'static str, &'static str),
}

const CACHES: &[(&str, Restores)] = &[
    ("actions/cache", Restores::Always),
    ("actions/cache/restore", Restores::Always),
    ("swatinem/rust-cache", Restores::Always),
    ("mozilla-actions/sccache-action", Restores::Always),
    ("gradle/actions/setup-gradle", Restores::Unless("cache-disabled")),
    ("gradle/gradle-build-action", Restores::Unless("cache-disabled")),
    ("actions/setup-go", Restores::Unless("cache")),
    ("actions/setup-node", Restores::With("cache")),
    ("actions/setup-python", Restores::With("cache")),
    ("actions/setup-java", Restores::With("cache")),
    ("ruby/setup-ruby", Restores::With("bundler-cache")),
    ("docker/build-push-action", Restores::Holding("cache-from", "type=gha")),
    ("docker/bake-action", Restores::Holding("set", "type=gha")),
];

/// Whether an action restores a cache of this repository.
pub(super) fn restores(name: &str, with: &[Setting]) -> bool {
    let value = |key: &str| setting(with, key).map(|written| written.text.trim());
    CACHES.iter().filter(|(known, _)| *known == name).any(|(_, when)| match when {
        Restores::Always => true,
        Restores::Unless("cache-disabled") => value("cache-disabled") != Some("true"),
        Restores::Unless(input) => value(input) != Some("false"),
        Restores::With(input) => value(input).is_some_and(|on| !on.is_empty() && on != "false"),
        Restores::Holding(input, part) => value(input).is_some_and(|text| text.contains(part)),
    })
}

/// Whether an action fetches artifacts of the run that this one follows.
pub(super) fn takes_artifact(name: &str, with: &[Setting]) -> bool {
    let of_run = |text: &str| text.contains("github.event.workflow_run.");
    let names_run = with.iter().filter_map(|one| one.value.as_ref()).any(|one| of_run(&one.text));
    match name {
        "actions/download-artifact" => setting(with, "run-id").is_some_and(|run| of_run(&run.text)),
        // By default it takes the newest run of a workflow, whoever started it.
        "dawidd6/action-download-artifact" => true,
        "actions/github-script" => {
            let script = setting(with, "script").map_or("", |script| script.text.as_str());
            let of_run = of_run(script) || script.contains("payload.workflow_run");
            of_run && script.contains("downloadArtifact")
        }
        _ => name.contains("download") && name.contains("artifact") && names_run,
    }
}

#[cfg(test)]
mod tests {
    use crate::routes::tests::{MAIN, SIGN, TAG, job, of};
    use sealwright_policy::Code;

    const CI: &str =
        "name: CI\non: [push, pull_request]\njobs: {t: {runs-on: x, steps: [{run: make test}]}}\n";
    const OURS: &str = "name: CI\non: push\njobs: {t: {runs-on: x, steps: [{run: make test}]}}\n";

    fn count(files: &[(&str, &str)], code: Code) -> usize {
        let found = of(files);
        found.findings.iter().filter(|finding| finding.code == code).count()
    }

    #[test]
    fn what_a_strangers_run_has_left_is_not_vouched_for() {
        let download = "uses: actions/download-artifact@v5\nwith: {run-id: \"${{ github.event.workflow_run.id }}\"}";
        let own = "uses: actions/download-artifact@v5\nwith: {name: x}";
        let gh = "gh run download ${{ github.event.workflow_run.id }}";
        let variable =
            "env: {RUN: \"${{ github.event.workflow_run.id }}\"}\nrun: gh run download \"$RUN\"";
        let guarded = format!("if: github.event.workflow_run.event == 'push'\n{download}");
        let main = format!("if: github.event.workflow_run.head_branch == 'main'\n{download}");
        for (ci, lines, expected, why) in [
            (CI, &[download, SIGN][..], 1, "signed"),
            (CI, &[download, TAG], 1, "published"),
            (CI, &[gh, SIGN], 1, "by a command"),
            (CI, &[variable, SIGN], 1, "by a variable"),
            (CI, &["uses: dawidd6/action-download-artifact@v11", SIGN], 1, "the newest run"),
            (CI, &[&main, SIGN], 1, "a fork has a main as well"),
            (CI, &[&guarded, SIGN], 0, "of our own pushes"),
            (CI, &[SIGN, download], 0, "after it was signed"),
            (CI, &[download, "make comment"], 0, "nobody vouches for it"),
            (CI, &[own, SIGN], 0, "of this very run"),
            (OURS, &[download, SIGN], 0, "strangers do not start that"),
        ] {
            let after = job("{workflow_run: {workflows: [CI], types: [completed]}}", lines);
            let found = count(&[("ci.yaml", ci), ("after.yaml", &after)], Code::StrangersArtifact);
            assert_eq!(found, expected, "{why}: {lines:?}");
        }
    }

    #[test]
    fn a_cache_that_strangers_fill_is_not_restored_where_one_signs() {
        let head =
            "uses: actions/checkout@v5\nwith: {ref: \"${{ github.event.pull_request.head.sha }}\"}";
        let preview = |on: &str, lines: &[&str]| {
            job(on, lines).replace("packages: write, id-token: write", "pull-requests: write")
        };
        let target = "pull_request_target";
        let filling = preview(target, &[head, "make preview"]);
        let guarded = filling.replace(
            "    runs-on",
            "    if: github.event.pull_request.head.repo.full_name == github.repository\n    runs-on",
        );
        let cache = "uses: actions/cache@v4\nwith: {path: target, key: x}";
        for (other, lines, expected, why) in [
            (&filling, &[cache, "make", SIGN][..], 1, "whatever the rights of the other job"),
            (&filling, &["uses: actions/setup-go@v6", SIGN], 1, "by default"),
            (&filling, &["uses: actions/setup-node@v6", SIGN], 0, "not by default"),
            (&filling, &["uses: actions/setup-go@v6\nwith: {cache: false}", SIGN], 0, "turned off"),
            (&filling, &["make", SIGN], 0, "nothing is restored"),
            (&filling, &[cache, "make"], 0, "nothing is signed"),
            (&guarded, &[cache, SIGN], 0, "strangers do not get there"),
            (&preview(target, &["make"]), &[cache, SIGN], 0, "our own code"),
            (
                &preview("pull_request", &[head, "make"]),
                &[cache, SIGN],
                0,
                "its caches are its own",
            ),
        ] {
            let cd = job(MAIN, lines);
            let found = count(&[("cd.yaml", &cd), ("other.yaml", other)], Code::StrangersCache);
            assert_eq!(found, expected, "{why}: {lines:?}");
        }
    }
}
