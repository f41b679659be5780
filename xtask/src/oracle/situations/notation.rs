//! Notation, as far as it goes before a signature is looked at.

use serde_json::json;

use crate::oracle::evidence::{bundle, notation_signature};
use crate::oracle::situation::{Content, Secret, Situation, situation};

const POLICY: &str = r#"{"version":"1.0","trustPolicies":[{"name":"all","registryScopes":["*"],"signatureVerification":{"level":"strict"},"trustStores":["ca:valid-trust-store"],"trustedIdentities":["*"]}]}"#;
const SKIP: &str = r#"{"version":"1.0","trustPolicies":[{"name":"all","registryScopes":["*"],"signatureVerification":{"level":"skip"}}]}"#;
/// A certificate of an authority that signed nothing.
const CERTIFICATE: &str =
    "-----BEGIN CERTIFICATE-----\nno certificate\n-----END CERTIFICATE-----\n";

const NOTATION: &str = "what Notation says of signatures is not foretold";

pub(super) fn situations() -> Vec<Situation> {
    let of = |name: &'static str, because: &str, entries: Vec<(&'static str, Content)>| {
        situation(name, because)
            .spec("insecure", json!(true))
            .secret(Secret::new(name, entries))
            .verify(json!({"provider": "notation", "secretRef": {"name": name}}))
    };
    let text = Content::Text;
    vec![
        situation("notation-without-secret", "a Secret is needed")
            .verify(json!({"provider": "notation"})),
        situation("notation-secret-missing", "the Secret is not there")
            .verify(json!({"provider": "notation", "secretRef": {"name": "nowhere"}})),
        of("notation-without-policy", "a trust policy is needed", vec![("ca.crt", text("x"))]),
        of(
            "notation-policy-garbage",
            "the trust policy is no JSON",
            vec![("trustpolicy.json", text("no JSON")), ("ca.crt", text("x"))],
        ),
        of(
            "notation-without-certificate",
            "a certificate is needed",
            vec![("trustpolicy.json", text(POLICY))],
        ),
        of(
            "notation-certificate-garbage",
            "the certificate is none",
            vec![("trustpolicy.json", text(POLICY)), ("ca.crt", text(CERTIFICATE))],
        )
        .unforetold(NOTATION)
        .with(notation_signature()),
        of(
            "notation-unsigned",
            "nothing is signed",
            vec![("trustpolicy.json", text(POLICY)), ("ca.crt", text(CERTIFICATE))],
        ),
        of(
            "notation-bundle",
            "a Sigstore bundle is no signature to notation",
            vec![("trustpolicy.json", text(POLICY)), ("ca.crt", text(CERTIFICATE))],
        )
        .with(bundle()),
        of(
            "notation-skip",
            "a policy that skips everything",
            vec![("trustpolicy.json", text(SKIP)), ("ca.crt", text(CERTIFICATE))],
        ),
    ]
}
