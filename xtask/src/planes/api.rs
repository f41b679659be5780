//! The Kubernetes API, as far as tasks need it: apply, get, list, wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use serde_json::Value;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::kubeconfig::Access;
use crate::failure::{Context as _, Failure, Outcome};

/// Who we are in the record of who owns which field.
const FIELD_MANAGER: &str = "sealwright-xtask";
/// How long the API server may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How often an object is looked at while waiting for it.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A client of one API server.
#[derive(Clone)]
pub(crate) struct Api {
    agent: ureq::Agent,
    server: String,
    token: Option<String>,
    manager: &'static str,
}

/// An object, by what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl Api {
    /// The API that the current context of a kubeconfig leads to.
    pub(crate) fn of(kubeconfig: &Utf8Path) -> Outcome<Api> {
        let access = Access::read(kubeconfig)?;
        let mut tls = TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ));
        if let Some(pem) = &access.certificate_authority {
            let authority =
                Certificate::from_pem(pem).context(|| format!("{kubeconfig}: its authority"))?;
            tls = tls.root_certs(RootCerts::new_with_certs(&[authority]));
        }
        let agent = ureq::Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_WITHIN))
            .build()
            .new_agent();
        let (server, token) = (access.server, access.token);
        Ok(Api { agent, server, token, manager: FIELD_MANAGER })
    }

    /// The same under another name in the record of who owns which field.
    pub(super) fn writing_as(self, manager: &'static str) -> Api {
        Api { manager, ..self }
    }

    /// Whether it says that it is ready.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.send("GET", "/readyz", None), Ok((200, _)))
    }

    /// Makes the object, or makes it so: server-side apply, over whoever owned the fields.
    pub(crate) fn apply(&self, object: &Value) -> Outcome<Value> {
        self.patch(&Named::of(object)?.path(), object)
    }

    /// The same for its status, as a controller does it.
    pub(crate) fn apply_status(&self, object: &Value) -> Outcome<Value> {
        self.patch(&format!("{}/status", Named::of(object)?.path()), object)
    }

    fn patch(&self, path: &str, object: &Value) -> Outcome<Value> {
        let path = format!("{path}?fieldManager={}&force=true", self.manager);
        match self.send("PATCH", &path, Some(object))? {
            (200 | 201, applied) => Ok(applied),
            (status, answer) => Err(refused("apply", &path, status, &answer)),
        }
    }

    /// Sends to a subresource, such as a request for a token.
    pub(crate) fn post(&self, path: &str, object: &Value) -> Outcome<Value> {
        match self.send("POST", path, Some(object))? {
            (200..=202, answer) => Ok(answer),
            (status, answer) => Err(refused("post", path, status, &answer)),
        }
    }

    /// Status and answer of a request that may well be refused. With PATCH it is an apply.
    pub(crate) fn attempt(
        &self,
        method: &str,
        path: &str,
        object: Option<&Value>,
    ) -> Outcome<(u16, Value)> {
        match method {
            "PATCH" => self.send(method, &format!("{path}?fieldManager={}", self.manager), object),
            _ => self.send(method, path, object),
        }
    }

    /// The object; `None` when there is none.
    pub(crate) fn get(&self, object: &Named) -> Outcome<Option<Value>> {
        match self.send("GET", &object.path(), None)? {
            (200, found) => Ok(Some(found)),
            (404, _) => Ok(None),
            (status, answer) => Err(refused("get", &object.path(), status, &answer)),
        }
    }

    /// All objects of a kind, in one namespace or in all.
    pub(crate) fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> Outcome<Vec<Value>> {
        let path = collection(api_version, kind, namespace);
        match self.send("GET", &path, None)? {
            (200, mut list) => match list.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => Ok(items),
                _ => Ok(Vec::new()),
            },
            (status, answer) => Err(refused("list", &path, status, &answer)),
        }
    }

    /// Waits until the object is there and `fits`; gives it.
    pub(crate) fn wait(
        &self,
        object: &Named,
        within: Duration,
        fits: impl Fn(&Value) -> bool,
    ) -> Outcome<Value> {
        let started = Instant::now();
        loop {
            let found = self.get(object)?;
            match found {
                Some(found) if fits(&found) => return Ok(found),
                seen if started.elapsed() > within => {
                    let state = seen.map_or("it is not there".to_owned(), |seen| conditions(&seen));
                    return Err(Failure::new(format!(
                        "{} {}: not as awaited after {within:?}: {state}",
                        object.kind, object.name
                    )));
                }
                _ => std::thread::sleep(LOOK_AGAIN),
            }
        }
    }

    fn send(&self, method: &str, path: &str, object: Option<&Value>) -> Outcome<(u16, Value)> {
        let uri = format!("{}{path}", self.server);
        let content = if method == "PATCH" { "application/apply-patch+yaml" } else { JSON };
        let mut request =
            ureq::http::Request::builder().method(method).uri(&uri).header("accept", JSON);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = match object {
            Some(object) => {
                let body = serde_json::to_vec(object)?;
                let request = request.header("content-type", content).body(body);
                self.agent.run(request.context(|| uri.clone())?)
            }
            None => self.agent.run(request.body(()).context(|| uri.clone())?),
        };
        let mut answer = answer.context(|| format!("{method} {uri}"))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_vec().context(|| format!("{method} {uri}"))?;
        // Health checks answer in plain text.
        let value = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body).into_owned()));
        Ok((status, value))
    }
}

const JSON: &str = "application/json";

fn refused(what: &str, path: &str, status: u16, answer: &Value) -> Failure {
    let message = answer.get("message").and_then(Value::as_str).unwrap_or_default();
    Failure::new(format!("{what} {path}: {status}: {message}"))
}

/// The conditions of an object on one line, as a person would read them.
pub(crate) fn conditions(object: &Value) -> String {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let lines: Vec<String> = conditions
        .into_iter()
        .flatten()
        .map(|condition| {
            let word = |name| condition.get(name).and_then(Value::as_str).unwrap_or_default();
            format!("{}={} {}: {}", word("type"), word("status"), word("reason"), word("message"))
        })
        .collect();
    if lines.is_empty() { "it has no conditions".to_owned() } else { lines.join("; ") }
}

/// Status of a condition of an object: `True`, `False`, `Unknown`, or nothing.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a str> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    let is_kind = |condition: &&Value| condition.get("type").and_then(Value::as_str) == Some(kind);
    conditions.iter().find(is_kind)?.get("status")?.as_str()
}

impl Named {
    /// An object in a namespace.
    pub(crate) fn new(api_version: &str, kind: &str, namespace: &str, name: &str) -> Named {
        Named { namespace: Some(namespace.to_owned()), ..Named::global(api_version, kind, name) }
    }

    /// An object of the whole cluster.
    pub(crate) fn global(api_version: &str, kind: &str, name: &str) -> Named {
        Named {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: None,
            name: name.to_owned(),
        }
    }

    /// What an object calls itself.
    pub(crate) fn of(object: &Value) -> Outcome<Named> {
        let word = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        match (word("/apiVersion"), word("/kind"), word("/metadata/name")) {
            (Some(api_version), Some(kind), Some(name)) => Ok(Named {
                namespace: word("/metadata/namespace").map(str::to_owned),
                ..Named::global(api_version, kind, name)
            }),
            _ => Err(Failure::new(format!("an object without apiVersion, kind or name: {object}"))),
        }
    }

    fn path(&self) -> String {
        let collection = collection(&self.api_version, &self.kind, self.namespace.as_deref());
        format!("{collection}/{}", self.name)
    }
}

fn collection(api_version: &str, kind: &str, namespace: Option<&str>) -> String {
    let root = if api_version.contains('/') { "apis" } else { "api" };
    let within = namespace.map(|name| format!("/namespaces/{name}")).unwrap_or_default();
    format!("/{root}/{api_version}{within}/{}", plural(kind))
}

/// How the API calls many of a kind. A rule and not a discovery: it holds for every kind used here.
fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_those_of_the_api() {
        for (object, path) in [
            (Named::global("v1", "Namespace", "shop"), "/api/v1/namespaces/shop"),
            (Named::new("v1", "Secret", "shop", "key"), "/api/v1/namespaces/shop/secrets/key"),
            (
                Named::new("source.toolkit.fluxcd.io/v1", "OCIRepository", "shop", "web"),
                "/apis/source.toolkit.fluxcd.io/v1/namespaces/shop/ocirepositories/web",
            ),
            (
                Named::global("apiextensions.k8s.io/v1", "CustomResourceDefinition", "a.b"),
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/a.b",
            ),
        ] {
            assert_eq!(object.path(), path);
        }
    }

    #[test]
    fn an_object_without_a_name_is_an_error() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "a"}});
        assert!(Named::of(&secret).is_err());
    }

    #[test]
    fn a_condition_is_found_by_its_type() {
        let object = json!({"status": {"conditions": [
            {"type": "Reconciling", "status": "True", "reason": "Progressing", "message": "m"},
            {"type": "Ready", "status": "False", "reason": "VerificationError", "message": "no"},
        ]}});
        assert_eq!(condition(&object, "Ready"), Some("False"));
        assert_eq!(condition(&object, "Stalled"), None);
        assert!(conditions(&object).contains("Ready=False VerificationError: no"));
    }
}
