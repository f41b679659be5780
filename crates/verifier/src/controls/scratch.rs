//! The scratch namespace: what is put there bears the run's label, and goes when the run ends,
//! however it ends.

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::core::{ApiResource, DynamicObject};
use kube::{Api, Client, Resource, ResourceExt as _};
use sealwright_policy::{Code, Finding, Place};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::kubernetes::{Asked, Cluster, Kind, fault};

/// Label of everything that controls put into a cluster; the value is the run's.
pub(super) const OWNER_LABEL: &str = "sealwright.dev/control";

/// How long cleaning up may take. It has its own time: the run's may just have ended.
const CLEAN_TIME: Duration = Duration::from_secs(20);
/// How often to look whether what was deleted is gone: the controller takes its finalizer off first.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// A namespace in which a run may do as it likes.
pub(super) struct Scratch {
    client: Client,
    pub(super) namespace: String,
    /// Name of the run, value of the label.
    pub(super) run: String,
}

impl Scratch {
    pub(super) fn new(cluster: &Cluster, namespace: &str, now: Timestamp) -> Self {
        // Two runs at once differ in their process, or in their machine's second.
        let run = format!("{}-{}", now.strftime("%Y%m%d-%H%M%S"), std::process::id());
        Self { client: cluster.client().clone(), namespace: namespace.to_owned(), run }
    }

    /// Name of an object of this run.
    pub(super) fn name(&self, object: &str) -> String {
        format!("{object}-{}", self.run)
    }

    /// Makes the namespace when it is not there. Who may not ask finds out when creating in it.
    pub(super) async fn prepare(&self, cluster: &Cluster) -> Result<(), Box<Finding>> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let looking = asked("get", Kind::Namespace, &self.namespace);
        match cluster.in_time(&looking, namespaces.get_opt(&self.namespace)).await? {
            Ok(None) => {}
            Ok(Some(_)) => return Ok(()),
            Err(kube::Error::Api(status)) if status.code == 403 => return Ok(()),
            Err(error) => return Err(fault(&error, &looking)),
        }
        let made = json!({"metadata": {"name": self.namespace, "labels": {OWNER_LABEL: self.run}}});
        let made: Namespace = typed(made)?;
        let asked = asked("create", Kind::Namespace, &self.namespace);
        cluster.within(&asked, namespaces.create(&PostParams::default(), &made)).await.map(drop)
    }

    /// Puts a Secret with one entry where the sources look for it. Each run has its own.
    pub(super) async fn put_secret(
        &self,
        cluster: &Cluster,
        secret: &str,
        (entry, value): (&str, &[u8]),
    ) -> Result<(), Box<Finding>> {
        let name = self.name(secret);
        let object = json!({
            "metadata": {"name": name, "labels": {OWNER_LABEL: self.run}},
            "stringData": {entry: String::from_utf8_lossy(value)},
        });
        let object: Secret = typed(object)?;
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), &self.namespace);
        let asked = asked("create", Kind::Secret, &name);
        cluster.within(&asked, secrets.create(&PostParams::default(), &object)).await.map(drop)
    }

    /// Sources in it.
    pub(super) fn sources(&self) -> Api<DynamicObject> {
        sources(&self.client, &self.namespace)
    }

    /// What selects everything of this run.
    pub(super) fn selector(&self) -> String {
        format!("{OWNER_LABEL}={}", self.run)
    }

    /// Removes everything of this run.
    pub(super) async fn clean(&self) -> Vec<Finding> {
        clean(&self.client, &self.namespace, &self.selector()).await.0
    }
}

/// Sources in a namespace.
fn sources(client: &Client, namespace: &str) -> Api<DynamicObject> {
    let kind = Kind::OciRepository;
    let resource = ApiResource {
        group: kind.group().to_owned(),
        version: "v1".to_owned(),
        api_version: kind.api_version("v1"),
        kind: kind.name().to_owned(),
        plural: kind.plural().to_owned(),
    };
    Api::namespaced_with(client.clone(), namespace, &resource)
}

/// Removes everything that the selector names: sources first, then what they point at. Gives what
/// could not be removed, and how many objects there were.
pub(super) async fn clean(
    client: &Client,
    namespace: &str,
    selector: &str,
) -> (Vec<Finding>, usize) {
    let cleaned = tokio::time::timeout(CLEAN_TIME, async {
        let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
        let (mut left, mut count) = (Vec::new(), 0);
        for (failures, removed) in [
            remove(&sources(client, namespace), Kind::OciRepository, selector).await,
            remove(&secrets, Kind::Secret, selector).await,
        ] {
            left.extend(failures);
            count += removed;
        }
        let own = remove_namespace(client, namespace, selector).await;
        match own {
            Ok(removed) => count += usize::from(removed),
            Err(finding) => left.push(finding),
        }
        (left, count)
    });
    cleaned.await.unwrap_or_else(|_| {
        let message =
            format!("cleaning up the namespace {namespace} took more than {CLEAN_TIME:?}");
        (vec![left_over(message, namespace)], 0)
    })
}

async fn remove<T>(api: &Api<T>, kind: Kind, selector: &str) -> (Vec<Finding>, usize)
where
    T: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    let chosen = ListParams::default().labels(selector);
    let list = match api.list(&chosen).await {
        Ok(list) => list.items,
        Err(error) if is_absent(&error) => return (vec![], 0),
        Err(error) => return (vec![not_removed(kind, "their list", &error)], 0),
    };
    let deletions = list.iter().map(|object| async {
        let name = object.name_any();
        match api.delete(&name, &DeleteParams::default()).await {
            Ok(_) => None,
            Err(error) if is_absent(&error) => None,
            Err(error) => Some(not_removed(kind, &name, &error)),
        }
    });
    let mut left: Vec<Finding> = join_all(deletions).await.into_iter().flatten().collect();
    // Gone is what is no longer listed. A finalizer that nobody takes off ends with the time for
    // cleaning up.
    while left.is_empty() {
        match api.list(&chosen).await {
            Ok(list) if list.items.is_empty() => break,
            Ok(_) => tokio::time::sleep(LOOK_AGAIN).await,
            Err(error) => left.push(not_removed(kind, "their list", &error)),
        }
    }
    (left, list.len())
}

/// Only when it was made by controls: it bears the label, too. Nobody waits until it has ended.
async fn remove_namespace(
    client: &Client,
    namespace: &str,
    selector: &str,
) -> Result<bool, Finding> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let failed = |error: kube::Error| not_removed(Kind::Namespace, namespace, &error);
    let found = match namespaces.get_opt(namespace).await {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(false),
        Err(kube::Error::Api(status)) if status.code == 403 => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    let run = found.labels().get(OWNER_LABEL);
    let ours = run.is_some_and(|run| match selector.split_once('=') {
        Some((_, wanted)) => run == wanted,
        None => true,
    });
    let ending = found.metadata.deletion_timestamp.is_some();
    if !ours || ending {
        return Ok(false);
    }
    namespaces.delete(namespace, &DeleteParams::default()).await.map(|_| true).map_err(failed)
}

fn is_absent(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

fn not_removed(kind: Kind, name: &str, error: &kube::Error) -> Finding {
    left_over(format!("{kind} could not be removed: {error}"), name)
}

fn left_over(message: String, name: &str) -> Finding {
    Finding::new(Code::ControlsLeftOver, message).with_place(Place::object(name))
}

fn typed<T: DeserializeOwned>(object: Value) -> Result<T, Box<Finding>> {
    serde_json::from_value(object)
        .map_err(|error| fault(&kube::Error::SerdeError(error), &Asked::Server))
}

/// A request that changes something.
pub(super) fn asked(verb: &'static str, kind: Kind, name: &str) -> Asked {
    Asked::Objects { verb, kind, object: Some(name.to_owned()) }
}
