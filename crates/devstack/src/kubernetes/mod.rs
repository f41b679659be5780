//! A small Kubernetes API server on loopback: the kinds that the product reads and writes, as objects
//! under one version, with watches, server-side apply, and faults on request. It runs nothing: no
//! pods, no controllers. Its version ends in `+simulated`, so that nobody takes it for a real one.
//!
//! ```no_run
//! use sealwright_devstack::kubernetes::{ClusterOptions, Effect, FakeCluster, Fault};
//!
//! let cluster = FakeCluster::start(ClusterOptions::default())?;
//! cluster.set_faults(vec![Fault::new(Effect::Forbidden).verb("list").on("helmcharts")]);
//! // … let a client with cluster.kubeconfig() look around …
//! # Ok::<(), sealwright_devstack::DevStackError>(())
//! ```
//!
//! Not here, since nobody's tests need them: TLS, roles, admission, other versions of a kind,
//! definitions of kinds that it does not know, JSON patches, YAML bodies, tables.

mod apply;
mod control;
mod discovery;
mod fault;
mod fields;
mod journal;
mod kinds;
mod object;
mod read;
mod route;
mod selector;
mod serve;
mod shape;
mod status;
mod store;
mod watch;
mod write;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

pub use fault::{Effect, Fault};

use crate::faults::Faults;
use crate::listen::{self, Server};
use crate::state::write_json;
use crate::{DevStackError, StateFolder};
use kinds::{KINDS, named};
use store::{Key, Store, Write};

/// What it calls its version.
pub const VERSION: &str = "v1.37.0+simulated";
/// The user behind its token, in messages.
const USER: &str = "admin";
/// Longest watch, as in the API server.
const WATCH_MAX: Duration = Duration::from_secs(3600);
/// Namespaces that are there from the beginning.
const NAMESPACES: &[&str] = &["default", "flux-system", "kube-system"];

/// What kind of cluster to start.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Name of its context in the kubeconfig.
    pub name: String,
    /// State folder, which is claimed for this server; `None` keeps everything in memory.
    pub state: Option<Utf8PathBuf>,
    /// Port on 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// Changes that are remembered; who asks for older ones is told 410.
    pub history_max: usize,
    /// How often a watch is told the latest version when nothing happens.
    pub bookmark_every: Duration,
    /// Kinds of Flux that are not installed, by their plurals.
    pub missing: Vec<String>,
    /// Whether other processes may set faults and restart it, at `/_faults` and `/_restart`.
    pub control: bool,
}

impl Default for ClusterOptions {
    /// In memory, at a free port, with all kinds, with no control from outside.
    fn default() -> Self {
        Self {
            name: "simulated".to_owned(),
            state: None,
            port: None,
            history_max: 10_000,
            bookmark_every: Duration::from_secs(5),
            missing: Vec::new(),
            control: false,
        }
    }
}

/// Everything that a request needs.
struct Cluster {
    store: Store,
    faults: Faults<Fault>,
    token: String,
    /// Rises when all watches are to be cut.
    cut: watch::Cut,
    down_until: Mutex<Option<Instant>>,
    bookmark_every: Duration,
    control: bool,
}

/// A running cluster. It needs no async runtime; dropping it stops it.
pub struct FakeCluster {
    cluster: Arc<Cluster>,
    server: Server,
    name: String,
    kubeconfig: Option<Utf8PathBuf>,
    /// Kept locked as long as the server runs; declared last, so released last.
    _state: Option<StateFolder>,
}

impl FakeCluster {
    /// Starts a cluster that answers when this returns. With a state folder, it writes a kubeconfig
    /// there, and what was in it before is there again.
    ///
    /// # Errors
    /// The state folder cannot be had ([`StateFolder::claim`]) or read, or the port is taken.
    pub fn start(options: ClusterOptions) -> Result<Self, DevStackError> {
        let state = options.state.as_deref().map(StateFolder::claim).transpose()?;
        let folder = state.as_ref().map(StateFolder::path);
        let kubeconfig = folder.map(|folder| folder.join("kubeconfig"));
        let store = Store::open(
            folder.map(|folder| folder.join("kubernetes")).as_deref(),
            options.history_max,
        )?;
        if store.version() == 0 {
            furnish(&store, &options.missing)?;
            store.forget_history();
        }
        let listener = listen::bind(options.port)?;
        let cluster = Arc::new(Cluster {
            store,
            faults: Faults::default(),
            token: token(),
            cut: watch::Cut::default(),
            down_until: Mutex::default(),
            bookmark_every: options.bookmark_every,
            control: options.control,
        });
        let serving = Arc::clone(&cluster);
        let server = Server::start(listener, move |request| Arc::clone(&serving).answer(request))?;
        let running = Self { cluster, server, name: options.name, kubeconfig, _state: state };
        if let Some(path) = &running.kubeconfig {
            write_json(path, &running.kubeconfig_document())?;
        }
        Ok(running)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// URL of the API server.
    pub fn server_url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The token of its kubeconfig; every other is told 401.
    pub fn token(&self) -> &str {
        &self.cluster.token
    }

    /// Name of its context in the kubeconfig.
    pub fn context(&self) -> &str {
        &self.name
    }

    /// The kubeconfig in the state folder, when there is one.
    pub fn kubeconfig_file(&self) -> Option<&Utf8Path> {
        self.kubeconfig.as_deref()
    }

    /// A kubeconfig for it, in JSON, which is YAML, too.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_document().to_string()
    }

    fn kubeconfig_document(&self) -> Value {
        let name = &self.name;
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": name,
            "clusters": [{"name": name, "cluster": {"server": self.server_url()}}],
            "users": [{"name": name, "user": {"token": self.token()}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        })
    }

    /// Puts these faults in force instead of those before.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.cluster.faults.set(faults);
    }

    /// The faults that can still strike, with what is left of their counts.
    pub fn faults(&self) -> Vec<Fault> {
        self.cluster.faults.left()
    }

    /// Puts objects there in one go, each with the status that its controller has written: a fleet
    /// without a request for each.
    ///
    /// # Errors
    /// One is of no kind that is served, or not of its shape.
    pub fn put(&self, objects: Vec<Value>) -> Result<(), DevStackError> {
        let now = format!("{:.0}", jiff::Timestamp::now());
        objects.into_iter().try_for_each(|object| put(&self.cluster.store, object, &now))
    }

    /// Goes away for a while and comes back: connections close unanswered, watches are cut, the
    /// objects stay, and the changes before are forgotten, so that a watch from an older version is
    /// told 410.
    pub fn restart(&self, down: Duration) {
        self.cluster.restart(down);
    }
}

impl Drop for FakeCluster {
    fn drop(&mut self) {
        self.cluster.cut_watches();
    }
}

impl Cluster {
    fn restart(&self, down: Duration) {
        let until = Instant::now() + down;
        *self.down_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        self.store.forget_history();
        self.cut_watches();
    }

    fn is_down(&self) -> bool {
        let until = *self.down_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn cut_watches(&self) {
        self.cut.send_modify(|count| *count += 1);
    }
}

/// What a fresh cluster holds: namespaces, and the definitions of Flux's kinds by name alone.
fn furnish(store: &Store, missing: &[String]) -> Result<(), DevStackError> {
    let now = format!("{:.0}", jiff::Timestamp::now());
    let put = |plural: &str, name: &str, object: Value| {
        let kind = named(plural).ok_or_else(|| DevStackError::mint("a cluster", plural))?;
        let key = Key { kind, namespace: String::new(), name: name.to_owned() };
        let settled =
            |_: Option<&Value>| object::settle(&key, None, object, object::Part::Main, &now);
        let written = store.write(&key, false, |live| settled(live).map(Write::Put));
        written.map(drop).map_err(|refusal| DevStackError::mint("a cluster", refusal.object()))
    };
    for name in NAMESPACES {
        put("namespaces", name, json!({}))?;
    }
    let installed = |plural: &str| !missing.iter().any(|missing| missing == plural);
    for kind in KINDS.iter().filter(|kind| kind.is_custom() && installed(kind.plural)) {
        let spec = json!({
            "group": kind.group, "scope": "Namespaced",
            "names": {"plural": kind.plural, "kind": kind.name, "shortNames": kind.short},
            "versions": [{"name": kind.version, "served": true, "storage": true}],
        });
        put("customresourcedefinitions", &kind.resource(), json!({"spec": spec}))?;
    }
    Ok(())
}

fn put(store: &Store, object: Value, now: &str) -> Result<(), DevStackError> {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let kind = KINDS.iter().find(|kind| kind.name == text("/kind"));
    let kind = kind.ok_or_else(|| DevStackError::mint("an object", text("/kind")))?;
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let key = Key { kind, namespace: namespace.to_owned(), name: name.to_owned() };
    let status = object.get("status").cloned();
    let written = store.write(&key, false, |live| {
        let mut settled = object::settle(&key, live, object, object::Part::Main, now)?;
        if let Some(status) = status {
            settled["status"] = status;
        }
        Ok(Write::Put(settled))
    });
    written.map(drop).map_err(|refusal| DevStackError::mint("an object", refusal.object()))
}

/// A token that nobody else has.
fn token() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has random numbers");
    hex::encode(bytes)
}
