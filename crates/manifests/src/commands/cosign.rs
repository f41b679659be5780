//! `cosign verify…`, as cosign 2 and 3 read it. `COSIGN_EXPERIMENTAL` changes nothing there, and no
//! variable stands for a flag: `COSIGN_CERTIFICATE_IDENTITY` is a name that scripts give to theirs.
//!
//! No finding, and why: `--allow-insecure-registry` and `--allow-http-registry` (who sits on the way may
//! show an older artifact, and still none that the right person did not sign); no
//! `--use-signed-timestamps` (the log's own time serves as well); no `--certificate-github-workflow-…`
//! (the name in the certificate says as much where a repository signs for itself).

use sealwright_policy::Code;

use super::Commands;
use super::asked::Asked;
use crate::declaration::{Claim, Claimed, Consumer, Declaration, Form, Identity};

/// Flags by which a signed time shows when a certificate was used, just as a log does.
const TIMES: &[&str] =
    &["use-signed-timestamps", "timestamp-certificate-chain", "rfc3161-timestamp"];
/// Flags that name an authority of one's own, whose certificates no public log need hold.
const OWN_AUTHORITY: &[&str] =
    &["certificate-chain", "ca-roots", "ca-intermediates", "trusted-root", "sct"];

/// Flags for what a certificate says of the run.
const CLAIMS: &[(&str, Claimed)] = &[
    ("certificate-github-workflow-repository", Claimed::Repository),
    ("certificate-github-workflow-ref", Claimed::Ref),
    ("certificate-github-workflow-sha", Claimed::Commit),
    ("certificate-github-workflow-name", Claimed::Name),
    ("certificate-github-workflow-trigger", Claimed::Trigger),
];

impl Asked<'_> {
    pub(super) fn cosign(&self, commands: &mut Commands) {
        let invocation = self.invocation;
        let off = invocation.get("check-claims").filter(|_| !invocation.is_on("check-claims"));
        if let Some(flag) = off {
            let told = "does not compare the signed digest with the artifact's";
            commands.findings.push(self.finding(Code::CommandClaimsIgnored, flag, told));
        }
        if invocation.get("key").is_some() || invocation.is_on("sk") {
            let declaration = self.declaration(Consumer::CosignCommand, Vec::new());
            commands.declarations.push(Declaration { key: true, ..declaration });
            return;
        }
        self.logs(commands);
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
        match missing {
            None => {
                let declaration = self.declaration(Consumer::CosignCommand, vec![identity]);
                let claims = self.claims(CLAIMS);
                commands.declarations.push(Declaration { claims, ..declaration });
            }
            Some(missing) if !self.is_sketch(commands) => {
                let then = "cosign 1 takes anybody's signature, later ones refuse to run";
                commands.findings.push(self.without(missing, then));
            }
            Some(_) => (),
        }
    }

    /// Flags that leave the logs out.
    fn logs(&self, commands: &mut Commands) {
        let unlogged = "so nothing shows that the signature was logged while its certificate held";
        let unissued = "so a certificate that no log has seen is accepted";
        for (name, then, replaced_by) in [
            ("insecure-ignore-tlog", unlogged, TIMES),
            ("private-infrastructure", unlogged, TIMES),
            ("insecure-ignore-sct", unissued, OWN_AUTHORITY),
        ] {
            let replaced = replaced_by.iter().any(|name| self.invocation.get(name).is_some());
            let on = self.invocation.is_on(name) && !replaced;
            if let Some(flag) = self.invocation.get(name).filter(|_| on) {
                let told = format!("sets --{name}, {then}");
                commands.findings.push(self.finding(Code::CommandLogIgnored, flag, &told));
            }
        }
    }

    /// What flags ask of the run.
    pub(super) fn claims(&self, flags: &[(&str, Claimed)]) -> Vec<Claim> {
        let claims = flags.iter().filter_map(|(name, about)| {
            let is = self.matcher(self.invocation.get(name)?, Form::Exact)?;
            Some(Claim { about: *about, is })
        });
        claims.collect()
    }
}
