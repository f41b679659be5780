//! Changes of single sources, as they happen: a list, then a watch, begun again whenever the
//! server drops it, restarts, or has forgotten where we were (410).

use std::time::Duration;

use futures::stream::{BoxStream, SelectAll, StreamExt as _};
use kube::Api;
use kube::core::{ApiResource, DynamicObject};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{self, Event, watcher};
use sealwright_policy::Finding;

use super::Waited;
use crate::kubernetes::{Asked, Cluster, Kind, Live, fault};

/// Seconds after which a watch is opened anew: how long a connection that died in silence can go
/// unnoticed, less five.
const WATCH_S: u32 = 30;

/// How long to wait before a broken watch is opened again: an API server restarts within seconds,
/// and what it has to say must be noticed soon after.
const AGAIN: Duration = Duration::from_millis(250);

/// What happened to a source.
pub(super) enum Change {
    /// It looks like this now.
    Now(Box<Live>),
    /// It is not there any more.
    Gone,
    /// It cannot be watched for the moment.
    Trouble(Box<Finding>),
}

/// Changes of all sources, each with the source's number.
pub(super) type Changes = SelectAll<BoxStream<'static, (usize, Change)>>;

/// Watches sources.
pub(super) fn changes(cluster: &Cluster, sources: &[Waited]) -> Changes {
    let watches = sources.iter().enumerate().map(|(number, source)| watch(cluster, number, source));
    watches.collect()
}

fn watch(cluster: &Cluster, number: usize, source: &Waited) -> BoxStream<'static, (usize, Change)> {
    let kind = Kind::OciRepository;
    let resource = ApiResource {
        group: kind.group().to_owned(),
        version: source.version.clone(),
        api_version: kind.api_version(&source.version),
        kind: kind.name().to_owned(),
        plural: kind.plural().to_owned(),
    };
    let namespace = &source.live.namespace;
    let api: Api<DynamicObject> =
        Api::namespaced_with(cluster.client().clone(), namespace, &resource);
    let only = format!("metadata.name={}", source.live.name);
    let options = watcher::Config::default().fields(&only).timeout(WATCH_S);
    // Whether the list that is being read has the source.
    let mut listed = true;
    let changes = watcher(api, options).backoff(Steady).filter_map(move |event| {
        let change = change(kind, event, &mut listed);
        std::future::ready(change.map(|change| (number, change)))
    });
    changes.boxed()
}

fn change(
    kind: Kind,
    event: Result<Event<DynamicObject>, watcher::Error>,
    listed: &mut bool,
) -> Option<Change> {
    match event {
        Ok(Event::Init) => {
            *listed = false;
            None
        }
        Ok(Event::InitApply(object) | Event::Apply(object)) => {
            *listed = true;
            let object = serde_json::to_value(&object).ok()?;
            Some(Change::Now(Box::new(Live::read(kind, &object))))
        }
        Ok(Event::InitDone) => (!*listed).then_some(Change::Gone),
        Ok(Event::Delete(_)) => Some(Change::Gone),
        Err(error) => trouble(kind, error).map(Change::Trouble),
    }
}

/// A place that the server has forgotten is no trouble: the list begins anew.
fn trouble(kind: Kind, error: watcher::Error) -> Option<Box<Finding>> {
    let error = match error {
        watcher::Error::InitialListFailed(error) => return Some(fault(&error, &Asked::list(kind))),
        watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error) => error,
        watcher::Error::WatchError(status) => kube::Error::Api(status),
        watcher::Error::NoResourceVersion => kube::Error::SerdeError(serde::de::Error::custom(
            "the list has no metadata.resourceVersion",
        )),
    };
    let forgotten = matches!(&error, kube::Error::Api(status) if status.code == 410);
    (!forgotten).then(|| fault(&error, &Asked::watch(kind)))
}

/// The same wait every time.
struct Steady;

impl Iterator for Steady {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(AGAIN)
    }
}

impl Backoff for Steady {
    fn reset(&mut self) {}
}
