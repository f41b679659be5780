//! Kyverno: `verifyImages` of a policy, and the newer `ImageValidatingPolicy`.
//!
//! In `verifyImages` a text without `RegExp` is a glob (kyverno pkg/cosign, `wildcard.Match`); in
//! `ImageValidatingPolicy` it is compared as it is, because cosign's own identities are used
//! (pkg/imageverification/imageverifiers/cosign/opts.go).

use sealwright_yaml::{Node, Place, Value};

use crate::declaration::{
    Consumer, Declaration, Form, Guarded, Identity, Provider, Weakened, Weakening,
};
use crate::object::Object;
use crate::shapes::{guarded, kyverno_effect, pattern_or, trust, weakened};

/// Fields of a keyless entry that hold trust of its own.
const TRUST: &[&[&str]] =
    &[&["roots"], &["rekor", "pubkey"], &["ctlog", "pubkey"], &["ctlog", "tsaCertChain"]];
/// The same in an `ImageValidatingPolicy`.
const TRUST_VALIDATING: &[&[&str]] = &[
    &["trustedRoot"],
    &["tuf", "root", "data"],
    &["tuf", "mirror"],
    &["keyless", "roots"],
    &["ctlog", "rekorPubKey"],
    &["ctlog", "ctLogPubKey"],
    &["ctlog", "tsaCertChain"],
];

/// Deepest nesting of attestors in attestors.
const ATTESTORS_DEPTH_MAX: usize = 8;

/// A `ClusterPolicy` or `Policy`: one declaration for each entry, because all of them are asked for
/// unless a count is given.
pub(crate) fn policy(object: &Object<'_>, file: &str) -> Vec<Declaration> {
    let rules = object.node.at_path(&["spec", "rules"]).map(Node::items).unwrap_or_default();
    let mut found = Vec::new();
    for rule in rules {
        let checks = rule.get("verifyImages").map(Node::items).unwrap_or_default();
        for check in checks {
            let guards = images(check);
            let softer = kyverno_effect::of_policy(object.node, rule, check);
            let blocks = std::iter::once(check)
                .chain(check.get("attestations").map(Node::items).unwrap_or_default());
            for entry in blocks.flat_map(|block| entries(block, ATTESTORS_DEPTH_MAX)) {
                found.extend(keyless_entry(entry, object, file, &guards, &softer));
            }
        }
    }
    found
}

fn images(check: &Node) -> Vec<Guarded> {
    let mut images = guarded(check.get("imageReferences"));
    // The first form of the API had one pattern.
    images.extend(check.get("image").and_then(Guarded::of));
    images
}

fn entries(block: &Node, depth: usize) -> Vec<&Node> {
    let attestors = block.get("attestors").map(Node::items).unwrap_or_default();
    attestors.iter().flat_map(|attestor| entries_of(attestor, depth)).collect()
}

/// An entry can be an attestor with entries of its own.
fn entries_of(attestor: &Node, depth: usize) -> Vec<&Node> {
    let own = attestor.get("entries").map(Node::items).unwrap_or_default();
    let flat = own.iter().flat_map(|entry| match entry.get("attestor") {
        Some(nested) if depth > 0 => entries_of(nested, depth - 1),
        _ => vec![entry],
    });
    flat.collect()
}

fn keyless_entry(
    entry: &Node,
    object: &Object<'_>,
    file: &str,
    guards: &[Guarded],
    softer: &[Weakened],
) -> Option<Declaration> {
    let keyed = ["keys", "certificates"].iter().find_map(|key| entry.get(key));
    let block = entry.get("keyless").or(keyed)?;
    let identity = entry.get("keyless").map(|keyless| Identity {
        issuer: pattern_or(keyless, "issuerRegExp", "issuer", Form::Glob),
        subject: pattern_or(keyless, "subjectRegExp", "subject", Form::Glob),
        at: keyless.at.clone(),
    });
    let skips = [["rekor", "ignoreTlog"], ["ctlog", "ignoreSCT"]];
    let skips = skips.iter().filter_map(|path| {
        weakened(block, path, Weakening::Skips, |value| *value == Value::Bool(true))
    });
    Some(Declaration {
        consumer: Consumer::KyvernoClusterPolicy,
        object: object.told(),
        file: file.to_owned(),
        at: block.at.clone(),
        guards: guards.to_vec(),
        provider: Provider::Cosign,
        key: keyed.is_some(),
        identities: identity.into_iter().collect(),
        bundle_path: false,
        claims: Vec::new(),
        weakened: softer.iter().cloned().chain(skips).chain(trust(block, TRUST)).collect(),
    })
}

/// An `ImageValidatingPolicy`, of the cluster or of a namespace.
pub(crate) fn image_validating_policy(object: &Object<'_>, file: &str) -> Vec<Declaration> {
    let Some(spec) = object.node.get("spec") else { return Vec::new() };
    let guards = match_images(spec);
    let softer = kyverno_effect::of_validating(object.node);
    let attestors = spec.get("attestors").map(Node::items).unwrap_or_default();
    let declarations = attestors.iter().filter_map(|attestor| {
        let cosign = attestor.get("cosign")?;
        Some(validating(cosign, object, file, &guards, &softer))
    });
    declarations.collect()
}

fn match_images(spec: &Node) -> Vec<Guarded> {
    let rules = ["matchImageReferences", "imageRules"].iter().find_map(|key| spec.get(key));
    let rules = rules.map(Node::items).unwrap_or_default();
    rules.iter().filter_map(|rule| rule.get("glob").and_then(Guarded::of)).collect()
}

fn validating(
    cosign: &Node,
    object: &Object<'_>,
    file: &str,
    guards: &[Guarded],
    softer: &[Weakened],
) -> Declaration {
    let identities = cosign.at_path(&["keyless", "identities"]).map(Node::items);
    let identity = |entry: &Node| Identity {
        issuer: pattern_or(entry, "issuerRegExp", "issuer", Form::Exact),
        subject: pattern_or(entry, "subjectRegExp", "subject", Form::Exact),
        at: entry.at.clone(),
    };
    let skips = [["ctlog", "insecureIgnoreTlog"], ["ctlog", "insecureIgnoreSCT"]];
    let skips = skips.iter().filter_map(|path| {
        weakened(cosign, path, Weakening::Skips, |value| *value == Value::Bool(true))
    });
    Declaration {
        consumer: Consumer::KyvernoImageValidatingPolicy,
        object: object.told(),
        file: file.to_owned(),
        at: cosign.at.clone(),
        guards: guards.to_vec(),
        provider: Provider::Cosign,
        key: cosign.get("key").is_some() || cosign.get("certificate").is_some(),
        identities: identities.unwrap_or_default().iter().map(identity).collect(),
        bundle_path: true,
        claims: Vec::new(),
        weakened: softer
            .iter()
            .cloned()
            .chain(skips)
            .chain(trust(cosign, TRUST_VALIDATING))
            .collect(),
    }
}

/// Policies that an object of its own takes something out of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    /// `PolicyException kyverno/dev`.
    pub(crate) object: String,
    pub(crate) at: Place,
    /// Names of policies.
    pub(crate) policies: Vec<String>,
}

/// A `PolicyException`: of rules in `kyverno.io`, of whole policies in `policies.kyverno.io`.
pub(crate) fn exception(object: &Object<'_>) -> Exception {
    let names = |list: &str, key: &str| -> Vec<String> {
        let items = object.node.at_path(&["spec", list]).map(Node::items).unwrap_or_default();
        let names = items.iter().filter_map(|item| item.get(key)?.text());
        // A namespaced policy is named `namespace/name`.
        names.map(|name| name.rsplit('/').next().unwrap_or(name).to_owned()).collect()
    };
    let policies = [names("exceptions", "policyName"), names("policyRefs", "name")].concat();
    Exception { object: object.told(), at: object.at(), policies }
}
