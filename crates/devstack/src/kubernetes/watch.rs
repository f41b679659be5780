//! Watches: every change from a version on, as long as both sides want.

use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::fault::Effect;
use super::route::{Query, Target};
use super::selector::Selector;
use super::status::Refusal;
use super::store::Change;
use super::{Cluster, WATCH_MAX};
use crate::listen::Hangup;
use std::sync::Arc;

/// Events that wait for a slow reader before the server waits, too.
const WAITING_EVENTS_MAX: usize = 64;

/// So much earlier, events are on their way before the connection is cut.
const BEFORE_CUT: Duration = Duration::from_millis(20);

/// One watch.
struct Watch {
    cluster: Arc<Cluster>,
    target: Target,
    selector: Selector,
    /// What is told begins behind this version; `None` begins with all that is there.
    from: Option<u64>,
    bookmarks: bool,
    /// Whether the end of what was there is told.
    initial_end: bool,
    until: Instant,
    faults: WatchFaults,
    sent: u64,
    out: mpsc::Sender<io::Result<Bytes>>,
}

/// How a watch is disturbed.
#[derive(Default)]
struct WatchFaults {
    pause: Duration,
    end: Option<(u64, End)>,
}

#[derive(Clone, Copy)]
enum End {
    Stall,
    Drop,
    Gone,
}

/// Why a watch is over.
enum Over {
    /// The client is gone, or the time is up.
    Ended,
    /// The connection is to be cut.
    Cut,
    /// The client is told why.
    Refused(Refusal),
}

/// Begins a watch.
pub(crate) fn begin(
    cluster: &Arc<Cluster>,
    target: &Target,
    query: &Query,
    effects: &[Effect],
) -> Result<Response<Body>, Refusal> {
    let (out, mut events) = mpsc::channel(WAITING_EVENTS_MAX);
    let initial = query.is("sendInitialEvents");
    let from = query.resource_version()?.filter(|version| *version > 0 && !initial);
    let watch = Watch {
        cluster: Arc::clone(cluster),
        target: target.clone(),
        selector: query.selector()?,
        from,
        bookmarks: query.is("allowWatchBookmarks"),
        initial_end: initial,
        until: Instant::now() + query.timeout()?.unwrap_or(WATCH_MAX).min(WATCH_MAX),
        faults: WatchFaults::of(effects),
        sent: 0,
        out,
    };
    tokio::spawn(watch.run());
    let events = stream::poll_fn(move |context| events.poll_recv(context));
    let mut response = Response::new(Body::from_stream(events));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

impl WatchFaults {
    fn of(effects: &[Effect]) -> Self {
        let mut faults = Self::default();
        for effect in effects {
            match effect {
                Effect::SlowEvents { milliseconds } => {
                    faults.pause = Duration::from_millis(*milliseconds);
                }
                Effect::StallAfter { events } => faults.end = Some((*events, End::Stall)),
                Effect::DropAfter { events } => faults.end = Some((*events, End::Drop)),
                Effect::GoneAfter { events } => faults.end = Some((*events, End::Gone)),
                Effect::Gone => faults.end = Some((0, End::Gone)),
                _ => {}
            }
        }
        faults
    }
}

impl Watch {
    async fn run(mut self) {
        let mut cut = self.cluster.cut.subscribe();
        let out = self.out.clone();
        let over = tokio::select! {
            over = self.tell() => over,
            _ = cut.changed() => Over::Cut,
            () = out.closed() => Over::Ended,
        };
        // An error here means that nobody listens any more.
        let _ = match over {
            Over::Ended => return,
            Over::Cut => {
                sleep(BEFORE_CUT).await;
                out.send(Err(io::Error::other(Hangup))).await
            }
            Over::Refused(refusal) => out.send(Ok(line("ERROR", &refusal.object()))).await,
        };
    }

    /// Tells until there is a reason to end.
    async fn tell(&mut self) -> Over {
        let mut latest = self.cluster.store.subscribe();
        // What changes from here on is not missed: it wakes the wait below.
        latest.mark_unchanged();
        if let Err(over) = self.check_end().await {
            return over;
        }
        let mut from = match self.begin_with().await {
            Ok(from) => from,
            Err(over) => return over,
        };
        loop {
            let namespace = self.target.namespace.as_deref();
            let news = self.cluster.store.since(from, self.target.kind, namespace);
            let (version, changes) = match news {
                Ok(news) => news,
                Err(refusal) => return Over::Refused(refusal),
            };
            for change in &changes {
                let Some((kind, object)) = self.event(change) else { continue };
                if let Err(over) = self.send(kind, &object).await {
                    return over;
                }
            }
            from = version;
            tokio::select! {
                changed = latest.changed() => if changed.is_err() { return Over::Ended },
                () = sleep(self.cluster.bookmark_every) => if self.bookmarks {
                    let object = self.bookmark(from);
                    if let Err(over) = self.send("BOOKMARK", &object).await {
                        return over;
                    }
                },
                () = sleep_until(self.until) => return Over::Ended,
            }
        }
    }

    /// What is there already, where the client has not seen it; gives the version that it is of.
    async fn begin_with(&mut self) -> Result<u64, Over> {
        if let Some(from) = self.from {
            return Ok(from);
        }
        let namespace = self.target.namespace.as_deref();
        let listed = self.cluster.store.list(self.target.kind, namespace, None);
        let (version, objects) = listed.map_err(Over::Refused)?;
        for (_, object) in objects {
            if self.selector.matches(&object) {
                self.send("ADDED", &object).await?;
            }
        }
        if self.initial_end {
            let mut object = self.bookmark(version);
            object["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": "true"});
            self.send("BOOKMARK", &object).await?;
        }
        Ok(version)
    }

    /// What a change is to somebody who sees only what the selector lets through.
    fn event(&self, change: &Change) -> Option<(&'static str, Value)> {
        let seen = |object: &Option<Arc<Value>>| {
            object.as_ref().is_some_and(|object| self.selector.matches(object))
        };
        let kind = match (seen(&change.before), seen(&change.after)) {
            (false, false) => return None,
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
        };
        Some((kind, Value::clone(&change.last)))
    }

    fn bookmark(&self, version: u64) -> Value {
        let kind = self.target.kind;
        json!({
            "apiVersion": kind.api_version(), "kind": kind.name,
            "metadata": {"resourceVersion": version.to_string()},
        })
    }

    async fn send(&mut self, kind: &str, object: &Value) -> Result<(), Over> {
        self.check_end().await?;
        sleep(self.faults.pause).await;
        self.out.send(Ok(line(kind, object))).await.map_err(|_| Over::Ended)?;
        self.sent += 1;
        self.check_end().await
    }

    /// Ends as a fault wants it, once enough was told.
    async fn check_end(&self) -> Result<(), Over> {
        match self.faults.end {
            Some((events, end)) if self.sent >= events => match end {
                End::Stall => std::future::pending().await,
                End::Drop => Err(Over::Cut),
                End::Gone => Err(Over::Refused(Refusal::expired(0, self.cluster.store.version()))),
            },
            _ => Ok(()),
        }
    }
}

fn line(kind: &str, object: &Value) -> Bytes {
    Bytes::from(format!("{}\n", json!({"type": kind, "object": object})))
}

/// A signal that all watches are to be cut.
pub(crate) type Cut = watch::Sender<u64>;
