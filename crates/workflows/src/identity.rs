//! The name in the certificate of a job: the file that holds the job, at the ref or commit that it
//! was called by.
//!
//! Fulcio takes it from the token's `job_workflow_ref`. For a workflow that another one calls, that
//! is the called file, whoever calls: at the caller's ref when it is called by `./`, else at what the
//! caller wrote behind the `@`. An action never shows in it.

use sealwright_pattern::{GoRegex, Language, Witness};

use crate::globs::quoted;
use crate::refs::Refs;
use crate::uses::Remote;

/// Who vouches for every workflow on github.com.
pub const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SERVER: &str = "https://github.com/";
/// What stands where the repository's name is not known.
const UNKNOWN: &str = "<this repository>";
/// `owner/name`, whichever.
const ANY_REPOSITORY: &str = "[A-Za-z0-9._-]+/[A-Za-z0-9._-]+";

/// The identities of one job, for one way of starting it.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The name for people, with a `*` or a word in `<…>` where something is open.
    pub shown: String,
    /// One of the names, as a certificate would have it; empty when the repository is not known.
    pub example: String,
    /// Path of the workflow file, whose job signs.
    pub path: String,
    /// `owner/name` of the repository that holds it, when that is known.
    pub repository: Option<String>,
    /// Whether the job is really started for one of these; see [`Refs::known`].
    pub known: bool,
    /// The names in Go's syntax, over the whole of a name: any of these.
    names: Vec<String>,
    except: Vec<String>,
}

/// How a set of identities stands to a matcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// The matcher lets in all of them.
    All,
    /// It lets in some.
    Some,
    /// It lets in none.
    None,
    /// It takes too much to find out.
    Undecided,
}

impl Identity {
    /// Of a workflow in this repository, started for these refs.
    pub(crate) fn local(repository: Option<&str>, path: &str, refs: &Refs) -> Self {
        let start = match repository {
            Some(repository) => quoted(&format!("{SERVER}{repository}/{path}")),
            None => format!("{}{ANY_REPOSITORY}/{}", quoted(SERVER), quoted(path)),
        };
        let shown = format!("{SERVER}{}/{path}@{}", repository.unwrap_or(UNKNOWN), refs.shown);
        Self {
            shown,
            example: repository
                .map(|repository| format!("{SERVER}{repository}/{path}@{}", refs.example))
                .unwrap_or_default(),
            path: path.to_owned(),
            repository: repository.map(str::to_owned),
            known: refs.known && repository.is_some(),
            names: vec![format!("{start}@(?:{})", refs.pattern)],
            except: refs.except.iter().map(|except| format!("{start}@{except}")).collect(),
        }
        .with_true_example()
    }

    /// Of a workflow in another repository, by what stands behind the `@`.
    pub(crate) fn remote(remote: &Remote) -> Self {
        let file = format!("{SERVER}{}/{}", remote.slug(), remote.path);
        let version = &remote.version;
        let versions = match remote.commit() {
            Some(commit) => vec![commit.to_owned()],
            None if version.starts_with("refs/") => vec![version.clone()],
            // Nothing here says whether it is a tag or a branch.
            None => vec![format!("refs/tags/{version}"), format!("refs/heads/{version}")],
        };
        let names: Vec<String> =
            versions.iter().map(|version| format!("{file}@{version}")).collect();
        Self {
            shown: match versions.as_slice() {
                [one] => format!("{file}@{one}"),
                _ => format!("{file}@refs/<tags or heads>/{version}"),
            },
            example: names[0].clone(),
            path: remote.path.clone(),
            repository: Some(remote.slug()),
            known: versions.len() == 1,
            names: names.iter().map(|name| quoted(name)).collect(),
            except: vec![],
        }
    }

    /// Whether a matcher over names lets these in.
    pub fn overlap(&self, matcher: &Language) -> Overlap {
        let (names, except) = (languages(&self.names), languages(&self.except));
        let (Some(names), Some(except)) = (names, except) else { return Overlap::Undecided };
        let except: Vec<&Language> = except.iter().collect();
        let mut outside = except.clone();
        outside.push(matcher);
        let (mut some, mut all) = (false, true);
        for names in &names {
            match Language::witness(&[names, matcher], &except) {
                Witness::Undecided => return Overlap::Undecided,
                Witness::Found(_) => some = true,
                Witness::Nobody => all = false,
            }
            match Language::witness(&[names], &outside) {
                Witness::Undecided => return Overlap::Undecided,
                Witness::Found(_) => all = false,
                Witness::Nobody => {}
            }
        }
        match (some, all) {
            (true, true) => Overlap::All,
            (true, false) => Overlap::Some,
            (false, _) => Overlap::None,
        }
    }

    /// An example that a later `!` has taken out gives way to one that is left.
    fn with_true_example(mut self) -> Self {
        if self.example.is_empty() || self.except.is_empty() {
            return self;
        }
        let (names, except) = (languages(&self.names), languages(&self.except));
        let (Some(names), Some(except)) = (names, except) else { return self };
        if except.iter().any(|except| except.holds(&self.example) != Some(false)) {
            let except: Vec<&Language> = except.iter().collect();
            if let Witness::Found(name) = Language::witness(&[&names[0]], &except) {
                self.example = name;
            }
        }
        self
    }
}

/// Patterns over the whole of a name; `None` when one takes too much.
fn languages(patterns: &[String]) -> Option<Vec<Language>> {
    let whole = |pattern| GoRegex::parse(&format!("^(?:{pattern})$")).ok();
    patterns.iter().map(|pattern| whole(pattern).map(|regex| Language::search(&regex))).collect()
}
