//! Flux's controllers: their definitions, each version with its own, and their processes.

use std::time::Duration;

use serde_json::{Value, json};

use super::api::condition;
use super::{Api, FLUX_NAMESPACE, Named, Peers, Setup, kubeconfig};
use crate::failure::{Context as _, Outcome};
use crate::peers;
use crate::program::{Program, Service, free_port};
use crate::workspace::Workspace;

/// How long the API server may take to serve a new kind.
const ESTABLISHED_WITHIN: Duration = Duration::from_secs(30);

/// A version of source-controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Controller {
    /// That of Flux 2.9.
    #[value(name = "1.9")]
    Source19,
    /// That of Flux 2.8.
    #[value(name = "1.8")]
    Source18,
}

impl Controller {
    /// Name of the program in `target/peers`.
    pub(crate) fn peer(self) -> &'static str {
        match self {
            Controller::Source19 => "source-controller-1.9",
            Controller::Source18 => "source-controller-1.8",
        }
    }

    /// Its exact version, such as `1.9.6`: that of its pin.
    pub(crate) fn version(self, workspace: &Workspace) -> Outcome<String> {
        Ok(peers::version(workspace, self.peer())?.trim_start_matches('v').to_owned())
    }
}

const KUSTOMIZE: &str = "kustomize-controller";

/// The controllers of a plane.
pub(super) fn of(setup: &Setup) -> impl Iterator<Item = &'static str> {
    std::iter::once(setup.controller.peer()).chain(setup.kustomize.then_some(KUSTOMIZE))
}

/// Kinds of Flux that a cluster has and whose controllers are not run here: group, version, kind and
/// plural. They are there to be listed; whatever is written in them stays as it is.
const ONLY_KEPT: &[(&str, &str, &str, &str)] = &[
    ("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases"),
    ("fluxcd.controlplane.io", "v1", "FluxInstance", "fluxinstances"),
];

/// Makes the kinds known that the controllers of this plane reconcile, and those that are only kept.
pub(super) fn define(workspace: &Workspace, api: &Api, setup: &Setup) -> Outcome {
    let mut names = Vec::new();
    for kept in ONLY_KEPT {
        names.push(Named::of(&api.apply(&open_definition(*kept))?)?);
    }
    for controller in of(setup) {
        let folder = peers::definitions(workspace, controller);
        for entry in folder.read_dir_utf8().context(|| folder.to_string())? {
            let path = entry?.into_path();
            let text = std::fs::read_to_string(&path).context(|| path.to_string())?;
            let definition: Value = serde_saphyr::from_str(&text).context(|| path.to_string())?;
            names.push(Named::of(&api.apply(&definition)?)?);
        }
    }
    let established = |definition: &Value| condition(definition, "Established") == Some("True");
    names.iter().try_for_each(|name| api.wait(name, ESTABLISHED_WITHIN, established).map(drop))
}

/// The definition of a kind that may hold anything.
fn open_definition((group, version, kind, plural): (&str, &str, &str, &str)) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List")},
            "versions": [{
                "name": version,
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": true,
                }},
            }],
        },
    })
}

/// Starts the controllers, and waits until they say that they are ready; gives where source-controller
/// says so.
pub(super) fn start(peers: &Peers, setup: &Setup, services: &mut Vec<Service>) -> Outcome<String> {
    let name = setup.controller.peer();
    let ready = serve(name, source(peers, setup)?, setup, &setup.arguments, services)?;
    if setup.kustomize {
        serve(KUSTOMIZE, peers.program(KUSTOMIZE)?, setup, &[], services)?;
    }
    Ok(ready)
}

fn source(peers: &Peers, setup: &Setup) -> Outcome<Program> {
    let store = setup.folder.join("store");
    std::fs::create_dir_all(&store).context(|| store.to_string())?;
    let address = format!("127.0.0.1:{}", free_port()?);
    let program = peers.program(setup.controller.peer())?.args([
        format!("--storage-path={store}"),
        format!("--storage-addr={address}"),
        // kustomize-controller fetches what is stored from here.
        format!("--storage-adv-addr={address}"),
    ]);
    let tuf = setup.folder.join("tuf");
    Ok(program.env("TUF_ROOT", tuf.as_str()).envs(&setup.environment))
}

/// What both controllers are told: quick retries, no jitter, and nobody to send events to.
fn serve(
    name: &str,
    program: Program,
    setup: &Setup,
    more: &[String],
    services: &mut Vec<Service>,
) -> Outcome<String> {
    let health = free_port()?;
    let scratch = setup.folder.join("scratch");
    std::fs::create_dir_all(&scratch).context(|| scratch.to_string())?;
    let program = program
        .env("KUBECONFIG", kubeconfig::path(setup.folder).as_str())
        .env("RUNTIME_NAMESPACE", FLUX_NAMESPACE)
        .env("TMPDIR", scratch.as_str())
        .args([
            "--metrics-addr=0".to_owned(),
            format!("--health-addr=127.0.0.1:{health}"),
            "--events-addr=".to_owned(),
            "--interval-jitter-percentage=0".to_owned(),
            "--min-retry-delay=200ms".to_owned(),
            "--max-retry-delay=2s".to_owned(),
            "--concurrent=4".to_owned(),
            "--log-encoding=json".to_owned(),
        ])
        .args(more.iter().cloned());
    let mut service = program.serve(&setup.folder.join(format!("{name}.log")))?;
    let ready = format!("http://127.0.0.1:{health}/readyz");
    service.wait_until(|| ureq::get(&ready).call().is_ok())?;
    services.push(service);
    Ok(ready)
}
