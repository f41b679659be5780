//! `spec.verify` with the provider notation, as far as its Secret and the list of referrers decide.

use serde_json::Value;

use crate::inquiry::{Inquiry, Step, Stop};
use crate::seen::{ACCEPT_INDEX, Ask};
use crate::source::SecretName;
use crate::verify::{Ruling, Target};

const TRUST_POLICY: &str = "trustpolicy.json";
/// Artifact type of Notation's signatures.
const SIGNATURE: &str = "application/vnd.cncf.notary.signature";

/// The trust policy, where the Secret holds all that is needed.
pub(crate) fn policy(
    inquiry: &Inquiry<'_>,
    namespace: &str,
    secret: Option<&SecretName>,
    reference: &str,
) -> Step<Value> {
    let Some(secret) = secret else {
        return Ok(Err(format!("verification secret cannot be empty: '{reference}'")));
    };
    let place = format!("{namespace}/{}", secret.name);
    let entries = match inquiry.secret(namespace, &secret.name)? {
        Ok(entries) => entries,
        Err(words) => return Ok(Err(words)),
    };
    let Some(policy) = entries.get(TRUST_POLICY) else {
        return Ok(Err(format!("'{TRUST_POLICY}' not found in secret '{place}'")));
    };
    let Ok(policy) = serde_json::from_slice::<Value>(policy) else {
        let words = json_words(policy).ok_or_else(|| {
            Stop::Undecided(format!(
                "the trust policy is no JSON: the controller refuses it with `error occurred while parsing {TRUST_POLICY}: …`"
            ))
        })?;
        return Ok(Err(format!("error occurred while parsing {TRUST_POLICY}: {words}")));
    };
    if !entries.keys().any(|name| name.ends_with(".crt") || name.ends_with(".pem")) {
        return Ok(Err(format!("no certificates found in secret '{place}'")));
    }
    Ok(Ok(policy))
}

/// What can be told: a policy that skips everything, and that nothing is signed.
pub(crate) fn verify(
    inquiry: &mut Inquiry<'_>,
    policy: &Value,
    target: &Target<'_>,
) -> Result<Vec<Ruling>, Stop> {
    let not_foretold =
        || Stop::Undecided("what Notation says of the signatures is not foretold".to_owned());
    if skips_all(policy) {
        return Ok(vec![Ruling::Ignored]);
    }
    let ask = Ask::Referrers(target.digest.to_owned());
    let response = inquiry.ask(target.repository.request(ask))?;
    if response.url.starts_with("http://") && !target.repository.insecure {
        return Err(not_foretold());
    }
    if response.status != 200 || response.content_type.as_deref() != Some(ACCEPT_INDEX) {
        return Err(not_foretold());
    }
    let index: Value = serde_json::from_slice(&response.body).map_err(|_| not_foretold())?;
    let referrers = index.get("manifests").and_then(Value::as_array).ok_or_else(not_foretold)?;
    if referrers.iter().any(|one| one["artifactType"] == SIGNATURE) {
        return Err(not_foretold());
    }
    // Notation resolves the reference itself, so it is the digest for every version.
    let reference = format!("{}@{}", target.repository.name(), target.digest);
    Ok(vec![Ruling::fails(format!(
        "no signature is associated with \"{reference}\", make sure the artifact was signed successfully"
    ))])
}

/// Whether the one policy is for every registry and asks for nothing.
fn skips_all(policy: &Value) -> bool {
    let policies = policy.get("trustPolicies").and_then(Value::as_array);
    let Some([only]) = policies.map(Vec::as_slice) else { return false };
    let scopes = only.get("registryScopes").and_then(Value::as_array);
    scopes.is_some_and(|scopes| scopes.iter().any(|scope| scope == "*"))
        && only.pointer("/signatureVerification/level").and_then(Value::as_str) == Some("skip")
}

/// Go's complaint about the first word of what is no JSON.
fn json_words(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim_start();
    let first = text.chars().next();
    let Some(first) = first else { return Some("unexpected end of JSON input".to_owned()) };
    let Some(literal) = ["null", "true", "false"].into_iter().find(|it| it.starts_with(first))
    else {
        let starts_value = first.is_ascii_digit() || "\"-{[".contains(first);
        return (!starts_value)
            .then(|| format!("invalid character '{first}' looking for beginning of value"));
    };
    let (found, expected) = text.chars().zip(literal.chars()).find(|(a, b)| a != b)?;
    Some(format!("invalid character '{found}' in literal {literal} (expecting '{expected}')"))
}

#[cfg(test)]
mod tests {
    use super::json_words;

    #[test]
    fn what_is_no_json_is_refused_in_go_s_words() {
        for (text, words, why) in [
            (
                "no JSON",
                Some("invalid character 'o' in literal null (expecting 'u')"),
                "nearly null",
            ),
            ("policy", Some("invalid character 'p' looking for beginning of value"), "a word"),
            ("", Some("unexpected end of JSON input"), "nothing"),
            ("{\"a\"", None, "broken further in, which is not foretold"),
        ] {
            assert_eq!(json_words(text.as_bytes()).as_deref(), words, "{why}");
        }
    }
}
