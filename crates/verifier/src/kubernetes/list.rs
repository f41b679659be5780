//! Whole lists, page by page.

use kube::core::params::ListParams;
use kube::core::request::Request;
use sealwright_policy::{Code, Finding};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::cluster::{Cluster, Object, is_name};
use super::fault::{Asked, fault, is_absent, kind_missing};
use super::kind::Kind;
use super::limits::{LIST_STARTS_COUNT_MAX, OBJECTS_COUNT_MAX, PAGE_COUNT};

/// All objects of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Installed<T> {
    /// The kind is served in this version; these are all objects of it.
    Yes {
        /// `v1`.
        version: &'static str,
        /// What was kept of each object.
        objects: Vec<T>,
    },
    /// Nobody can have made such an object: the cluster does not know the kind at all.
    No,
}

impl<T> Installed<T> {
    /// The objects; none where the kind is not known.
    pub(crate) fn objects(self) -> Vec<T> {
        match self {
            Self::Yes { objects, .. } => objects,
            Self::No => vec![],
        }
    }
}

/// What is listed.
#[derive(Clone, Copy)]
struct Listed<'a> {
    kind: Kind,
    namespace: Option<&'a str>,
    labels: Option<&'a str>,
}

#[derive(Deserialize)]
struct Page {
    metadata: PageMetadata,
    /// Must be there: an answer without is no empty list.
    #[serde(deserialize_with = "list_or_null")]
    items: Vec<Object>,
}

#[derive(Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    more: Option<String>,
}

/// An API group, as discovery tells it.
#[derive(Deserialize)]
struct Group {
    versions: Vec<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

#[derive(Deserialize)]
struct Resources {
    #[serde(deserialize_with = "list_or_null")]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
}

/// Go writes an empty list as `null` where nobody has made one. What is missing is neither.
fn list_or_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Option::<Vec<T>>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Cluster {
    /// All objects of a kind in all namespaces, in the best version that is served. Of each
    /// object only what `keep` makes of it stays in memory.
    pub(crate) async fn list<T>(
        &self,
        kind: Kind,
        keep: impl FnMut(Object) -> Option<T>,
    ) -> Result<Installed<T>, Box<Finding>> {
        self.list_of(Listed { kind, namespace: None, labels: None }, keep).await
    }

    /// The same of one namespace, and of what has these labels.
    pub(crate) async fn list_labelled<T>(
        &self,
        kind: Kind,
        namespace: &str,
        labels: &str,
        keep: impl FnMut(Object) -> Option<T>,
    ) -> Result<Installed<T>, Box<Finding>> {
        if !is_name(namespace) {
            return Ok(Installed::No);
        }
        let (namespace, labels) = (Some(namespace), Some(labels));
        self.list_of(Listed { kind, namespace, labels }, keep).await
    }

    async fn list_of<T>(
        &self,
        wanted: Listed<'_>,
        mut keep: impl FnMut(Object) -> Option<T>,
    ) -> Result<Installed<T>, Box<Finding>> {
        let kind = wanted.kind;
        let asked = Asked::list(kind);
        for version in kind.versions() {
            match self.whole_list(wanted, version, &mut keep).await? {
                Ok(objects) => return Ok(Installed::Yes { version, objects }),
                Err(kube::Error::Api(status)) if is_absent(&status) => {}
                Err(error) => return Err(fault(&error, &asked)),
            }
        }
        self.not_listed(kind, &asked).await
    }

    /// Pages expire; then the list starts again, because two halves of two moments are no list.
    async fn whole_list<T>(
        &self,
        wanted: Listed<'_>,
        version: &str,
        keep: &mut impl FnMut(Object) -> Option<T>,
    ) -> Result<Result<Vec<T>, kube::Error>, Box<Finding>> {
        let mut starts_count = 1;
        loop {
            match self.pages(wanted, version, keep).await? {
                Err(kube::Error::Api(status))
                    if status.code == 410 && starts_count < LIST_STARTS_COUNT_MAX =>
                {
                    starts_count += 1;
                }
                end => return Ok(end),
            }
        }
    }

    async fn pages<T>(
        &self,
        wanted: Listed<'_>,
        version: &str,
        keep: &mut impl FnMut(Object) -> Option<T>,
    ) -> Result<Result<Vec<T>, kube::Error>, Box<Finding>> {
        let Listed { kind, namespace, labels } = wanted;
        let asked = Asked::list(kind);
        let mut parameters = ListParams::default().limit(PAGE_COUNT);
        parameters.label_selector = labels.map(ToOwned::to_owned);
        let (mut kept, mut seen_count) = (Vec::new(), 0);
        loop {
            let request = Request::new(kind.path(version, namespace)).list(&parameters);
            let request =
                request.map_err(|error| fault(&kube::Error::BuildRequest(error), &asked))?;
            let page: Page = match self.in_time(&asked, self.client().request(request)).await? {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            seen_count += page.items.len();
            if seen_count > OBJECTS_COUNT_MAX {
                return Err(too_many(kind));
            }
            let api_version = kind.api_version(version);
            let items = page.items.into_iter().map(|item| with_type(item, kind, &api_version));
            kept.extend(items.filter_map(&mut *keep));
            match page.metadata.more.filter(|more| !more.is_empty()) {
                // The same place again would never end.
                Some(more) if parameters.continue_token.as_ref() == Some(&more) => {
                    return Err(repeated(kind));
                }
                Some(more) => parameters = parameters.continue_token(&more),
                None => return Ok(Ok(kept)),
            }
        }
    }

    /// No version that is understood is served: either the kind does not exist in this cluster, or
    /// it exists in other versions, whose objects cannot be seen from here.
    async fn not_listed<T>(&self, kind: Kind, asked: &Asked) -> Result<Installed<T>, Box<Finding>> {
        let group: Group =
            match self.in_time(asked, self.request(format!("/apis/{}", kind.group()))).await? {
                Ok(group) => group,
                Err(kube::Error::Api(status)) if is_absent(&status) => return Ok(Installed::No),
                Err(error) => return Err(fault(&error, asked)),
            };
        let mut served = Vec::new();
        for GroupVersion { version } in group.versions {
            let path = format!("/apis/{}", kind.api_version(&version));
            let resources: Resources = self.within(asked, self.request(path)).await?;
            if resources.resources.iter().any(|resource| resource.name == kind.plural()) {
                served.push(kind.api_version(&version));
            }
        }
        if served.is_empty() {
            return Ok(Installed::No);
        }
        Err(Box::new(kind_missing(asked, &served.join(", "))))
    }
}

/// Lists of the core leave out what all their objects are.
fn with_type(mut object: Object, kind: Kind, api_version: &str) -> Object {
    if let Value::Object(fields) = &mut object {
        fields.entry("apiVersion").or_insert_with(|| api_version.into());
        fields.entry("kind").or_insert_with(|| kind.name().into());
    }
    object
}

fn too_many(kind: Kind) -> Box<Finding> {
    let message = format!("there are more than {OBJECTS_COUNT_MAX} {}", kind.plural());
    Box::new(Finding::new(Code::ClusterLimit, message))
}

fn repeated(kind: Kind) -> Box<Finding> {
    let message =
        format!("the list of {} does not end: a page names itself as the next", kind.plural());
    Box::new(Finding::new(Code::ClusterProtocol, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_items_is_no_empty_list() {
        for (text, expected, why) in [
            (r#"{"metadata": {}, "items": [{}, {}]}"#, Some(2), "a list"),
            (r#"{"metadata": {}, "items": []}"#, Some(0), "an empty one"),
            (r#"{"metadata": {}, "items": null}"#, Some(0), "one that nobody has made"),
            (r#"{"metadata": {}}"#, None, "something else"),
            (r#"{"kind": "Status", "metadata": {}, "status": "Success"}"#, None, "a status"),
            (r#"{"items": []}"#, None, "no list of this API"),
        ] {
            let page = serde_json::from_str::<Page>(text);
            assert_eq!(page.ok().map(|page| page.items.len()), expected, "{why}");
        }
        assert!(serde_json::from_str::<Resources>(r#"{"kind": "APIResourceList"}"#).is_err());
        assert!(serde_json::from_str::<Resources>(r#"{"resources": null}"#).is_ok());
    }
}
