//! Who may sign, and what vouches for it: identities and trusted root of a keyless source.

use sealwright_evidence::TrustedRoot;
use sealwright_pattern::GoRegex;

use crate::rules::{self, Rule};
use crate::source::IdentityMatch;

/// What keyless verification goes by.
pub(crate) struct Keyless<'a> {
    pub(crate) root: &'a TrustedRoot,
    pub(crate) identities: &'a [IdentityMatch],
}

/// The one identity of a policy for bundles.
pub(crate) struct BundleIdentity {
    issuer: GoRegex,
    subject: GoRegex,
}

impl Keyless<'_> {
    /// The policy for bundles; the error is cosign's, the same for each bundle, and the rule.
    pub(crate) fn bundle_identity(&self) -> Result<BundleIdentity, (String, &'static Rule)> {
        let [identity] = self.identities else {
            return Err(match self.identities.len() {
                0 => (
                    "failed to build policy: can't verify identities without providing at least one identity".to_owned(),
                    &rules::NO_IDENTITIES_BUNDLE,
                ),
                _ => (
                    "unsupported: multiple identities are not supported at this time".to_owned(),
                    &rules::TWO_IDENTITIES,
                ),
            });
        };
        let compiled = |pattern: &str| {
            GoRegex::parse(pattern).map_err(|error| (error.to_string(), &rules::IDENTITY_MALFORMED))
        };
        let subject = compiled(&identity.subject_pattern)?;
        let issuer = compiled(&identity.issuer)?;
        let missing = |what: &str| {
            (
                format!("when verifying a certificate identity, {what}"),
                &rules::IDENTITY_EMPTY_BUNDLE,
            )
        };
        if identity.subject_pattern.is_empty() {
            return Err(missing("there must be subject alternative name criteria"));
        }
        if identity.issuer.is_empty() {
            return Err(missing("must specify Issuer criteria"));
        }
        Ok(BundleIdentity { issuer, subject })
    }

    /// Whether the holder of a signature of the older form is accepted.
    ///
    /// # Errors
    /// cosign's words.
    pub(crate) fn accepts_holder(&self, names: &[String], issuer: &str) -> Result<(), String> {
        if self.identities.is_empty() {
            return Ok(());
        }
        for identity in self.identities {
            let compiled = |what: &str, pattern: &str| {
                GoRegex::parse(pattern)
                    .map_err(|error| format!("malformed {what} in identity: {pattern} : {error}"))
            };
            let by_issuer = compiled("issuer", &identity.issuer)?.is_match(issuer);
            let subject = compiled("subject", &identity.subject_pattern)?;
            let by_name = identity.subject_pattern.is_empty()
                || names.iter().any(|name| subject.is_match(name));
            if by_name && by_issuer {
                return Ok(());
            }
        }
        Err(format!(
            "none of the expected identities matched what was in the certificate, got subjects [{}] with issuer {issuer}",
            names.join(", ")
        ))
    }
}

impl BundleIdentity {
    /// Whether this is the expected signer.
    ///
    /// # Errors
    /// sigstore-go's words.
    pub(crate) fn accepts(&self, name: &str, issuer: &str) -> Result<(), String> {
        let mismatch = |what: &str, pattern: &GoRegex, found: &str| {
            format!(
                "failed to verify certificate identity: no matching CertificateIdentity found, last error: expected {what} value to match regex \"{}\", got \"{found}\"",
                pattern.as_str()
            )
        };
        if !self.subject.is_match(name) {
            return Err(mismatch("SAN", &self.subject, name));
        }
        if !self.issuer.is_match(issuer) {
            return Err(mismatch("issuer", &self.issuer, issuer));
        }
        Ok(())
    }
}
