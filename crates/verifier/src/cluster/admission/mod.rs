//! Whether admission that is declared to verify images also runs. A policy does nothing by itself: the
//! API server must be told to ask somebody about pods (a webhook), somebody must be there to answer, and
//! the question must be asked for the namespaces that matter. Of Kyverno and sigstore's
//! policy-controller the objects are known; read, never tried.

mod judged;
mod selector;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};

use sealwright_policy::Finding;
use serde_json::Value;

use self::judged::judge;
use self::webhook::Webhook;
use crate::kubernetes::{Cluster, Installed, Kind, Object, object_name};

/// By which label a slice says whose endpoints it holds (`discovery.k8s.io`).
const SERVICE_LABEL: &str = "kubernetes.io/service-name";

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Engine {
    Kyverno,
    PolicyController,
}

/// A policy that verifies images.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Policy {
    engine: Engine,
    /// `ClusterPolicy images`.
    name: String,
    /// Whether it is about pods; what is about other kinds alone is not followed.
    about_pods: bool,
}

/// What there is beside the policies; `None` where it could not be read.
#[derive(Debug, Default)]
struct Seen {
    webhooks: Option<Vec<Webhook>>,
    /// Endpoints that are ready, by `namespace/name` of the Service.
    ready: BTreeMap<String, Option<usize>>,
    /// Labels of each namespace.
    namespaces: Option<BTreeMap<String, BTreeMap<String, String>>>,
}

/// Looks at admission; says nothing where no policy verifies images.
pub(super) async fn admission(cluster: &Cluster) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lists = Kind::POLICIES.map(|kind| cluster.list(kind, move |object| policy(kind, &object)));
    let lists = futures::future::join_all(lists).await;
    let policies = lists.into_iter().filter_map(|list| kept(list, &mut findings));
    let policies: Vec<Policy> = policies.flatten().collect();
    if !policies.is_empty() {
        let seen = look(cluster, &mut findings).await;
        findings.extend(judge(&policies, &seen));
    }
    findings
}

fn kept<T>(
    list: Result<Installed<T>, Box<Finding>>,
    findings: &mut Vec<Finding>,
) -> Option<Vec<T>> {
    list.map(Installed::objects).map_err(|finding| findings.push(*finding)).ok()
}

async fn look(cluster: &Cluster, findings: &mut Vec<Finding>) -> Seen {
    let of = |kind: Kind| cluster.list(kind, move |object| Some(Webhook::all_of(kind, &object)));
    let validating = of(Kind::ValidatingWebhookConfiguration);
    let mutating = of(Kind::MutatingWebhookConfiguration);
    let namespaces = cluster.list(Kind::Namespace, |object| Some(labelled(&object)));
    let (validating, mutating, namespaces) = tokio::join!(validating, mutating, namespaces);
    let validating = kept(validating, findings);
    let webhooks = validating.zip(kept(mutating, findings)).map(|(validating, mutating)| {
        validating.into_iter().chain(mutating).flatten().collect::<Vec<Webhook>>()
    });
    let namespaces = kept(namespaces, findings).map(|all| all.into_iter().collect());
    let services = webhooks.iter().flatten().filter_map(|webhook| webhook.service.clone());
    let mut ready = BTreeMap::new();
    for (namespace, name) in services.collect::<BTreeSet<_>>() {
        let count = endpoints(cluster, &namespace, &name, findings).await;
        ready.insert(object_name(&namespace, &name), count);
    }
    Seen { webhooks, ready, namespaces }
}

/// How many endpoints of a Service are ready.
async fn endpoints(
    cluster: &Cluster,
    namespace: &str,
    service: &str,
    findings: &mut Vec<Finding>,
) -> Option<usize> {
    let label = format!("{SERVICE_LABEL}={service}");
    let slices = cluster
        .list_labelled(Kind::EndpointSlice, namespace, &label, |slice| Some(ready(&slice)))
        .await;
    kept(slices, findings).map(|counts| counts.into_iter().sum())
}

/// Endpoints of a slice that are ready; where nothing is said, one is (`EndpointConditions`).
fn ready(slice: &Object) -> usize {
    let endpoints = slice.get("endpoints").and_then(Value::as_array);
    let is_ready = |endpoint: &&Value| {
        let said = endpoint.pointer("/conditions/ready").and_then(Value::as_bool);
        let addresses = endpoint.get("addresses").and_then(Value::as_array);
        said.unwrap_or(true) && addresses.is_some_and(|addresses| !addresses.is_empty())
    };
    endpoints.into_iter().flatten().filter(is_ready).count()
}

fn labelled(namespace: &Object) -> (String, BTreeMap<String, String>) {
    let name = text(namespace, "/metadata/name");
    let labels = namespace.pointer("/metadata/labels").and_then(Value::as_object);
    let labels = labels.into_iter().flatten();
    let mut labels: BTreeMap<String, String> = labels
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    // The API server gives it to every namespace.
    labels.insert("kubernetes.io/metadata.name".to_owned(), name.clone());
    (name, labels)
}

/// A policy, if it verifies images.
fn policy(kind: Kind, object: &Object) -> Option<Policy> {
    let name = object_name(&text(object, "/metadata/namespace"), &text(object, "/metadata/name"));
    let name = format!("{kind} {name}");
    match kind {
        Kind::ClusterImagePolicy => {
            Some(Policy { engine: Engine::PolicyController, name, about_pods: true })
        }
        Kind::ImageValidatingPolicy => {
            let rules = list(object, "/spec/matchConstraints/resourceRules");
            let pods = |rule: &Value| {
                list(rule, "/resources").iter().any(|one| *one == "pods" || *one == "*")
            };
            let about_pods = rules.is_empty() || rules.iter().any(pods);
            Some(Policy { engine: Engine::Kyverno, name, about_pods })
        }
        _ => {
            let rules = list(object, "/spec/rules");
            let verifying = rules.iter().filter(|rule| !list(rule, "/verifyImages").is_empty());
            let verifying: Vec<&Value> = verifying.collect();
            let about_pods = verifying.iter().any(|rule| is_about_pods(rule));
            (!verifying.is_empty()).then_some(Policy { engine: Engine::Kyverno, name, about_pods })
        }
    }
}

/// Whether a rule of Kyverno's names pods, in any of the forms that `match` has.
fn is_about_pods(rule: &Value) -> bool {
    let alone = rule.pointer("/match").into_iter();
    let several = ["/match/any", "/match/all"].into_iter().flat_map(|path| list(rule, path));
    alone.chain(several).flat_map(|one| list(one, "/resources/kinds")).any(|kind| {
        // `Pod`, `v1/Pod`, `*/Pod`, `*`.
        let kind = kind.as_str().and_then(|kind| kind.rsplit('/').next());
        kind.is_some_and(|kind| kind == "Pod" || kind.contains('*'))
    })
}

fn text(object: &Value, path: &str) -> String {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn list<'a>(object: &'a Value, path: &str) -> &'a [Value] {
    object.pointer(path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_counts_when_it_verifies_images() {
        let rule = |kinds: Value| json!({"match": {"any": [{"resources": {"kinds": kinds}}]}, "verifyImages": [{}]});
        for (kind, spec, expected, why) in [
            (Kind::ClusterPolicy, json!({"rules": [rule(json!(["Pod"]))]}), Some(true), "pods"),
            (Kind::Policy, json!({"rules": [rule(json!(["v1/Pod"]))]}), Some(true), "by version"),
            (Kind::ClusterPolicy, json!({"rules": [rule(json!(["*"]))]}), Some(true), "all"),
            (
                Kind::ClusterPolicy,
                json!({"rules": [{"match": {"resources": {"kinds": ["Pod"]}}, "verifyImages": [{}]}]}),
                Some(true),
                "the older form",
            ),
            (Kind::ClusterPolicy, json!({"rules": [rule(json!(["Job"]))]}), Some(false), "others"),
            (Kind::ClusterPolicy, json!({"rules": [{"validate": {}}]}), None, "another matter"),
            (Kind::ClusterPolicy, json!({"rules": [{"verifyImages": []}]}), None, "nothing in it"),
            (Kind::ImageValidatingPolicy, json!({}), Some(true), "nothing else is said"),
            (
                Kind::ImageValidatingPolicy,
                json!({"matchConstraints": {"resourceRules": [{"resources": ["jobs"]}]}}),
                Some(false),
                "jobs",
            ),
            (Kind::ClusterImagePolicy, json!({}), Some(true), "it is about nothing else"),
        ] {
            let object = json!({"metadata": {"name": "images"}, "spec": spec});
            let found = policy(kind, &object).map(|policy| policy.about_pods);
            assert_eq!(found, expected, "{why}");
        }
    }

    #[test]
    fn an_endpoint_is_ready_unless_it_says_otherwise() {
        let slice = |conditions: Value| json!({"endpoints": [{"addresses": ["10.0.0.1"], "conditions": conditions}]});
        for (slice, expected, why) in [
            (slice(json!({"ready": true})), 1, "it is"),
            (slice(json!({})), 1, "unknown counts as ready"),
            (slice(json!({"ready": false})), 0, "it is not"),
            (json!({"endpoints": [{"addresses": []}]}), 0, "nowhere"),
            (json!({"endpoints": null}), 0, "no pod"),
        ] {
            assert_eq!(ready(&slice), expected, "{why}");
        }
    }
}
