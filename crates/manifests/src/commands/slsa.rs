//! `slsa-verifier verify-…` and `notation verify`.
//!
//! slsa-verifier 2 compares the builder's workflow with the name in the certificate, and the source with
//! what the certificate says of the run: a name of the generator alone says nothing about whose build it
//! was, and nobody outside of the repository gets such a certificate for it. The builder must stand at
//! a tag `vX.Y.Z`; issuer is GitHub. `--source-branch`, `--source-tag` and
//! `--source-versioned-tag` narrow further by what the provenance says; without them any branch of the
//! source may have built it, which the verifier's own documents recommend for a digest, so it is no finding.

use super::Commands;
use super::asked::{Asked, GITHUB_ISSUER};
use crate::declaration::{
    Claim, Claimed, Consumer, Declaration, Form, Identity, Matcher, Provider,
};

/// Where the builders stand that are trusted unless `--builder-id` names one.
const BUILDERS: &str = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/";
/// Google signs with keys of its own.
const GOOGLE: &str = "https://cloudbuild.googleapis.com/";
/// How a source begins that is on GitHub.
const GITHUB_SOURCES: [&str; 3] = ["git+https://github.com/", "https://github.com/", "github.com/"];

impl Asked<'_> {
    pub(super) fn slsa(&self, commands: &mut Commands) {
        let invocation = self.invocation;
        let declaration = self.declaration(Consumer::SlsaCommand, Vec::new());
        if invocation.verb == "verify-vsa" {
            commands.declarations.push(Declaration { key: true, ..declaration });
            return;
        }
        let value = |name: &str, form| self.matcher(invocation.get(name)?, form);
        let Some(source) = value("source-uri", Form::Exact) else {
            if !self.is_sketch(commands) {
                commands
                    .findings
                    .push(self.without("--source-uri", "slsa-verifier refuses to run"));
            }
            return;
        };
        let builder = value("builder-id", Form::Prefix);
        if builder.as_ref().is_some_and(|builder| builder.text.starts_with(GOOGLE)) {
            commands.declarations.push(Declaration { key: true, ..declaration });
            return;
        }
        let claims = [("source-branch", Claimed::Ref), ("source-tag", Claimed::Ref)];
        let mut claims = self.claims(&claims);
        claims.insert(0, Claim { about: Claimed::Repository, is: on_github(source) });
        let identity = Identity {
            issuer: Some(self.constant(GITHUB_ISSUER, Form::Exact)),
            subject: builder.or_else(|| Some(self.constant(BUILDERS, Form::Prefix))),
            at: self.at(),
        };
        let identities = vec![identity];
        commands.declarations.push(Declaration { identities, claims, ..declaration });
    }

    /// Notation asks a trust policy that stands elsewhere.
    pub(super) fn notation(&self, commands: &mut Commands) {
        let declaration = self.declaration(Consumer::NotationCommand, Vec::new());
        let provider = Provider::Notation;
        commands.declarations.push(Declaration { provider, ..declaration });
    }
}

fn on_github(source: Matcher) -> Matcher {
    let name = GITHUB_SOURCES.iter().find_map(|start| source.text.strip_prefix(start));
    Matcher { text: name.unwrap_or(&source.text).to_owned(), ..source }
}
