//! Where the contents come from: repository, revision and commit time, as far as they are known.
//! What is not known stays unknown: nothing here is guessed from the clock or a folder's name.

use camino::Utf8Path;
use jiff::Timestamp;
use sealwright_keyless::TokenClaims;
use serde::Serialize;

/// Digits of a git commit, SHA-1.
const COMMIT_DIGITS: usize = 40;

/// What the flags say; each wins over what is found out.
#[derive(Debug, Clone, Default)]
pub struct SourceFlags {
    /// URL of the source repository.
    pub url: Option<String>,
    /// `ref@sha1:commit`.
    pub revision: Option<String>,
    /// Time of the commit.
    pub created: Option<Timestamp>,
}

/// Where the contents come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// URL of the source repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// `ref@sha1:commit`, the form that Flux shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Time of the commit. Never the time of publishing: equal contents of one commit must give
    /// equal bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
}

impl Source {
    /// Flags first, then the claims of the token (what the certificate will say), and the commit
    /// time from `SOURCE_DATE_EPOCH` or from the git checkout, when that has the same commit.
    pub fn find(flags: &SourceFlags, claims: Option<&TokenClaims>, folder: &Utf8Path) -> Self {
        let claim = |name| claims.and_then(|claims: &TokenClaims| claims.get(name));
        let url = || claim("repository").map(|name| format!("https://github.com/{name}"));
        let revision = || {
            let (git_ref, commit) = (claim("ref")?, claim("sha")?);
            let name = ["refs/heads/", "refs/tags/"].iter().find_map(|p| git_ref.strip_prefix(p));
            Some(format!("{}@sha1:{commit}", name.unwrap_or(git_ref)))
        };
        let revision = flags.revision.clone().or_else(revision);
        let commit = revision.as_deref().and_then(commit_of);
        let created = flags.created.or_else(source_date_epoch);
        let created = created.or_else(|| commit.and_then(|commit| git::time(folder, commit)));
        Self { url: flags.url.clone().or_else(url), revision, created }
    }
}

/// The commit in `ref@sha1:commit`.
pub(crate) fn commit_of(revision: &str) -> Option<&str> {
    let (_, commit) = revision.rsplit_once("sha1:")?;
    let digits = commit.len() == COMMIT_DIGITS && commit.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then_some(commit)
}

/// <https://reproducible-builds.org/specs/source-date-epoch/>
fn source_date_epoch() -> Option<Timestamp> {
    let seconds = std::env::var("SOURCE_DATE_EPOCH").ok()?.parse().ok()?;
    Timestamp::from_second(seconds).ok()
}

/// What the checkout knows. Without git, or in a shallow clone, it knows less.
pub mod git {
    use std::process::{Command, Output, Stdio};

    use camino::Utf8Path;
    use jiff::Timestamp;

    /// Time of the commit, if the checkout has it.
    pub fn time(folder: &Utf8Path, commit: &str) -> Option<Timestamp> {
        let output = git(folder, &["show", "--no-patch", "--format=%ct", commit])?;
        let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
        Timestamp::from_second(text.trim().parse().ok()?).ok()
    }

    /// Whether `earlier` is an ancestor of `later`; `None` when the checkout cannot tell.
    pub(crate) fn is_ancestor(folder: &Utf8Path, earlier: &str, later: &str) -> Option<bool> {
        match git(folder, &["merge-base", "--is-ancestor", earlier, later])?.status.code() {
            Some(0) => Some(true),
            Some(1) => Some(false),
            _ => None,
        }
    }

    fn git(folder: &Utf8Path, arguments: &[&str]) -> Option<Output> {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder).args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
        command.output().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_forty_digits_after_sha1() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (revision, expected) in [
            (format!("main@sha1:{commit}"), Some(commit)),
            (format!("sha1:{commit}"), Some(commit)),
            (format!("main/{commit}"), None),
            ("main@sha1:0123".to_owned(), None),
            (format!("main@sha1:{}", "x".repeat(40)), None),
        ] {
            assert_eq!(commit_of(&revision), expected, "{revision}");
        }
    }

    #[test]
    fn flags_win_and_nothing_is_guessed() {
        let folder = Utf8Path::new("/");
        let flags = SourceFlags {
            url: Some("https://git.example/acme".into()),
            revision: Some("main@sha1:1".into()),
            created: Some(Timestamp::UNIX_EPOCH),
        };
        let source = Source::find(&flags, None, folder);
        assert_eq!(source.url, flags.url);
        assert_eq!(source.revision, flags.revision);
        assert_eq!(source.created, flags.created);
        let unknown = Source::find(&SourceFlags::default(), None, folder);
        assert_eq!((unknown.url, unknown.revision), (None, None));
    }

    #[test]
    fn a_checkout_knows_times_and_ancestors_of_its_own_commits() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        let git = |arguments: &[&str]| {
            let output = std::process::Command::new("git")
                .arg("-C")
                .arg(path)
                .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
                .args(arguments)
                .env("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z")
                .output();
            output.ok().map(|output| String::from_utf8(output.stdout).unwrap().trim().to_owned())
        };
        let Some(_) = git(&["init", "--quiet"]) else {
            return eprintln!("not run: git is missing");
        };
        git(&["commit", "--quiet", "--allow-empty", "--message", "one"]);
        let first = git(&["rev-parse", "HEAD"]).unwrap();
        git(&["commit", "--quiet", "--allow-empty", "--message", "two"]);
        let second = git(&["rev-parse", "HEAD"]).unwrap();
        let time: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(git::time(path, &first), Some(time));
        assert_eq!(git::is_ancestor(path, &first, &second), Some(true));
        assert_eq!(git::is_ancestor(path, &second, &first), Some(false));
        let foreign = "0".repeat(40);
        assert_eq!(git::is_ancestor(path, &foreign, &first), None, "not in this checkout");
        assert_eq!(git::time(path, &foreign), None);
    }
}
