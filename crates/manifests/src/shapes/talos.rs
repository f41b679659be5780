//! Talos' `ImageVerificationConfig`: rules in order, the first that matches decides; an image that
//! none matches is not verified.

use sealwright_yaml::{Node, Value};

use crate::declaration::{Consumer, Declaration, Form, Guarded, Identity, Provider, Weakening};
use crate::object::Object;
use crate::shapes::{pattern_or, weakened};

/// Kind of the document; its `apiVersion` is `v1alpha1`, without a group.
pub(crate) const KIND: &str = "ImageVerificationConfig";

/// One declaration for each rule that has a verifier.
pub(crate) fn config(object: &Object<'_>, file: &str) -> Vec<Declaration> {
    let rules = object.node.get("rules").map(Node::items).unwrap_or_default();
    rules.iter().filter_map(|one| rule(one, file)).collect()
}

fn rule(rule: &Node, file: &str) -> Option<Declaration> {
    let keyless = rule.get("keyless");
    let block = keyless.or_else(|| rule.get("publicKey"))?;
    let identity = keyless.map(|keyless| Identity {
        issuer: pattern_or(keyless, "", "issuer", Form::Exact),
        subject: pattern_or(keyless, "subjectRegex", "subject", Form::Exact),
        at: keyless.at.clone(),
    });
    let off = |value: &Value| *value == Value::Bool(false);
    Some(Declaration {
        consumer: Consumer::Talos,
        object: KIND.to_owned(),
        file: file.to_owned(),
        at: block.at.clone(),
        guards: rule.get("image").and_then(Guarded::of).into_iter().collect(),
        provider: Provider::Cosign,
        key: keyless.is_none(),
        identities: identity.into_iter().collect(),
        bundle_path: false,
        claims: Vec::new(),
        weakened: weakened(rule, &["verify"], Weakening::Skips, off).into_iter().collect(),
    })
}
