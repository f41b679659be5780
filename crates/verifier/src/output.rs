//! Where a report goes: standard output or a file; and on GitHub, annotations and the job summary.

use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use sealwright_policy::Report;
use sealwright_render::{Format, render};

use crate::failure::Failure;
use crate::world::{ReportArguments, ReportForm};

/// What is around the program, looked at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether this is a job of GitHub Actions, which reads workflow commands from the log.
    pub github_actions: bool,
    /// Where that job's summary is collected.
    pub step_summary: Option<Utf8PathBuf>,
}

impl Surroundings {
    /// From the environment.
    pub fn from_environment() -> Self {
        let path = std::env::var("GITHUB_STEP_SUMMARY").ok().filter(|path| !path.is_empty());
        Self {
            github_actions: std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true"),
            step_summary: path.map(Utf8PathBuf::from),
        }
    }
}

/// Hands a report over. Standard output is data, standard error is talk.
///
/// # Errors
/// The report cannot be written.
pub fn publish(
    report: &Report,
    to: &ReportArguments,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    match &to.output {
        Some(path) => {
            let text = render(report, format(to.format, false));
            std::fs::write(path, text).map_err(|why| Failure::file(path, "write", why))?;
            talk(&format!("{}: the report is in {path}", report.verdict));
        }
        None => to_standard_output(&render(report, format(to.format, true)))?,
    }
    if surroundings.github_actions {
        talk(render(report, Format::GithubAnnotations).trim_end());
    }
    if let Some(path) = &surroundings.step_summary {
        append(path, &render(report, Format::Markdown))
            .map_err(|why| Failure::file(path, "write", why))?;
    }
    Ok(())
}

/// Hands over what a report is about, and the report beside it: on standard error, or in a file.
///
/// # Errors
/// One of them cannot be written.
pub fn publish_beside(data: &str, report: &Report, to: &ReportArguments) -> Result<(), Failure> {
    to_standard_output(data)?;
    match &to.output {
        Some(_) => publish(report, to, &Surroundings::default()),
        None => {
            talk(render(report, format(to.format, true)).trim_end());
            Ok(())
        }
    }
}

/// Says why there is no report; on GitHub also at the place in the file that is wrong.
pub fn complain(failure: &Failure, surroundings: &Surroundings) {
    talk(&failure.message);
    if surroundings.github_actions {
        talk(sealwright_render::annotations(&failure.findings).trim_end());
    }
}

/// A line for people. Nothing can be done when even this cannot be written.
pub(crate) fn talk(text: &str) {
    if !text.is_empty() {
        let _ = writeln!(anstream::stderr(), "{text}");
    }
}

/// Colour goes to terminals only: the stream takes it out elsewhere.
fn format(form: ReportForm, coloured: bool) -> Format {
    match form {
        ReportForm::Text if coloured => Format::ColouredText,
        ReportForm::Text => Format::Text,
        ReportForm::Json => Format::Json,
        ReportForm::Sarif => Format::Sarif,
        ReportForm::Junit => Format::Junit,
    }
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
///
/// # Errors
/// It cannot be written for another reason, such as a full disk.
pub fn to_standard_output(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::file(Utf8Path::new("standard output"), "write to", error))
        }
        _ => Ok(()),
    }
}

fn append(path: &Utf8Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(text.as_bytes())
}
