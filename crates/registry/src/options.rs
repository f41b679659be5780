//! How to reach registries and as whom.

use std::fmt;
use std::time::Duration;

use camino::Utf8PathBuf;

use crate::limits;

/// How to reach registries and as whom. Start from [`ClientOptions::stranger`] or
/// [`ClientOptions::ambient`].
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Hosts (`host` or `host:port`) spoken to over plain HTTP. Loopback always is.
    pub plain_http_hosts: Vec<String>,
    /// PEM file with certificate authorities, beside those of the operating system. Flux has none of
    /// them: [`Client::see_as_flux`](crate::Client::see_as_flux) takes those that a source names, and
    /// these only in the place of a Secret that nobody looked at.
    pub ca_certificates: Option<Utf8PathBuf>,
    /// As whom.
    pub credentials: CredentialSource,
    /// How long one call of the client may take in all, retries included.
    pub deadline: Duration,
    /// Requests in flight to one host at a time.
    pub concurrency_max: usize,
    /// The first wait before a retry; it doubles with each.
    pub backoff_first: Duration,
}

/// Where credentials come from.
#[derive(Clone)]
pub enum CredentialSource {
    /// None are sent; a registry may still hand out a token to strangers.
    Anonymous,
    /// Docker's configuration file and credential helpers, then `GITHUB_TOKEN` for `ghcr.io`,
    /// then none.
    DockerConfig,
    /// These, for every registry that is asked.
    Basic {
        /// User name.
        user: String,
        /// Password or access token.
        password: String,
    },
}

impl ClientOptions {
    /// A reader with no credentials and no local state.
    pub fn stranger() -> Self {
        Self {
            plain_http_hosts: vec![],
            ca_certificates: None,
            credentials: CredentialSource::Anonymous,
            deadline: limits::DEADLINE,
            concurrency_max: limits::CONCURRENCY,
            backoff_first: limits::BACKOFF_FIRST,
        }
    }

    /// Whoever this machine is logged in as.
    pub fn ambient() -> Self {
        Self { credentials: CredentialSource::DockerConfig, ..Self::stranger() }
    }
}

impl fmt::Debug for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::DockerConfig => f.write_str("DockerConfig"),
            Self::Basic { user, .. } => write!(f, "Basic({user:?}, <redacted>)"),
        }
    }
}
