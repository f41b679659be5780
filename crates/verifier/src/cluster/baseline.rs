//! The sources that were there last time, in a file: whoever deletes a source takes it out of every
//! other check.

use std::collections::BTreeSet;

use camino::Utf8Path;
use sealwright_policy::{API_VERSION, Code, Finding, Place};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::kubernetes::Live;
use crate::{baseline, file};

/// `kind` of the file.
const KIND: &str = "Baseline";

/// What was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Baseline {
    api_version: String,
    kind: String,
    /// The environment, or the cluster, that it is of.
    environment: String,
    sources: BTreeSet<Seen>,
}

/// A source that was there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Seen {
    kind: String,
    /// `namespace/name`.
    name: String,
    url: String,
}

impl Baseline {
    /// Of the sources that are there now.
    pub(super) fn of<'a>(environment: &str, sources: impl IntoIterator<Item = &'a Live>) -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            environment: environment.to_owned(),
            sources: sources.into_iter().map(Seen::of).collect(),
        }
    }

    pub(super) fn read(path: &Utf8Path) -> Result<Self, Failure> {
        baseline::read(path, KIND)
    }

    pub(super) fn write(&self, path: &Utf8Path) -> Result<(), Failure> {
        file::write_pretty_json(path, self)
    }

    /// A baseline of another environment would miss everything, or nothing.
    pub(super) fn check_environment(
        &self,
        path: &Utf8Path,
        environment: &str,
    ) -> Result<(), Failure> {
        if self.environment == environment {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "{path} is the baseline of {}, not of {environment}",
            self.environment
        )))
    }

    /// What was there and is not any more, or has another URL.
    pub(super) fn vanished(&self, now: &Self) -> Vec<Finding> {
        let gone = self.sources.difference(&now.sources);
        gone.map(|seen| seen.vanished(&now.sources)).collect()
    }
}

impl Seen {
    fn of(live: &Live) -> Self {
        Self { kind: live.kind.name().to_owned(), name: live.full_name(), url: live.url.clone() }
    }

    fn vanished(&self, now: &BTreeSet<Self>) -> Finding {
        let place = Place::object(format!("{} {}", self.kind, self.name));
        let namesake = now.iter().find(|seen| (&seen.kind, &seen.name) == (&self.kind, &self.name));
        let (message, found) = match namesake {
            Some(seen) => ("it pulls from elsewhere than last time", seen.url.as_str()),
            None => ("it was there last time", "nothing in scope"),
        };
        Finding::new(Code::SourceVanished, message)
            .with_place(place)
            .with_mismatch(&self.url, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(sources: &[(&str, &str)]) -> Baseline {
        let seen = |(name, url): &(&str, &str)| Seen {
            kind: "OCIRepository".to_owned(),
            name: (*name).to_owned(),
            url: (*url).to_owned(),
        };
        let sources = sources.iter().map(seen).collect();
        Baseline { sources, ..Baseline::of("prod", []) }
    }

    #[test]
    fn only_what_is_gone_or_moved_is_told() {
        let before = baseline(&[("a/a", "oci://r/a"), ("b/b", "oci://r/b")]);
        for (now, expected, why) in [
            (vec![("a/a", "oci://r/a"), ("b/b", "oci://r/b")], vec![], "as it was"),
            (
                vec![("a/a", "oci://r/a"), ("b/b", "oci://r/b"), ("c/c", "oci://r/c")],
                vec![],
                "one more",
            ),
            (vec![("a/a", "oci://r/a")], vec!["it was there last time"], "one less"),
            (
                vec![("a/a", "oci://r/a"), ("b/b", "oci://r/other")],
                vec!["it pulls from elsewhere than last time"],
                "another URL",
            ),
        ] {
            let found = before.vanished(&baseline(&now));
            let found: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
            assert_eq!(found, expected, "{why}");
        }
    }
}
