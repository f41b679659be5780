//! Registry and Sigstore together, on one state folder.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::endpoints::Endpoints;
use crate::registry::{Auth, RegistryOptions, RegistryServer};
use crate::sigstore::{Sigstore, SigstoreOptions, TokenRequest};
use crate::{DevStackError, StateFolder};

/// How to start the dev stack.
#[derive(Clone, Debug)]
pub struct Options {
    /// State folder; `None` is a new temporary one, which goes with the dev stack.
    pub state: Option<Utf8PathBuf>,
    /// Whether the registry has the referrers API.
    pub referrers_api: bool,
    /// Port of the registry; `None` is the one before, or a free one.
    pub registry_port: Option<u16>,
    /// Port of Sigstore; `None` is the one before, or a free one.
    pub sigstore_port: Option<u16>,
    /// How the registry knows its users.
    pub auth: Auth,
    /// Waiting time of every request to either server, as distant ones have.
    pub latency: Option<Duration>,
    /// Whether other processes may set the registry's faults, read its request log and have evidence minted.
    pub control: bool,
    /// The workflow run that tokens speak of when nothing else is asked for.
    pub default_run: TokenRequest,
}

impl Default for Options {
    /// A temporary folder, free ports, the referrers API, a registry for everybody.
    fn default() -> Self {
        Self {
            state: None,
            referrers_api: true,
            registry_port: None,
            sigstore_port: None,
            auth: Auth::None,
            latency: None,
            control: false,
            default_run: TokenRequest::default(),
        }
    }
}

/// A running dev stack. It needs no async runtime; dropping it stops it gracefully.
pub struct DevStack {
    registry: RegistryServer,
    sigstore: Sigstore,
    endpoints: Endpoints,
    /// Locked until the servers above have stopped.
    _state: StateFolder,
    _temporary: Option<tempfile::TempDir>,
}

impl DevStack {
    /// Starts both servers, and writes where they are to `endpoints.json` once they answer.
    ///
    /// Ports are kept over a restart: they stand in the trusted root and in the references of a
    /// cluster that pulls from here.
    ///
    /// # Errors
    /// The state folder cannot be had ([`StateFolder::claim`]) or read, or a port is taken.
    pub fn start(options: Options) -> Result<Self, DevStackError> {
        let (folder, temporary) = match options.state {
            Some(folder) => (folder, None),
            None => {
                let folder =
                    tempfile::tempdir().map_err(DevStackError::file("create", "a folder"))?;
                let path = Utf8Path::from_path(folder.path())
                    .ok_or_else(|| DevStackError::mint("a folder", "its path is not UTF-8"))?;
                (path.to_owned(), Some(folder))
            }
        };
        let state = StateFolder::claim(&folder)?;
        let before = Endpoints::left_in(state.path())?;
        let port_before = |port: fn(&Endpoints) -> Option<u16>| before.as_ref().and_then(port);

        let sigstore = SigstoreOptions {
            port: options.sigstore_port.or(port_before(Endpoints::sigstore_port)),
            default_run: options.default_run,
            latency: options.latency,
            control: options.control,
            ..SigstoreOptions::default()
        };
        let sigstore = Sigstore::start_in(sigstore, state.path())?;
        let registry = RegistryOptions {
            port: options.registry_port.or(port_before(Endpoints::registry_port)),
            referrers_api: options.referrers_api,
            auth: options.auth,
            latency: options.latency,
            control: options.control,
            ..RegistryOptions::default()
        };
        let registry = RegistryServer::start_in(registry, Some(&state.path().join("registry")))?;

        let endpoints = Endpoints::of(&registry, options.referrers_api, &sigstore);
        endpoints.write(state.path())?;
        Ok(Self { registry, sigstore, endpoints, _state: state, _temporary: temporary })
    }

    /// The registry.
    pub fn registry(&self) -> &RegistryServer {
        &self.registry
    }

    /// Sigstore.
    pub fn sigstore(&self) -> &Sigstore {
        &self.sigstore
    }

    /// Where everything is.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }
}
