//! `manifests`: every place in a repository that says who may sign, on paper; with `--observe` also
//! against who did.

mod arguments;
mod baseline;
mod fix;
mod kustomization;
mod observe;
mod overlays;
mod reading;
mod tree;

use camino::Utf8Path;
use jiff::Timestamp;
use sealwright_manifests::checks::{Expected, judge};
use sealwright_manifests::{Found, join};
use sealwright_policy::{Code, Config, Finding, Report, Severity, verdict_of};

pub use self::arguments::ManifestsArguments;
use self::baseline::Baseline;
pub use self::fix::fix;
use crate::TOOL;
use crate::failure::Failure;
use crate::output::talk;
use crate::world::CONFIG_NAME;

/// The report.
///
/// # Errors
/// The folder, the configuration or the baseline cannot be used.
pub async fn manifests(arguments: &ManifestsArguments, now: Timestamp) -> Result<Report, Failure> {
    let config = config(arguments, now)?;
    let before = arguments.baseline.as_deref().map(Baseline::read).transpose()?;
    let (found, seen) = find(&arguments.folder)?;
    let issuers = arguments.stand_in.issuers();
    let expected = Expected { config: config.as_ref(), issuers };
    let mut report = judged(&found, seen, &expected, now);
    if arguments.observe {
        observe::observe((arguments, config.as_ref()), &found, &mut report, now).await?;
    }
    report.findings.extend(nothing(&report, arguments.may_be_empty));
    // What is written is what is there, not what was adopted.
    let today = Baseline::of(&report);
    if let Some(before) = before {
        before.adopt(&mut report);
    }
    if let Some(path) = &arguments.write_baseline {
        today.write(path)?;
    }
    Ok(concluded(report, arguments.may_be_empty))
}

/// The verdict: of nothing at all it is Unknown, unless somebody said that there may be nothing.
pub(crate) fn concluded(report: Report, may_be_empty: bool) -> Report {
    let declared = report.declarations.len() + report.workflows.len() + report.routes.len();
    let report = report.concluded();
    match may_be_empty && declared == 0 {
        true => Report { verdict: verdict_of(&report.findings), ..report },
        false => report,
    }
}

fn judged(found: &Found, seen: Vec<Finding>, expected: &Expected<'_>, now: Timestamp) -> Report {
    let judged = judge(found, expected);
    let mut report = Report::new(TOOL, now);
    (report.declarations, report.coverage) = (judged.declarations, judged.coverage);
    report.findings = seen.into_iter().chain(judged.findings).collect();
    report
}

/// Everything in the folder, and what was seen on the way.
pub(crate) fn find(folder: &Utf8Path) -> Result<(Found, Vec<Finding>), Failure> {
    let tree = tree::walk(folder)?;
    let (facts, mut seen) = reading::look(&tree);
    seen.extend(tree.findings.iter().cloned());
    let mut found = join(facts);
    let rendered = overlays::render(&tree, &found);
    seen.extend(rendered.findings);
    overlays::compare(&mut found, rendered.found);
    Ok((found, seen))
}

/// A folder as it is written, with some of its files.
pub(crate) struct Seen {
    /// What is declared; overlays are not rendered.
    pub(crate) found: Found,
    /// Files that were asked for, with their bytes.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// What was not read.
    pub(crate) findings: Vec<Finding>,
}

/// Everything in the folder as it is written, and the files that are wanted; of links within it those
/// that are `named`, by what they lead to.
pub(crate) fn see(
    folder: &Utf8Path,
    wanted: fn(&str) -> bool,
    named: fn(&str) -> bool,
) -> Result<Seen, Failure> {
    let tree = tree::walk(folder)?;
    let (facts, mut findings) = reading::look(&tree);
    findings.extend(tree.findings.iter().cloned());
    let paths = tree.files.iter().filter(|path| wanted(path));
    let paths = paths.chain(tree.links.iter().filter(|path| named(path)));
    let (files, more) = reading::keep(&tree, paths);
    // What could not be read at first need not be told again.
    let told = |one: &Finding| findings.iter().any(|known| known.place.file == one.place.file);
    let more: Vec<Finding> = more.into_iter().filter(|one| !told(one)).collect();
    findings.extend(more);
    Ok(Seen { found: join(facts), files, findings })
}

/// The configuration, and which one it is.
fn config(arguments: &ManifestsArguments, now: Timestamp) -> Result<Option<Config>, Failure> {
    match arguments.config_file() {
        None => {
            let folder = &arguments.folder;
            talk(&format!("no {CONFIG_NAME} in {folder}: slips are found, not intentions"));
            Ok(None)
        }
        Some(path) => {
            talk(&format!("measured by {path}"));
            let world = arguments.world().config;
            Ok(Some(world.read_config(now)?))
        }
    }
}

/// An empty answer must not look like a clean one, unless somebody said that it may be. Where
/// something is wrong, that is the answer.
fn nothing(report: &Report, may_be_empty: bool) -> Option<Finding> {
    let silent = report.findings.iter().all(|finding| finding.severity == Severity::Note);
    let finding = Finding::new(Code::TreeEmpty, "nothing here pulls or verifies an artifact");
    let severity = if may_be_empty { Severity::Note } else { finding.severity };
    let nothing = report.declarations.is_empty() && report.coverage.is_empty() && silent;
    nothing.then_some(Finding { severity, ..finding })
}
