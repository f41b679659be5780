//! What a Kyverno policy does about an image that fails, whom it excepts, and whose trust it uses: the
//! fields around its attestors, with the defaults of its API (kyverno 1.19.1 api/kyverno/v1/spec_types.go,
//! image_verification_types.go; kyverno/api api/policies.kyverno.io/v1alpha1/imagevalidating_policy.go).

use sealwright_yaml::{Node, Value};

use crate::declaration::{Weakened, Weakening};
use crate::shapes::{is_word, narrowed, weakened};

/// Words of the actions that let in what fails.
const WARNS: &[&str] = &["audit", "warn"];

/// What stands around the attestors of one `verifyImages`.
pub(super) fn of_policy(root: &Node, rule: &Node, check: &Node) -> Vec<Weakened> {
    let ignores = |value: &Value| is_word(value, &["ignore"]);
    let inner = ["spec", "webhookConfiguration", "failurePolicy"];
    // The field of the webhook decides where both are written.
    let failure = match root.at_path(&inner) {
        Some(_) => weakened(root, &inner, Weakening::Skips, ignores),
        None => weakened(root, &["spec", "failurePolicy"], Weakening::Skips, ignores),
    };
    let found = [
        action(root, check),
        failure,
        weakened(root, &["spec", "admission"], Weakening::Off, is_false),
        weakened(check, &["required"], Weakening::Skips, is_false),
        any_tag(check, ""),
        legacy_only(check),
        excepted(rule, &["exclude"]),
        narrowed(rule, &["preconditions"]),
        narrowed(rule, &["celPreconditions"]),
        narrowed(root, &["spec", "webhookConfiguration", "matchConditions"]),
        excepted(check, &["skipImageReferences"]),
    ];
    let overrides = ["validationFailureActionOverrides"].map(|key| root.at_path(&["spec", key]));
    let overrides = overrides.into_iter().flatten().flat_map(Node::items);
    let elsewhere = overrides.filter_map(|one| {
        let how = Weakening::Excepts;
        weakened(one, &["action"], how, |value| is_word(value, WARNS))
    });
    found.into_iter().flatten().chain(elsewhere).collect()
}

/// Without another type it looks for the tags `.sig` and `.att`, whatever refers to the image.
fn legacy_only(check: &Node) -> Option<Weakened> {
    let kind = check.text_at(&["type"]).unwrap_or("Cosign");
    let referrers = check.get("cosignOCI11").is_some_and(|found| found.value == Value::Bool(true));
    (kind == "Cosign" && !referrers).then(|| Weakened {
        how: Weakening::LegacyOnly,
        field: "type: SigstoreBundle".to_owned(),
        at: check.at.clone(),
    })
}

/// The rule's own action decides, then the policy's, and without either the API's default, which is to
/// audit.
fn action(root: &Node, check: &Node) -> Option<Weakened> {
    let audits = |value: &Value| is_word(value, WARNS);
    let policy = ["spec", "validationFailureAction"];
    match (check.get("failureAction"), root.at_path(&policy)) {
        (Some(_), _) => weakened(check, &["failureAction"], Weakening::Warns, audits),
        (None, Some(_)) => weakened(root, &policy, Weakening::Warns, audits),
        (None, None) => Some(Weakened {
            how: Weakening::WarnsByDefault,
            field: "failureAction".to_owned(),
            at: check.at.clone(),
        }),
    }
}

/// With neither, what was verified and what runs may be two things: a tag moves.
fn any_tag(node: &Node, before: &str) -> Option<Weakened> {
    let off = |key| node.get(key).is_some_and(|found| is_false(&found.value));
    (off("mutateDigest") && off("verifyDigest")).then(|| Weakened {
        how: Weakening::Skips,
        field: format!("{before}mutateDigest: false, {before}verifyDigest: false"),
        at: node.at.clone(),
    })
}

fn excepted(node: &Node, path: &[&str]) -> Option<Weakened> {
    let found = node.at_path(path).filter(|found| !found.is_null())?;
    Some(Weakened { how: Weakening::Excepts, field: path.join("."), at: found.at.clone() })
}

/// What stands around the attestors of an `ImageValidatingPolicy`.
pub(super) fn of_validating(root: &Node) -> Vec<Weakened> {
    let actions = root.at_path(&["spec", "validationActions"]).map(Node::items).unwrap_or_default();
    let denies = actions.iter().any(|action| is_word(&action.value, &["deny"]));
    let warns = actions.iter().find(|action| is_word(&action.value, WARNS)).filter(|_| !denies);
    let warns = warns.map(|action| Weakened {
        how: Weakening::Warns,
        field: format!("spec.validationActions: {}", action.text().unwrap_or_default()),
        at: action.at.clone(),
    });
    let ignores = |value: &Value| is_word(value, &["ignore"]);
    let off = ["spec", "evaluation", "admission", "enabled"];
    let required = ["spec", "validationConfigurations", "required"];
    let configured = root.at_path(&["spec", "validationConfigurations"]);
    let found = [
        warns,
        weakened(root, &["spec", "failurePolicy"], Weakening::Skips, ignores),
        weakened(root, &off, Weakening::Off, is_false),
        weakened(root, &required, Weakening::Skips, is_false),
        configured.and_then(|node| any_tag(node, "validationConfigurations.")),
        excepted(root, &["spec", "matchConstraints", "excludeResourceRules"]),
        narrowed(root, &["spec", "matchConstraints", "namespaceSelector"]),
        narrowed(root, &["spec", "matchConstraints", "objectSelector"]),
        narrowed(root, &["spec", "matchConditions"]),
    ];
    found.into_iter().flatten().collect()
}

fn is_false(value: &Value) -> bool {
    *value == Value::Bool(false)
}
