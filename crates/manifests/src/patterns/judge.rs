//! Judges one pair of patterns by those who should be let in.

use sealwright_pattern::{
    About, Allowed, GoRegex, Language, ParseError, Weakness, Witness, analyse, tightened,
};
use sealwright_policy::pattern_report::PatternReport;
use sealwright_policy::{Code, Finding, Requirements, verdict_of};

use super::told;

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
            findings.extend(self.findings(pattern, about));
            *suggestion = self.suggestion(pattern, about);
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

    fn findings(&self, pattern: &str, about: About) -> Vec<Finding> {
        let regex = match GoRegex::parse(pattern) {
            Ok(regex) => regex,
            Err(error) => return vec![unparsed(&error, pattern)],
        };
        let allowed = match self.allowed.map(|requirements| allowed(requirements, about)) {
            Some(None) => return vec![unmeasured(pattern)],
            Some(Some(allowed)) => Some(allowed),
            None => None,
        };
        let weaknesses: Vec<Weakness> = analyse(&regex, about, allowed.as_ref());
        weaknesses.iter().map(|weakness| told::finding(weakness, pattern, about)).collect()
    }

    /// What it should be, when that is asked for and not what it is.
    fn suggestion(&self, pattern: &str, about: About) -> Option<String> {
        if !self.suggest {
            return None;
        }
        let tight = match (self.allowed, about) {
            (Some(allowed), About::Issuer) => Some(allowed.issuer_pattern()),
            (Some(allowed), About::Subject) => Some(allowed.subject_pattern()),
            (None, _) => tightened(&GoRegex::parse(pattern).ok()?),
        };
        tight.filter(|tight| tight != pattern)
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
