//! `workflows`: as whom every job of a repository's workflows signs, by what right, and who accepts
//! it; and every route to a production tag. On paper: nothing is asked or run.

mod arguments;
mod before;
mod origin;

use std::collections::BTreeSet;

use jiff::Timestamp;
use sealwright_manifests::File;
use sealwright_policy::{Code, Config, Finding, Report, Severity};
use sealwright_workflows::{About, ConfigFile, Expected, Tree, compare, judge, routes};

pub use self::arguments::WorkflowsArguments;
use crate::TOOL;
use crate::failure::Failure;
use crate::manifests::concluded;
use crate::manifests::{Seen, see};
use crate::output::talk;
use crate::world::CONFIG_NAME;

/// The report.
///
/// # Errors
/// The folder or the configuration cannot be used, or the repository's name is none.
pub fn workflows(arguments: &WorkflowsArguments, now: Timestamp) -> Result<Report, Failure> {
    let config = Read::of(arguments, now)?;
    // Names are looked for everywhere.
    let wanted = match &arguments.base {
        Some(_) => |_: &str| true,
        None => sealwright_workflows::is_wanted,
    };
    let seen = see(&arguments.folder, wanted, sealwright_workflows::is_wanted)?;
    let files = seen.files.iter().map(|(path, bytes)| File { path, bytes });
    let tree = Tree::read(files);
    let repository = repository(arguments, config.as_ref(), &tree)?;
    let default_branch =
        arguments.default_branch.clone().or_else(|| origin::default_branch(&arguments.folder));
    let about =
        About { repository: repository.as_deref(), default_branch: default_branch.as_deref() };
    let compared = arguments.base.as_ref();
    let compared = compared.map(|revision| compared_with(revision, arguments, &tree, about, &seen));
    let compared = compared.unwrap_or_default();
    let mut report = report(&tree, about, config.as_ref(), (&seen, compared), now);
    if arguments.may_be_empty && tree.workflows.is_empty() && !origin::is_root(&arguments.folder) {
        elsewhere(&mut report);
    }
    report.findings.extend(nothing(&tree, &report, arguments.may_be_empty));
    Ok(concluded(report, arguments.may_be_empty))
}

/// A folder that may be empty and is not the root of a repository is not the one in which the signers'
/// workflows would be: that they are not here is said, and is nothing wrong.
fn elsewhere(report: &mut Report) {
    let missing = |one: &&mut Finding| one.code == Code::SignerWorkflowMissing;
    for finding in report.findings.iter_mut().filter(missing) {
        finding.severity = Severity::Note;
        finding.hint = Some("This folder is not the root of a repository.".to_owned());
    }
}

/// What has changed since a revision, or that this could not be found out.
fn compared_with(
    revision: &str,
    arguments: &WorkflowsArguments,
    tree: &Tree,
    about: About<'_>,
    seen: &Seen,
) -> Vec<Finding> {
    match before::files(&arguments.folder, revision, sealwright_workflows::is_wanted) {
        Ok(files) => {
            let base = Tree::read(files.iter().map(|(path, bytes)| File { path, bytes }));
            let files = seen.files.iter().map(|(path, bytes)| File { path, bytes });
            compare(&base, tree, about, files)
        }
        Err(why) => {
            let message = format!("the workflows at {revision} could not be read: {why}");
            vec![Finding::new(Code::BaseUnread, message)]
        }
    }
}

/// An empty answer must not look like a clean one, unless somebody said that it may be.
fn nothing(tree: &Tree, report: &Report, may_be_empty: bool) -> Option<Finding> {
    let message = match tree.workflows.is_empty() {
        true => "there is no workflow in .github/workflows",
        false => "no job here is known to sign or to move a tag, and none may ask for a token",
    };
    let finding = Finding::new(Code::NothingSigns, message);
    let severity = if may_be_empty { Severity::Note } else { finding.severity };
    let empty = report.workflows.is_empty() && report.routes.is_empty();
    empty.then_some(Finding { severity, ..finding })
}

fn report(
    tree: &Tree,
    about: About<'_>,
    config: Option<&Read>,
    (seen, compared): (&Seen, Vec<Finding>),
    now: Timestamp,
) -> Report {
    let expected =
        Expected { config: config.map(Read::file), declarations: &seen.found.declarations };
    let judged = judge(tree, about, &expected);
    let routes = routes(tree, about, config.map(|read| &read.config));
    let mut report = Report::new(TOOL, now);
    (report.workflows, report.routes) = (judged.jobs, routes.reports);
    report.findings = judged.findings;
    report.findings.extend(routes.findings);
    report.findings.extend(compared);
    report.findings.extend(seen.findings.iter().filter(|one| is_of_workflows(one)).cloned());
    report
}

/// What was not read elsewhere is not for this command to tell: but a configuration that was not says
/// that nobody measured by it.
fn is_of_workflows(finding: &Finding) -> bool {
    finding.place.file.as_deref().is_none_or(|file| {
        [".", CONFIG_NAME].contains(&file)
            || file.starts_with(".github")
            || sealwright_workflows::is_wanted(file)
    })
}

/// A configuration with its text.
struct Read {
    path: String,
    text: String,
    config: Config,
}

impl Read {
    fn of(arguments: &WorkflowsArguments, now: Timestamp) -> Result<Option<Self>, Failure> {
        let Some(world) = arguments.config_file() else {
            let folder = &arguments.folder;
            talk(&format!("no {CONFIG_NAME} in {folder}: nobody says there whom to accept"));
            return Ok(None);
        };
        talk(&format!("measured by {}", world.config));
        let config = world.read_config(now)?;
        let path = world.config.strip_prefix(&arguments.folder).unwrap_or(&world.config);
        // It was read a moment ago; without its text, findings have no line.
        let text = std::fs::read_to_string(&world.config).unwrap_or_default();
        Ok(Some(Self { path: path.to_string(), text, config }))
    }

    fn file(&self) -> ConfigFile<'_> {
        ConfigFile { path: &self.path, text: &self.text, config: &self.config }
    }
}

/// The name of the repository: as it was given, else that of what the configuration publishes from
/// here, else that of a remote, else the only one that the configuration names.
fn repository(
    arguments: &WorkflowsArguments,
    read: Option<&Read>,
    tree: &Tree,
) -> Result<Option<String>, Failure> {
    if let Some(given) = &arguments.repository {
        return match origin::repository(given) {
            Some(given) => Ok(Some(given)),
            None => Err(Failure::usage(format!("--repository takes owner/name, and not {given}"))),
        };
    }
    let published = read.and_then(|read| only(&read.config, true));
    let remote = || origin::remotes(&arguments.folder).into_iter().next();
    // A signer whose file is here is the best that is left to go by.
    let named = || {
        let config = &read?.config;
        let here = config.signers.values().any(|signer| {
            let path = format!(".github/workflows/{}", signer.github.workflow);
            tree.workflow(&path).is_some()
        });
        only(config, false).filter(|_| here)
    };
    Ok(published.or_else(remote).or_else(named))
}

/// The one repository in whose runs all signers of a configuration sign; or those alone whose
/// artifacts are packed from a folder here.
fn only(config: &Config, packed: bool) -> Option<String> {
    let artifacts = config.artifacts.values().filter(|one| !packed || one.contents.is_some());
    let signers =
        artifacts.flat_map(|one| &one.signers).filter_map(|name| config.signers.get(name));
    let runs: BTreeSet<&String> = signers
        .flat_map(|signer| match signer.called_from.as_slice() {
            [] => std::slice::from_ref(&signer.github.repository),
            callers => callers,
        })
        .collect();
    let mut runs = runs.into_iter();
    runs.next().filter(|_| runs.next().is_none()).cloned()
}
