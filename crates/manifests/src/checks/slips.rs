//! How much a slip of the pen weighs when nobody said who may sign: whether somebody can come in by it.
//!
//! Who vouches decides about names, too. GitHub's issuer makes them of owner, repository, workflow and
//! ref, and begins each with its own host: a dot in `github.com` that stands for any character is
//! untidy, and lets in nobody.

use sealwright_pattern::{About, GoRegex};
use sealwright_policy::{Code, Finding, Severity};

use crate::declaration::{Form, Identity, Matcher};
use crate::patterns::as_regex;

/// Issuer of the tokens of GitHub's workflows.
const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";
/// How the names begin that it vouches for.
const GITHUB: &str = "https://github.com/";

/// The codes of slips.
pub(super) fn is_slip(code: Code) -> bool {
    matches!(code, Code::PatternNotAnchored | Code::PatternUnescapedDot)
}

/// The finding, as loud as it deserves; none when it deserves nothing.
pub(super) fn weighed(
    finding: Finding,
    matcher: &Matcher,
    about: About,
    identity: &Identity,
) -> Option<Finding> {
    // Nobody wrote that pattern: gh makes it of a repository, and where that is too much, it is told
    // of the command.
    if matcher.form == Form::Prefix {
        return None;
    }
    let witness = finding.message.rsplit_once(": ").map_or("", |(_, witness)| witness);
    let but = match about {
        // Sigstore trusts a list of issuers: nobody adds one whose name is nearly another's.
        About::Issuer => Some("no issuer has such a name today"),
        About::Subject if is_meant(witness, matcher) => Some("every such tag may be meant"),
        About::Subject if is_github(identity) && !is_workflow(witness) => {
            Some("GitHub gives nobody such a name")
        }
        About::Subject | About::OtherSubject => None,
    };
    Some(match (finding.severity, but) {
        (Severity::Error, Some(but)) if is_slip(finding.code) => {
            let message = finding.message.replacen(" lets in: ", " would let in: ", 1);
            let message = format!("{message} ({but})");
            Finding { severity: Severity::Warning, message, ..finding }
        }
        _ => finding,
    })
}

/// What a name is about: GitHub's own, unless it is another who vouches.
pub(super) fn about(identity: &Identity) -> About {
    let Some(issuer) = identity.issuer.as_ref().filter(|one| one.whole) else {
        return About::Subject;
    };
    let regex = GoRegex::parse(&as_regex(&issuer.text, issuer.form));
    // Companies have an issuer of their own below GitHub's.
    let of_github = regex.is_ok_and(|regex| regex.is_match(GITHUB_ISSUER));
    match of_github || issuer.text.is_empty() || issuer.text.contains("github") {
        true => About::Subject,
        false => About::OtherSubject,
    }
}

/// Whether GitHub alone vouches, slips in its own pattern aside.
fn is_github(identity: &Identity) -> bool {
    let issuer = identity.issuer.as_ref().map_or("", |matcher| &matcher.text);
    issuer.replace('\\', "").trim_start_matches('^').trim_end_matches(['$', '/']) == GITHUB_ISSUER
}

fn is_workflow(witness: &str) -> bool {
    witness.starts_with(GITHUB) && witness.contains("/.github/workflows/") && witness.contains('@')
}

/// `@refs/tags/v` with nothing behind it: the beginning of every release's tag.
fn is_meant(witness: &str, matcher: &Matcher) -> bool {
    witness.starts_with(GITHUB)
        && witness.contains("@refs/tags/")
        && matcher.text.contains("@refs/tags/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patterns::Judge;

    #[test]
    fn a_slip_weighs_what_somebody_can_make_of_it() {
        let github = r"^https://token\.actions\.githubusercontent\.com$";
        for (issuer, subject, expected, why) in [
            (
                github,
                r"^https://github.com/acme/a/\.github/workflows/r\.yml@refs/heads/main$",
                vec![Severity::Warning],
                "GitHub vouches for no other host",
            ),
            (
                "^https://accounts.google.com$",
                r"^cd@acme.iam\.gserviceaccount\.com$",
                vec![Severity::Error],
                "somebody registers that name",
            ),
            (
                github,
                r"https://github\.com/acme/a/\.github/workflows/r\.yml@refs/heads/main$",
                vec![Severity::Warning],
                "nothing stands before GitHub's host",
            ),
            (
                github,
                r"^https://github\.com/acme/a/\.github/workflows/r\.yml@refs/heads/main",
                vec![Severity::Error],
                "a branch that begins so",
            ),
            (
                github,
                r"^https://github\.com/acme",
                vec![Severity::Error],
                "an owner that begins so",
            ),
            (
                github,
                r"^https://github\.com/acme/a/\.github/workflows/r\.yml@refs/tags/v",
                vec![Severity::Warning],
                "every tag that begins so is meant",
            ),
            (github, r"github\.com/acme/a/", vec![Severity::Error], "a tag may hold it"),
            (
                github,
                r"^https://github\.com/acme/my.app/\.github/workflows/r\.yml@refs/heads/main$",
                vec![Severity::Error],
                "a repository that can be made",
            ),
        ] {
            let matcher = |text: &str| Matcher {
                form: Form::Regex,
                text: text.to_owned(),
                at: Default::default(),
                whole: true,
            };
            let identity = Identity {
                issuer: Some(matcher(issuer)),
                subject: Some(matcher(subject)),
                at: Default::default(),
            };
            let judge = Judge { allowed: None, suggest: false };
            let said = judge.findings(subject, Form::Regex, About::Subject).into_iter();
            let weights: Vec<Severity> = said
                .filter_map(|one| weighed(one, &matcher(subject), About::Subject, &identity))
                .map(|one| one.severity)
                .collect();
            assert_eq!(weights, expected, "{why}: {subject}");
        }
    }
}
