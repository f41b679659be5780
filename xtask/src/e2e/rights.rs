//! The roles that are shipped, on a real API server: what each account may do is enough for its
//! commands (a release on real planes runs them so), and everything beside it is denied.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cases::{Cases, again};
use super::world::World;
use crate::failure::{Failure, Outcome};
use crate::planes::{Api, Controller, FLUX_NAMESPACE, Plane, Setup};
use crate::workspace::Workspace;

const PEER: &str = "kube-apiserver 1.37";
const ROLES: &str = "crates/verifier/deploy";

/// An account that is shipped.
struct Account {
    namespace: &'static str,
    name: &'static str,
    may: &'static [Request],
    may_not: &'static [Request],
}

/// A request, and what it would be good for.
struct Request(&'static str, &'static str, &'static str);

const SOURCES: &str = "/apis/source.toolkit.fluxcd.io/v1";
const ACCOUNTS: [Account; 2] = [
    Account {
        namespace: "sealwright",
        name: "sealwright-verifier",
        may: &[
            Request("GET", "{sources}/ocirepositories", "list every source"),
            Request("GET", "{sources}/helmcharts", "list every chart"),
            Request("GET", "{sources}/helmrepositories", "list where charts come from"),
            Request(
                "GET",
                "/api/v1/namespaces/flux-system/secrets/sealwright-trusted-root",
                "read the trusted root",
            ),
            Request(
                "GET",
                "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
                "list whom admission asks",
            ),
            Request("GET", "/apis/discovery.k8s.io/v1/endpointslices", "list who answers"),
            Request("GET", "/api/v1/namespaces", "list the namespaces that are asked about"),
            Request("GET", "/version", "say which API server it is"),
        ],
        may_not: &[
            Request(
                "DELETE",
                "/api/v1/namespaces/flux-system/secrets/sealwright-trusted-root",
                "remove the trusted root",
            ),
            Request("POST", "{sources}/namespaces/flux-system/ocirepositories", "make a source"),
            Request(
                "PATCH",
                "{sources}/namespaces/flux-system/ocirepositories/locked",
                "take the verify block away",
            ),
            Request(
                "PATCH",
                "{sources}/namespaces/flux-system/ocirepositories/locked/status",
                "say that a source is verified",
            ),
            Request(
                "DELETE",
                "{sources}/namespaces/flux-system/ocirepositories/locked",
                "remove a source",
            ),
            Request("GET", "/api/v1/namespaces/flux-system/secrets", "list Secrets"),
            Request("GET", "/api/v1/namespaces/flux-system/secrets/registry", "read a credential"),
            Request("POST", "/api/v1/namespaces/flux-system/secrets", "make a Secret"),
            Request("POST", "/api/v1/namespaces/flux-system/configmaps", "write anything"),
            Request("POST", "/api/v1/namespaces", "make a namespace"),
            Request(
                "POST",
                "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                "give itself more rights",
            ),
        ],
    },
    Account {
        namespace: "sealwright-controls",
        name: "sealwright-controls",
        may: &[
            Request(
                "GET",
                "{sources}/namespaces/sealwright-controls/ocirepositories",
                "list what it made",
            ),
            Request(
                "POST",
                "{sources}/namespaces/sealwright-controls/ocirepositories",
                "try a control",
            ),
        ],
        may_not: &[
            Request("POST", "{sources}/namespaces/flux-system/ocirepositories", "try it elsewhere"),
            Request("GET", "{sources}/namespaces/flux-system/ocirepositories", "look elsewhere"),
            Request(
                "DELETE",
                "{sources}/namespaces/flux-system/ocirepositories/locked",
                "remove a source of others",
            ),
            Request(
                "GET",
                "/api/v1/namespaces/sealwright-controls/secrets/trust",
                "read a Secret back",
            ),
            Request("POST", "/api/v1/namespaces/flux-system/secrets", "make a Secret elsewhere"),
            Request("POST", "/api/v1/namespaces/sealwright-controls/configmaps", "write else"),
            Request(
                "POST",
                "/apis/rbac.authorization.k8s.io/v1/namespaces/sealwright-controls/rolebindings",
                "give itself more rights",
            ),
        ],
    },
];

/// Tries every request of the table with a token of the account, which holds just its role.
pub(super) fn run(cases: &mut Cases, workspace: &Workspace, world: &World) {
    let folder = world.folder.join("rights");
    let setup = Setup {
        name: "rights",
        folder: &folder,
        controller: Controller::Source19,
        kustomize: false,
        arguments: Vec::new(),
        environment: BTreeMap::new(),
    };
    let plane = Plane::start(workspace, &setup).and_then(|plane| {
        plane.apply_folder(&workspace.root.join(ROLES))?;
        plane.api.apply(&locked())?;
        plane.api.apply(&trusted_root())?;
        Ok(plane)
    });
    for account in &ACCOUNTS {
        let api = plane
            .as_ref()
            .map_err(again)
            .and_then(|plane| Api::of(&plane.kubeconfig_of(account.namespace, account.name)?));
        each(cases, account, "may", account.may, &api, |status| status < 300);
        each(cases, account, "may not", account.may_not, &api, |status| status == 403);
    }
}

fn each(
    cases: &mut Cases,
    account: &Account,
    verb: &str,
    requests: &[Request],
    api: &Outcome<Api>,
    fits: impl Fn(u16) -> bool,
) {
    for Request(method, path, purpose) in requests {
        cases.run(&format!("rights: {} {verb} {purpose}", account.name), PEER, || {
            let api = api.as_ref().map_err(again)?;
            let path = path.replace("{sources}", SOURCES);
            let body = (*method != "GET").then(|| object(&path));
            let (status, answer) = api.attempt(method, &path, body.as_ref())?;
            let said = answer["message"].as_str().unwrap_or_default();
            match fits(status) {
                true => Ok(format!("{status} {said}")),
                false => Err(Failure::new(format!("{method} {path}: {status} {said}"))),
            }
        });
    }
}

/// A source that somebody else owns.
fn locked() -> Value {
    source("locked", FLUX_NAMESPACE)
}

/// A Secret that a verify block names.
fn trusted_root() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "sealwright-trusted-root", "namespace": FLUX_NAMESPACE},
        "stringData": {"trusted_root.json": "{}"},
    })
}

fn source(name: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"url": "oci://127.0.0.1:1/acme/platform", "interval": "1h", "suspend": true},
    })
}

/// What is sent: admission looks at rights first, so that it need only be of the right kind.
fn object(path: &str) -> Value {
    let namespace = path.split_once("/namespaces/").map_or("", |(_, rest)| rest);
    let namespace = namespace.split('/').next().unwrap_or_default();
    let metadata = json!({"name": "tried", "namespace": namespace});
    if path.contains("ocirepositories") {
        let name = if path.contains("/locked") { "locked" } else { "tried" };
        return source(name, namespace);
    }
    let rbac = "rbac.authorization.k8s.io/v1";
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"});
    match path.rsplit('/').next() {
        Some("secrets") => json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata}),
        Some("configmaps") => {
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
        }
        Some("namespaces") => {
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tried"}})
        }
        Some("rolebindings") => {
            json!({"apiVersion": rbac, "kind": "RoleBinding", "metadata": metadata, "roleRef": role})
        }
        _ => json!({
            "apiVersion": rbac, "kind": "ClusterRoleBinding",
            "metadata": {"name": "tried"}, "roleRef": role,
        }),
    }
}
