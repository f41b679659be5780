//! `cargo xtask plane`: a control plane to try things on, until it is interrupted.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;

use super::{Controller, Plane, Setup};
use crate::failure::Outcome;
use crate::say;
use crate::workspace::Workspace;

/// How often the parts are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Its name, and that of its context in the kubeconfig.
    #[arg(default_value = "local")]
    name: String,
    /// The source-controller to run.
    #[arg(long, value_enum, value_name = "VERSION", default_value = "1.9")]
    controller: Controller,
    /// Run kustomize-controller as well.
    #[arg(long)]
    kustomize: bool,
    /// Run a small API server, and write into each source's status what the verifier predicts of it.
    /// Needs no Go, and decides nothing as Flux does.
    #[arg(long, conflicts_with = "kustomize")]
    simulated: bool,
    /// Further flags of `sealwright-verifier predict` for a simulated plane: `-- --trust DIR`.
    #[arg(last = true, requires = "simulated")]
    predict: Vec<String>,
    /// Folder for its state (default: target/sealwright/planes/NAME); what is in it is taken away.
    #[arg(long, value_name = "DIR")]
    state: Option<Utf8PathBuf>,
}

/// Starts the plane, says where its kubeconfig is, and holds it for as long as all parts run.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    let folder = arguments.state.clone();
    let folder = folder.unwrap_or_else(|| workspace.out().join("planes").join(&arguments.name));
    let setup = Setup {
        name: &arguments.name,
        folder: &folder,
        controller: arguments.controller,
        kustomize: arguments.kustomize,
        arguments: Vec::new(),
        environment: BTreeMap::new(),
    };
    let mut plane = if arguments.simulated {
        Plane::simulate(workspace, &setup, arguments.predict.clone())?
    } else {
        Plane::start(workspace, &setup)?
    };
    say::data(&format!("export KUBECONFIG={}", plane.kubeconfig));
    let kind = if plane.simulated { "simulated plane" } else { "plane" };
    say::line(&format!("{kind} {} is ready; its logs are in {folder}", plane.name));
    loop {
        plane.insist_running()?;
        std::thread::sleep(LOOK_AGAIN);
    }
}
