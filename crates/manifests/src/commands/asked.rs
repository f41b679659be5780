//! What a verifying command asks for: a declaration like any other, and what is wrong with it.

use std::ops::Range;

use sealwright_policy::{Code, Finding, Place as Spot, Severity};
use sealwright_yaml::{Place, template_in};

use super::Commands;
use super::dialect::{filled, restored};
use super::known::Known;
use super::placeholder::has_placeholder;
use super::reading::{Flag, Invocation, Tool};
use super::texts::Setting;
use crate::declaration::{
    Consumer, Declaration, Follows, Form, Guarded, Identity, Matcher, Provider,
};
use crate::found::{Unjudged, Why};
use crate::shell::{Part, Word};

/// Issuer of the tokens that GitHub's workflows sign with; `gh` asks for it unless told otherwise.
pub(super) const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// One command, with what its surroundings tell.
pub(super) struct Asked<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) known: &'a Known,
    pub(super) setting: Setting,
    /// Variables stand in literal pieces of words, too.
    pub(super) fills_in: bool,
    pub(super) file: &'a str,
    pub(super) place: &'a dyn Fn(Range<usize>) -> Place,
}

impl Asked<'_> {
    /// Adds what the command declares, and what is wrong with it.
    pub(super) fn add_to(&self, commands: &mut Commands) {
        if self.invocation.is_on("help") || self.invocation.is_on("h") {
            return;
        }
        let first = commands.declarations.len();
        match self.invocation.tool {
            Tool::Cosign => self.cosign(commands),
            Tool::Gh => self.gh(commands),
            Tool::Flux => self.flux(commands),
            Tool::Slsa => self.slsa(commands),
            Tool::Notation => self.notation(commands),
        }
        let sketches =
            commands.declarations[first..].iter().filter_map(|one| self.placeholder(one));
        commands.unjudged.extend(sketches.collect::<Vec<_>>());
    }

    /// The note for an identity of which the reader writes a part.
    fn placeholder(&self, declaration: &Declaration) -> Option<Unjudged> {
        let halves = declaration.identities.iter().flat_map(|one| [&one.subject, &one.issuer]);
        let claims = declaration.claims.iter().map(|claim| &claim.is);
        let open =
            halves.flatten().chain(claims).find(|one| !one.whole && has_placeholder(&one.text))?;
        Some(Unjudged {
            file: self.file.to_owned(),
            at: open.at.clone(),
            why: Why::Placeholder,
            names_a_kind: false,
            told: format!("`{}` asks for `{}`", self.invocation.called(), open.text),
        })
    }

    /// A matcher that the program has without being told.
    pub(super) fn constant(&self, text: &str, form: Form) -> Matcher {
        Matcher { form, text: text.to_owned(), at: self.at(), whole: true }
    }

    pub(super) fn declaration(&self, consumer: Consumer, identities: Vec<Identity>) -> Declaration {
        Declaration {
            consumer,
            object: self.invocation.called(),
            file: self.file.to_owned(),
            at: self.at(),
            guards: self.invocation.places.iter().map(|place| self.guarded(place)).collect(),
            provider: Provider::Cosign,
            key: false,
            identities,
            claims: Vec::new(),
            bundle_path: false,
            weakened: Vec::new(),
        }
    }

    pub(super) fn guarded(&self, word: &Word) -> Guarded {
        let (what, whole) = self.text(word);
        let at = (self.place)(word.range.clone());
        Guarded { what, whole, at, follows: Follows::AsWritten }
    }

    pub(super) fn matcher(&self, flag: &Flag, form: Form) -> Option<Matcher> {
        let (text, whole) = self.text(flag.value.as_ref()?);
        // cosign takes an empty flag for one that is not there.
        let said = !text.is_empty();
        said.then(|| Matcher { form, text, whole, at: (self.place)(flag.range.clone()) })
    }

    /// A word with its known variables filled in, and whether nothing else is left to fill in.
    pub(super) fn text(&self, word: &Word) -> (String, bool) {
        let mut whole = !has_placeholder(&word.text());
        let text: String = word
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) if self.fills_in => {
                    let known = |name: &str| self.known.get(name).map(ToOwned::to_owned);
                    let filled = filled(text, known);
                    whole &= filled.as_deref().is_some_and(|text| !has_placeholder(text));
                    restored(filled.as_deref().unwrap_or(text))
                }
                Part::Text(text) => restored(text),
                other => match self.held(other) {
                    Some(value) => {
                        whole &= !has_placeholder(value);
                        value.to_owned()
                    }
                    None => {
                        whole = false;
                        restored(&other.written())
                    }
                },
            })
            .collect();
        let plain = template_in(&text).is_none();
        (text, whole && plain)
    }

    /// What a variable or an expression holds, where the file says so.
    fn held(&self, part: &Part) -> Option<&str> {
        match part {
            // `${NAME%.*}` is not what NAME is.
            Part::Variable { name, default: None, written } => {
                let plain = restored(written).trim_matches(['$', '{', '}']) == name;
                self.known.get(name).filter(|_| plain)
            }
            Part::Expression(inner) => self.known.get(inner.strip_prefix("env.")?),
            _ => None,
        }
    }

    pub(super) fn at(&self) -> Place {
        (self.place)(self.invocation.program.range.clone())
    }

    /// What documents show of a command without meaning one, and what a variable may hold.
    pub(super) fn is_sketch(&self, commands: &mut Commands) -> bool {
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

    pub(super) fn without(&self, missing: &str, then: &str) -> Finding {
        let called = self.invocation.called();
        let finding = Finding::new(
            Code::CommandWithoutIdentity,
            format!("`{called}` has no {missing}: {then}"),
        );
        self.placed(finding, self.at())
    }

    pub(super) fn finding(&self, code: Code, flag: &Flag, told: &str) -> Finding {
        let finding = Finding::new(code, format!("`{}` {told}", self.invocation.called()));
        self.placed(finding, (self.place)(flag.range.clone()))
    }

    /// The command may fail, and what runs it goes on.
    pub(super) fn failing_unseen(&self, how: &str) -> Finding {
        let message = format!("`{}` may fail, and {how}", self.invocation.called());
        self.placed(Finding::new(Code::CommandFailureUnseen, message), self.at())
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
