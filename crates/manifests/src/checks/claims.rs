//! What a command asks of the run beside the name in its certificate, and how far that narrows an open
//! pattern.
//!
//! Fulcio writes the repository that a run belongs to into the certificate, and nobody chooses it who
//! cannot make runs there; where a called workflow signs, the name is the called one's and the repository
//! is the caller's. So a pattern that strangers fit, with one repository asked for, lets in runs of that
//! repository alone: by any of its workflows and by any workflow of others that they call. Which branch
//! decides is the run's, not the called workflow's, and is closed only by asking for the ref as well.
//! Commit, name and event shut out nobody: a fork has the same commits, and the rest is anybody's choice.

use sealwright_policy::{Code, Finding, Severity};

use crate::declaration::{Claimed, Declaration};

/// Findings that are about who fits a pattern.
pub(super) const WIDE: &[Code] = &[
    Code::PatternNotAnchored,
    Code::PatternUnescapedDot,
    Code::PatternOpenRef,
    Code::PatternOpenOwner,
    Code::PatternCaseFolding,
    Code::PatternMatchesEverything,
    Code::PatternTooWide,
];

/// The finding about a pattern of names, as loud as it is with what else is asked for.
pub(super) fn narrowed(finding: Finding, declaration: &Declaration) -> Finding {
    let Some((whose, start)) = whose(declaration) else { return finding };
    if !WIDE.contains(&finding.code) || finding.severity != Severity::Error {
        return finding;
    }
    let witness = finding.message.rsplit_once(": ").map_or("", |(_, witness)| witness);
    let on_one_ref = asked(declaration, Claimed::Ref).is_some();
    let of_strangers = finding.code != Code::PatternOpenRef && !witness.starts_with(&start);
    if !of_strangers && !on_one_ref {
        return finding;
    }
    let reference = asked(declaration, Claimed::Ref).map(|name| format!(" on {name}"));
    let message = format!(
        "{}; only runs of {whose}{} are accepted",
        finding.message,
        reference.unwrap_or_default()
    );
    Finding { severity: Severity::Warning, message, ..finding }
}

/// For whom the runs must be, as words; nothing when that is not asked for.
pub(super) fn whose(declaration: &Declaration) -> Option<(String, String)> {
    if let Some(repository) = asked(declaration, Claimed::Repository) {
        let start = format!("https://github.com/{repository}/");
        return repository.contains('/').then(|| (repository.to_owned(), start));
    }
    let owner = asked(declaration, Claimed::Owner)?;
    Some((format!("{owner}'s repositories"), format!("https://github.com/{owner}/")))
}

fn asked(declaration: &Declaration, about: Claimed) -> Option<&str> {
    let mut claims = declaration.claims.iter();
    let claim = claims.find(|claim| claim.about == about && claim.is.whole)?;
    Some(claim.is.text.as_str()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::checks::{Expected, judge};
    use crate::{File, discover};
    use sealwright_policy::{Issuers, Severity};

    #[test]
    fn one_repository_keeps_out_strangers_and_not_its_own_branches() {
        let open = "--certificate-identity-regexp '^https://github\\.com/.*/\\.github/workflows/r\\.yml@refs/heads/main$'";
        let any_ref = r"--certificate-identity-regexp '^https://github\.com/acme/a/\.github/workflows/r\.yml@.*$'";
        let no_end = r"--certificate-identity-regexp '^https://github\.com/acme/a/\.github/workflows/r\.yml@refs/heads/main'";
        let repository = "--certificate-github-workflow-repository acme/a";
        let reference = "--certificate-github-workflow-ref refs/heads/main";
        for (flags, expected, why) in [
            (open.to_owned(), Severity::Error, "any owner"),
            (format!("{open} {repository}"), Severity::Warning, "a run of one repository"),
            (format!("{open} {repository}=x"), Severity::Warning, "the flag's own value"),
            (
                format!("{open} --certificate-github-workflow-repository=$R"),
                Severity::Error,
                "of which, nobody knows",
            ),
            (
                format!("{open} --certificate-github-workflow-repository=acme/$R"),
                Severity::Error,
                "of which of an owner's, nobody knows",
            ),
            (
                format!("{open} --certificate-github-workflow-repository="),
                Severity::Error,
                "of none in particular",
            ),
            (
                format!("{open} --certificate-github-workflow-sha 0123"),
                Severity::Error,
                "a fork has the commit",
            ),
            (
                format!("{open} --certificate-github-workflow-name release"),
                Severity::Error,
                "anybody's choice",
            ),
            (format!("{open} {reference}"), Severity::Error, "everybody has a main"),
            (format!("{any_ref} {repository}"), Severity::Error, "any branch of the repository"),
            (
                format!("{any_ref} {repository} {reference}"),
                Severity::Warning,
                "the run's branch is asked for",
            ),
            (
                format!("{no_end} {repository}"),
                Severity::Error,
                "a branch of its own that begins so",
            ),
        ] {
            let text = format!(
                "cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com {flags} img"
            );
            let found = discover([File { path: "a.sh", bytes: text.as_bytes() }]);
            let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
            let findings = judged.declarations.iter().flat_map(|one| &one.findings);
            let worst = findings.map(|one| one.severity).max();
            assert_eq!(worst, Some(expected), "{why}: {flags}");
        }
    }
}
