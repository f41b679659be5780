//! Everybody who says whom to accept: signers of the configuration, and declarations.

use std::collections::HashMap;

use sealwright_manifests::Declaration;
use sealwright_manifests::patterns::as_regex;
use sealwright_pattern::{GoRegex, Language, Witness};
use sealwright_policy::{Code, Finding, Issuers, Place};

use super::{ConfigFile, Expected};
use crate::globs::quoted;
use crate::identity::{ISSUER, Overlap};
use crate::jobs::{About, Run, Walked};
use crate::place::in_file;

/// Matchers about one repository that are compared, each with every run and every workflow; more are
/// passed over, and said to be.
const MATCHERS_COUNT_MAX: usize = 500;

/// One matcher over names.
#[derive(Debug)]
pub(super) struct Matcher {
    /// `signer cd`, `OCIRepository flux-system/flux-system`.
    pub(super) name: String,
    pub(super) place: Place,
    /// Whether a cluster or our own judge goes by it; a command in a text may be about the past.
    pub(super) binding: bool,
    /// The text, for people.
    pub(super) shown: String,
    /// A name of this repository's that it lets in; `None` when it is not about this repository.
    pub(super) ours: Option<String>,
    regex: GoRegex,
    pub(super) language: Language,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Matchers {
    all: Vec<Matcher>,
    /// The first that was passed over, by name and place.
    passed_over: Option<(String, Place)>,
    /// Those of which it takes too much to say whether they are about this repository.
    unclear: Vec<(String, Place)>,
}

impl Matchers {
    pub(super) fn of(expected: &Expected<'_>, about: About<'_>, walked: &Walked<'_>) -> Self {
        // Of repositories in which nothing signs, nothing is compared but the names of files.
        let mut matchers = Self::default();
        let namespace = about.repository.and_then(|repository| {
            let pattern = format!("^https://github\\.com/{}/.*$", quoted(repository));
            GoRegex::parse(&pattern).ok().map(|regex| Language::search(&regex))
        });
        let remotes: Vec<String> = walked
            .jobs
            .iter()
            .filter(|job| job.calls.is_some())
            .flat_map(|job| &job.runs)
            .map(|run| run.identity.example.clone())
            .collect();
        let mut known: HashMap<String, Option<usize>> = HashMap::new();
        let written = expected.config.iter().flat_map(signers);
        for one in written.chain(expected.declarations.iter().flat_map(declared)) {
            // The same text at many places is compared once, and named by the first.
            let same = *known.entry(one.pattern.clone()).or_insert(Some(usize::MAX));
            if same.is_none() || same.is_some_and(|at| at != usize::MAX) {
                continue;
            }
            let Ok(matcher) = one.compiled(namespace.as_ref(), &remotes) else {
                known.insert(one.pattern, None);
                matchers.unclear.push((one.name, one.place));
                continue;
            };
            if matcher.is_some() && matchers.all.len() == MATCHERS_COUNT_MAX {
                matchers.passed_over = Some((one.name, one.place));
                break;
            }
            known.insert(one.pattern, matcher.as_ref().map(|_| matchers.all.len()));
            matchers.all.extend(matcher);
        }
        matchers
    }

    /// Those that let in a run's identity, all or some of it.
    pub(super) fn accepting(&self, run: &Run<'_>) -> Vec<usize> {
        let lets_in = |matcher: &Matcher| {
            matcher.regex.is_match(&run.identity.example) && !run.identity.example.is_empty()
                || matches!(
                    run.identity.overlap(&matcher.language),
                    Overlap::All | Overlap::Some | Overlap::Undecided
                )
        };
        let all = self.all.iter().enumerate();
        all.filter(|(_, matcher)| lets_in(matcher)).map(|(index, _)| index).collect()
    }

    /// Of those, the ones of which nobody can say so: the answer may be the other one.
    pub(super) fn undecided(&self, run: &Run<'_>) -> Vec<Finding> {
        let undecided = self.all.iter().filter(|matcher| {
            !matcher.regex.is_match(&run.identity.example)
                && run.identity.overlap(&matcher.language) == Overlap::Undecided
        });
        let told = undecided.map(|matcher| {
            let (name, shown) = (&matcher.name, &run.identity.shown);
            let message = format!("it takes too much to find out whether {name} accepts {shown}");
            Finding::new(Code::PatternUndecided, message).with_place(matcher.place.clone())
        });
        told.collect()
    }

    /// Whether anybody says whom of this repository, or of the called one, to accept.
    pub(super) fn speak_of(&self, run: &Run<'_>) -> bool {
        let ours = self.all.iter().any(|matcher| matcher.ours.is_some());
        ours || !self.accepting(run).is_empty()
    }

    pub(super) fn names(&self, indices: &[usize]) -> Vec<String> {
        indices.iter().filter_map(|index| self.all.get(*index)).map(|m| m.name.clone()).collect()
    }

    /// That not all were compared. Who is accepted by one of the rest counts as accepted by nobody.
    pub(super) fn told(&self) -> Vec<Finding> {
        let unclear = self.unclear.iter().map(|(name, place)| {
            let message =
                format!("it takes too much to find out whom of this repository {name} accepts");
            Finding::new(Code::PatternUndecided, message).with_place(place.clone())
        });
        unclear.chain(self.beyond_the_limit()).collect()
    }

    fn beyond_the_limit(&self) -> Option<Finding> {
        let (name, place) = self.passed_over.as_ref()?;
        let message = format!(
            "more than {MATCHERS_COUNT_MAX} different matchers are about this repository; {name} and those behind it were not compared"
        );
        let finding = Finding::new(Code::WorkflowTooLarge, message).with_place(place.clone());
        Some(finding.with_hint(
            "Whom they accept is not known here: judge the rest of the folders, each on its own.",
        ))
    }

    pub(super) fn about_us(&self) -> impl Iterator<Item = &Matcher> {
        self.all.iter().filter(|matcher| matcher.ours.is_some())
    }
}

/// A matcher as it is written.
struct One {
    name: String,
    place: Place,
    binding: bool,
    pattern: String,
    shown: String,
}

impl One {
    /// `None`: it is no pattern, lets in everybody, or is about others than this repository and the
    /// workflows that it calls.
    fn compiled(
        &self,
        namespace: Option<&Language>,
        remotes: &[String],
    ) -> Result<Option<Matcher>, Unclear> {
        let Ok(regex) = GoRegex::parse(&self.pattern) else { return Ok(None) };
        let called = remotes.iter().any(|name| regex.is_match(name));
        let language = Language::search(&regex);
        let ours = match namespace {
            Some(namespace) => ours(namespace, &language)?,
            None => None,
        };
        Ok((ours.is_some() || called).then(|| Matcher {
            name: self.name.clone(),
            place: self.place.clone(),
            binding: self.binding,
            shown: self.shown.clone(),
            ours,
            regex,
            language,
        }))
    }
}

/// It takes too much to find out.
struct Unclear;

/// A name of ours that is let in, unless a stranger's is as well who shares nothing with it: then the
/// matcher is not about us.
fn ours(namespace: &Language, language: &Language) -> Result<Option<String>, Unclear> {
    let stranger =
        "https://github.com/acme-stranger/none/.github/workflows/none.yaml@refs/heads/none";
    match language.holds(stranger) {
        Some(true) => return Ok(None),
        Some(false) => {}
        None => return Err(Unclear),
    }
    match Language::witness(&[namespace, language], &[]) {
        Witness::Found(name) => Ok(Some(name)),
        Witness::Nobody => Ok(None),
        Witness::Undecided => Err(Unclear),
    }
}

fn signers<'a>(file: &ConfigFile<'a>) -> Vec<One> {
    let stream = sealwright_yaml::read(file.text.as_bytes());
    let root = stream.documents.first().map(|document| &document.root);
    let names = file.config.signers.keys();
    let signers = names.filter_map(|name| {
        let signer = file.config.expected_signer(name, &Issuers::public())?;
        let node = root.and_then(|root| root.at_path(&["signers", name, "github", "workflow"]));
        Some(One {
            name: format!("signer {name}"),
            place: node.map_or_else(|| Place::file(file.path), |node| in_file(file.path, &node.at)),
            binding: true,
            pattern: signer.san.regex(),
            shown: signer.san.to_string(),
        })
    });
    signers.collect()
}

fn declared(declaration: &Declaration) -> Vec<One> {
    let command = declaration.consumer.is_command();
    let identities = declaration.identities.iter().filter(|identity| {
        identity.issuer.as_ref().is_none_or(|issuer| {
            let regex = GoRegex::parse(&as_regex(&issuer.text, issuer.form));
            !issuer.whole || regex.is_ok_and(|regex| regex.is_match(ISSUER))
        })
    });
    let subjects = identities.filter_map(|identity| identity.subject.as_ref());
    let subjects = subjects.filter(|subject| subject.whole).map(|subject| One {
        name: declaration.object.clone(),
        place: in_file(&declaration.file, &subject.at),
        binding: !command,
        pattern: as_regex(&subject.text, subject.form),
        shown: subject.text.clone(),
    });
    subjects.collect()
}
