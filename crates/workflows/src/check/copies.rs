//! Copies into another repository that leave the evidence behind: mirrors are followed as their
//! source is, and whoever verifies there finds nothing.

use sealwright_policy::{Code, Finding, Place, Severity};

use super::Expected;
use crate::jobs::Walked;
use crate::model::{Script, Workflow};
use crate::place::in_file;
use crate::signing::{self, Invocation};
use crate::tree::Tree;

/// A command that copies an artifact: its program, its verbs, and the flags by which it takes along
/// what is attached.
const COPIES: &[(&str, &[&str], &[&str])] = &[
    ("crane", &["cp"], &["-a", "--all-tags"]),
    ("crane", &["copy"], &["-a", "--all-tags"]),
    ("gcrane", &["cp"], &["-r", "--recursive"]),
    ("skopeo", &["copy"], &["--sign-by", "--sign-by-sigstore", "--sign-by-sigstore-private-key"]),
    ("oras", &["cp"], &["-r", "--recursive"]),
    ("oras", &["copy"], &["-r", "--recursive"]),
    ("regctl", &["image", "copy"], &["--referrers", "--digest-tags"]),
    ("regctl", &["image", "cp"], &["--referrers", "--digest-tags"]),
];

pub(super) fn check(tree: &Tree, walked: &Walked<'_>, expected: &Expected<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for workflow in &tree.workflows {
        let here = |job: &&crate::jobs::SigningJob<'_>| job.workflow.path == workflow.path;
        let signs = walked.jobs.iter().filter(here).any(|job| !job.signings.is_empty());
        // What is signed after it was copied has evidence of its own.
        if signs {
            continue;
        }
        let (mut carried, mut left) = (false, Vec::new());
        for script in scripts(workflow) {
            signing::each_call(tree, &workflow.path, script, &mut |call, text, _| {
                carried |= carries(call);
                let at = in_file(text.file, &(text.at)(call.line));
                left.extend(left_behind(call, at, expected));
            });
        }
        findings.extend(left.into_iter().filter(|_| !carried));
    }
    findings
}

fn scripts(workflow: &Workflow) -> impl Iterator<Item = &Script> {
    workflow.jobs.iter().flat_map(|job| job.steps()).filter_map(|step| step.script())
}

/// Whether a command copies evidence by itself.
fn carries(call: &Invocation) -> bool {
    let with_flag = |(program, verbs, flags): &(&str, &[&str], &[&str])| {
        call.arguments_of(program, verbs).is_some_and(|arguments| has(arguments, flags))
    };
    call.arguments_of("cosign", &["copy"]).is_some() || COPIES.iter().any(with_flag)
}

fn has(arguments: &[String], flags: &[&str]) -> bool {
    arguments.iter().any(|word| flags.contains(&word.split('=').next().unwrap_or_default()))
}

fn left_behind(call: &Invocation, at: Place, expected: &Expected<'_>) -> Option<Finding> {
    let (name, arguments) = COPIES.iter().find_map(|(program, verbs, _)| {
        let arguments = call.arguments_of(program, verbs)?;
        Some((format!("{program} {}", verbs.join(" ")), arguments))
    })?;
    let mut places = arguments.iter().filter_map(|word| repository(word));
    let (from, to) = (places.next()?, places.next()?);
    // Within one repository evidence stays where it is: it hangs on the digest.
    if from == to {
        return None;
    }
    let message = format!("`{name}` copies {from} to {to}, and nothing that is attached to it");
    let finding = Finding::new(Code::EvidenceLeftBehind, message).with_place(at);
    // Most of what is mirrored nobody signs: where nobody verifies either, it is worth knowing.
    let severity = match is_verified(&from, expected) || is_verified(&to, expected) {
        true => finding.severity,
        false => Severity::Note,
    };
    Some(Finding { severity, ..finding })
}

/// `host/path` of a reference that is written out.
fn repository(word: &str) -> Option<String> {
    let rest = word.strip_prefix("docker://").unwrap_or(word);
    let (host, _) = rest.split_once('/')?;
    let rest = rest.split('@').next().unwrap_or(rest);
    let name = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => rest,
    };
    let is_host = host.contains('.') || host.contains(':') || host == "localhost";
    (is_host && !word.starts_with('-') && !name.contains('$')).then(|| name.to_owned())
}

/// Whether something in the configuration or the manifests verifies what is pulled from there.
fn is_verified(repository: &str, expected: &Expected<'_>) -> bool {
    let config = expected.config.iter().flat_map(|file| file.config.artifacts.values());
    let mut artifacts = config.map(|artifact| artifact.repository.as_str());
    let guards = expected.declarations.iter().flat_map(|one| &one.guards);
    let mut guards = guards.filter(|guarded| guarded.whole && !guarded.what.is_empty());
    artifacts.any(|one| one == repository)
        || guards.any(|guarded| {
            let what = guarded.what.strip_prefix("oci://").unwrap_or(&guarded.what);
            match what.split_once('*') {
                Some((start, _)) => repository.starts_with(start.trim_end_matches([':', '@'])),
                None => self::repository(what).is_some_and(|one| one == repository),
            }
        })
}
