//! Every matcher that is about this repository must have somebody who can sign by it.

use std::collections::BTreeSet;

use sealwright_pattern::{GoRegex, Language, Witness};
use sealwright_policy::{Code, Finding, Severity};

use super::matchers::{Matcher, Matchers};
use crate::facts::Makes;
use crate::globs::quoted;
use crate::identity::Overlap;
use crate::jobs::{About, SigningJob, Walked};
use crate::model::Workflow;
use crate::tree::Tree;

pub(super) fn check(
    tree: &Tree,
    about: About<'_>,
    walked: &Walked<'_>,
    matchers: &Matchers,
) -> Vec<Finding> {
    let Some(repository) = about.repository else { return vec![] };
    let check = Check { tree, repository, walked };
    matchers.about_us().filter_map(|matcher| check.matcher(matcher)).collect()
}

struct Check<'t, 'a> {
    tree: &'t Tree,
    repository: &'a str,
    walked: &'a Walked<'t>,
}

impl<'t> Check<'t, '_> {
    fn matcher(&self, matcher: &Matcher) -> Option<Finding> {
        let named: Vec<&Workflow> =
            self.tree.workflows.iter().filter(|workflow| self.names(matcher, workflow)).collect();
        if named.is_empty() {
            return self.missing(matcher);
        }
        let of_named = |job: &&SigningJob<'_>| {
            job.calls.is_none()
                && named.iter().any(|workflow| std::ptr::eq(*workflow, job.workflow))
        };
        let jobs: Vec<&SigningJob<'_>> = self.walked.jobs.iter().filter(of_named).collect();
        let (sure, perhaps): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| job.signings.iter().any(|one| one.has_identity()));
        if sure.iter().chain(&perhaps).any(|job| self.is_let_in(matcher, job)) {
            let nothing =
                sure.is_empty() && perhaps.iter().all(|job| job.signings.is_empty() && !job.opaque);
            return nothing.then(|| signs_nothing(matcher, &named));
        }
        Some(match sure.is_empty() && perhaps.is_empty() {
            true => self.cannot_sign(matcher, &named),
            false => self.never_from_there(matcher, &named, &sure, &perhaps),
        })
    }

    /// Whether a matcher lets in a workflow at some ref or commit.
    fn names(&self, matcher: &Matcher, workflow: &Workflow) -> bool {
        let file = format!("https://github.com/{}/{}", self.repository, workflow.path);
        let pattern = format!("^{}@.*$", quoted(&file));
        let Ok(regex) = GoRegex::parse(&pattern) else { return false };
        Language::search(&regex).overlap(&matcher.language) != Witness::Nobody
    }

    fn is_let_in(&self, matcher: &Matcher, job: &SigningJob<'_>) -> bool {
        job.runs.iter().any(|run| run.identity.overlap(&matcher.language) != Overlap::None)
    }

    fn missing(&self, matcher: &Matcher) -> Option<Finding> {
        let example = matcher.ours.as_deref()?;
        let path = example.split('@').next()?.splitn(6, '/').nth(5)?;
        // A matcher without a workflow's name in it says nothing about one.
        if !path.starts_with(".github/workflows/") {
            return None;
        }
        // What is there and could not be read is told already.
        let unread = |finding: &Finding| finding.place.file.as_deref() == Some(path);
        if self.tree.findings.iter().any(unread) {
            return None;
        }
        let message = format!("{} accepts {path}, which is not in the repository", matcher.name);
        let finding = finding(Code::SignerWorkflowMissing, message, matcher);
        let signing: BTreeSet<&str> = self.signing_workflows().collect();
        let stem = |path: &str| path.rsplit_once('.').map(|(stem, _)| stem.to_owned());
        let twin = self.tree.workflows.iter().find(|known| stem(&known.path) == stem(path));
        Some(match (twin, signing.len()) {
            (Some(twin), _) => {
                finding.with_hint(format!("the file is called {}", twin.file_name()))
            }
            (None, 0) => finding,
            (None, _) => {
                let signing = signing.into_iter().collect::<Vec<_>>().join(", ");
                finding.with_hint(format!("these sign under their own names: {signing}"))
            }
        })
    }

    /// Files with a job that signs artifacts under the file's name.
    fn signing_workflows(&self) -> impl Iterator<Item = &str> {
        let signs = |job: &&SigningJob<'_>| {
            let artifacts = |one: &crate::Signing| one.has_identity() && one.makes != Makes::File;
            job.calls.is_none() && job.signings.iter().any(artifacts)
        };
        self.walked.jobs.iter().filter(signs).map(|job| job.workflow.file_name())
    }

    fn cannot_sign(&self, matcher: &Matcher, named: &[&Workflow]) -> Finding {
        let files = files(named);
        let message = format!(
            "{} accepts {files}, and no steps there sign or may ask for an identity token",
            matcher.name
        );
        let finding = finding(Code::SignerCannotSign, message, matcher);
        match self.called_from(named) {
            Some(hint) => finding.with_hint(hint),
            None => finding,
        }
    }

    /// The signing job that one of these calls, and under whose name it signs.
    fn called_from(&self, callers: &[&Workflow]) -> Option<String> {
        let is_caller =
            |workflow: &Workflow| callers.iter().any(|one| std::ptr::eq(*one, workflow));
        let below = self.walked.jobs.iter().find_map(|job| {
            let run = job.runs.iter().find(|run| {
                run.callers.iter().any(|caller| is_caller(caller.workflow))
                    || job.calls.is_some() && is_caller(job.workflow)
            })?;
            Some((job, run))
        });
        let (job, run) = below?;
        Some(format!(
            "it calls a workflow that signs ({}); the certificate names the called file: {}",
            super::named(job.workflow, job.job),
            run.identity.shown
        ))
    }

    fn never_from_there(
        &self,
        matcher: &Matcher,
        named: &[&Workflow],
        sure: &[&SigningJob<'_>],
        perhaps: &[&SigningJob<'_>],
    ) -> Finding {
        let message = format!(
            "{} accepts {} only for refs that no event starts its signing jobs for",
            matcher.name,
            files(named)
        );
        let jobs = sure.iter().chain(perhaps);
        let shown: BTreeSet<&str> =
            jobs.flat_map(|job| &job.runs).map(|run| run.identity.shown.as_str()).collect();
        let shown = shown.into_iter().take(3).collect::<Vec<_>>().join(", ");
        let shown = if shown.is_empty() { "nothing starts them".to_owned() } else { shown };
        finding(Code::SignerCannotSign, message, matcher).with_mismatch(&matcher.shown, shown)
    }
}

fn signs_nothing(matcher: &Matcher, workflows: &[&Workflow]) -> Finding {
    let message = format!(
        "{} accepts {}, where nothing is known to sign, though a job may",
        matcher.name,
        files(workflows)
    );
    Finding::new(Code::SignerSignsNothing, message).with_place(matcher.place.clone())
}

fn finding(code: Code, message: String, matcher: &Matcher) -> Finding {
    let finding = Finding::new(code, message).with_place(matcher.place.clone());
    // What a text tells people to type may be about a release of long ago.
    let severity = if matcher.binding { finding.severity } else { Severity::Warning };
    Finding { severity, expected: Some(matcher.shown.clone()), ..finding }
}

fn files(workflows: &[&Workflow]) -> String {
    const SHOWN_MAX: usize = 3;
    let names: Vec<&str> = workflows.iter().map(|workflow| workflow.file_name()).collect();
    match names.len() {
        0..=SHOWN_MAX => names.join(", "),
        many => format!("{} and {} more", names[..SHOWN_MAX].join(", "), many - SHOWN_MAX),
    }
}
