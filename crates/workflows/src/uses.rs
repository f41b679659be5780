//! What `uses` names: a file of the same repository, one of another at a commit or ref, an image.

use sealwright_yaml::Place;

/// Digits of a commit: GitHub takes fewer for a branch or tag of that name.
const COMMIT_DIGITS: usize = 40;
const SHA256: &str = "@sha256:";
const SHA256_DIGITS: usize = 64;

/// The value of a `uses`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uses {
    /// As it is written.
    pub text: String,
    /// Where it stands.
    pub at: Place,
    /// What it names.
    pub target: Target,
}

/// What a `uses` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A workflow file or the folder of an action, from the root of the same repository, without
    /// `./` or `$/`; empty for the root itself.
    Local(String),
    /// Something in another repository.
    Remote(Remote),
    /// An image, behind `docker://`.
    Docker(String),
    /// It holds an expression, which GitHub does not allow here.
    Expression,
    /// Nothing that GitHub takes.
    Malformed,
}

/// `owner/repository/path@version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Owner on GitHub.
    pub owner: String,
    /// Repository of that owner.
    pub repository: String,
    /// Folder or file in it; empty for its root.
    pub path: String,
    /// What stands behind the `@`.
    pub version: String,
}

impl Uses {
    pub(crate) fn read(text: &str, at: Place) -> Self {
        Self { text: text.to_owned(), at, target: target(text.trim()) }
    }

    /// Whether what runs is fixed: a file of the same repository, a commit, an image by digest.
    pub fn is_pinned(&self) -> bool {
        match &self.target {
            Target::Local(_) => true,
            Target::Remote(remote) => remote.commit().is_some(),
            Target::Docker(image) => is_by_digest(image),
            Target::Expression | Target::Malformed => false,
        }
    }

    /// The other repository's part, if it names one.
    pub fn remote(&self) -> Option<&Remote> {
        match &self.target {
            Target::Remote(remote) => Some(remote),
            _ => None,
        }
    }

    /// The path in this repository, if it names one: by `./`, or in full, at a version of its own.
    pub(crate) fn own(&self, repository: Option<&str>) -> Option<(&str, Option<&Remote>)> {
        match &self.target {
            Target::Local(path) => Some((path, None)),
            Target::Remote(remote) => {
                let own = repository.is_some_and(|own| own.eq_ignore_ascii_case(&remote.slug()));
                own.then_some((remote.path.as_str(), Some(remote)))
            }
            _ => None,
        }
    }

    /// The path in the same repository, if it names one.
    pub fn local(&self) -> Option<&str> {
        match &self.target {
            Target::Local(path) => Some(path),
            _ => None,
        }
    }
}

impl Remote {
    /// `owner/repository`.
    pub fn slug(&self) -> String {
        format!("{}/{}", self.owner, self.repository)
    }

    /// All before the `@`, as GitHub compares it: case does not count in owner and repository.
    pub fn name(&self) -> String {
        let slug = self.slug().to_ascii_lowercase();
        if self.path.is_empty() { slug } else { format!("{slug}/{}", self.path) }
    }

    /// The version, when it is a commit.
    pub fn commit(&self) -> Option<&str> {
        let digits = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let version = self.version.as_str();
        (version.len() == COMMIT_DIGITS && digits(version)).then_some(version)
    }

    /// Whether it is taken from the default branch, where the files are that are looked at here.
    pub(crate) fn is_as_here(&self, default_branch: Option<&str>) -> bool {
        let branch = self.version.strip_prefix("refs/heads/").unwrap_or(&self.version);
        default_branch.map_or(["main", "master"].contains(&branch), |default| default == branch)
    }

    /// Whether it is a workflow, and not an action.
    pub fn is_workflow(&self) -> bool {
        is_workflow(&self.path)
    }
}

/// Whether a path is that of a workflow.
pub(crate) fn is_workflow(path: &str) -> bool {
    path.starts_with(".github/workflows/") && (path.ends_with(".yml") || path.ends_with(".yaml"))
}

fn target(text: &str) -> Target {
    if text.contains("${{") {
        return Target::Expression;
    }
    if let Some(image) = text.strip_prefix("docker://") {
        return Target::Docker(image.to_owned());
    }
    if text == "." || text == "./" {
        return Target::Local(String::new());
    }
    if let Some(path) = text.strip_prefix("./") {
        return local(path);
    }
    // The repository of the file itself, at its own commit; GitHub takes no version there.
    if let Some(path) = text.strip_prefix("$/") {
        return if path.contains('@') { Target::Malformed } else { local(path) };
    }
    remote(text).map_or(Target::Malformed, Target::Remote)
}

/// `./a/../b/` as `b`. What leads out of the repository is nothing that can be followed.
fn local(path: &str) -> Target {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return Target::Malformed,
            ".." => {}
            part => parts.push(part),
        }
    }
    Target::Local(parts.join("/"))
}

fn remote(text: &str) -> Option<Remote> {
    let (name, version) = text.split_once('@')?;
    let mut parts = name.splitn(3, '/');
    let (owner, repository) = (parts.next()?, parts.next()?);
    let path = parts.next().unwrap_or_default().trim_matches('/');
    let whole = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic());
    (whole(owner) && whole(repository) && whole(version)).then(|| Remote {
        owner: owner.to_owned(),
        repository: repository.to_owned(),
        path: path.to_owned(),
        version: version.to_owned(),
    })
}

fn is_by_digest(image: &str) -> bool {
    image.split_once(SHA256).is_some_and(|(_, digits)| {
        digits.len() == SHA256_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
