//! A webhook: whom the API server asks about what, and what it does without an answer.

use serde_json::Value;

use super::{Engine, list, text};
use crate::kubernetes::{Kind, Object};

/// One webhook of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Webhook {
    pub(super) engine: Engine,
    /// `ValidatingWebhookConfiguration policy.sigstore.dev`.
    pub(super) configuration: String,
    /// As the configuration calls it.
    pub(super) name: String,
    /// Whether it may only refuse; others may change what they are asked about.
    pub(super) validates: bool,
    pub(super) asks_about_pods: bool,
    /// Whether what it does not answer about is let in.
    pub(super) ignores_failure: bool,
    pub(super) has_authority: bool,
    /// Namespace and name; `None` where it is outside of the cluster.
    pub(super) service: Option<(String, String)>,
    pub(super) namespaces: Value,
    pub(super) objects: Value,
}

impl Webhook {
    /// The webhooks of a configuration that belong to somebody who verifies images.
    pub(super) fn all_of(kind: Kind, configuration: &Object) -> Vec<Webhook> {
        let title = format!("{kind} {}", text(configuration, "/metadata/name"));
        let validates = kind == Kind::ValidatingWebhookConfiguration;
        let webhooks = list(configuration, "/webhooks").iter();
        webhooks.filter_map(|webhook| Self::read(webhook, &title, validates)).collect()
    }

    fn read(webhook: &Value, configuration: &str, validates: bool) -> Option<Webhook> {
        let name = text(webhook, "/name");
        let service = webhook.pointer("/clientConfig/service").filter(|value| !value.is_null());
        Some(Webhook {
            engine: Engine::of(&name)?,
            configuration: configuration.to_owned(),
            validates,
            asks_about_pods: list(webhook, "/rules").iter().any(is_about_pods),
            // `Fail` is what is meant where nothing is said (admissionregistration.k8s.io/v1).
            ignores_failure: text(webhook, "/failurePolicy") == "Ignore",
            has_authority: !text(webhook, "/clientConfig/caBundle").is_empty(),
            service: service.map(|service| (text(service, "/namespace"), text(service, "/name"))),
            namespaces: webhook.get("namespaceSelector").cloned().unwrap_or_default(),
            objects: webhook.get("objectSelector").cloned().unwrap_or_default(),
            name,
        })
    }
}

impl Engine {
    /// Whose webhook this is: both make them under names of their own.
    fn of(webhook: &str) -> Option<Engine> {
        match webhook {
            name if name.contains(".kyverno.svc") => Some(Engine::Kyverno),
            name if name.ends_with("policy.sigstore.dev") => Some(Engine::PolicyController),
            _ => None,
        }
    }

    /// As people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Engine::Kyverno => "Kyverno",
            Engine::PolicyController => "policy-controller",
        }
    }
}

/// Whether a rule is about new pods.
fn is_about_pods(rule: &Value) -> bool {
    let has =
        |path: &str, wanted: &str| list(rule, path).iter().any(|one| *one == wanted || *one == "*");
    let pods =
        has("/resources", "pods") || list(rule, "/resources").iter().any(|one| *one == "*/*");
    pods && has("/apiGroups", "") && has("/operations", "CREATE")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_webhook_is_told_by_its_name_and_its_rules() {
        let pods = json!({"apiGroups": [""], "resources": ["pods", "pods/ephemeralcontainers"], "operations": ["CREATE"]});
        for (name, rule, expected, why) in [
            ("validate.kyverno.svc-fail", &pods, Some(true), "Kyverno's, about pods"),
            ("mutate.kyverno.svc-ignore", &pods, Some(true), "the other one"),
            ("policy.sigstore.dev", &pods, Some(true), "policy-controller's"),
            ("gatekeeper.sh", &pods, None, "somebody else's"),
            (
                "validate.kyverno.svc-fail",
                &json!({"apiGroups": ["*"], "resources": ["*/*"], "operations": ["*"]}),
                Some(true),
                "about everything",
            ),
            (
                "validate-policy.kyverno.svc",
                &json!({"apiGroups": ["kyverno.io"], "resources": ["clusterpolicies"], "operations": ["CREATE"]}),
                Some(false),
                "about policies",
            ),
            (
                "validate.kyverno.svc-fail",
                &json!({"apiGroups": [""], "resources": ["pods"], "operations": ["DELETE"]}),
                Some(false),
                "not about new ones",
            ),
        ] {
            let object =
                json!({"metadata": {"name": "w"}, "webhooks": [{"name": name, "rules": [rule]}]});
            let found = Webhook::all_of(Kind::ValidatingWebhookConfiguration, &object);
            assert_eq!(found.first().map(|one| one.asks_about_pods), expected, "{why}");
        }
    }
}
