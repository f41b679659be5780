//! What identities look like, so that a stranger is shown as one who could really sign.

use std::sync::OnceLock;

use super::About;
use crate::Language;

/// Names of owners on GitHub.
const OWNER: &str = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
/// What may stand between the owner and the `@`.
const FILE: &str = r"[a-zA-Z0-9._-]*[a-zA-Z0-9]/\.github/workflows/[a-zA-Z0-9_-]+\.ya?ml";
/// What may stand behind the `@`: a branch, a tag, a pull request, a commit.
const VERSION: &str =
    r"(?:refs/(?:heads|tags)/[a-z0-9][a-zA-Z0-9._/-]*|refs/pull/[1-9][0-9]*/merge|[0-9a-f]{40})";

/// The kinds of refs that a workflow runs for.
pub(super) const REFS: [&str; 3] = [
    "refs/heads/[a-z0-9][a-z0-9/-]*",
    "refs/tags/[a-z0-9][a-z0-9.-]*",
    "refs/pull/[1-9][0-9]*/merge",
];

/// Workflows on a branch whose own name ends like a ref: git takes it (git-check-ref-format).
pub(super) fn disguised() -> &'static Option<Language> {
    static SHAPE: OnceLock<Option<Language>> = OnceLock::new();
    SHAPE.get_or_init(|| {
        let version = "refs/(?:heads|tags)/[a-z0-9][a-z0-9.-]*";
        whole(&format!(r"https://github\.com/{OWNER}/{FILE}@refs/heads/anything@{version}"))
    })
}

/// From the likeliest to the mere URL.
pub(super) fn likely(about: About) -> &'static [Language] {
    match about {
        About::Subject => names(),
        // An issuer is a URL; which one it may be is not for a shape to say.
        About::Issuer | About::OtherSubject => &names()[URLS..],
    }
}

/// Where in [`names`] those begin that are not workflows.
const URLS: usize = 2;

fn names() -> &'static [Language] {
    static SHAPES: OnceLock<Vec<Language>> = OnceLock::new();
    SHAPES.get_or_init(|| {
        let host = r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+";
        let shapes = [
            format!(r"https://github\.com/{OWNER}/{FILE}@{VERSION}"),
            format!(r"https://[a-z0-9.-]+/{OWNER}/{FILE}@{VERSION}"),
            format!("{host}(?:/[!-~]*)?"),
            "https://[!-~]+".to_owned(),
            r"[a-z0-9.]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+".to_owned(),
        ];
        shapes.iter().filter_map(|shape| whole(shape)).collect()
    })
}

/// Identities of GitHub workflows, whoever owns them.
pub(super) fn workflows() -> &'static Language {
    &names()[0]
}

/// A workflow's name for any kind of version.
pub(super) fn with_any_version(file: &str) -> Option<Language> {
    whole(&format!("{}@{VERSION}", quoted(file)))
}

/// Identities of GitLab's pipelines, on its own host and on whichever, by the file that GitLab takes unless
/// told otherwise.
pub(super) fn pipelines() -> &'static [Language] {
    static SHAPES: OnceLock<Vec<Language>> = OnceLock::new();
    SHAPES.get_or_init(|| {
        let name = "[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?";
        let file = format!(r"(?:/{name}){{2,}}//\.gitlab-ci\.yml");
        let version = "refs/(?:heads|tags)/[a-z0-9][a-z0-9./-]*";
        let hosts = [r"gitlab\.com", r"[a-z0-9.-]+\.[a-z0-9-]+"];
        let shapes = hosts.iter().map(|host| whole(&format!("https://{host}{file}@{version}")));
        shapes.flatten().collect()
    })
}

/// All that belong to an owner, or to a group at the top of GitLab: `https://github.com/acme`.
pub(super) fn owned_by(owner: &str) -> Option<Language> {
    whole(&format!("{}/.*", quoted(owner)))
}

/// A pattern in Go's syntax, over the whole of an identity.
pub(super) fn whole(pattern: &str) -> Option<Language> {
    Language::of_pattern(&format!("^(?:{pattern})$")).ok()
}

/// Text as a pattern for exactly that text.
pub(super) fn quoted(text: &str) -> String {
    text.chars()
        .flat_map(|c| r"\.+*?()|[]{}^$".contains(c).then_some('\\').into_iter().chain([c]))
        .collect()
}

/// The parts of the identity of a workflow or pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Workflow<'a> {
    /// All before the `@`.
    pub(super) file: &'a str,
    /// All before the repository: `https://github.com/acme`.
    pub(super) owner: &'a str,
}

impl<'a> Workflow<'a> {
    /// That of a workflow of GitHub.
    pub(super) fn read(identity: &'a str) -> Option<Self> {
        identity.starts_with("https://github.com/").then(|| Self::of_a_forge(identity))?
    }

    /// That of a workflow or pipeline, on whichever host.
    pub(super) fn of_a_forge(identity: &'a str) -> Option<Self> {
        let (file, _) = identity.split_once('@')?;
        let (owner, _) = file.match_indices('/').nth(3).map(|(at, _)| file.split_at(at))?;
        Some(Self { file, owner })
    }
}
