//! The HTTP clients below: one for loopback, one for the world, each made when first needed.

use std::sync::OnceLock;

use camino::Utf8Path;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder};
use url::Url;

use super::origin;
use crate::error::{Fault, RegistryError};
use crate::limits::CONNECT_TIMEOUT;

/// Loopback is spoken to in plain text and past any proxy, so it needs no certificates: loading
/// those of the operating system takes longer than a whole verification on loopback.
#[derive(Debug)]
pub(super) struct HttpClients {
    loopback: OnceLock<Result<Client, String>>,
    world: OnceLock<Result<Client, String>>,
    certificates: Vec<Certificate>,
}

impl HttpClients {
    pub(super) fn new(ca_certificates: Option<&Utf8Path>) -> Result<Self, RegistryError> {
        let certificates = ca_certificates.map(read_certificates).transpose()?.unwrap_or_default();
        Ok(Self { loopback: OnceLock::new(), world: OnceLock::new(), certificates })
    }

    pub(super) fn client_for(&self, url: &Url) -> Result<&Client, Fault> {
        let client = if origin::is_loopback(url) {
            self.loopback.get_or_init(|| build(builder().no_proxy().tls_certs_only([])))
        } else {
            let certificates = self.certificates.clone();
            self.world.get_or_init(|| build(builder().tls_certs_merge(certificates)))
        };
        client.as_ref().map_err(|why| Fault::Settings { why: why.clone() })
    }
}

/// Redirects are followed by hand, where credentials are in view.
fn builder() -> ClientBuilder {
    // Where `main` has installed a provider, this one is not taken; with none, building panics.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("sealwright/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
}

fn build(builder: ClientBuilder) -> Result<Client, String> {
    builder.build().map_err(|error| super::exchange::reasons(&error))
}

fn read_certificates(path: &Utf8Path) -> Result<Vec<Certificate>, RegistryError> {
    let error = |why: String| RegistryError::new(path.as_str(), Fault::Settings { why });
    let pem = std::fs::read(path).map_err(|e| error(format!("it cannot be read: {e}")))?;
    let certificates = Certificate::from_pem_bundle(&pem)
        .map_err(|e| error(format!("it is not a PEM file: {}", super::exchange::reasons(&e))))?;
    if certificates.is_empty() {
        return Err(error("it holds no `BEGIN CERTIFICATE`".to_owned()));
    }
    Ok(certificates)
}
