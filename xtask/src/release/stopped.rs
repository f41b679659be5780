//! A release that stopped at a step: what that leaves behind, and what to do next.

use super::course::Course;
use super::flow::{Stage, Step};
use crate::failure::{Failure, Outcome};

/// Where a release stopped, and how everything stood then.
#[derive(Debug)]
pub(super) struct Stopped {
    step: &'static str,
    plane: Option<Stage>,
    failure: Failure,
    /// What the tag that production follows names.
    released: Known,
    /// What production runs, as `tag@digest`.
    production: Known,
    /// What production ran before, as `tag@digest`.
    last_good: Option<String>,
    /// `repository@`, to name a digest in.
    repository: Option<String>,
}

/// What was found out afterwards; not finding out is not finding nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    Named(String),
    Nothing,
    Unknown(String),
}

impl Known {
    fn from(found: Outcome<Option<String>>) -> Known {
        match found {
            Ok(Some(name)) => Known::Named(name),
            Ok(None) => Known::Nothing,
            Err(failure) => Known::Unknown(failure.to_string()),
        }
    }

    fn text(&self) -> String {
        match self {
            Known::Named(name) => name.clone(),
            Known::Nothing => "nothing".to_owned(),
            Known::Unknown(why) => format!("(unknown: {why})"),
        }
    }

    /// Whether it ends in this digest: a revision is `tag@digest`.
    fn is(&self, digest: &str) -> bool {
        matches!(self, Known::Named(name) if name.ends_with(digest))
    }
}

impl Stopped {
    pub(super) fn at(step: &Step, failure: Failure, course: &Course) -> Stopped {
        let named = course.published.as_ref().map(|published| published.named_by(Stage::Prod));
        let runs = course
            .fleet
            .has(Stage::Prod)
            .then(|| course.fleet.runs(Stage::Prod, &course.places.source(Stage::Prod)));
        Stopped {
            step: step.name,
            plane: step.plane,
            failure,
            released: named.map_or(Known::Nothing, Known::from),
            production: runs.map_or(Known::Nothing, Known::from),
            last_good: course.fleet.last_good.clone(),
            repository: course.published.as_ref().map(|published| published.repository.clone()),
        }
    }

    /// What a person needs at that moment.
    pub(super) fn into_failure(self) -> Failure {
        let next = self.next();
        self.failure.next(next)
    }

    fn next(&self) -> String {
        match self.plane {
            Some(Stage::Prod) => self.next_in_production(),
            Some(Stage::Local) => format!(
                "production was left as it was: it runs {}, and its tag {} names {}",
                self.production.text(),
                Stage::Prod.tag(),
                self.released.text()
            ),
            None => {
                "its own words stand above; no tag moved unless its step had ended well".to_owned()
            }
        }
    }

    fn next_in_production(&self) -> String {
        let Some((_, digest)) = self.last_good.as_deref().and_then(|good| good.rsplit_once('@'))
        else {
            return "there is no last known good digest: production ran nothing before".to_owned();
        };
        let repository = self.repository.as_deref().unwrap_or_default();
        format!(
            "last known good digest: {digest}; production runs {}. Go back with `sealwright-publisher promote {repository}@{digest} --tag {} --allow-rollback`",
            self.production.text(),
            Stage::Prod.tag()
        )
    }

    /// For a drill: it must have stopped while waiting for the closed plane, with production still
    /// on what it ran before, and the tag moved only when the local plane had held.
    pub(super) fn insist_on(&self, closed: Stage, before: &str) -> Outcome {
        let expected = format!("wait {}", closed.name());
        if self.step != expected {
            return Err(Failure::new(format!(
                "stopped at `{}` instead of `{expected}`: {}",
                self.step, self.failure
            )));
        }
        if !self.production.is(before) {
            return Err(Failure::new(format!(
                "production ran {before} and now runs {}",
                self.production.text()
            )));
        }
        let moved = !self.released.is(before);
        if moved != (closed == Stage::Prod) {
            return Err(Failure::new(format!(
                "the tag {} named {before} and now names {}",
                Stage::Prod.tag(),
                self.released.text()
            )));
        }
        match closed == Stage::Prod && !self.next().contains(before) {
            true => Err(Failure::new(format!("nobody is told of {before}: {}", self.next()))),
            false => Ok(()),
        }
    }
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; {}", self.failure, self.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped(step: &'static str, plane: Stage, released: &str, production: &str) -> Stopped {
        Stopped {
            step,
            plane: Some(plane),
            failure: Failure::new("not Ready"),
            released: Known::Named(released.to_owned()),
            production: Known::Named(format!("latest@{production}")),
            last_good: Some("latest@sha256:old".to_owned()),
            repository: Some("r.example/a".to_owned()),
        }
    }

    #[test]
    fn a_drill_passes_only_when_nothing_beyond_the_closed_plane_was_touched() {
        for (step, closed, released, production, holds, why) in [
            ("wait local", Stage::Local, "sha256:old", "sha256:old", true, "prod is untouched"),
            ("wait local", Stage::Local, "sha256:new", "sha256:old", false, "the tag has moved"),
            ("wait local", Stage::Local, "sha256:old", "sha256:new", false, "prod has moved"),
            ("controls local", Stage::Local, "sha256:old", "sha256:old", false, "too late"),
            ("wait prod", Stage::Prod, "sha256:new", "sha256:old", true, "prod keeps the old one"),
            ("wait prod", Stage::Prod, "sha256:old", "sha256:old", false, "nothing was promoted"),
            ("wait prod", Stage::Prod, "sha256:new", "sha256:new", false, "the lock was open"),
        ] {
            let stopped = stopped(step, closed, released, production);
            assert_eq!(stopped.insist_on(closed, "sha256:old").is_ok(), holds, "{why}");
        }
    }

    #[test]
    fn not_finding_out_what_production_runs_fails_a_drill() {
        let mut stopped = stopped("wait local", Stage::Local, "sha256:old", "sha256:old");
        stopped.production = Known::from(Err(Failure::new("refused")));
        assert!(stopped.insist_on(Stage::Local, "sha256:old").is_err());
    }

    #[test]
    fn a_failing_production_plane_says_the_last_known_good_digest() {
        let failure = stopped("wait prod", Stage::Prod, "sha256:new", "sha256:old").into_failure();
        let next = failure.next.unwrap();
        assert!(next.contains("last known good digest: sha256:old"), "{next}");
        assert!(next.contains("promote r.example/a@sha256:old --tag latest"), "{next}");
    }

    #[test]
    fn a_failing_local_plane_says_that_production_was_left_alone() {
        let failure =
            stopped("wait local", Stage::Local, "sha256:old", "sha256:old").into_failure();
        let next = failure.next.unwrap();
        assert!(next.starts_with("production was left as it was"), "{next}");
    }
}
