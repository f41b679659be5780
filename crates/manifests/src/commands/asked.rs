//! What a verifying command asks for: a declaration like any other, and what is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;

use sealwright_policy::{Code, Finding, Place as Spot, Severity};
use sealwright_yaml::{Place, template_in};

use super::Commands;
use super::dialect::{has_placeholder, restored};
use super::reading::{Flag, Invocation, Tool};
use super::texts::Setting;
use crate::declaration::{
    Consumer, Declaration, Follows, Form, Guarded, Identity, Matcher, Provider,
};
use crate::found::{Unjudged, Why};
use crate::shell::{Part, Script, Word};

/// Issuer of the tokens that GitHub's workflows sign with; `gh` asks for it unless told otherwise.
const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Variables that a script sets once, to a text.
pub(super) type Known = BTreeMap<String, String>;

pub(super) fn known(script: &Script) -> Known {
    let mut values: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for command in &script.commands {
        let exported = matches!(command.first(), Some("declare" | "export" | "local" | "readonly"));
        let words = command.words.iter().skip(1).filter(|_| exported);
        let said = words.filter_map(|word| {
            let (name, _) = word.start().split_once('=')?;
            Some((name.to_owned(), word.after(&format!("{name}="))?))
        });
        let lasting = command.assignments.iter().filter(|_| command.words.is_empty()).cloned();
        for (name, value) in lasting.chain(said) {
            values.entry(name).or_default().push(value.literal().map(str::to_owned));
        }
    }
    let once = values.into_iter().filter_map(|(name, values)| match values.as_slice() {
        [Some(value)] => Some((name, value.clone())),
        _ => None,
    });
    once.collect()
}

/// One command, with what its surroundings tell.
pub(super) struct Asked<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) known: &'a Known,
    pub(super) setting: Setting,
    pub(super) file: &'a str,
    pub(super) place: &'a dyn Fn(Range<usize>) -> Place,
}

impl Asked<'_> {
    /// Adds what the command declares, and what is wrong with it.
    pub(super) fn add_to(&self, commands: &mut Commands) {
        if self.invocation.is_on("help") || self.invocation.is_on("h") {
            return;
        }
        match self.invocation.tool {
            Tool::Cosign => self.cosign(commands),
            Tool::Gh => self.gh(commands),
            Tool::Flux => self.flux(commands),
        }
    }

    fn cosign(&self, commands: &mut Commands) {
        let invocation = self.invocation;
        let keyed = invocation.get("key").is_some() || invocation.is_on("sk");
        let unchecked =
            invocation.get("check-claims").filter(|_| !invocation.is_on("check-claims"));
        if let Some(flag) = unchecked {
            commands.findings.push(self.finding(
                Code::CommandClaimsIgnored,
                flag,
                "does not compare the signed digest with the artifact's",
            ));
        }
        if keyed {
            let declaration = self.declaration(Consumer::CosignCommand, Vec::new());
            commands.declarations.push(Declaration { key: true, ..declaration });
            return;
        }
        for name in ["insecure-ignore-tlog", "insecure-ignore-sct", "private-infrastructure"] {
            // A signed time shows when the certificate was used just as well.
            let timed =
                ["use-signed-timestamps", "timestamp-certificate-chain", "rfc3161-timestamp"];
            let replaced = timed.iter().any(|name| invocation.get(name).is_some());
            let flag = invocation.get(name).filter(|_| invocation.is_on(name) && !replaced);
            if let Some(flag) = flag {
                let told = format!(
                    "sets --{name}, so nothing shows that the signature was logged while its certificate held"
                );
                commands.findings.push(self.finding(Code::CommandLogIgnored, flag, &told));
            }
        }
        let half = |exact: &str, regexp: &str| {
            let patterned = invocation.get(regexp).and_then(|flag| self.matcher(flag, Form::Regex));
            patterned.or_else(|| self.matcher(invocation.get(exact)?, Form::Exact))
        };
        let identity = Identity {
            issuer: half("certificate-oidc-issuer", "certificate-oidc-issuer-regexp"),
            subject: half("certificate-identity", "certificate-identity-regexp"),
            at: self.at(),
        };
        let missing = match (&identity.subject, &identity.issuer) {
            (Some(_), Some(_)) => None,
            (None, None) => Some("--certificate-identity and --certificate-oidc-issuer"),
            (None, Some(_)) => Some("--certificate-identity"),
            (Some(_), None) => Some("--certificate-oidc-issuer"),
        };
        if let Some(missing) = missing
            && !self.is_sketch(commands)
        {
            commands.findings.push(
                self.without(
                    missing,
                    "cosign 1 takes anybody's signature, later ones refuse to run",
                ),
            );
        }
        if missing.is_none() {
            commands.declarations.push(self.declaration(Consumer::CosignCommand, vec![identity]));
        }
    }

    fn gh(&self, commands: &mut Commands) {
        let invocation = self.invocation;
        let host = invocation.get("hostname").and_then(|flag| flag.value.as_ref());
        let host = host.map_or_else(|| "github.com".to_owned(), |host| self.text(host).0);
        let beginning = |name: &str, end: &str| {
            let matcher = self.matcher(invocation.get(name)?, Form::Prefix)?;
            let within = matcher.text.strip_prefix("github.com/").unwrap_or(&matcher.text);
            Some(Matcher { text: format!("https://{host}/{within}{end}"), ..matcher })
        };
        let written = |name: &str, form| self.matcher(invocation.get(name)?, form);
        let narrow = beginning("signer-repo", "/")
            .or_else(|| beginning("signer-workflow", ""))
            .or_else(|| written("cert-identity", Form::Exact))
            .or_else(|| written("cert-identity-regex", Form::Regex));
        let owner = invocation.get("owner").filter(|_| invocation.get("repo").is_none());
        if let (Some(flag), None) = (owner, &narrow) {
            commands.findings.push(self.finding(
                Code::CommandOwnerAlone,
                flag,
                "takes an attestation by any workflow in any repository of the owner",
            ));
        }
        if owner.is_none() && invocation.get("repo").is_none() && !self.is_sketch(commands) {
            commands.findings.push(self.without("--repo", "gh refuses to run"));
        }
        let subject = narrow.or_else(|| beginning("repo", "/")).or_else(|| beginning("owner", "/"));
        let issuer = written("cert-oidc-issuer", Form::Exact).unwrap_or_else(|| Matcher {
            form: Form::Exact,
            text: GITHUB_ISSUER.to_owned(),
            at: self.at(),
            whole: invocation.get("hostname").is_none(),
        });
        if subject.is_some() {
            let identity = Identity { issuer: Some(issuer), subject, at: self.at() };
            commands.declarations.push(self.declaration(Consumer::GhCommand, vec![identity]));
        }
    }

    /// `flux create source oci`: what it would write into the source.
    fn flux(&self, commands: &mut Commands) {
        let invocation = self.invocation;
        let value = |name: &str| Some(self.text(invocation.get(name)?.value.as_ref()?).0);
        let Some(provider) = value("verify-provider") else { return };
        let half = |name: &str| self.matcher(invocation.get(name)?, Form::Regex);
        let (issuer, subject) = (half("verify-issuer"), half("verify-subject"));
        let told = issuer.is_some() || subject.is_some();
        let identities = told.then(|| Identity { issuer, subject, at: self.at() });
        let declaration = self.declaration(Consumer::FluxOciRepository, Vec::from_iter(identities));
        let url = invocation.get("url").and_then(|flag| flag.value.as_ref());
        let guarded = |url| Guarded { follows: self.followed(), ..self.guarded(url) };
        commands.declarations.push(Declaration {
            provider: Provider::of(&provider),
            key: invocation.get("verify-secret-ref").is_some(),
            guards: url.map(guarded).into_iter().collect(),
            bundle_path: true,
            ..declaration
        });
    }

    /// What the source that `flux` makes would follow.
    fn followed(&self) -> Follows {
        let flag = |name: &str| Some(self.text(self.invocation.get(name)?.value.as_ref()?));
        let named = |to: fn(String) -> Follows, (text, whole): (String, bool)| match whole {
            true => to(text),
            false => Follows::NotResolved(format!("`{text}` is a template")),
        };
        match (flag("digest"), flag("tag-semver"), flag("tag")) {
            (Some(digest), _, _) => named(Follows::Digest, digest),
            (None, Some((range, _)), _) => Follows::range("semver", &range),
            (None, None, Some(tag)) => named(Follows::Tag, tag),
            (None, None, None) => Follows::Tag("latest".to_owned()),
        }
    }

    fn declaration(&self, consumer: Consumer, identities: Vec<Identity>) -> Declaration {
        Declaration {
            consumer,
            object: self.invocation.called(),
            file: self.file.to_owned(),
            at: self.at(),
            guards: self.invocation.places.iter().map(|place| self.guarded(place)).collect(),
            provider: Provider::Cosign,
            key: false,
            identities,
            bundle_path: false,
            weakened: Vec::new(),
        }
    }

    fn guarded(&self, word: &Word) -> Guarded {
        let (what, whole) = self.text(word);
        let at = (self.place)(word.range.clone());
        Guarded { what, whole, at, follows: Follows::AsWritten }
    }

    fn matcher(&self, flag: &Flag, form: Form) -> Option<Matcher> {
        let (text, whole) = self.text(flag.value.as_ref()?);
        // cosign takes an empty flag for one that is not there.
        let said = !text.is_empty();
        said.then(|| Matcher { form, text, whole, at: (self.place)(flag.range.clone()) })
    }

    /// A word with its known variables filled in, and whether nothing else is left to fill in.
    fn text(&self, word: &Word) -> (String, bool) {
        let mut whole = !has_placeholder(&word.text());
        let text: String = word
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => restored(text),
                Part::Variable { name, default: None, written } => match self.known.get(name) {
                    // `${NAME%.*}` is not what NAME is.
                    Some(value) if written.trim_matches(['$', '{', '}']) == name => restored(value),
                    _ => {
                        whole = false;
                        written.clone()
                    }
                },
                other => {
                    whole = false;
                    other.written()
                }
            })
            .collect();
        let plain = template_in(&text).is_none();
        (text, whole && plain)
    }

    fn at(&self) -> Place {
        (self.place)(self.invocation.program.range.clone())
    }

    /// What documents show of a command without meaning one, and what a variable may hold.
    fn is_sketch(&self, commands: &mut Commands) -> bool {
        let places = &self.invocation.places;
        let texts = || places.iter().map(Word::text);
        let sketched = texts().any(|text| text.starts_with('[') || has_placeholder(&text));
        if self.setting == Setting::Told && (sketched || places.is_empty()) {
            return true;
        }
        if self.invocation.hides {
            commands.unjudged.push(Unjudged {
                file: self.file.to_owned(),
                at: self.at(),
                why: Why::Template,
                told: format!(
                    "the identity of `{}` may stand in a variable",
                    self.invocation.called()
                ),
                names_a_kind: false,
            });
        }
        self.invocation.hides
    }

    fn without(&self, missing: &str, then: &str) -> Finding {
        let called = self.invocation.called();
        let finding = Finding::new(
            Code::CommandWithoutIdentity,
            format!("`{called}` has no {missing}: {then}"),
        );
        self.placed(finding, self.at())
    }

    fn finding(&self, code: Code, flag: &Flag, told: &str) -> Finding {
        let finding = Finding::new(code, format!("`{}` {told}", self.invocation.called()));
        self.placed(finding, (self.place)(flag.range.clone()))
    }

    /// In a document an error harms whoever follows it, not yet anybody.
    fn placed(&self, finding: Finding, at: Place) -> Finding {
        let severity = match self.setting {
            Setting::Told => finding.severity.min(Severity::Warning),
            Setting::Runs => finding.severity,
        };
        let spot = Spot::file(self.file).at(at.line, at.column);
        Finding { severity, ..finding }.with_place(spot)
    }
}
