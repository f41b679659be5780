//! Kubernetes control planes on loopback: etcd, API server and Flux's controllers as plain processes,
//! without nodes and without containers. What they decide is what a cluster decides.

mod api;
pub(crate) mod command;
mod control_plane;
mod controllers;
mod heartbeat;
mod kubeconfig;
mod rights;
mod simulated;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use heartbeat::Heartbeat;
use serde_json::json;

use crate::failure::{Context as _, Failure, Outcome};
use crate::program::{Program, Service};
use crate::workspace::Workspace;

pub(crate) use api::{Api, Named, condition};
pub(crate) use controllers::Controller;

/// The namespace that Flux lives in; there from the start.
pub(crate) const FLUX_NAMESPACE: &str = "flux-system";

/// What its Lease calls it, whatever the version.
const SOURCE_CONTROLLER: &str = "source-controller";

/// Which plane is wanted.
pub(crate) struct Setup<'a> {
    /// Its name, which is also that of its context in the kubeconfig.
    pub(crate) name: &'a str,
    /// Folder for its state and its logs; what an earlier plane left in it is taken away.
    pub(crate) folder: &'a Utf8Path,
    /// The source-controller to run.
    pub(crate) controller: Controller,
    /// Whether kustomize-controller runs as well, so that what is fetched is applied.
    pub(crate) kustomize: bool,
    /// Further arguments of source-controller; of one that is there twice the last counts.
    pub(crate) arguments: Vec<String>,
    /// Further environment of source-controller.
    pub(crate) environment: BTreeMap<String, String>,
}

/// A running plane; all of it ends when it is dropped, and also when the task is killed.
pub(crate) struct Plane {
    /// Its name, which is also that of its context.
    pub(crate) name: String,
    /// Kubeconfig of somebody who may do everything.
    pub(crate) kubeconfig: Utf8PathBuf,
    /// The API, as the same.
    pub(crate) api: Api,
    /// Whether nothing in it was decided by Flux itself; said wherever something made with it is shown.
    pub(crate) simulated: bool,
    /// In the order in which they were started.
    services: Vec<Service>,
    /// What stands in for source-controller in a simulated plane.
    reconciler: Option<simulated::Reconciler>,
    /// What shows that source-controller lives in a real one.
    heartbeat: Option<Heartbeat>,
}

impl Plane {
    /// Starts one, each part when the one that it asks is there.
    pub(crate) fn start(workspace: &Workspace, setup: &Setup) -> Outcome<Plane> {
        let peers = Peers::new(workspace, setup)?;
        clear(setup.folder)?;
        let mut services = Vec::new();
        let api = control_plane::start(&peers, setup, &mut services)
            .context(|| format!("plane {}", setup.name))?;
        let mut plane = Plane {
            name: setup.name.to_owned(),
            kubeconfig: kubeconfig::path(setup.folder),
            api,
            simulated: false,
            services,
            reconciler: None,
            heartbeat: None,
        };
        plane.populate(workspace, &peers, setup).context(|| format!("plane {}", setup.name))?;
        Ok(plane)
    }

    fn populate(&mut self, workspace: &Workspace, peers: &Peers, setup: &Setup) -> Outcome {
        self.namespace(FLUX_NAMESPACE)?;
        controllers::define(workspace, &self.api, setup)?;
        let ready = controllers::start(peers, setup, &mut self.services)?;
        let heartbeat = Heartbeat::start(self.api.clone(), SOURCE_CONTROLLER, ready)?;
        self.heartbeat = Some(heartbeat);
        Ok(())
    }

    /// Fails when one of its parts has ended by itself.
    pub(crate) fn insist_running(&mut self) -> Outcome {
        self.services.iter_mut().try_for_each(Service::insist_running)
    }

    /// Makes a namespace.
    pub(crate) fn namespace(&self, name: &str) -> Outcome {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.api.apply(&namespace).map(drop)
    }
}

impl Drop for Plane {
    /// The last that was started ends first: it asks the others.
    fn drop(&mut self) {
        drop(self.reconciler.take());
        drop(self.heartbeat.take());
        while let Some(service) = self.services.pop() {
            drop(service);
        }
    }
}

/// The real programs that a plane consists of.
struct Peers {
    folder: Utf8PathBuf,
    /// Where they may keep what they like; never the user's own home.
    home: Utf8PathBuf,
}

/// What to do about a program that is not there.
pub(crate) const MISSING: &str = "install Go and run `cargo xtask peers`";

impl Peers {
    fn new(workspace: &Workspace, setup: &Setup) -> Outcome<Peers> {
        let peers = Peers { folder: workspace.peers(), home: setup.folder.join("home") };
        // All that is missing is told before anything is started.
        for name in control_plane::PARTS.iter().copied().chain(controllers::of(setup)) {
            peers.program(name)?;
        }
        Ok(peers)
    }

    fn program(&self, name: &str) -> Outcome<Program> {
        let path = self.folder.join(name);
        if !path.is_file() {
            return Err(Failure::new(format!("{name} is not built")).next(MISSING));
        }
        Ok(Program::new(path)
            .empty_environment()
            .env("HOME", self.home.as_str())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin"))
    }
}

/// A plane starts from nothing: what it shows was made by this run.
fn clear(folder: &Utf8Path) -> Outcome {
    if folder.exists() {
        std::fs::remove_dir_all(folder).context(|| folder.to_string())?;
    }
    let home = folder.join("home");
    std::fs::create_dir_all(&home).context(|| home.to_string())
}
