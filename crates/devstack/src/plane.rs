//! `sealwright-devstack plane`: a small Kubernetes API server as a program of its own.

use anstream::eprintln;
use camino::Utf8PathBuf;
use sealwright_devstack::DevStackError;
use sealwright_devstack::kubernetes::{ClusterOptions, FakeCluster, VERSION};
use serde_json::json;

use crate::{print, stop_signals};

#[derive(Debug, clap::Args)]
pub(crate) struct PlaneArguments {
    /// Folder with the objects and the kubeconfig.
    #[arg(long, value_name = "DIR")]
    state: Utf8PathBuf,
    /// Name of the context in the kubeconfig.
    #[arg(long, value_name = "NAME", default_value = "simulated")]
    name: String,
    /// Port on 127.0.0.1 (default: a free one).
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// A kind of Flux that is not installed, by its plural; may be repeated.
    #[arg(long, value_name = "PLURAL")]
    without: Vec<String>,
    /// Lets other processes set faults and restart it.
    #[arg(long)]
    control: bool,
}

pub(crate) async fn plane(arguments: PlaneArguments) -> Result<(), DevStackError> {
    // Before the first sign of life, so that who stops us at once does it gracefully.
    let stop = stop_signals()?;
    let cluster = FakeCluster::start(ClusterOptions {
        name: arguments.name,
        state: Some(arguments.state),
        port: arguments.port,
        missing: arguments.without,
        control: arguments.control,
        ..ClusterOptions::default()
    })?;
    let ready = json!({
        "server": cluster.server_url(), "kubeconfig": cluster.kubeconfig_file(),
        "context": cluster.context(), "version": VERSION, "simulated": true,
    });
    print(&ready.to_string())?;
    eprintln!("simulated Kubernetes API at {}; stop with Ctrl-C", cluster.server_url());
    let signal = stop.await;
    eprintln!("{signal}: stopping");
    drop(cluster);
    Ok(())
}
