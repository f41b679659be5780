//! `spec.verify` with the provider notation, as far as its Secret alone decides.

use serde_json::Value;

use crate::inquiry::{Inquiry, Stop};
use crate::source::SecretName;
use crate::verify::Ruling;

const TRUST_POLICY: &str = "trustpolicy.json";

/// What can be told: everything before a signature is looked at.
pub(crate) fn verify(
    inquiry: &mut Inquiry<'_>,
    namespace: &str,
    secret: Option<&SecretName>,
    reference: &str,
) -> Result<Vec<Ruling>, Stop> {
    let fails = |words: String| Ok(vec![Ruling::fails(words)]);
    let Some(secret) = secret else {
        return fails(format!("verification secret cannot be empty: '{reference}'"));
    };
    let place = format!("{namespace}/{}", secret.name);
    let entries = match inquiry.secret(namespace, &secret.name)? {
        Ok(entries) => entries,
        Err(words) => return fails(words),
    };
    let Some(policy) = entries.get(TRUST_POLICY) else {
        return fails(format!("'{TRUST_POLICY}' not found in secret '{place}'"));
    };
    if serde_json::from_slice::<Value>(policy).is_err() {
        return Err(Stop::Undecided(format!(
            "the trust policy is no JSON: the controller refuses it with `error occurred while parsing {TRUST_POLICY}: …`"
        )));
    }
    if !entries.keys().any(|name| name.ends_with(".crt") || name.ends_with(".pem")) {
        return fails(format!("no certificates found in secret '{place}'"));
    }
    Err(Stop::Undecided("what Notation says of the signatures is not foretold".to_owned()))
}
