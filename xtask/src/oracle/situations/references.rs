//! From `spec.ref` to a digest.

use serde_json::{Value, json};

use crate::oracle::situation::{Situation, situation};

const MISSING: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

pub(super) fn situations() -> Vec<Situation> {
    [plain(), precedence(), ranges(), filters()].concat()
}

fn plain() -> Vec<Situation> {
    vec![
        situation("ref-tag", "a tag is resolved to its digest"),
        situation("ref-tag-missing", "a tag that is not there").follows(json!({"tag": "v9"})),
        situation("ref-tag-of-missing-repository", "nothing was ever pushed").tags(&[]),
        situation("ref-none", "without a reference it is latest")
            .tags(&["latest"])
            .follows(Value::Null),
        situation("ref-none-without-latest", "latest is not there").follows(Value::Null),
        situation("ref-empty", "an empty reference is no tag at all").follows(json!({})),
        situation("ref-empty-tag", "an empty tag is latest")
            .tags(&["latest"])
            .follows(json!({"tag": ""})),
        situation("ref-tag-with-space", "the tag is no tag").follows(json!({"tag": "v 1"})),
        situation("ref-digest", "a digest is taken as it is")
            .follows(json!({"digest": "{digest}"})),
        situation("ref-digest-missing", "a digest that the registry does not hold")
            .follows(json!({"digest": MISSING})),
        situation("ref-digest-short", "a digest of too few digits")
            .follows(json!({"digest": "sha256:abc"})),
        situation("ref-digest-md5", "a digest in an algorithm that is not spoken")
            .follows(json!({"digest": "md5:d41d8cd98f00b204e9800998ecf8427e"})),
        situation("ref-digest-bare", "a digest without its algorithm").follows(json!({
            "digest": "0000000000000000000000000000000000000000000000000000000000000000",
        })),
    ]
}

fn precedence() -> Vec<Situation> {
    vec![
        situation("ref-digest-before-tag", "the digest wins over the tag")
            .tags(&["v1", "v2"])
            .follows(json!({"digest": "{digest}", "tag": "v2"})),
        situation("ref-digest-before-semver", "the digest wins over the range")
            .tags(&["1.0.0", "2.0.0"])
            .follows(json!({"digest": "{digest}", "semver": ">=1.0.0"})),
        situation("ref-semver-before-tag", "the range wins over the tag")
            .tags(&["1.0.0", "2.0.0"])
            .follows(json!({"semver": ">=1.0.0", "tag": "1.0.0"})),
        situation("ref-digest-of-three", "the digest wins over both")
            .tags(&["1.0.0", "2.0.0"])
            .follows(json!({"digest": "{digest}", "semver": ">=1.0.0", "tag": "2.0.0"})),
    ]
}

/// Name, tags, range, reason.
const RANGES: &[(&str, &[&str], &str, &str)] = &[
    ("highest", &["1.0.0", "1.10.0", "1.9.0"], ">=1.0.0", "numbers, not letters, are compared"),
    ("no-match", &["1.0.0"], ">=2.0.0", "no tag is in the range"),
    ("no-version", &["v1", "latest", "1.2"], ">=0.0.0", "tags that are no versions are skipped"),
    ("malformed", &["1.0.0"], "not a range", "the range cannot be read"),
    ("v-prefix", &["v1.0.0", "v1.2.0"], "1.x", "a v in front is allowed, and kept"),
    ("pre-release-out", &["1.0.0", "1.1.0-rc.1"], ">=1.0.0", "pre-releases only where asked for"),
    ("pre-release-in", &["1.0.0", "1.1.0-rc.1"], ">=1.0.0-0", "asked for by a pre-release"),
    ("zero-padded", &["1.0.0", "1.01.0"], ">=1.0.0", "zeros in front are allowed"),
    ("caret", &["1.9.0", "2.0.0"], "^1.2.0", "up to the next major version"),
    ("tilde", &["1.2.9", "1.3.0"], "~1.2.0", "up to the next minor version"),
    ("star", &["1.0.0", "3.0.0"], "*", "any version"),
    ("either", &["1.0.0", "2.0.0", "3.0.0"], "1.x || 2.x", "one of two ranges"),
    ("hyphen", &["1.0.0", "1.5.0", "3.0.0"], "1.0.0 - 2.0.0", "from one to the other"),
    ("not", &["1.0.0", "1.1.0"], ">=1.0.0, !=1.1.0", "all but one"),
    ("empty-list", &[], ">=1.0.0", "the repository is not there"),
    ("with-signatures", &["1.0.0", "sha256-00.sig"], ">=1.0.0", "signature tags are no versions"),
];

fn ranges() -> Vec<Situation> {
    let mut situations: Vec<_> = RANGES
        .iter()
        .map(|(name, tags, range, because)| {
            situation(format!("semver-{name}"), *because)
                .tags(tags)
                .follows(json!({"semver": range}))
        })
        .collect();
    situations.push(
        situation("semver-tie", "the same version under two names")
            .tags(&["1.0.0", "v1.0.0"])
            .follows(json!({"semver": "1.0.0"}))
            .chance("equal versions are sorted in no fixed order", 3),
    );
    situations
}

/// Name, filter, reason; over the tags 1.0.0-dev.1, 1.0.0-prod.2 and 1.0.0-prod.10.
const FILTERS: &[(&str, &str, &str)] = &[
    ("kept", "prod", "the filter is not anchored"),
    ("anchored", "^prod", "anchors are the author's"),
    ("nothing-left", "staging", "no tag passes"),
    ("malformed", "(", "the filter cannot be read"),
    ("empty", "", "an empty filter is none"),
    ("look-ahead", "(?=prod)", "Go has no look-ahead"),
    ("folded", "(?i)PROD", "letters of any case"),
];

fn filters() -> Vec<Situation> {
    FILTERS
        .iter()
        .map(|(name, filter, because)| {
            situation(format!("semver-filter-{name}"), *because)
                .tags(&["1.0.0-dev.1", "1.0.0-prod.2", "1.0.0-prod.10"])
                .follows(json!({"semver": ">=1.0.0-0", "semverFilter": filter}))
        })
        .collect()
}
