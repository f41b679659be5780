//! `flux create source oci`: what it would write into the source.

use super::Commands;
use super::asked::Asked;
use crate::declaration::{Consumer, Declaration, Follows, Form, Guarded, Identity, Provider};

impl Asked<'_> {
    pub(super) fn flux(&self, commands: &mut Commands) {
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
}
