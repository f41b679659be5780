//! What a request asks for: verb, kind, place, and the words behind the question mark.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use super::kinds::{self, Kind};
use super::selector::Selector;
use super::status::Refusal;
use super::store::Key;

/// Objects, or one object.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) kind: &'static Kind,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    /// Whether it is about the status alone.
    pub(crate) status: bool,
}

impl Target {
    /// Reads a path of the API; `None` is a path that no kind has.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let decoded = |part: &str| percent_decode_str(part).decode_utf8().ok().map(String::from);
        let parts: Vec<String> =
            path.trim_matches('/').split('/').map(decoded).collect::<Option<_>>()?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", _, "status"] => (None, rest),
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
            _ => (None, rest),
        };
        let (plural, name, status) = match rest {
            [plural] => (*plural, None, false),
            [plural, name] => (*plural, Some(*name), false),
            [plural, name, "status"] => (*plural, Some(*name), true),
            _ => return None,
        };
        let kind = kinds::find(group, version, plural)?;
        let fits = kind.namespaced || namespace.is_none();
        let complete = name.is_none() || !kind.namespaced || namespace.is_some();
        (fits && complete && (!status || kind.status)).then(|| Self {
            kind,
            namespace: namespace.map(str::to_owned),
            name: name.map(str::to_owned),
            status,
        })
    }

    /// Where the object is; `name` stands in where the path has none.
    pub(crate) fn key(&self, name: &str) -> Key {
        let name = self.name.as_deref().unwrap_or(name).to_owned();
        Key { kind: self.kind, namespace: self.namespace.clone().unwrap_or_default(), name }
    }

    /// As roles spell it.
    pub(crate) fn verb(&self, method: &Method, query: &Query) -> Option<&'static str> {
        let one = self.name.is_some();
        Some(match *method {
            Method::GET if query.is("watch") => "watch",
            Method::GET if one => "get",
            Method::GET => "list",
            Method::POST if !one => "create",
            Method::PUT if one => "update",
            Method::PATCH if one => "patch",
            Method::DELETE if one && !self.status => "delete",
            Method::DELETE if !one => "deletecollection",
            _ => return None,
        })
    }

    /// As the API server says that somebody may not.
    pub(crate) fn forbidden(&self, verb: &str) -> String {
        let (kind, status) = (self.kind, if self.status { "/status" } else { "" });
        let name = self.name.as_ref().map(|name| format!(" \"{name}\"")).unwrap_or_default();
        let place = match &self.namespace {
            Some(namespace) => format!("in the namespace \"{namespace}\""),
            None => "at the cluster scope".to_owned(),
        };
        format!(
            "{}{name} is forbidden: User \"{}\" cannot {verb} resource \"{}{status}\" in API group \"{}\" {place}",
            kind.resource(),
            super::USER,
            kind.plural,
            kind.group
        )
    }
}

/// The words behind the question mark.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1"))
    }

    /// Whether nothing is to be kept.
    pub(crate) fn rehearse(&self) -> bool {
        self.get("dryRun").is_some()
    }

    pub(crate) fn limit(&self) -> Result<Option<usize>, Refusal> {
        let limit: Option<usize> = self.number("limit")?;
        Ok(limit.filter(|limit| *limit > 0))
    }

    pub(crate) fn resource_version(&self) -> Result<Option<u64>, Refusal> {
        self.number("resourceVersion")
    }

    pub(crate) fn timeout(&self) -> Result<Option<Duration>, Refusal> {
        Ok(self.number("timeoutSeconds")?.map(Duration::from_secs))
    }

    pub(crate) fn selector(&self) -> Result<Selector, Refusal> {
        let text = |name: &str| self.get(name).unwrap_or_default();
        Selector::parse(text("labelSelector"), text("fieldSelector"))
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let malformed = |text: &str| Refusal::malformed(format!("{name}={text} is no number"));
        self.get(name).map(|text| text.parse().map_err(|_| malformed(text))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_api() {
        for (path, expected, why) in [
            ("/api/v1/namespaces", Some("namespaces,,"), "all namespaces"),
            ("/api/v1/namespaces/acme", Some("namespaces,,acme"), "one namespace"),
            ("/api/v1/namespaces/acme/status", Some("namespaces,,acme+"), "its status"),
            ("/api/v1/secrets", Some("secrets,,"), "of all namespaces"),
            ("/api/v1/namespaces/acme/secrets/a", Some("secrets,acme,a"), "one secret"),
            ("/api/v1/namespaces/acme/secrets/a/status", None, "it has no status"),
            ("/api/v1/secrets/a", None, "a name without its namespace"),
            (
                "/apis/source.toolkit.fluxcd.io/v1/namespaces/a/ocirepositories/b/status",
                Some("ocirepositories,a,b+"),
                "a custom kind's status",
            ),
            ("/apis/source.toolkit.fluxcd.io/v1beta2/ocirepositories", None, "another version"),
            ("/apis/apps/v1/namespaces/a/customresourcedefinitions", None, "another group"),
            ("/api/v1/pods", None, "a kind that is not served"),
            ("/metrics", None, "something else"),
        ] {
            let said = Target::parse(path).map(|target| {
                let text = |part: Option<String>| part.unwrap_or_default();
                let plus = if target.status { "+" } else { "" };
                format!(
                    "{},{},{}{plus}",
                    target.kind.plural,
                    text(target.namespace),
                    text(target.name)
                )
            });
            assert_eq!(said.as_deref(), expected, "{why}");
        }
    }
}
