//! A workflow or an action of this repository, as the checks read it.

use camino::Utf8Path;
use serde_json::{Map, Value};

use super::Repository;
use crate::failure::{Context as _, Outcome};

/// All of the repository.
pub(super) fn files(repository: &Repository) -> Outcome<Vec<File>> {
    repository
        .files(".github", &["yaml", "yml"])
        .filter(|path| path.starts_with(".github/workflows") || path.starts_with(".github/actions"))
        .map(|path| File::parse(path, repository.text(path)?))
        .collect()
}

/// A workflow or an action, parsed.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) content: Value,
}

/// A step with the job that it is in.
pub(super) struct Located<'a> {
    pub(super) job: &'a str,
    pub(super) step: &'a Value,
}

impl File {
    pub(super) fn parse(path: &Utf8Path, text: String) -> Outcome<File> {
        let content = serde_saphyr::from_str(&text).context(|| path.to_string())?;
        Ok(File { path: path.to_string(), text, content })
    }

    /// `ci` for `.github/workflows/ci.yaml`.
    pub(super) fn name(&self) -> &str {
        Utf8Path::new(&self.path).file_stem().unwrap_or_default()
    }

    pub(super) fn is_workflow(&self) -> bool {
        self.path.starts_with(".github/workflows/")
    }

    pub(super) fn jobs(&self) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        let jobs = self.content.get("jobs").and_then(Value::as_object).into_iter().flatten();
        jobs.filter_map(|(name, job)| Some((name.as_str(), job.as_object()?)))
    }

    /// What starts it, as it stands there.
    pub(super) fn triggers(&self) -> String {
        self.content.get("on").map(Value::to_string).unwrap_or_default()
    }

    /// Steps of all jobs, or of a composite action.
    pub(super) fn steps(&self) -> Vec<Located<'_>> {
        let mut steps = Vec::new();
        for (job, content) in self.jobs() {
            steps.extend(array(content.get("steps")).map(|step| Located { job, step }));
        }
        let runs = self.content.get("runs").and_then(|runs| runs.get("steps"));
        steps.extend(array(runs).map(|step| Located { job: "", step }));
        steps
    }

    /// The lines of every script, without comments.
    pub(super) fn script_lines(&self) -> Vec<String> {
        let scripts = self.steps().into_iter().filter_map(|located| located.script());
        scripts
            .flat_map(|script| {
                script.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
            })
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect()
    }
}

impl<'a> Located<'a> {
    pub(super) fn script(&self) -> Option<&'a str> {
        self.step.get("run").and_then(Value::as_str)
    }

    pub(super) fn uses(&self) -> Option<&'a str> {
        self.step.get("uses").and_then(Value::as_str)
    }
}

fn array(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}
