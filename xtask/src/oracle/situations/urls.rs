//! URLs that name no repository.

use serde_json::json;

use crate::oracle::situation::{Situation, situation};

/// Name, URL, reason.
const URLS: &[(&str, &str, &str)] = &[
    ("with-tag", "oci://{host}/{repository}:v1", "the tag stands elsewhere"),
    ("with-digest", "oci://{host}/{repository}@{digest}", "the digest stands elsewhere"),
    ("upper-case", "oci://{host}/oracle/Upper", "repositories are in lower case"),
    ("host-alone", "oci://{host}", "no repository"),
    ("host-and-slash", "oci://{host}/", "an empty repository"),
    ("empty", "oci://", "nothing at all"),
    ("trailing-slash", "oci://{host}/{repository}/", "the last component is empty"),
    ("double-slash", "oci://{host}//{repository}", "a component in the middle is empty"),
    ("space", "oci://{host}/oracle/a b", "a space in the repository"),
    ("query", "oci://{host}/{repository}?tag=v1", "a query behind the repository"),
    ("scheme-twice", "oci://http://{host}/{repository}", "another scheme behind ours"),
    ("no-port", "oci://127.0.0.1:/{repository}", "a colon without a port"),
    ("user", "oci://user@{host}/{repository}", "a user in front of the host"),
    ("short", "oci://{host}/a", "a repository of one letter, which is too short for ggcr"),
];

pub(super) fn situations() -> Vec<Situation> {
    let mut situations: Vec<_> = URLS
        .iter()
        .map(|(name, url, because)| {
            let situation = situation(format!("url-{name}"), *because).spec("url", json!(url));
            match *name {
                "no-port" => {
                    situation.unforetold("nobody answers our client either, in other words")
                }
                _ => situation,
            }
        })
        .collect();
    situations.push(
        situation("url-with-tag-verified", "a URL that makes no sense is said before verifying")
            .spec("url", json!("oci://{host}/{repository}:v1"))
            .verify(super::by_cd()),
    );
    situations
}
