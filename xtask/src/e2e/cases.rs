//! The list of cases: each is run on its own, and one that fails does not hide the others.

use std::time::Instant;

use serde::Serialize;

use crate::failure::{Failure, Outcome};
use crate::say;

/// What came of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Result {
    Passed,
    Failed,
    NotRun,
}

impl Result {
    pub(super) fn name(self) -> &'static str {
        match self {
            Result::Passed => "passed",
            Result::Failed => "failed",
            Result::NotRun => "not-run",
        }
    }
}

/// A line of `e2e.json`.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) case: String,
    /// The real part that had its say.
    pub(super) peer: String,
    pub(super) result: Result,
    pub(super) detail: String,
}

/// The lines so far.
#[derive(Debug)]
pub(super) struct Cases {
    rows: Vec<Row>,
    only: Option<String>,
    /// Why nothing can be run at the moment.
    blocked: Option<Failure>,
}

impl Cases {
    pub(super) fn new(only: Option<String>) -> Cases {
        Cases { rows: Vec::new(), only, blocked: None }
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Runs a case; it gives a sentence about what was seen.
    pub(super) fn run(&mut self, case: &str, peer: &str, body: impl FnOnce() -> Outcome<String>) {
        if self.only.as_deref().is_some_and(|only| !case.contains(only)) {
            return;
        }
        let began = Instant::now();
        let seen = match &self.blocked {
            Some(failure) => Err(again(failure)),
            None => body(),
        };
        let (result, detail) = match seen {
            Ok(seen) => (Result::Passed, seen),
            Err(failure) => (of(&failure), failure.to_string()),
        };
        say::line(&format!(
            "{:7} {case} ({peer}, {:.1} s){}",
            result.name(),
            began.elapsed().as_secs_f64(),
            if result == Result::Passed { String::new() } else { format!(": {detail}") }
        ));
        self.push(case, peer, result, detail);
    }

    /// A case that cannot be run here, and why.
    pub(super) fn not_run(&mut self, case: &str, peer: &str, why: &str) {
        say::line(&format!("not-run {case} ({peer}): {why}"));
        self.push(case, peer, Result::NotRun, why.to_owned());
    }

    /// Cases whose common part could not be started: each is listed with the reason. Whether that
    /// is a failure depends on whether the part is there at all.
    pub(super) fn blocked(&mut self, failure: &Failure, cases: impl FnOnce(&mut Cases)) {
        self.blocked = Some(again(failure));
        cases(self);
        self.blocked = None;
    }

    fn push(&mut self, case: &str, peer: &str, result: Result, detail: String) {
        self.rows.push(Row { case: case.to_owned(), peer: peer.to_owned(), result, detail });
    }
}

/// A failure of something shared, once more for each case that needs it.
pub(super) fn again(failure: &Failure) -> Failure {
    let same = Failure::new(failure.to_string());
    match &failure.next {
        Some(next) => same.next(next.clone()),
        None => same,
    }
}

/// A part that is not on this machine is no failure, and never a pass.
fn of(failure: &Failure) -> Result {
    match failure.next.as_deref() {
        Some(super::tools::MISSING) => Result::NotRun,
        _ => Result::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_fails_is_kept_and_the_next_one_runs() {
        let mut cases = Cases::new(None);
        cases.run("one", "cosign", || Err(Failure::new("because")));
        cases.run("two", "cosign", || Ok("seen".to_owned()));
        cases.not_run("three", "docker-registry", "not installed");
        let rows: Vec<_> =
            cases.rows().iter().map(|row| (row.result, row.detail.as_str())).collect();
        assert_eq!(
            rows,
            [
                (Result::Failed, "because"),
                (Result::Passed, "seen"),
                (Result::NotRun, "not installed")
            ]
        );
        let json = serde_json::to_value(cases.rows()).unwrap();
        assert_eq!(json[2]["result"], "not-run");
    }

    #[test]
    fn a_missing_part_is_not_run_and_a_broken_one_has_failed() {
        let mut cases = Cases::new(None);
        let missing = Failure::new("no Go").next(super::super::tools::MISSING);
        cases.blocked(&missing, |cases| cases.run("a", "real", || unreachable!("it is missing")));
        cases.blocked(&Failure::new("crashed"), |cases| {
            cases.run("b", "real", || unreachable!("it crashed"));
        });
        cases.run("case", "cosign", || Err(Failure::new("x").next(super::super::tools::MISSING)));
        assert_eq!(cases.rows()[0].result, Result::NotRun);
        assert_eq!(cases.rows()[1].result, Result::Failed);
        assert_eq!(cases.rows()[2].result, Result::NotRun);
    }

    #[test]
    fn only_what_is_asked_for_is_run() {
        let mut cases = Cases::new(Some("refuses".to_owned()));
        cases.run("accepts", "cosign", || Ok(String::new()));
        cases.run("refuses", "cosign", || Ok(String::new()));
        assert_eq!(cases.rows().len(), 1);
    }
}
