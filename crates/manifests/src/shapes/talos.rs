//! Talos' `ImageVerificationConfig`: rules in order, the first that matches decides; an image that
//! none matches is not verified. Their globs are matched without tag and digest, and a `*` takes
//! slashes too (Talos 1.13, configuration reference).

use sealwright_pattern::{Containment, GoRegex, Language};
use sealwright_yaml::{Node, Value};

use crate::declaration::{
    Consumer, Declaration, Form, Guarded, Identity, Provider, Weakened, Weakening,
};
use crate::object::Object;
use crate::patterns::as_regex;
use crate::shapes::{pattern_or, weakened};

/// Kind of the document; its `apiVersion` is `v1alpha1`, without a group.
pub(crate) const KIND: &str = "ImageVerificationConfig";

/// Rules that are compared with those before them; nobody writes more.
const RULES_MAX: usize = 200;

/// One declaration for each rule that verifies, or that says that nothing is verified.
pub(crate) fn config(object: &Object<'_>, file: &str) -> Vec<Declaration> {
    let rules = object.node.get("rules").map(Node::items).unwrap_or_default();
    let declared = rules.iter().enumerate().filter_map(|(number, one)| {
        let mut declaration = rule(one, file)?;
        declaration.weakened.extend(unreached(one, &rules[..number.min(RULES_MAX)]));
        Some(declaration)
    });
    declared.collect()
}

fn rule(rule: &Node, file: &str) -> Option<Declaration> {
    let keyless = rule.get("keyless");
    let block = keyless.or_else(|| rule.get("publicKey"));
    let identity = keyless.map(|keyless| Identity {
        issuer: pattern_or(keyless, "", "issuer", Form::Exact),
        subject: pattern_or(keyless, "subjectRegex", "subject", Form::Exact),
        at: keyless.at.clone(),
    });
    let is = |wanted| move |value: &Value| *value == Value::Bool(wanted);
    let off = weakened(rule, &["verify"], Weakening::Skips, is(false));
    let off = off.or_else(|| weakened(rule, &["skip"], Weakening::Skips, is(true)));
    // What is denied is not pulled at all.
    let at = block.map(|block| block.at.clone()).or_else(|| Some(off.as_ref()?.at.clone()))?;
    Some(Declaration {
        consumer: Consumer::Talos,
        object: KIND.to_owned(),
        file: file.to_owned(),
        at,
        guards: rule.get("image").and_then(Guarded::of).into_iter().collect(),
        provider: Provider::Cosign,
        key: keyless.is_none() && block.is_some(),
        identities: identity.into_iter().collect(),
        bundle_path: false,
        claims: Vec::new(),
        weakened: off.into_iter().collect(),
    })
}

/// The rule before this one that takes all of its images.
fn unreached(rule: &Node, before: &[Node]) -> Option<Weakened> {
    let own = images(rule)?;
    let wider = before.iter().find(|one| {
        let covers = |wider: Language| own.contained_in(&wider) == Containment::Contained;
        images(one).is_some_and(covers)
    })?;
    let skipped = wider.get("skip").is_some_and(|skip| skip.value == Value::Bool(true))
        || wider.get("verify").is_some_and(|verify| verify.value == Value::Bool(false));
    let glob = wider.text_at(&["image"]).unwrap_or_default();
    Some(Weakened {
        how: Weakening::Unreached { skipped },
        field: format!("`{glob}` in line {}", wider.at.line),
        at: rule.get("image").unwrap_or(rule).at.clone(),
    })
}

fn images(rule: &Node) -> Option<Language> {
    let glob = rule.text_at(&["image"])?;
    GoRegex::parse(&as_regex(glob, Form::Glob)).ok().map(|regex| Language::search(&regex))
}
