//! Judges one pair of patterns by those who should be let in.

use sealwright_pattern::{
    About, Allowed, Containment, GoRegex, Language, ParseError, Weakness, WeaknessKind, Witness,
    analyse, tightened,
};
use sealwright_policy::pattern_report::PatternReport;
use sealwright_policy::{Code, Finding, Requirements, Severity, verdict_of};

use super::told;
use crate::declaration::{Form, Identity, Matcher};

/// Patterns that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// What they belong to, such as `artifact manifests` or `command line`.
    pub name: String,
    /// Pattern over the issuer, in Go's syntax.
    pub issuer: Option<String>,
    /// Pattern over the certificate's name, in Go's syntax.
    pub subject: Option<String>,
}

/// By whom patterns are measured.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// Who should be let in. `None`: nobody said; only slips of the pen are found.
    pub allowed: Option<&'a Requirements>,
    /// Whether to say what a pattern should be.
    pub suggest: bool,
}

impl Judge<'_> {
    /// Everything that can be said of these patterns, and whether they hold.
    pub fn judge(&self, pair: Pair) -> PatternReport {
        let mut findings = Vec::new();
        let mut suggestions = [None, None];
        let sides = [(About::Issuer, &pair.issuer), (About::Subject, &pair.subject)];
        for ((about, pattern), suggestion) in sides.into_iter().zip(&mut suggestions) {
            let Some(pattern) = pattern else { continue };
            findings.extend(self.findings(pattern, Form::Regex, about));
            *suggestion = self.closed(pattern, about);
        }
        let [suggested_issuer, suggested_subject_pattern] = suggestions;
        let signers = self.allowed.iter().flat_map(|allowed| &allowed.signers);
        PatternReport {
            name: pair.name,
            issuer: pair.issuer,
            subject_pattern: pair.subject,
            verdict: verdict_of(&findings),
            signers: signers.map(|signer| signer.name.clone()).collect(),
            suggested_issuer,
            suggested_subject_pattern,
            findings,
        }
    }

    /// The same of a declared entry, in whichever form its texts are matched.
    pub fn declared(&self, name: &str, identity: &Identity) -> PatternReport {
        let text = |half: &Option<Matcher>| half.as_ref().map(|matcher| matcher.text.clone());
        let halves = [(About::Issuer, &identity.issuer), (About::Subject, &identity.subject)];
        let findings = halves.into_iter().filter_map(|(about, half)| {
            let matcher = half.as_ref()?;
            Some(self.findings(&matcher.text, matcher.form, about))
        });
        let findings: Vec<Finding> = findings.flatten().collect();
        let suggestion = |half: &Option<Matcher>, about| {
            let matcher = half.as_ref().filter(|one| one.form == Form::Regex)?;
            self.closed(&matcher.text, about)
        };
        let signers = self.allowed.iter().flat_map(|allowed| &allowed.signers);
        PatternReport {
            name: name.to_owned(),
            issuer: text(&identity.issuer),
            subject_pattern: text(&identity.subject),
            verdict: verdict_of(&findings),
            signers: signers.map(|signer| signer.name.clone()).collect(),
            suggested_issuer: suggestion(&identity.issuer, About::Issuer),
            suggested_subject_pattern: suggestion(&identity.subject, About::Subject),
            findings,
        }
    }

    /// What is wrong with one text, however its consumer matches it. The findings have no place yet.
    pub fn findings(&self, text: &str, form: Form, about: About) -> Vec<Finding> {
        let regex = match GoRegex::parse(&as_regex(text, form)) {
            Ok(regex) => regex,
            Err(error) => return vec![unparsed(&error, text)],
        };
        let allowed = match self.allowed.map(|requirements| allowed(requirements, about)) {
            Some(None) => return vec![unmeasured(text)],
            Some(Some(allowed)) => Some(allowed),
            None => None,
        };
        let mut weaknesses: Vec<Weakness> = analyse(&regex, about, allowed.as_ref());
        if weaknesses.is_empty() {
            weaknesses.extend(allowed.and_then(|allowed| narrower(&regex, &allowed)));
        }
        let told = weaknesses.into_iter().map(|weakness| match form {
            Form::Regex => weakness,
            // The spots are those of the expression that the text stands for.
            _ => Weakness { spots: vec![], ..weakness },
        });
        told.map(|weakness| told::finding(&weakness, text, about)).collect()
    }

    /// What is proposed for a pattern as a whole: nothing that would still let in strangers. Care
    /// alone does not close an open ref; only who knows the signer can.
    fn closed(&self, pattern: &str, about: About) -> Option<String> {
        let tight = self.suggestion(pattern, about).filter(|_| self.suggest)?;
        let left = self.findings(&tight, Form::Regex, about);
        left.iter().all(|finding| finding.severity < Severity::Error).then_some(tight)
    }

    /// What a pattern should be, when that is not what it is.
    pub fn suggestion(&self, pattern: &str, about: About) -> Option<String> {
        let tight = match (self.allowed, about) {
            (Some(allowed), About::Issuer) => Some(allowed.issuer_pattern()),
            (Some(allowed), _) => Some(allowed.subject_pattern()),
            // Closed where it ends, a name without a ref would let in nobody.
            (None, About::Subject) if pattern.contains("github") && !pattern.contains('@') => None,
            (None, _) => tightened(&GoRegex::parse(pattern).ok()?),
        };
        tight.filter(|tight| tight != pattern)
    }
}

/// The expression in Go's syntax that matches what the text matches in its form.
pub fn as_regex(text: &str, form: Form) -> String {
    let pieces = || text.chars().map(|character| piece(character, form)).collect::<String>();
    match form {
        Form::Regex => text.to_owned(),
        Form::Glob | Form::Exact => format!("^{}$", pieces()),
        Form::Prefix => format!("^{}.*$", pieces()),
    }
}

fn piece(character: char, form: Form) -> String {
    match (form, character) {
        (Form::Glob, '*') => ".*".to_owned(),
        // Not a dot, which reads like one that somebody forgot to escape.
        (Form::Glob, '?') => "[!-~]".to_owned(),
        // Not a flag, which reads like a slip: it is how the consumer compares.
        (Form::Prefix, letter) if letter.is_ascii_alphabetic() => {
            format!("[{}{}]", letter.to_ascii_lowercase(), letter.to_ascii_uppercase())
        }
        (_, special) if r"\.+*?()|[]{}^$".contains(special) => format!("\\{special}"),
        (_, plain) => plain.to_string(),
    }
}

/// Who is kept out by a pattern that lets in one of each kind, and no stranger.
fn narrower(regex: &GoRegex, allowed: &Allowed) -> Option<Weakness> {
    let weak = |kind, witness| Weakness { kind, spots: vec![], witness };
    match allowed.language.contained_in(&Language::search(regex)) {
        Containment::Contained => None,
        Containment::Outside(friend) => Some(weak(WeaknessKind::KeepsOut, Some(friend))),
        Containment::Undecided => Some(weak(WeaknessKind::Undecided, None)),
    }
}

/// Everybody who may sign, as issuers or as names. `None`: their own patterns take too much.
fn allowed(requirements: &Requirements, about: About) -> Option<Allowed> {
    let signers = requirements.signers.iter();
    if about == About::Issuer {
        let mut issuers: Vec<String> = signers.map(|signer| signer.issuer.clone()).collect();
        issuers.dedup();
        let languages: Vec<Language> = issuers.iter().map(|one| Language::exact(one)).collect();
        return Some(Allowed { language: Language::union(&languages), examples: issuers });
    }
    let mut languages = Vec::new();
    let mut examples = Vec::new();
    for signer in signers {
        let language = Language::search(&GoRegex::parse(&signer.san.regex()).ok()?);
        let Witness::Found(example) = Language::witness(&[&language], &[]) else { return None };
        languages.push(language);
        examples.push(example);
    }
    Some(Allowed { language: Language::union(&languages), examples })
}

fn unparsed(error: &ParseError, pattern: &str) -> Finding {
    let code = if error.is_gos() { Code::PatternInvalid } else { Code::PatternUndecided };
    let finding = Finding::new(code, error.to_string());
    Finding { found: Some(told::shortened(pattern)), ..finding }
}

fn unmeasured(pattern: &str) -> Finding {
    let message = "the signers' own patterns are too large to measure it by";
    let finding = Finding::new(Code::PatternUndecided, message);
    Finding { found: Some(told::shortened(pattern)), ..finding }
}

#[cfg(test)]
mod tests {
    use super::Judge;
    use sealwright_pattern::About;

    #[test]
    fn what_is_suggested_lets_in_no_stranger() {
        let judge = Judge { allowed: None, suggest: true };
        let file = r"https://github\.com/acme/platform/\.github/workflows/cd\.yaml";
        for (pattern, suggested, why) in [
            (format!("{file}@refs/heads/main"), true, "anchors are all that it lacks"),
            (format!("^{file}@refs/tags/v[0-9.]+"), true, "an end is all that it lacks"),
            (format!("{file}@refs/.*"), false, "anchors leave every ref open"),
            (format!("{file}@.*$"), false, "the same, with an end"),
            (r"^https://github.com/acme/.*$".to_owned(), false, "dots are the least of it"),
            (r"https://github\.com/.*/cd\.yaml@refs/heads/main$".to_owned(), false, "any owner"),
            (format!("^{file}@refs/heads/main$"), false, "there is nothing to mend"),
        ] {
            let said = judge.closed(&pattern, About::Subject);
            assert_eq!(said.is_some(), suggested, "{pattern}: {why}: {said:?}");
        }
    }
}
