//! The identities of before and those of now: which of them nobody signs under any more, and every
//! place that still names one.

use std::collections::{BTreeMap, BTreeSet};

use sealwright_manifests::File;
use sealwright_policy::{Code, Finding, Place, Severity};

use crate::jobs::{self, About, SigningJob};
use crate::tree::Tree;

/// Places that are listed; a name that stands in more is found by any search.
const MENTIONS_MAX: usize = 200;
/// A longer file is data, and no place where anybody writes whom to trust.
const FILE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What makes a line one that says whom to trust, and not only where a file is.
const TRUSTING: &[&str] =
    &["subject", "identity", "signer-workflow", "cert-", "workflow:", "san", "issuer", "attestor"];

/// The file in certificates: repository, when it is known to be another one's, and path.
type Name = (Option<String>, String);

/// Who signs under a name.
#[derive(Debug, Clone, Default)]
struct Signer {
    jobs: BTreeSet<String>,
    shown: BTreeSet<String>,
    /// What the workflow calls itself.
    called: Option<String>,
    /// Whether anything in it is known to sign; of a workflow elsewhere that may, nothing is.
    surely: bool,
}

/// Compares as whom the workflows of a base sign with those of now. `files` is where names are
/// looked for: everything in the repository that may say whom to trust.
pub fn compare<'a>(
    base: &Tree,
    head: &Tree,
    about: About<'_>,
    files: impl Iterator<Item = File<'a>> + Clone,
) -> Vec<Finding> {
    let ((before, cut), (now, _)) = (signers(base, about), signers(head, about));
    let mut findings: Vec<Finding> = unread(base, cut).into_iter().collect();
    for (name, signer) in &before {
        match now.get(name) {
            Some(same) => findings.extend(refs(name, signer, same)),
            None => findings.extend(vanished((name, signer), &before, &now, head, files.clone())),
        }
    }
    findings
}

/// A signer that was not seen before is not missed now. What is no YAML, GitHub did not run either.
fn unread(base: &Tree, cut: bool) -> Option<Finding> {
    let large = base.findings.iter().find(|finding| finding.code == Code::WorkflowTooLarge);
    let where_and_why = match (large, cut) {
        (Some(finding), _) => format!("{} {}", finding.place, finding.message),
        (None, true) => "jobs run in more ways than are followed".to_owned(),
        (None, false) => return None,
    };
    let message = format!("not all workflows of before could be read: {where_and_why}");
    Some(Finding::new(Code::BaseUnread, message))
}

/// Who signs, and whether a limit kept some from being seen.
fn signers(tree: &Tree, about: About<'_>) -> (BTreeMap<Name, Signer>, bool) {
    let mut found: BTreeMap<Name, Signer> = BTreeMap::new();
    let signs = |job: &SigningJob<'_>| job.signings.iter().any(|signing| signing.has_identity());
    let walked = jobs::of(tree, about);
    for job in walked.jobs.iter().filter(|job| signs(job) || job.calls.is_some()) {
        for run in &job.runs {
            let elsewhere = job.calls.map(crate::uses::Remote::slug);
            let signer = found.entry((elsewhere, run.identity.path.clone())).or_default();
            signer.surely |= signs(job);
            signer.jobs.insert(job.job.id.text.clone());
            signer.shown.insert(run.identity.shown.clone());
            signer.called = job.workflow.name.as_ref().map(|name| name.text.clone());
        }
    }
    (found, walked.cut)
}

/// The same file, started for other refs.
fn refs(name: &Name, before: &Signer, now: &Signer) -> Option<Finding> {
    let gone: Vec<&str> = before.shown.difference(&now.shown).map(String::as_str).collect();
    if gone.is_empty() {
        return None;
    }
    let signs = if now.surely { "signs" } else { "may sign" };
    let message = format!("{} {signs} for other refs than before", told(name));
    let shown: Vec<&str> = now.shown.iter().map(String::as_str).collect();
    let finding = Finding::new(Code::SignerVanished, message).with_place(Place::file(&name.1));
    let finding = finding.with_mismatch(gone.join(", "), shown.join(", "));
    Some(finding.with_hint("See that every matcher lets in what it signs as now.").as_note())
}

fn vanished<'a>(
    (name, signer): (&Name, &Signer),
    before: &BTreeMap<Name, Signer>,
    now: &BTreeMap<Name, Signer>,
    head: &Tree,
    files: impl Iterator<Item = File<'a>>,
) -> Vec<Finding> {
    let appeared: Vec<(&Name, &Signer)> =
        now.iter().filter(|(name, _)| !before.contains_key(*name)).collect();
    let successor = successor(signer, &appeared);
    let (_, path) = name;
    let there = head.workflow(path).is_some();
    let what = match (there, successor) {
        (false, Some((new, _))) => format!("the workflow was renamed or moved to {}", told(new)),
        (false, None) => "the workflow is gone".to_owned(),
        (true, Some((new, _))) => format!("signing moved to {}", told(new)),
        (true, None) => "no job of it signs any more".to_owned(),
    };
    let mentions = mentions(name, there, successor.map(|(new, _)| new), files);
    if !signer.surely && mentions.is_empty() {
        return vec![];
    }
    let severity = mentions.iter().map(|mention| mention.severity).max();
    let shown: Vec<&str> = signer.shown.iter().map(String::as_str).collect();
    let message = format!("nothing signs as {} any more: {what}", told(name));
    let place = if there { Place::file(path) } else { place_of(successor, path) };
    let finding = Finding::new(Code::SignerVanished, message).with_place(place);
    let new: Vec<&str> =
        successor.iter().flat_map(|(_, new)| &new.shown).map(String::as_str).collect();
    let new = if new.is_empty() { "nothing".to_owned() } else { new.join(", ") };
    let finding = finding.with_mismatch(shown.join(", "), new);
    let severity = severity.unwrap_or(Severity::Warning);
    std::iter::once(Finding { severity, ..finding }).chain(mentions).collect()
}

/// Where the new name is written, else the path that is gone.
fn place_of(successor: Option<(&Name, &Signer)>, path: &str) -> Place {
    match successor {
        Some(((None, new), _)) => Place::file(new),
        _ => Place::file(path),
    }
}

/// Whoever appeared and looks like the one that vanished: by its job, by the workflow's own name, or
/// because nobody else appeared.
fn successor<'n>(
    gone: &Signer,
    appeared: &[(&'n Name, &'n Signer)],
) -> Option<(&'n Name, &'n Signer)> {
    let same_name =
        appeared.iter().find(|(_, new)| new.called.is_some() && new.called == gone.called);
    let same_job = appeared.iter().find(|(_, new)| !new.jobs.is_disjoint(&gone.jobs));
    let only = appeared.first().filter(|_| appeared.len() == 1);
    same_name.or(same_job).or(only).copied()
}

/// `.github/workflows/cd.yaml`, with its repository when that is another one.
fn told((repository, path): &Name) -> String {
    match repository {
        Some(repository) => format!("{repository}/{path}"),
        None => path.clone(),
    }
}

/// Every line that names a file that nothing signs under any more. Where the workflow is still there,
/// only lines that say whom to trust.
fn mentions<'a>(
    name: &Name,
    there: bool,
    successor: Option<&Name>,
    files: impl Iterator<Item = File<'a>>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
        let own = file.path == name.1 || file.bytes.len() > FILE_BYTES_MAX;
        let Ok(text) = std::str::from_utf8(file.bytes) else { continue };
        if own || !text.contains(file_name(&name.1).split('.').next().unwrap_or_default()) {
            continue;
        }
        let names_both = successor.is_some_and(|new| text.lines().any(|line| names(line, new)));
        for (index, line) in text.lines().enumerate() {
            let trusts = says_whom_to_trust(line, file.path);
            if found.len() >= MENTIONS_MAX || !names(line, name) || (there && !trusts) {
                continue;
            }
            let severity = match (names_both, trusts) {
                (true, _) => Severity::Note,
                (false, true) => Severity::Error,
                (false, false) => Severity::Warning,
            };
            let line_number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let message = format!("still names {}", told(name));
            let place = Place::file(file.path).at(line_number, column(line));
            let finding = Finding::new(Code::IdentityStillNamed, message).with_place(place);
            let finding = match successor {
                Some(new) => finding.with_mismatch(told(new), line.trim()),
                None => finding,
            };
            found.push(Finding { severity, ..finding });
        }
    }
    found
}

fn column(line: &str) -> u32 {
    u32::try_from(line.len() - line.trim_start().len() + 1).unwrap_or(1)
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a line names a workflow as a certificate, a matcher or a configuration does; the
/// backslashes of a pattern do not count. What calls the file is not meant.
fn names(line: &str, (repository, path): &Name) -> bool {
    let plain = line.replace('\\', "");
    let trimmed = plain.trim_start().trim_start_matches("- ");
    if trimmed.starts_with("uses:") {
        return false;
    }
    let file = file_name(path);
    let ended = |start: &str| {
        plain.match_indices(start).any(|(at, _)| {
            let next = plain[at + start.len()..].chars().next();
            next.is_none_or(|c| !c.is_ascii_alphanumeric() && !"_-.".contains(c))
                || plain[at + start.len()..].starts_with(". ")
        })
    };
    match repository {
        Some(repository) => ended(&format!("{repository}/{path}")),
        None => {
            let quoted = ["workflow: ", "workflow: \"", "workflow: '"];
            ended(&format!("workflows/{file}"))
                || quoted.iter().any(|key| ended(&format!("{key}{file}")))
        }
    }
}

/// Whether a line says whom to trust. Prose does not, but the commands in it do.
fn says_whom_to_trust(line: &str, path: &str) -> bool {
    let lower = line.to_lowercase();
    let prose = path.ends_with(".md") || path.ends_with(".txt") || path.ends_with(".rst");
    let command = lower.contains("--cert") || lower.contains("--signer");
    if prose { command } else { command || TRUSTING.iter().any(|word| lower.contains(word)) }
}

#[cfg(test)]
mod tests {
    use sealwright_policy::Severity::{self, Error, Note, Warning};

    use super::*;

    const SIGNS: &str = "name: Deliver\non: {push: {branches: [main]}}\njobs:\n  publish:\n    runs-on: x\n    permissions: {id-token: write, packages: write}\n    steps: [{run: cosign sign --yes ghcr.io/acme/x@$D}]\n";
    const CALLS: &str = "name: Deliver\non: {push: {branches: [main]}}\njobs:\n  call:\n    permissions: {id-token: write, packages: write}\n    uses: ./.github/workflows/publish.yaml\n";
    const CALLED: &str = "on: workflow_call\njobs:\n  publish:\n    runs-on: x\n    permissions: {id-token: write, packages: write}\n    steps: [{run: cosign sign --yes ghcr.io/acme/x@$D}]\n";
    const CD: &str = ".github/workflows/cd.yaml";
    const NEW: &str = ".github/workflows/publish.yaml";

    fn found(
        base: &[(&str, &str)],
        head: &[(&str, &str)],
    ) -> Vec<(&'static str, Severity, String)> {
        let about = About { repository: Some("acme/x"), default_branch: Some("main") };
        let as_files = |of: &'_ [(&str, &str)]| -> Vec<(String, Vec<u8>)> {
            of.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
        };
        let (base, head) = (as_files(base), as_files(head));
        let read = |of: &[(String, Vec<u8>)]| {
            Tree::read(of.iter().map(|(path, bytes)| File { path, bytes }))
        };
        let all = head.iter().map(|(path, bytes)| File { path, bytes });
        let findings = compare(&read(&base), &read(&head), about, all);
        let place = |finding: &Finding| finding.place.to_string();
        findings.iter().map(|f| (f.code.entry().id, f.severity, place(f))).collect()
    }

    #[test]
    fn a_name_that_nothing_signs_under_is_found_with_every_place_that_trusts_it() {
        let matcher = "spec:\n  verify:\n    matchOIDCIdentity:\n      - issuer: x\n        subject: ^https://github\\.com/acme/x/\\.github/workflows/cd\\.yaml@refs/heads/main$\n";
        let both = "subject: workflows/(cd\\.yaml|x)\n# was workflows/cd.yaml, is workflows/publish.yaml\nsubject: a/workflows/cd.yaml@x\n";
        let config = "signers:\n  cd:\n    github: {repository: acme/x, workflow: cd.yaml, refs: [refs/heads/main]}\n";
        let readme = "# X\nSee `.github/workflows/cd.yaml`.\n";
        let command = "Verify:\n\n    cosign verify --certificate-identity https://github.com/acme/x/.github/workflows/cd.yaml@refs/heads/main\n";
        let gone = |severity| ("SW9235", severity, NEW.to_owned());
        let at = |severity, place: &str| ("SW9236", severity, place.to_owned());
        let base = &[(CD, SIGNS)][..];
        for (head, expected, why) in [
            (&[(CD, SIGNS)][..], vec![], "nothing changed"),
            (&[(CD, SIGNS), ("k8s/a.yaml", matcher)], vec![], "nor the matcher"),
            (&[(NEW, SIGNS)], vec![gone(Warning)], "incident 8: renamed; others may trust it"),
            (
                &[(NEW, SIGNS), ("k8s/a.yaml", matcher)],
                vec![gone(Error), at(Error, "k8s/a.yaml:5:9")],
                "and the matcher was not",
            ),
            (
                &[(NEW, SIGNS), ("sealwright.yaml", config)],
                vec![gone(Error), at(Error, "sealwright.yaml:3:5")],
                "nor the configuration",
            ),
            (
                &[(NEW, SIGNS), ("README.md", readme)],
                vec![gone(Warning), at(Warning, "README.md:2:1")],
                "a page that leads nowhere",
            ),
            (
                &[(NEW, SIGNS), ("README.md", command)],
                vec![gone(Error), at(Error, "README.md:3:5")],
                "a command that refuses",
            ),
            (
                &[(NEW, SIGNS), ("k8s/a.yaml", &matcher.replace("cd\\", "cd-old\\"))],
                vec![gone(Warning)],
                "another name",
            ),
            (
                &[(NEW, SIGNS), ("k8s/b.yaml", both)],
                vec![gone(Note), at(Note, "k8s/b.yaml:2:1"), at(Note, "k8s/b.yaml:3:1")],
                "both names stand: a change under way",
            ),
            (
                &[(CD, CALLS), (NEW, CALLED), ("README.md", readme)],
                vec![("SW9235", Warning, CD.to_owned())],
                "report 5: signing moved behind a reusable workflow; the page still leads somewhere",
            ),
            (
                &[(CD, CALLS), (NEW, CALLED), ("k8s/a.yaml", matcher)],
                vec![("SW9235", Error, CD.to_owned()), at(Error, "k8s/a.yaml:5:9")],
                "and the matcher was not told",
            ),
            (
                &[("README.md", readme)],
                vec![("SW9235", Warning, CD.to_owned()), at(Warning, "README.md:2:1")],
                "deleted",
            ),
        ] {
            assert_eq!(found(base, head), expected, "{why}");
        }
    }

    #[test]
    fn a_base_that_is_too_large_is_not_one_without_signers() {
        let large = format!("{SIGNS}#{}\n", "x".repeat(crate::tree::FILE_BYTES_MAX));
        let seen = found(&[(CD, &large)], &[(NEW, SIGNS)]);
        let seen: Vec<_> = seen.iter().map(|(code, severity, _)| (*code, *severity)).collect();
        assert_eq!(seen, [("SW9241", Severity::Unknown)]);
        assert_eq!(found(&[(CD, SIGNS)], &[(CD, SIGNS)]), [], "one that is not");
    }

    #[test]
    fn other_refs_are_a_note() {
        let tagged = SIGNS.replace("branches: [main]", "tags: ['v*']");
        let seen = found(&[(CD, SIGNS)], &[(CD, &tagged)]);
        assert_eq!(seen, [("SW9235", Note, CD.to_owned())]);
    }
}
