//! The files that `--write-baseline` writes: what was there, of one kind or another.

use camino::Utf8Path;
use sealwright_policy::API_VERSION;
use sealwright_render::visible;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::file;

/// Bytes of a baseline: 50,000 sources or findings with long names and matchers.
const BASELINE_BYTES_MAX: u64 = 32 << 20;

/// What every baseline begins with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    api_version: String,
    kind: String,
}

/// A baseline of this kind. The kind is looked at first, so that who gives the one of another
/// command is told so.
pub(crate) fn read<T: DeserializeOwned>(path: &Utf8Path, kind: &str) -> Result<T, Failure> {
    let bytes = file::read(path, BASELINE_BYTES_MAX)?;
    // It repeats what stands in the file, whose line breaks are not ours.
    let bad = |reason: String| {
        let reason = visible(&reason);
        Failure::data(format!("{path} is no baseline: {reason}\nmake one with --write-baseline"))
    };
    let header: Header = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
    if (header.api_version.as_str(), header.kind.as_str()) != (API_VERSION, kind) {
        return Err(bad(format!("it is {} {}", header.api_version, header.kind)));
    }
    serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Sources {
        api_version: String,
        kind: String,
        sources: usize,
    }

    #[test]
    fn a_baseline_is_one_of_its_kind_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("baseline.json");
        for (text, expected, why) in [
            (r#"{"apiVersion":"@","kind":"Sources","sources":1}"#, None, "as it was written"),
            (
                r#"{"apiVersion":"@","kind":"Findings","findings":[]}"#,
                Some("is no baseline: it is @ Findings\nmake one"),
                "that of another command is told by its name, not by a field",
            ),
            (
                r#"{"apiVersion":"v0","kind":"Sources"}"#,
                Some("it is v0 Sources"),
                "another version",
            ),
            (
                r#"{"apiVersion":"@","kind":"Sources","sources":1,"more":1}"#,
                Some("unknown field `more`"),
                "what nobody reads",
            ),
            (
                r#"{"apiVersion":"@","kind":"x\n::error::y"}"#,
                Some(r"it is @ x\n::error::y"),
                "a line of its own is no line of ours",
            ),
            (
                r#"{"apiVersion":"@","kind":"Sources","sources":1,"x\n::error::y":1}"#,
                Some(r"unknown field `x\n::error::y`"),
                "nor in the name of a field",
            ),
            (r#"{"sources":1}"#, Some("missing field `apiVersion`"), "some other JSON"),
            ("no JSON", Some("is no baseline"), "something else"),
        ] {
            std::fs::write(&path, text.replace('@', API_VERSION)).unwrap();
            let failure = read::<Sources>(&path, "Sources").map(drop).err();
            let message = failure.map(|failure| failure.message.replace(API_VERSION, "@"));
            match expected {
                None => assert_eq!(message, None, "{why}"),
                Some(words) => assert!(message.unwrap_or_default().contains(words), "{why}"),
            }
        }
    }
}
