//! The Kubernetes objects of a situation.

use serde_json::{Map, Value, json};

use super::arrange::Arranged;
use super::mint::Mint;
use super::situation::{Secret, Situation, Source};
use crate::failure::Outcome;
use crate::planes::Controller;
use crate::program::free_port;

pub(super) const NAMESPACE: &str = "oracle";
const SOURCE_API: &str = "source.toolkit.fluxcd.io/v1";

/// What stands for the places in a situation's strings.
pub(super) struct Places(Vec<(&'static str, String)>);

impl Places {
    pub(super) fn of(
        situation: &Situation,
        host: &str,
        arranged: &Arranged,
        mint: &Mint,
    ) -> Outcome<Places> {
        let closed = format!("127.0.0.1:{}", free_port()?);
        Ok(Places(vec![
            ("{host}", host.to_owned()),
            ("{repository}", situation.repository()),
            ("{name}", situation.name.clone()),
            ("{digest}", arranged.digest.clone()),
            ("{issuer}", mint.issuer.clone()),
            ("{closed}", closed),
        ]))
    }

    pub(super) fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let filled = self
                    .0
                    .iter()
                    .fold(text.clone(), |text, (place, with)| text.replace(place, with));
                Value::String(filled)
            }
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(fields) => Value::Object(
                fields.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect(),
            ),
            other => other.clone(),
        }
    }
}

/// The objects that are watched, one for each copy, and those that they need.
pub(super) fn of(situation: &Situation, places: &Places) -> (Vec<Value>, Vec<Value>) {
    let (kind, spec, needed) = match &situation.source {
        Source::OciRepository(spec) => ("OCIRepository", spec, vec![]),
        Source::HelmChart { chart, repository } => {
            let repository = object("HelmRepository", &situation.name, repository, places);
            ("HelmChart", chart, vec![repository])
        }
        Source::HelmRepository(spec) => ("HelmRepository", spec, vec![]),
        Source::HelmRelease { through: (kind, spec), repository, .. } => {
            let named = (*kind == "HelmChart")
                .then(|| object("HelmRepository", &situation.name, repository, places));
            (*kind, spec, named.into_iter().collect())
        }
    };
    let watched = (1..=situation.copies).map(|copy| {
        let name = match copy {
            1 => situation.name.clone(),
            copy => format!("{}-{copy}", situation.name),
        };
        object(kind, &name, spec, places)
    });
    (watched.collect(), needed)
}

/// The HelmRelease of a situation, which nobody reconciles and the predictor is asked about.
pub(super) fn release(situation: &Situation, places: &Places) -> Option<Value> {
    let Source::HelmRelease { release, .. } = &situation.source else { return None };
    let mut object = object("HelmRelease", &situation.name, release, places);
    object["apiVersion"] = "helm.toolkit.fluxcd.io/v2".into();
    Some(object)
}

fn object(kind: &str, name: &str, spec: &Map<String, Value>, places: &Places) -> Value {
    json!({
        "apiVersion": SOURCE_API, "kind": kind,
        // The controller would add its finalizer first and come back only after the delay for retries.
        "metadata": {"namespace": NAMESPACE, "name": name, "finalizers": ["finalizers.fluxcd.io"]},
        "spec": places.fill(&Value::Object(spec.clone())),
    })
}

/// The object without what this controller's definition does not have: its API server would refuse it.
pub(super) fn known_to(controller: Controller, object: &Value) -> Value {
    let mut object = object.clone();
    let verify = object.pointer_mut("/spec/verify").and_then(Value::as_object_mut);
    if let (Controller::Source18, Some(verify)) = (controller, verify) {
        verify.remove("trustedRootSecretRef");
    }
    object
}

/// What the API server took, with what an older definition dropped put back: the predictor is asked
/// about what people write.
pub(super) fn as_written(applied: &Value, object: &Value) -> Value {
    let mut asked = applied.clone();
    let dropped = object.pointer("/spec/verify/trustedRootSecretRef");
    if let (Some(verify), Some(dropped)) = (asked.pointer_mut("/spec/verify"), dropped) {
        verify["trustedRootSecretRef"] = dropped.clone();
    }
    asked
}

/// A Secret with its contents.
pub(super) fn secret(secret: &Secret, mint: &Mint) -> Value {
    let entries = secret
        .entries
        .iter()
        .map(|(key, content)| ((*key).to_owned(), Value::String(mint.content(content))));
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": secret.kind,
        "metadata": {"namespace": NAMESPACE, "name": secret.name},
        "stringData": Value::Object(entries.collect()),
    })
}

/// JSON merge patch (RFC 7396).
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(fields) = target.as_object_mut() else { return };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_definition_drops_is_not_sent_and_still_asked_about() {
        let secret = json!({"name": "root"});
        let verify = json!({"provider": "cosign", "trustedRootSecretRef": secret});
        let object = json!({"spec": {"verify": verify}});
        let sent = known_to(Controller::Source18, &object);
        assert_eq!(sent["spec"]["verify"], json!({"provider": "cosign"}));
        assert_eq!(known_to(Controller::Source19, &object), object, "the newer one has it");
        assert_eq!(as_written(&sent, &object), object);
        let bare = json!({"spec": {"verify": {"provider": "cosign"}}});
        assert_eq!(as_written(&bare, &bare), bare, "nothing is added that was not written");
    }

    #[test]
    fn a_merge_patch_sets_and_takes_away() {
        for (target, patch, expected, reason) in [
            (json!({"a": 1}), json!({"b": 2}), json!({"a": 1, "b": 2}), "a field more"),
            (json!({"a": 1}), json!({"a": null}), json!({}), "null takes away"),
            (
                json!({"a": {"b": 1, "c": 2}}),
                json!({"a": {"b": 3}}),
                json!({"a": {"b": 3, "c": 2}}),
                "inside",
            ),
            (json!({"a": [1]}), json!({"a": [2, 3]}), json!({"a": [2, 3]}), "lists are replaced"),
        ] {
            let mut target = target;
            merge(&mut target, &patch);
            assert_eq!(target, expected, "{reason}");
        }
    }
}
