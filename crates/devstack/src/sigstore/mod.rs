//! A Sigstore of one's own on loopback: issuer of tokens, certificate authority, both logs, timestamps, trust.
//!
//! One port serves everything, because no two services share a path. Keys and logs stand in the state folder;
//! the port must stay the same over a restart, for its URL stands in the trusted root.

mod authority;
mod canonical_json;
mod certificate;
mod claims;
mod control;
mod ct;
mod dsse;
mod fulcio;
mod keys;
mod legacy;
mod log;
mod log_entry;
mod merkle;
mod mint;
mod minted_proof;
mod named_keys;
mod note;
mod oidc;
mod public_key;
mod rekor_v1;
mod rekor_v1_entry;
mod rekor_v2;
mod signer;
mod signer_certificate;
mod situation;
mod tiles;
mod timestamp;
mod token;
mod trust;
mod tuf;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use camino::{Utf8Path, Utf8PathBuf};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;

pub use self::claims::{AUDIENCE, TokenFault, TokenRequest};
pub use self::legacy::{LegacyMint, LegacySignature, LegacySituation};
pub use self::mint::Mint;
pub use self::signer::Identity;
pub use self::situation::{LogVersion, Situation};

use self::authority::Authority;
use self::keys::{KeyKind, SigningKey};
use self::named_keys::NamedKeys;
use self::rekor_v1::RekorV1;
use self::rekor_v2::RekorV2;
use self::token::TokenIssuer;
use crate::listen::{self, Server};
use crate::{DevStackError, StateFolder};

/// How to start.
#[derive(Debug, Clone, Default)]
pub struct SigstoreOptions {
    /// Where keys, logs and the trust folder are kept; without it they end with the process.
    pub state: Option<Utf8PathBuf>,
    /// The port on 127.0.0.1; without it a free one. Over a restart it must be the same.
    pub port: Option<u16>,
    /// The run that a token is for when the request for it does not say.
    pub default_run: TokenRequest,
    /// Waiting time of every request, as a distant service has.
    pub latency: Option<Duration>,
    /// Whether other processes may have evidence minted, at `POST /_mint`.
    pub control: bool,
}

impl SigstoreOptions {
    /// Kept in a folder, on a port.
    pub fn at(state: Utf8PathBuf, port: Option<u16>) -> Self {
        Self { state: Some(state), port, ..Self::default() }
    }
}

/// A running Sigstore; it stops when dropped.
pub struct Sigstore {
    world: Arc<World>,
    trust_folder: Utf8PathBuf,
    _server: Server,
    _state: Option<StateFolder>,
    /// Holds the folder when none was given.
    _temporary: Option<tempfile::TempDir>,
}

/// Everything that the services share.
pub(crate) struct World {
    url: String,
    tokens: TokenIssuer,
    default_run: TokenRequest,
    named_keys: NamedKeys,
    /// Signs the trusted root for those who take it by way of TUF.
    tuf: SigningKey,
    ours: Services,
    /// The same services with other keys, which nobody trusts; made when first minted with.
    foreign: OnceLock<Services>,
}

/// Those who certify, log and timestamp.
struct Services {
    signers: Authority,
    ct_log: SigningKey,
    rekor_v1: RekorV1,
    rekor_v2: RekorV2,
    timestamps: Authority,
}

/// Both logs are named by their host; the port is no part of a log's name.
const LOG_HOST: &str = "127.0.0.1";

impl Sigstore {
    /// Starts a Sigstore on its own: claims the state folder, if one is given, and serves on a thread.
    ///
    /// # Errors
    /// The state folder cannot be had ([`StateFolder::claim`]) or read, or the port is taken.
    pub fn start(options: SigstoreOptions) -> Result<Self, DevStackError> {
        let Some(state) = &options.state else {
            let folder = tempfile::tempdir().map_err(DevStackError::file("create", "a folder"))?;
            let path = Utf8Path::from_path(folder.path())
                .ok_or_else(|| DevStackError::mint("a folder", "its path is not UTF-8"))?
                .to_owned();
            let mut started = Self::start_in(options, &path)?;
            started._temporary = Some(folder);
            return Ok(started);
        };
        let state = StateFolder::claim(state)?;
        let mut started = Self::start_in(options, state.path())?;
        started._state = Some(state);
        Ok(started)
    }

    /// Starts in a folder that the caller has claimed: `sigstore/` and `trust/` in it are ours.
    ///
    /// The trust folder is written before anybody is served, so that who can reach us can also trust us.
    pub(crate) fn start_in(
        options: SigstoreOptions,
        state: &Utf8Path,
    ) -> Result<Self, DevStackError> {
        let listener = listen::bind(options.port)?;
        let address =
            listener.local_addr().map_err(DevStackError::file("listen on", "a socket"))?;
        let folder = state.join("sigstore");
        create_private_folder(&folder)?;
        let world = World::load(format!("http://{address}"), &folder, options.default_run)?;
        let trust_folder = state.join("trust");
        trust::write(&world, &trust_folder)?;
        let world = Arc::new(world);
        let services = TowerToHyperService::new(world.router(options.control));
        let latency = options.latency.unwrap_or_default();
        let server = Server::start(listener, move |request| {
            let answer = services.call(request);
            async move {
                tokio::time::sleep(latency).await;
                match answer.await {
                    Ok(response) => Ok(response),
                    Err(never) => match never {},
                }
            }
        })?;
        Ok(Self { world, trust_folder, _server: server, _state: None, _temporary: None })
    }

    /// The folder with `trusted_root.json`, `signing_config.json` and `signing_config.rekor-v1.json`.
    pub fn trust_folder(&self) -> &Utf8Path {
        &self.trust_folder
    }

    /// The URL of the OIDC issuer, which is also what certificates name as issuer.
    pub fn issuer_url(&self) -> &str {
        &self.world.tokens.url
    }

    /// The base URL of the certificate authority.
    pub fn fulcio_url(&self) -> &str {
        &self.world.url
    }

    /// The base URL of the Rekor v1 log.
    pub fn rekor_v1_url(&self) -> &str {
        &self.world.url
    }

    /// The base URL of the Rekor v2 log.
    pub fn rekor_v2_url(&self) -> &str {
        &self.world.url
    }

    /// The URL that takes timestamp requests.
    pub fn timestamp_url(&self) -> String {
        self.world.timestamp_url()
    }

    /// What GitHub gives a job as `ACTIONS_ID_TOKEN_REQUEST_URL`.
    pub fn token_request_url(&self) -> String {
        self.world.tokens.request_url()
    }

    /// What GitHub gives a job as `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub fn token_request_token(&self) -> &str {
        self.world.tokens.request_secret()
    }

    /// A signed token for a run, now.
    pub fn token(&self, request: &TokenRequest) -> Result<String, DevStackError> {
        self.world.tokens.token(request, Timestamp::now())
    }
}

impl World {
    fn load(
        url: String,
        folder: &Utf8Path,
        default_run: TokenRequest,
    ) -> Result<Self, DevStackError> {
        Ok(Self {
            tokens: TokenIssuer::load(url.clone(), Some(folder))?,
            url,
            default_run,
            named_keys: NamedKeys::in_folder(folder.to_owned()),
            tuf: SigningKey::load_or_create(Some(folder), "tuf.key", KeyKind::Ed25519)?,
            ours: Services::load(Some(folder))?,
            foreign: OnceLock::new(),
        })
    }

    fn foreign(&self) -> Result<&Services, DevStackError> {
        if let Some(foreign) = self.foreign.get() {
            return Ok(foreign);
        }
        let made = Services::load(None)?;
        Ok(self.foreign.get_or_init(|| made))
    }

    fn timestamp_url(&self) -> String {
        format!("{}/api/v1/timestamp", self.url)
    }

    fn router(self: &Arc<Self>, control: bool) -> axum::Router {
        let control = if control { control::routes() } else { axum::Router::new() };
        axum::Router::new()
            .merge(control)
            .merge(oidc::routes())
            .merge(fulcio::routes())
            .merge(rekor_v1::routes())
            .merge(rekor_v2::routes())
            .merge(timestamp::routes())
            .merge(tuf::routes())
            .with_state(Arc::clone(self))
    }
}

impl Services {
    fn load(folder: Option<&Utf8Path>) -> Result<Self, DevStackError> {
        let now = Timestamp::now();
        Ok(Self {
            signers: Authority::of_signers(folder, now)?,
            ct_log: SigningKey::load_or_create(folder, "ct.key", KeyKind::P256)?,
            rekor_v1: RekorV1::load(folder, LOG_HOST.to_owned())?,
            rekor_v2: RekorV2::load(folder, LOG_HOST.to_owned())?,
            timestamps: Authority::of_timestamps(folder, now)?,
        })
    }
}

/// A folder that only its owner may enter: private keys lie in it.
fn create_private_folder(folder: &Utf8Path) -> Result<(), DevStackError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(DevStackError::file("create", folder))
}

fn random_bytes<const N: usize>() -> Result<[u8; N], DevStackError> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|error| DevStackError::mint("random bytes", error))?;
    Ok(bytes)
}
