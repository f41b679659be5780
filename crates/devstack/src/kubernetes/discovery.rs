//! What a client asks before it asks for objects: version, groups, kinds, health, and as much of the
//! OpenAPI document as kubectl reads before it writes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::VERSION;
use super::kinds::{KINDS, Kind};

const VERBS: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const STATUS_VERBS: &[&str] = &["get", "patch", "update"];

/// The answer at a path; `None` is a path that is not about discovery. `served` says which kinds
/// there are now.
pub(crate) fn answer(path: &str, served: impl Fn(&Kind) -> bool) -> Option<Value> {
    let kinds: Vec<&Kind> = KINDS.iter().filter(|kind| served(kind)).collect();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let in_group = |group: &str, version: &str| -> Vec<&Kind> {
        kinds.iter().copied().filter(|k| k.group == group && k.version == version).collect()
    };
    match parts.as_slice() {
        ["version"] => Some(version()),
        ["readyz" | "livez" | "healthz"] => Some(json!("ok")),
        ["api"] => Some(json!({"kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": []})),
        ["apis"] => {
            let groups: BTreeSet<_> = kinds.iter().map(|kind| (kind.group, kind.version)).collect();
            let groups = groups.into_iter().filter(|(group, _)| !group.is_empty());
            let groups: Vec<Value> = groups.map(|(name, version)| group(name, version)).collect();
            Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
        }
        ["apis", name] => kinds.iter().find(|kind| kind.group == *name).map(|kind| {
            let mut group = group(kind.group, kind.version);
            group["kind"] = json!("APIGroup");
            group["apiVersion"] = json!("v1");
            group
        }),
        ["api", "v1"] => Some(resources("v1", &in_group("", "v1"))),
        ["apis", group, version] => {
            let kinds = in_group(group, version);
            (!kinds.is_empty()).then(|| resources(&format!("{group}/{version}"), &kinds))
        }
        ["openapi", "v3"] => Some(openapi_index(&kinds)),
        ["openapi", "v3", "api", version] => Some(openapi(&in_group("", version))),
        ["openapi", "v3", "apis", group, version] => Some(openapi(&in_group(group, version))),
        _ => None,
    }
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "37", "gitVersion": VERSION, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "",
        "platform": "simulated",
    })
}

fn group(name: &str, version: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn resources(group_version: &str, kinds: &[&Kind]) -> Value {
    let mut resources = Vec::new();
    for kind in kinds {
        resources.push(json!({
            "name": kind.plural, "singularName": kind.name.to_lowercase(), "kind": kind.name,
            "namespaced": kind.namespaced, "shortNames": kind.short, "verbs": VERBS,
        }));
        if kind.status {
            resources.push(json!({
                "name": format!("{}/status", kind.plural), "singularName": "", "kind": kind.name,
                "namespaced": kind.namespaced, "verbs": STATUS_VERBS,
            }));
        }
    }
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version,
        "resources": resources})
}

fn root(kind: &Kind) -> String {
    match kind.group {
        "" => format!("api/{}", kind.version),
        group => format!("apis/{group}/{}", kind.version),
    }
}

fn openapi_index(kinds: &[&Kind]) -> Value {
    let mut paths = json!({});
    for root in kinds.iter().map(|kind| root(kind)) {
        paths[&root] = json!({"serverRelativeURL": format!("/openapi/v3/{root}")});
    }
    json!({"paths": paths})
}

/// Which writes take `dryRun` and `fieldValidation`: what kubectl looks for.
fn openapi(kinds: &[&Kind]) -> Value {
    let parameter = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string"}});
    let mut paths = json!({});
    for kind in kinds {
        let namespace = if kind.namespaced { "namespaces/{namespace}/" } else { "" };
        let path = format!("/{}/{namespace}{}/{{name}}", root(kind), kind.plural);
        paths[&path] = json!({"patch": {
            "parameters": [parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation")],
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind":
                {"group": kind.group, "version": kind.version, "kind": kind.name},
        }});
    }
    json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": VERSION}, "paths": paths})
}
