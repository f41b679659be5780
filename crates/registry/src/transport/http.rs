//! The HTTP clients below: one for loopback, one for the world, each made when first needed.

use std::fs::File;
use std::io::Read as _;
use std::sync::OnceLock;

use camino::Utf8Path;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder};
use url::Url;

use super::origin;
use crate::error::{Fault, RegistryError};
use crate::limits::{CERTIFICATES_BYTES_MAX, CONNECT_TIMEOUT};

/// Loopback is spoken to in plain text and past any proxy, so it needs no certificates: loading
/// those of the operating system takes longer than a whole verification on loopback.
#[derive(Debug)]
pub(super) struct HttpClients {
    loopback: OnceLock<Result<Client, String>>,
    world: OnceLock<Result<Client, String>>,
    certificates: Vec<Certificate>,
}

/// The certificate authorities that count.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Authorities<'a> {
    /// Those of the operating system, as beside all others.
    Everybodys,
    /// Those of a PEM file.
    File(&'a Utf8Path),
    /// Those of this PEM.
    Pem(&'a str),
}

impl HttpClients {
    pub(super) fn new(authorities: Authorities<'_>) -> Result<Self, RegistryError> {
        let certificates = match authorities {
            Authorities::Everybodys => vec![],
            Authorities::File(path) => read_certificates(path)?,
            Authorities::Pem(pem) => parse_certificates(pem.as_bytes())
                .map_err(|why| RegistryError::new("ca.crt", Fault::Settings { why }))?,
        };
        Ok(Self { loopback: OnceLock::new(), world: OnceLock::new(), certificates })
    }

    pub(super) fn client_for(&self, url: &Url) -> Result<&Client, Fault> {
        let client = if origin::is_loopback(url) {
            self.loopback.get_or_init(|| build(builder().no_proxy().tls_certs_only([])))
        } else {
            self.world.get_or_init(|| build(world(&self.certificates)))
        };
        client.as_ref().map_err(|why| Fault::Settings { why: why.clone() })
    }
}

fn world(certificates: &[Certificate]) -> ClientBuilder {
    builder().tls_certs_merge(certificates.iter().cloned())
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
    let mut pem = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(CERTIFICATES_BYTES_MAX + 1).read_to_end(&mut pem))
        .map_err(|e| error(format!("it cannot be read: {e}")))?;
    if read as u64 > CERTIFICATES_BYTES_MAX {
        return Err(error(format!("it has more than {CERTIFICATES_BYTES_MAX} bytes")));
    }
    parse_certificates(&pem).map_err(error)
}

fn parse_certificates(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let certificates = Certificate::from_pem_bundle(pem)
        .map_err(|e| format!("it is not a PEM file: {}", super::exchange::reasons(&e)))?;
    if certificates.is_empty() {
        return Err("it holds no `BEGIN CERTIFICATE`".to_owned());
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;

    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{ServerConfig, ServerConnection, Stream};

    use super::*;
    use crate::transport::exchange::is_tls;

    const HOST: &str = "registry.acme.test";

    fn data(file: &str) -> camino::Utf8PathBuf {
        Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
    }

    /// A registry with a certificate of a private authority (made for this test, used nowhere).
    fn serve() -> SocketAddr {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let chain = vec![CertificateDer::from_pem_file(data("server.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(data("server.key")).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (mut socket, mut tls) =
                    (connection.unwrap(), ServerConnection::new(Arc::clone(&config)).unwrap());
                let mut stream = Stream::new(&mut tls, &mut socket);
                if stream.read(&mut [0; 4096]).is_ok() {
                    let _ =
                        stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
                }
            }
        });
        address
    }

    async fn get(
        host: &str,
        address: SocketAddr,
        certificates: &[Certificate],
    ) -> reqwest::Result<u16> {
        let client = build(world(certificates).resolve(host, address)).unwrap();
        let url = format!("https://{host}:{}/v2/", address.port());
        Ok(client.get(url).send().await?.status().as_u16())
    }

    #[tokio::test]
    async fn a_private_authority_is_trusted_when_it_is_named() {
        let address = serve();
        let ours = read_certificates(&data("ca.pem")).unwrap();
        assert_eq!(get(HOST, address, &ours).await.unwrap(), 204);
        for (host, certificates, why) in [
            (HOST, &[][..], "an authority that nobody named"),
            ("other.acme.test", &ours, "a certificate for another host"),
        ] {
            let error = get(host, address, certificates).await.expect_err(why);
            assert!(is_tls(&error), "{why}: told apart from a host that is down: {error:?}");
            let reasons = super::super::exchange::reasons(&error);
            assert!(reasons.contains("certificate"), "{why}: {reasons}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused_before_anything_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            camino::Utf8PathBuf::from_path_buf(path).unwrap()
        };
        for (path, expected, why) in [
            (data("none.pem"), "cannot be read", "missing"),
            (file("empty", ""), "no `BEGIN CERTIFICATE`", "empty"),
            (file("text", "hello"), "no `BEGIN CERTIFICATE`", "another file"),
            (data("server.key"), "no `BEGIN CERTIFICATE`", "a key"),
            (file("cut", "-----BEGIN CERTIFICATE-----\nAAAA"), "not a PEM file", "cut"),
        ] {
            let error = read_certificates(&path).expect_err(why);
            assert_eq!(error.code(), sealwright_policy::Code::RegistrySettings, "{why}");
            assert!(error.to_string().contains(expected), "{why}: {error}");
        }
    }
}
