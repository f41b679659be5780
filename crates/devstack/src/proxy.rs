//! `sealwright-devstack front`: a registry under a name of the internet, as a program of its own.

use std::net::SocketAddr;

use anstream::eprintln;
use camino::Utf8PathBuf;
use sealwright_devstack::DevStackError;
use sealwright_devstack::front::{Front, FrontOptions};
use serde_json::json;

use crate::{print, stop_signals};

#[derive(Debug, clap::Args)]
pub(crate) struct FrontArguments {
    /// Address of the registry that every name leads to.
    #[arg(long, value_name = "ADDRESS")]
    to: SocketAddr,
    /// PEM file with the certificate that is shown.
    #[arg(long, value_name = "FILE")]
    certificate: Utf8PathBuf,
    /// PEM file with its key.
    #[arg(long, value_name = "FILE")]
    key: Utf8PathBuf,
    /// PEM file with the authorities whose client certificates count under `mutual.` names.
    #[arg(long, value_name = "FILE")]
    client_authorities: Utf8PathBuf,
}

pub(crate) async fn front(arguments: FrontArguments) -> Result<(), DevStackError> {
    // Before the first sign of life, so that who stops us at once does it gracefully.
    let stop = stop_signals()?;
    let FrontArguments { to, certificate, key, client_authorities } = arguments;
    let options = FrontOptions { certificate, key, client_authorities };
    let front = Front::start(to, &options)?;
    print(&json!({"proxy": front.url()}).to_string())?;
    eprintln!("proxy to {to} at {}; stop with Ctrl-C", front.url());
    let signal = stop.await;
    eprintln!("{signal}: stopping");
    Ok(())
}
