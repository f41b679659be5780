//! A set of controls, in the form that the dev stack prints.

use camino::Utf8Path;
use sealwright_policy::control_report::RefusedBy;
use sealwright_policy::report::API_VERSION;
use sealwright_registry::{Reference, Target};
use serde::Deserialize;

use crate::failure::Failure;
use crate::file;

/// Largest set that is read: a control has less than 1 KiB.
const SET_BYTES_MAX: u64 = 1 << 20;
/// Controls in a set. There are about twenty; each is an object in a cluster with --live.
const CONTROLS_COUNT_MAX: usize = 100;
/// Longest name, so that it fits into the name of an object (63 bytes) with what stands around it.
const NAME_BYTES_MAX: usize = 40;

/// Controls with the good artifact that they were derived from.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ControlSet {
    api_version: String,
    kind: String,
    /// The good artifact, by digest.
    pub(super) artifact: String,
    /// An artifact in the controls' repository with nothing wrong.
    pub(super) neighbour: String,
    pub(super) controls: Vec<Control>,
    #[serde(default)]
    pub(super) not_made: Vec<NotMade>,
}

/// One control.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Control {
    pub(super) name: String,
    /// What is the matter with it, in one sentence.
    pub(super) does: String,
    /// Where it is, by digest.
    pub(super) reference: String,
    pub(super) refused_by: RefusedBy,
    /// Code that the judge must give.
    #[serde(default)]
    pub(super) expected_finding: Option<String>,
    /// Tag through which it is followed: the matter is that the tag has gone back to it.
    #[serde(default)]
    pub(super) tag: Option<String>,
    /// Dotted path in `spec` at which the verify block stands instead of `verify`.
    #[serde(default)]
    pub(super) verify_at: Option<String>,
}

/// A control that could not be made.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NotMade {
    pub(super) name: String,
    pub(super) does: String,
    pub(super) refused_by: RefusedBy,
    pub(super) reason: String,
}

impl ControlSet {
    pub(super) fn new(artifact: String, neighbour: String) -> Self {
        let (api_version, kind) = (API_VERSION.to_owned(), KIND.to_owned());
        Self { api_version, kind, artifact, neighbour, controls: vec![], not_made: vec![] }
    }

    pub(super) fn read(path: &Utf8Path) -> Result<Self, Failure> {
        Self::parse(&file::read(path, SET_BYTES_MAX)?).map_err(|why| {
            Failure::data(format!(
                "{path} is no set of controls: {why}\nmake one with `sealwright-devstack controls`"
            ))
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let set: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if set.api_version != API_VERSION || set.kind != KIND {
            return Err(format!(
                "expected {API_VERSION} {KIND}, found {} {}",
                set.api_version, set.kind
            ));
        }
        if set.controls.is_empty() || set.controls.len() > CONTROLS_COUNT_MAX {
            return Err(format!(
                "it has {} controls; expected 1 to {CONTROLS_COUNT_MAX}",
                set.controls.len()
            ));
        }
        by_digest(&set.artifact)?;
        by_digest(&set.neighbour)?;
        let mut names = std::collections::BTreeSet::new();
        for control in &set.controls {
            by_digest(&control.reference)?;
            if !is_name(&control.name) {
                return Err(format!(
                    "{:?} is no name: use up to {NAME_BYTES_MAX} of a-z, 0-9 and -",
                    control.name
                ));
            }
            if control.name == NEIGHBOUR {
                return Err(format!("{NEIGHBOUR} is the name of the good artifact beside them"));
            }
            if !names.insert(&control.name) {
                return Err(format!("{} is there twice", control.name));
            }
            if control.verify_at.as_ref().is_some_and(|path| is_read(path)) {
                return Err(format!("{}: verifyAt names a place that Flux reads", control.name));
            }
        }
        Ok(set)
    }
}

const KIND: &str = "ControlSet";
/// Name that the neighbour goes by among the controls. One of them by that name would be taken for it.
pub(super) const NEIGHBOUR: &str = "neighbour";

/// A control that is followed by tag could be anything by the time it is tried.
fn by_digest(reference: &str) -> Result<(), String> {
    match Reference::parse(reference) {
        Ok(Reference { target: Target::Digest(_), .. }) => Ok(()),
        Ok(_) => Err(format!("{reference} names no digest")),
        Err(error) => Err(error.to_string()),
    }
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    bytes.len() <= NAME_BYTES_MAX
        && bytes.iter().all(|byte| fits(*byte))
        && edge(bytes.first())
        && edge(bytes.last())
}

/// The block at its own place would be no control.
fn is_read(path: &str) -> bool {
    path.is_empty() || path == "verify" || path.split('.').any(str::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn set(change: impl FnOnce(&mut Value)) -> Result<ControlSet, String> {
        let mut set = json!({
            "apiVersion": API_VERSION, "kind": KIND,
            "artifact": format!("ghcr.io/acme/a@{DIGEST}"),
            "neighbour": format!("ghcr.io/acme/controls@{DIGEST}"),
            "controls": [{
                "name": "unsigned", "does": "Nothing vouches for it.", "refusedBy": "both",
                "reference": format!("ghcr.io/acme/controls@{DIGEST}"),
            }],
        });
        change(&mut set);
        ControlSet::parse(set.to_string().as_bytes())
    }

    #[test]
    fn a_set_is_read_and_its_mistakes_are_named() {
        assert!(set(|_| {}).is_ok());
        type Change = fn(&mut Value);
        let cases: [(Change, &str, &str); 9] = [
            (|set| set["kind"] = "Report".into(), "ControlSet", "another kind"),
            (|set| set["controls"] = json!([]), "0 controls", "nothing to try"),
            (|set| set["neighbour"] = "ghcr.io/acme/a:latest".into(), "no digest", "a tag moves"),
            (|set| set["controls"][0]["name"] = "../x".into(), "is no name", "an object's name"),
            (|set| set["controls"][0]["name"] = "-x".into(), "is no name", "begins with a dash"),
            (|set| set["controls"][0]["name"] = "neighbour".into(), "good artifact", "is another"),
            (|set| set["controls"][0]["refusedBy"] = "nobody".into(), "nobody", "who refuses"),
            (|set| set["controls"][0]["verifyAt"] = "verify".into(), "Flux reads", "no control"),
            (
                |set| {
                    let again = set["controls"][0].clone();
                    set["controls"].as_array_mut().unwrap().push(again);
                },
                "twice",
                "two objects of one name",
            ),
        ];
        for (change, expected, why) in cases {
            let refused = set(change).unwrap_err();
            assert!(refused.contains(expected), "{why}: {refused}");
        }
    }
}
