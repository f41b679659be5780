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
    /// PEM file with the certificate that is shown; without it the registry has no TLS.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<Utf8PathBuf>,
    /// PEM file with its key.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<Utf8PathBuf>,
    /// PEM file with the authorities whose client certificates are asked for.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    client_authorities: Option<Utf8PathBuf>,
}

pub(crate) async fn front(arguments: FrontArguments) -> Result<(), DevStackError> {
    // Before the first sign of life, so that who stops us at once does it gracefully.
    let stop = stop_signals()?;
    let options = FrontOptions {
        certificate: arguments.certificate.zip(arguments.key),
        client_authorities: arguments.client_authorities,
    };
    let front = Front::start(arguments.to, &options)?;
    print(&json!({"proxy": front.url()}).to_string())?;
    eprintln!("proxy to {} at {}; stop with Ctrl-C", arguments.to, front.url());
    let signal = stop.await;
    eprintln!("{signal}: stopping");
    Ok(())
}
