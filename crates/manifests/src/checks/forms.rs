//! Texts in another form than their consumer reads: a glob where a pattern is wanted, a pattern where
//! every letter counts, the token's own subject where the certificate's name belongs.

use sealwright_pattern::About;
use sealwright_policy::{Code, Finding, Severity};

use crate::declaration::{Form, Matcher};

/// How the `sub` of a token of GitHub's begins; the certificate's name is the workflow's URL.
const TOKEN: &str = "repo:";

/// What is mistaken about a text that nothing is left to fill in.
pub(super) fn mistaken(matcher: &Matcher, about: About) -> Option<Finding> {
    let text = matcher.text.trim_start_matches('^');
    if about == About::Subject && text.starts_with(TOKEN) {
        let message = "this is how the subject of a token begins: no certificate has such a name";
        let expected = "https://github.com/OWNER/REPOSITORY/.github/workflows/FILE@REF";
        let finding = Finding::new(Code::IdentityTokenSubject, message);
        return Some(finding.with_mismatch(expected, &matcher.text));
    }
    let (severity, message) = match matcher.form {
        Form::Exact if is_pattern(&matcher.text) => {
            (Severity::Error, "every letter of this is compared, and it is written as a pattern")
        }
        // Nobody is let in: no URL of a workflow, and no issuer, has one.
        Form::Exact if matcher.text.contains('*') && matcher.text.starts_with("https://") => (
            Severity::Error,
            "every letter of this is compared, a `*` too, and nobody has such a name",
        ),
        Form::Exact if matcher.text.contains('*') => {
            (Severity::Warning, "every letter of this is compared, a `*` too")
        }
        Form::Glob if is_pattern(&matcher.text) => (
            Severity::Error,
            "only `*` and `?` stand for others here, and this is a regular expression",
        ),
        Form::Regex if is_glob(&matcher.text) => {
            (Severity::Warning, "a `*` repeats the sign before it, and this is written as a glob")
        }
        _ => return None,
    };
    let finding = Finding::new(Code::IdentityFormMistaken, message);
    Some(Finding { severity, found: Some(matcher.text.clone()), ..finding })
}

/// Whether there is a `${NAME…}` in a text into which nobody puts anything.
pub(super) fn holds_variable(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, inside)) = rest.split_once("${") {
        let is_name = inside.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
        if is_name && inside.contains('}') {
            return true;
        }
        rest = inside;
    }
    false
}

fn is_pattern(text: &str) -> bool {
    let ends = text.starts_with('^') || text.ends_with('$');
    ends || [".*", ".+", "\\."].iter().any(|sign| text.contains(sign))
}

/// `workflows/*`, `v1@*`: a slash or an at sign that may stand there many times, which nobody means.
fn is_glob(text: &str) -> bool {
    ["/*", "@*"].iter().any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_is_mistaken_for_another_is_told() {
        let name = "https://github.com/acme/a/.github/workflows/r.yml@refs/heads/main";
        for (form, text, expected, why) in [
            (Form::Exact, name, None, "a name"),
            (Form::Exact, "https://github.com/acme/*", Some(Severity::Error), "no URL has a star"),
            (Form::Exact, "*@acme.test", Some(Severity::Warning), "a mailbox may have one"),
            (Form::Exact, r"^https://github\.com/acme/a$", Some(Severity::Error), "a pattern"),
            (Form::Glob, "https://github.com/acme/*", None, "a glob"),
            (Form::Glob, "https://github.com/acme/.*", Some(Severity::Error), "a dot is a dot"),
            (Form::Regex, r"^https://github\.com/acme/.*$", None, "a pattern"),
            (Form::Regex, "https://github.com/acme/*", Some(Severity::Warning), "many slashes"),
            (
                Form::Regex,
                "https://github.com/acme/a/.github/workflows/*@*",
                Some(Severity::Warning),
                "many at signs",
            ),
            (
                Form::Exact,
                "repo:acme/a:ref:refs/heads/main",
                Some(Severity::Error),
                "a token's subject",
            ),
            (Form::Regex, "^repo:acme/a:.*$", Some(Severity::Error), "a pattern of one"),
            (Form::Prefix, "https://github.com/acme/a/", None, "what gh makes"),
        ] {
            let text = text.to_owned();
            let matcher = Matcher { form, text, at: Default::default(), whole: true };
            let said = mistaken(&matcher, About::Subject).map(|finding| finding.severity);
            assert_eq!(said, expected, "{why}: {}", matcher.text);
        }
    }
}
