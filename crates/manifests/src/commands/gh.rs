//! `gh attestation verify`: whoever signed (`--signer-workflow` and its kin, else the repository or owner
//! itself), in a run of `--repo` or `--owner` whatever they say.
//!
//! No finding, and why: no `--deny-self-hosted-runners` (who may run for the repository decides about its
//! runners as well), no `--source-ref` and `--source-digest` (they narrow, and the signer's own ref is
//! told), no `--predicate-type` (it asks for provenance).

use sealwright_policy::Code;

use super::Commands;
use super::asked::{Asked, GITHUB_ISSUER};
use crate::declaration::{Claim, Claimed, Consumer, Declaration, Form, Identity, Matcher};

/// Flags for what a certificate says of the run.
const CLAIMS: &[(&str, Claimed)] = &[
    ("repo", Claimed::Repository),
    ("owner", Claimed::Owner),
    ("source-ref", Claimed::Ref),
    ("source-digest", Claimed::Commit),
];

impl Asked<'_> {
    pub(super) fn gh(&self, commands: &mut Commands) {
        let invocation = self.invocation;
        let written = |name: &str, form| self.matcher(invocation.get(name)?, form);
        let narrow = written("cert-identity", Form::Exact)
            .or_else(|| written("cert-identity-regex", Form::Regex))
            .or_else(|| self.beginning("signer-repo", "/"))
            .or_else(|| self.beginning("signer-workflow", ""));
        let owner = invocation.get("owner").filter(|_| invocation.get("repo").is_none());
        if let (Some(flag), None) = (owner, &narrow) {
            let told = "takes an attestation by any workflow in any repository of the owner";
            commands.findings.push(self.finding(Code::CommandOwnerAlone, flag, told));
        }
        if owner.is_none() && invocation.get("repo").is_none() && !self.is_sketch(commands) {
            commands.findings.push(self.without("--repo", "gh refuses to run"));
        }
        let subject =
            narrow.or_else(|| self.beginning("repo", "/")).or_else(|| self.beginning("owner", "/"));
        let issuer = written("cert-oidc-issuer", Form::Exact).unwrap_or_else(|| Matcher {
            whole: invocation.get("hostname").is_none(),
            ..self.constant(GITHUB_ISSUER, Form::Exact)
        });
        if subject.is_some() {
            let identity = Identity { issuer: Some(issuer), subject, at: self.at() };
            let declaration = self.declaration(Consumer::GhCommand, vec![identity]);
            let claims = self.claims(CLAIMS).into_iter().map(without_host).collect();
            commands.declarations.push(Declaration { claims, ..declaration });
        }
    }

    /// The names that begin with what a flag names.
    fn beginning(&self, name: &str, end: &str) -> Option<Matcher> {
        let host = self.invocation.get("hostname").and_then(|flag| flag.value.as_ref());
        let host = host.map_or_else(|| "github.com".to_owned(), |host| self.text(host).0);
        let matcher = self.matcher(self.invocation.get(name)?, Form::Prefix)?;
        let within = matcher.text.strip_prefix("github.com/").unwrap_or(&matcher.text);
        Some(Matcher { text: format!("https://{host}/{within}{end}"), ..matcher })
    }
}

/// `[HOST/]OWNER/REPOSITORY`.
fn without_host(claim: Claim) -> Claim {
    let text = claim.is.text.strip_prefix("github.com/").unwrap_or(&claim.is.text).to_owned();
    Claim { is: Matcher { text, ..claim.is }, ..claim }
}
