//! Kyverno: `verifyImages` of a policy, and the newer `ImageValidatingPolicy`.
//!
//! In `verifyImages` a text without `RegExp` is a glob or not, by the kind of signature
//! (`kyverno_keyless`); in `ImageValidatingPolicy` it is compared as it is, because cosign's own identities
//! are used (kyverno 1.19.1 pkg/image/verifiers/ivpol/cosign/opts.go).

use sealwright_yaml::{Node, Place, Value};

use crate::declaration::{
    Consumer, Declaration, Form, Guarded, Identity, Provider, Weakened, Weakening,
};
use crate::object::Object;
use crate::shapes::kyverno_keyless::{self, Keyless};
use crate::shapes::{guarded, kyverno_effect, pattern_or, trust, weakened};

/// Fields of a keyless entry that hold trust of its own.
const TRUST: &[&[&str]] =
    &[&["roots"], &["rekor", "pubkey"], &["ctlog", "pubkey"], &["ctlog", "tsaCertChain"]];
/// The same in an `ImageValidatingPolicy`.
const TRUST_VALIDATING: &[&[&str]] = &[
    &["trustedRoot"],
    &["tuf", "root", "data"],
    &["tuf", "root", "path"],
    &["tuf", "mirror"],
    &["keyless", "roots"],
    &["ctlog", "rekorPubKey"],
    &["ctlog", "ctLogPubKey"],
    &["ctlog", "tsaCertChain"],
];

/// Deepest nesting of attestors in attestors.
const ATTESTORS_DEPTH_MAX: usize = 8;

/// One `verifyImages`, and what stands around it.
struct Check<'a> {
    node: &'a Node,
    object: &'a Object<'a>,
    file: &'a str,
    softer: Vec<Weakened>,
}

/// A `ClusterPolicy` or `Policy`: one declaration for each entry, because all of them are asked for
/// unless a count is given.
pub(crate) fn policy(object: &Object<'_>, file: &str) -> Vec<Declaration> {
    let rules = object.node.at_path(&["spec", "rules"]).map(Node::items).unwrap_or_default();
    let checks = rules.iter().flat_map(|rule| {
        let checks = rule.get("verifyImages").map(Node::items).unwrap_or_default();
        checks.iter().map(move |check| (rule, check))
    });
    let of_check = |(rule, node)| {
        let softer = kyverno_effect::of_policy(object.node, rule, node);
        Check { node, object, file, softer }.declarations()
    };
    checks.flat_map(of_check).collect()
}

impl Check<'_> {
    fn declarations(&self) -> Vec<Declaration> {
        let attestations = self.node.get("attestations").map(Node::items).unwrap_or_default();
        let blocks = std::iter::once(self.node).chain(attestations);
        let entries = blocks.flat_map(|block| entries(block, ATTESTORS_DEPTH_MAX));
        let named = entries.filter_map(|entry| self.attestor(entry));
        // Whoever attests is believed where an attestation names no attestor.
        let unnamed = attestations.iter().filter(|one| {
            one.get("attestors").is_none_or(|attestors| attestors.items().is_empty())
        });
        let unnamed = unnamed.map(|one| self.declaration(one, false, Keyless::default()));
        named.chain(self.of_first_form(attestations.is_empty())).chain(unnamed).collect()
    }

    /// The first form of the API: one key, or one issuer and subject, beside the images. With attestations
    /// they are dropped (kyverno 1.19.1 api/kyverno/v1/image_verification_types.go, `Convert`).
    fn of_first_form(&self, alone: bool) -> Option<Declaration> {
        let is_written = |key: &str| self.node.text_at(&[key]).is_some_and(|text| !text.is_empty());
        let keyed = is_written("key");
        if !alone || !(keyed || is_written("issuer")) {
            return None;
        }
        let keyless = match keyed {
            true => Keyless::default(),
            false => kyverno_keyless::of(self.node, self.node),
        };
        Some(self.declaration(self.node, keyed, keyless))
    }

    fn attestor(&self, entry: &Node) -> Option<Declaration> {
        let keyed = ["keys", "certificates"].iter().find_map(|key| entry.get(key));
        let keyless = entry.get("keyless").map(|keyless| kyverno_keyless::of(keyless, self.node));
        let block = entry.get("keyless").or(keyed)?;
        Some(self.declaration(block, keyed.is_some(), keyless.unwrap_or_default()))
    }

    fn declaration(&self, block: &Node, key: bool, keyless: Keyless) -> Declaration {
        let skips = [["rekor", "ignoreTlog"], ["ctlog", "ignoreSCT"]];
        let skips = skips.iter().filter_map(|path| {
            weakened(block, path, Weakening::Skips, |value| *value == Value::Bool(true))
        });
        let softer = self.softer.iter().cloned();
        Declaration {
            consumer: Consumer::KyvernoClusterPolicy,
            object: self.object.told(),
            file: self.file.to_owned(),
            at: block.at.clone(),
            guards: images(self.node),
            provider: Provider::Cosign,
            key,
            identities: keyless.identities,
            bundle_path: false,
            claims: keyless.claims,
            weakened: softer.chain(skips).chain(trust(block, TRUST)).chain(keyless.other).collect(),
        }
    }
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

/// An `ImageValidatingPolicy`, of the cluster or of a namespace.
pub(crate) fn image_validating_policy(object: &Object<'_>, file: &str) -> Vec<Declaration> {
    let Some(spec) = object.node.get("spec") else { return Vec::new() };
    let guards = match_images(spec);
    let softer = kyverno_effect::of_validating(object.node);
    let attestors = spec.get("attestors").map(Node::items).unwrap_or_default();
    let declarations = attestors.iter().filter_map(|attestor| {
        // Notary's are certificates, which count as a key does.
        let (block, by_key) = match attestor.get("cosign") {
            Some(cosign) => {
                // Beside `keyless` a key or a certificate is never read.
                let keyed = cosign.get("key").or_else(|| cosign.get("certificate"));
                (cosign, cosign.get("keyless").is_none() && keyed.is_some())
            }
            None => (attestor.get("notary")?, true),
        };
        let declaration = validating(block, object, file, &guards, &softer);
        Some(Declaration { key: by_key, ..declaration })
    });
    declarations.collect()
}

fn match_images(spec: &Node) -> Vec<Guarded> {
    let rules = ["matchImageReferences", "imageRules"].iter().find_map(|key| spec.get(key));
    let rules = rules.map(Node::items).unwrap_or_default();
    let named = rules.iter().filter_map(|rule| {
        let computed =
            || Some(Guarded { whole: false, ..rule.get("expression").and_then(Guarded::of)? });
        rule.get("glob").and_then(Guarded::of).or_else(computed)
    });
    named.collect()
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
        key: false,
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
    policies: Vec<Excepted>,
}

/// How a policy is named, which knows no wildcards (kyverno 1.19.1 api/kyverno/v2/policy_exception_types.go,
/// pkg/cel/policies/ivpol/engine/provider.go).
#[derive(Debug, Clone, PartialEq, Eq)]
enum Excepted {
    /// Some rules of a `ClusterPolicy` by its name, or of a `Policy` as `namespace/name`.
    Rules(String),
    /// All of a policy by kind and name, in whatever namespace.
    Whole { kind: String, name: String },
}

/// A `PolicyException`: of rules in `kyverno.io`, of whole policies in `policies.kyverno.io`.
pub(crate) fn exception(object: &Object<'_>) -> Exception {
    let items = |list: &str| object.node.at_path(&["spec", list]).map(Node::items);
    let text = |item: &Node, key: &str| item.get(key)?.text().map(ToOwned::to_owned);
    let rules = items("exceptions").unwrap_or_default().iter();
    let rules = rules.filter_map(|item| text(item, "policyName").map(Excepted::Rules));
    let whole = items("policyRefs").unwrap_or_default().iter().filter_map(|item| {
        Some(Excepted::Whole { kind: text(item, "kind")?, name: text(item, "name")? })
    });
    Exception { object: object.told(), at: object.at(), policies: rules.chain(whole).collect() }
}

impl Exception {
    /// Whether it is about a policy, `ClusterPolicy images` or `Policy apps/images`.
    pub(crate) fn is_of(&self, policy: &str) -> bool {
        let Some((of_kind, path)) = policy.split_once(' ') else { return false };
        let of_name = path.rsplit('/').next().unwrap_or(path);
        self.policies.iter().any(|one| match one {
            Excepted::Rules(named) => match (of_kind, path.contains('/')) {
                // Its namespace is set elsewhere.
                ("Policy", false) => named.rsplit('/').next() == Some(of_name),
                ("Policy" | "ClusterPolicy", _) => named == path,
                _ => false,
            },
            // Policies of the other API are excepted by the other exceptions alone.
            Excepted::Whole { kind, name } => {
                kind == of_kind && name == of_name && kind.ends_with("ImageValidatingPolicy")
            }
        })
    }
}
