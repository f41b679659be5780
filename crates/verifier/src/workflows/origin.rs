//! Which repository a folder is, by what git wrote into it. Nothing is run.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

/// Bytes of a file of git's that are read: configurations have a few thousand.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The remotes on github.com, as `owner/name`; `origin` first.
pub(super) fn remotes(folder: &Utf8Path) -> Vec<String> {
    let text = git_folder(folder).and_then(|git| read(&git.join("config"))).unwrap_or_default();
    let mut found: Vec<(String, String)> = Vec::new();
    let mut remote = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            let name = line.strip_prefix("[remote \"").and_then(|rest| rest.strip_suffix("\"]"));
            remote = name.map(str::to_owned);
        } else if let (Some(name), Some(url)) = (&remote, value(line, "url")) {
            found.extend(slug(url).map(|slug| (name.clone(), slug)));
        }
    }
    found.sort_by_key(|(name, _)| name != "origin");
    found.into_iter().map(|(_, slug)| slug).collect()
}

/// Whether a folder is the root of a clone or of a second working tree.
pub(super) fn is_root(folder: &Utf8Path) -> bool {
    folder.join(".git").exists()
}

/// The default branch of `origin`, as it was when it was cloned.
pub(super) fn default_branch(folder: &Utf8Path) -> Option<String> {
    let head = read(&git_folder(folder)?.join("refs/remotes/origin/HEAD"))?;
    let branch = head.trim().strip_prefix("ref: refs/remotes/origin/")?;
    (!branch.is_empty()).then(|| branch.to_owned())
}

/// The folder with git's own files; of a second working tree, that of the first.
fn git_folder(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let git = folder.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = read(&git)?;
    let own = folder.join(text.trim().strip_prefix("gitdir: ")?);
    match read(&own.join("commondir")) {
        Some(common) => Some(own.join(common.trim())),
        None => Some(own),
    }
}

fn read(path: &Utf8Path) -> Option<String> {
    let small =
        fs::metadata(path).ok().filter(|meta| meta.is_file() && meta.len() <= FILE_BYTES_MAX);
    small.and_then(|_| fs::read_to_string(path).ok())
}

fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once('=')?;
    (name.trim() == key).then(|| value.trim())
}

/// `owner/name` of a URL on github.com, in each of its forms.
pub(super) fn slug(url: &str) -> Option<String> {
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('@').map_or(rest, |(_, rest)| rest),
        None => url.split_once('@').map_or(url, |(_, rest)| rest),
    };
    let path = ["github.com/", "github.com:", "github.com:22/", "ssh.github.com:443/"]
        .iter()
        .find_map(|host| rest.strip_prefix(host))?;
    let path = path.trim_matches('/');
    repository(path.strip_suffix(".git").unwrap_or(path))
}

/// `owner/name`, when that is what it is.
pub(super) fn repository(text: &str) -> Option<String> {
    let (owner, name) = text.split_once('/')?;
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    (plain(owner) && plain(name)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_url_is_understood() {
        for (url, expected, why) in [
            ("https://github.com/acme/platform", Some("acme/platform"), "the page"),
            ("https://github.com/acme/platform.git", Some("acme/platform"), "to clone"),
            ("https://x:y@github.com/acme/platform.git/", Some("acme/platform"), "with a login"),
            ("git@github.com:acme/platform.git", Some("acme/platform"), "over SSH"),
            ("ssh://git@github.com/acme/a.b", Some("acme/a.b"), "as a URL"),
            ("https://gitlab.com/acme/platform", None, "elsewhere"),
            ("https://example.com/github.com/acme/x", None, "only looks like it"),
            ("https://github.com/acme", None, "no repository"),
            ("https://github.com/a/b/c", None, "something in one"),
            ("../hub.git", None, "a folder"),
        ] {
            assert_eq!(slug(url).as_deref(), expected, "{why}");
        }
    }

    #[test]
    fn a_clone_says_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        assert_eq!((remotes(root), default_branch(root)), (vec![], None), "no clone");
        fs::create_dir_all(root.join(".git/refs/remotes/origin")).unwrap();
        let config = "[core]\n\turl = x\n[remote \"fork\"]\n\turl = git@github.com:me/platform\n[remote \"origin\"]\n\tfetch = a\n\turl = https://github.com/acme/platform.git\n";
        fs::write(root.join(".git/config"), config).unwrap();
        fs::write(root.join(".git/refs/remotes/origin/HEAD"), "ref: refs/remotes/origin/trunk\n")
            .unwrap();
        assert_eq!(remotes(root), ["acme/platform", "me/platform"]);
        assert_eq!(default_branch(root).as_deref(), Some("trunk"));
        // A second working tree.
        fs::create_dir_all(root.join(".git/worktrees/w")).unwrap();
        fs::write(root.join(".git/worktrees/w/commondir"), "../..\n").unwrap();
        let second = root.join("second");
        fs::create_dir(&second).unwrap();
        fs::write(second.join(".git"), "gitdir: ../.git/worktrees/w\n").unwrap();
        assert_eq!(remotes(&second), ["acme/platform", "me/platform"]);
    }
}
