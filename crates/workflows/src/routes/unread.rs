//! What stands in the way of following a route, where a job may move tags or sign.

use std::collections::BTreeSet;

use sealwright_policy::{Code, Finding, Severity};

use super::Route;
use super::deeds::{Deed, What};
use super::walk::{Run, Unit, Unread};
use crate::identity::Identity;
use crate::model::{Secrets, Setting, Step};
use crate::permissions::{ID_TOKEN, Level, PACKAGES};
use crate::place::in_file;
use crate::uses::Uses;

pub(super) fn findings(runs: &[Run<'_>], routes: &[Route<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in runs {
        for Unread { file, at, uses, job } in &run.unread {
            let unit = run.units.iter().find(|unit| unit.job.id.text == *job);
            if unit.is_some_and(may_push) {
                let message =
                    format!("job `{job}` may push packages, and `{uses}` cannot be read here");
                let finding = Finding::new(Code::RouteUnread, message);
                let finding = finding.with_place(in_file(file, at));
                findings.push(match as_whom(uses, at) {
                    Some(hint) => finding.with_hint(hint),
                    None => finding,
                });
            }
        }
        findings.extend(run.elsewhen.iter().map(elsewhen));
        findings.extend(run.units.iter().filter_map(idle));
        findings.extend(run.units.iter().flat_map(scripts));
        if run.cut {
            let message = format!("{} has more steps than are followed", run.start.label);
            let finding = Finding::new(Code::RouteUnread, message);
            findings.push(
                Finding { severity: Severity::Unknown, ..finding }
                    .with_place(sealwright_policy::Place::file(&run.start.workflow.path)),
            );
        }
    }
    findings.extend(routes.iter().filter_map(unnamed));
    findings
}

/// It is of this repository, at a version whose text is not here.
fn elsewhen(Unread { file, at, uses, job }: &Unread) -> Finding {
    let message = format!(
        "job `{job}` runs `{uses}`: the text that is here was followed, and that of its version may be another one"
    );
    let finding = Finding::new(Code::RouteUnread, message).with_place(in_file(file, at));
    finding.with_hint(
        "What it does there moves tags, and is not known to hold one back. Named by `./`, it is always the text of the same commit.",
    )
}

/// What is known of a workflow elsewhere, and what is not.
fn as_whom(uses: &str, at: &sealwright_yaml::Place) -> Option<String> {
    let uses = Uses::read(uses, at.clone());
    let remote = uses.remote().filter(|remote| remote.is_workflow())?;
    let identity = Identity::remote(remote).shown;
    Some(format!(
        "What it signs carries {identity}. Whether it signs, and proves before a tag moves, only its own repository says: read it there at this version."
    ))
}

/// Whether its token may push, or the settings of the repository decide, or it is handed secrets.
fn may_push(unit: &Unit<'_>) -> bool {
    let handed = unit.job.call().is_some_and(|call| call.secrets != Secrets::None);
    handed || unit.permissions.is_none_or(|permissions| permissions.level(PACKAGES) == Level::Write)
}

/// It is given the right to push, runs something, and nothing in it is known to push.
fn idle(unit: &Unit<'_>) -> Option<Finding> {
    let permissions = unit.permissions?;
    // What is not read of a script is told there.
    let known = |deed: &Deed| {
        matches!(
            deed.what,
            What::Move { .. } | What::Sign(_) | What::Lost { .. } | What::Unfollowed
        )
    };
    let unseen = |deed: &Deed| matches!(deed.what, What::Runs | What::Elsewhere);
    let runs = unit.deeds.iter().any(|(deed, _)| unseen(deed));
    let given = unit.job.permissions.is_some() && permissions.level(PACKAGES) == Level::Write;
    if !given || !runs || unit.deeds.iter().any(|(deed, _)| known(deed)) {
        return None;
    }
    let job = &unit.job.id.text;
    let message = format!("job `{job}` may push packages, and nothing in it is known to");
    let place = in_file(unit.file, permissions.place(PACKAGES));
    Some(Finding::new(Code::RouteUnread, message).with_place(place))
}

/// Scripts that are not read, and those within others that are more than are followed.
fn scripts(unit: &Unit<'_>) -> Vec<Finding> {
    let Some(loudest) = weight(unit) else { return vec![] };
    let job = &unit.job.id.text;
    let mut seen = BTreeSet::new();
    let told = unit.deeds.iter().filter_map(|(deed, _)| {
        let (why, sure) = match &deed.what {
            What::Unfollowed => ("it runs more scripts than are followed".to_owned(), true),
            What::Lost { why, sure } => (why.clone(), *sure),
            _ => return None,
        };
        let by = &deed.by;
        // A tool that a job runs ten times is told where it is first run.
        if !seen.insert((by, why.clone())) {
            return None;
        }
        let message = format!("job `{job}` may push or sign, and `{by}` is not read: {why}");
        let finding = Finding::new(Code::RouteUnread, message);
        let finding = finding.with_place(in_file(&deed.file, &deed.at));
        let severity = if sure { loudest } else { finding.severity };
        Some(Finding { severity, ..finding })
    });
    told.collect()
}

/// How loud it is that something in a job is not read: not known, where the file gives it the right to
/// push or sign, or it is seen to; a note, where the settings of the repository or a secret decide.
fn weight(unit: &Unit<'_>) -> Option<Severity> {
    let given = |name| unit.permissions.is_some_and(|one| one.level(name) == Level::Write);
    let does = |deed: &Deed| matches!(deed.what, What::Move { .. } | What::Sign(_));
    match given(PACKAGES) || given(ID_TOKEN) || unit.deeds.iter().any(|(deed, _)| does(deed)) {
        true => Some(Severity::Unknown),
        false => (may_push(unit) || has_secrets(unit)).then_some(Severity::Note),
    }
}

/// Whether a step is given a secret that is not the token of the run.
fn has_secrets(unit: &Unit<'_>) -> bool {
    let own = |text: &str| text.to_ascii_lowercase().replace("secrets.github_token", "");
    let holds = |setting: &Setting| {
        setting.value.as_ref().is_some_and(|value| own(&value.text).contains("secrets."))
    };
    let by_step = |step: &Step| step.env.iter().chain(&step.with).any(holds);
    unit.job.env.iter().any(holds) || unit.job.steps().iter().any(by_step)
}

/// It moves a tag of nobody knows what.
fn unnamed(route: &Route<'_>) -> Option<Finding> {
    let open = route.spot.target().is_some_and(|target| !target.is_known());
    let proves = matches!(route.spot.deed().what, What::Move { proves: true, .. });
    if !open || proves || route.artifact.is_some() {
        return None;
    }
    let message = format!(
        "`{}` moves a tag of a repository that is not on paper: {}",
        route.spot.deed().by,
        route.target()
    );
    Some(Finding::new(Code::RouteUnread, message).with_place(route.place()))
}

#[cfg(test)]
mod tests {
    use sealwright_policy::Severity::{self, Note, Unknown};

    use super::super::tests::{MAIN, job, of};
    use super::*;

    fn told(workflow: &str, files: &[(&str, &str)]) -> Vec<(Severity, u32)> {
        let mut all = vec![("cd.yaml", workflow)];
        all.extend(files);
        let found = of(&all).findings.into_iter();
        let found = found
            .filter(|one| one.code == Code::RouteUnread && one.message.contains("is not read: "));
        found.map(|one| (one.severity, one.place.line.unwrap_or(0))).collect()
    }

    #[test]
    fn a_script_that_is_not_read_is_told() {
        let long = format!("#!/bin/sh\n# {}\n", "x".repeat(256 * 1024));
        let files = [
            ("there.sh", "true\n"),
            ("long.sh", long.as_str()),
            ("deep/Makefile", &long),
            ("tool", "#!/usr/bin/env python3\n"),
            ("plain", "true\n"),
        ];
        let checkout = "uses: actions/checkout@v5";
        let other = "uses: actions/checkout@v5\nwith: {repository: acme/o, path: o}";
        for (lines, expected, why) in [
            (&["./there.sh"][..], &[][..], "it is read"),
            (&["./plain"], &[], "a shell reads what does not say who does"),
            (&["./long.sh"], &[Unknown], "a limit"),
            (&["make -C deep release"], &[Unknown], "the limit, of recipes"),
            (&[checkout, "./gone.sh"], &[Unknown], "nothing of that name"),
            (&["cd deep && ./there.sh"], &[Unknown], "it stands elsewhere"),
            (&["bash gone"], &[Unknown], "a shell is told to read it"),
            (&[". lib/gone.sh"], &[Unknown], "and so is this one"),
            (&["./gone"], &[Note], "perhaps a program"),
            (&["./gone x", "./gone y"], &[Note], "the same, told once"),
            (&["./gone x", "./other x"], &[Note, Note], "two of them"),
            (&["./cosign version", "./hack/crane push a b"], &[], "their command lines are read"),
            (&["bash cosign"], &[Unknown], "a script that is called like one"),
            (&["./bin/gone", "dist/gone push"], &[], "what was built"),
            (&["./tool"], &[Note], "another language"),
            (&["./release.py"], &[Note], "another language, by its name"),
            (&["curl -o get.sh https://get.acme.dev", "bash get.sh"], &[Note], "fetched"),
            (&["cat > get.sh <<E\ntrue\nE\nsh get.sh"], &[Note], "written"),
            (&["chmod +x gone.sh", "./gone.sh"], &[Unknown], "its rights alone are set"),
            (&["git clone https://git.acme.dev/t", "t/gone.sh"], &[Note], "of a clone"),
            (&["uses: actions/download-artifact@v4", "./gone.sh"], &[Note], "of another job"),
            (&[other, "o/gone.sh"], &[Note], "of another repository"),
            (&["cd \"$X\"; ./gone.sh"], &[Note], "nobody knows where"),
            (&["/opt/gone.sh", "~/gone.sh", "$RUNNER_TEMP/gone.sh"], &[], "of the machine"),
            (&["\"$X/gone.sh\"", "bash <(curl -s https://get.acme.dev)"], &[], "no name at all"),
            (&["bash -n gone.sh; cat gone.sh"], &[Unknown], "its first word is the shell"),
            (&[". .env", "source versions.env"], &[], "no scripts, by their names"),
        ] {
            let found = told(&job(MAIN, lines), &files);
            let found: Vec<Severity> = found.into_iter().map(|(severity, _)| severity).collect();
            assert_eq!(found, expected, "{why}: {lines:?}");
        }
        assert_eq!(told(&job(MAIN, &["true\n./gone.sh"]), &[]), [(Unknown, 9)], "at its line");
    }

    #[test]
    fn it_matters_where_something_could_be_pushed_or_signed() {
        let of_rights = |rights: &str, more: &str| {
            let text = job(MAIN, &[more, "./gone.sh"]);
            told(&text.replace(super::super::tests::RIGHTS, rights), &[])
        };
        let secret = "env: {T: '${{ secrets.T }}'}\nrun: make";
        let own = "env: {T: '${{ secrets.GITHUB_TOKEN }}'}\nrun: 'true'";
        let push = "docker push ghcr.io/acme/x:latest";
        for (rights, more, expected, why) in [
            ("permissions: {id-token: write}", "true", Some(Unknown), "it may sign"),
            ("permissions: {contents: read}", "true", None, "it may nothing"),
            ("permissions: {contents: read}", push, Some(Unknown), "it pushes all the same"),
            ("permissions: {contents: read}", secret, Some(Note), "with a secret"),
            ("permissions: {contents: read}", own, None, "with its own token"),
            ("name: x", "true", Some(Note), "as the settings say"),
        ] {
            let found = of_rights(rights, more).first().map(|(severity, _)| *severity);
            assert_eq!(found, expected, "{why}");
        }
    }
}
