//! An OCI registry on loopback: the distribution specification 1.1, with the referrers API or
//! without, with authentication or without, and with faults on request.
//!
//! ```no_run
//! use sealwright_devstack::registry::{Effect, Fault, Kind, RegistryOptions, RegistryServer};
//!
//! let registry = RegistryServer::start(RegistryOptions::default())?;
//! let late = Effect::Status { code: 429, retry_after: Some("1".to_owned()) };
//! registry.set_faults(vec![Fault::new(late).on(Kind::Manifest).method("PUT").once()]);
//! // … let a client push to registry.address() …
//! assert_eq!(registry.requests().iter().filter(|request| request.fault).count(), 1);
//! # Ok::<(), sealwright_devstack::DevStackError>(())
//! ```
//!
//! Not here, since nobody's tests need them: TLS, garbage collection of blobs that no manifest names,
//! quotas, several users.

mod answer;
mod api_error;
mod auth;
mod blob_api;
mod control;
mod disk;
mod disturb;
mod fault;
mod list_api;
mod log;
mod manifest;
mod manifest_api;
mod names;
mod query;
mod reply;
mod route;
mod store;
mod upload;
mod upload_api;

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

pub use auth::{Account, Auth};
pub use fault::{Effect, Fault};
pub use log::{REQUESTS_COUNT_MAX, RequestRecord};
pub use manifest::MANIFEST_BYTES_MAX;
pub use names::{Algorithm, Digest, REPOSITORY_BYTES_MAX, TAG_BYTES_MAX, is_repository, is_tag};
pub use route::Kind;
pub use upload::{BLOB_BYTES_MAX, UPLOADS_COUNT_MAX};

use crate::faults::Faults;
use crate::listen::{self, Server};
use crate::{DevStackError, StateFolder};
use auth::Access;
use log::Log;
use manifest::Facts;
use store::{Store, StoredManifest};
use upload::Uploads;

/// What kind of registry to start.
#[derive(Clone, Debug)]
pub struct RegistryOptions {
    /// State folder, which is claimed for this server; `None` keeps everything in memory.
    pub state: Option<Utf8PathBuf>,
    /// Port on 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// Whether it has the referrers API; without, as GHCR, it answers 404 there and sends no
    /// `OCI-Subject`.
    pub referrers_api: bool,
    /// How it knows its users.
    pub auth: Auth,
    /// Referrers in one page; `None` lists all.
    pub referrers_page: Option<usize>,
    /// Tags in one page, whatever `n` asks for; `None` is no limit.
    pub tags_page: Option<usize>,
    /// Waiting time of every request, as a distant registry has.
    pub latency: Option<Duration>,
    /// Whether other processes may set faults and read the request log, at `/_faults` and `/_requests`.
    pub control: bool,
}

impl Default for RegistryOptions {
    /// In memory, at a free port, with the referrers API, for everybody, with no control from outside.
    fn default() -> Self {
        Self {
            state: None,
            port: None,
            referrers_api: true,
            auth: Auth::None,
            referrers_page: None,
            tags_page: None,
            latency: None,
            control: false,
        }
    }
}

/// Everything that a request needs.
struct Registry {
    store: Store,
    uploads: Uploads,
    access: Access,
    faults: Faults<Fault>,
    log: Log,
    referrers_api: bool,
    referrers_page: Option<usize>,
    tags_page: Option<usize>,
    latency: Option<Duration>,
    control: bool,
}

/// A running registry. It needs no async runtime; dropping it stops it gracefully.
pub struct RegistryServer {
    registry: Arc<Registry>,
    server: Server,
    /// Kept locked as long as the server runs; declared last, so released last.
    _state: Option<StateFolder>,
}

impl RegistryServer {
    /// Starts a registry that answers when this returns.
    ///
    /// # Errors
    /// The state folder cannot be had ([`StateFolder::claim`]) or read, or the port is taken.
    pub fn start(options: RegistryOptions) -> Result<Self, DevStackError> {
        let state = options.state.as_deref().map(StateFolder::claim).transpose()?;
        let root = state.as_ref().map(|state| state.path().join("registry"));
        let mut server = Self::start_in(options, root.as_deref())?;
        server._state = state;
        Ok(server)
    }

    /// Starts a registry in a folder that the caller has claimed; `None` is in memory.
    pub(crate) fn start_in(
        options: RegistryOptions,
        root: Option<&Utf8Path>,
    ) -> Result<Self, DevStackError> {
        let listener = listen::bind(options.port)?;
        let address =
            listener.local_addr().map_err(DevStackError::file("listen on", "a socket"))?;
        let registry = Arc::new(Registry {
            store: root.map_or_else(|| Ok(Store::in_memory()), Store::open)?,
            uploads: Uploads::default(),
            access: Access::new(options.auth, format!("http://{address}/token")),
            faults: Faults::default(),
            log: Log::default(),
            referrers_api: options.referrers_api,
            referrers_page: options.referrers_page,
            tags_page: options.tags_page,
            latency: options.latency,
            control: options.control,
        });
        let serving = Arc::clone(&registry);
        let server = Server::start(listener, move |request| Arc::clone(&serving).answer(request))?;
        Ok(Self { registry, server, _state: None })
    }

    /// Where it listens; `to_string()` is the host part of references.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Puts a blob into a repository without a request, for tests that need many.
    ///
    /// # Errors
    /// It is no repository name, or the state folder cannot be written.
    pub fn add_blob(&self, repository: &str, bytes: Vec<u8>) -> Result<Digest, DevStackError> {
        check_names(repository, None)?;
        let digest = Digest::sha256(&bytes);
        let added = self.registry.store.add_blob(repository, &digest, bytes.into());
        added.map_err(DevStackError::file("write", "the registry's folder"))?;
        Ok(digest)
    }

    /// Puts a manifest into a repository without a request, and under a tag if one is given. What it
    /// refers to need not be there: a registry that lost a blob looks like that.
    ///
    /// # Errors
    /// A name is malformed, it is no manifest of its media type, or the state folder cannot be written.
    pub fn add_manifest(
        &self,
        repository: &str,
        tag: Option<&str>,
        media_type: &str,
        bytes: Vec<u8>,
    ) -> Result<Digest, DevStackError> {
        check_names(repository, tag)?;
        let facts = Facts::read(&bytes, Some(media_type))
            .map_err(|error| DevStackError::mint("a manifest", error))?;
        let digest = Digest::sha256(&bytes);
        let manifest = StoredManifest {
            digest: digest.clone(),
            media_type: media_type.to_owned(),
            bytes: bytes.into(),
        };
        let added = self.registry.store.put_manifest(repository, tag, manifest, &facts);
        added.map_err(DevStackError::file("write", "the registry's folder"))?;
        Ok(digest)
    }

    /// Puts these faults in force instead of those before.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.registry.faults.set(faults);
    }

    /// The faults that can still strike, with what is left of their counts.
    pub fn faults(&self) -> Vec<Fault> {
        self.registry.faults.left()
    }

    /// The requests so far, in order of arrival; the last [`REQUESTS_COUNT_MAX`] of them.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.registry.log.all()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.registry.log.clear();
    }

    /// Makes every token that the token server gave out worthless.
    pub fn revoke_tokens(&self) {
        self.registry.access.revoke();
    }

    /// Upload sessions that nobody has finished or cancelled: a client should leave none.
    pub fn open_uploads(&self) -> usize {
        self.registry.uploads.count()
    }
}

/// Names become paths, so only well-formed ones may come in.
fn check_names(repository: &str, tag: Option<&str>) -> Result<(), DevStackError> {
    if is_repository(repository) && tag.is_none_or(is_tag) {
        return Ok(());
    }
    let detail = format!("{repository:?} is no repository name, or {tag:?} no tag");
    Err(DevStackError::mint("content of the registry", detail))
}

/// 128 random bits in hexadecimal.
fn random_id() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has random numbers");
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
