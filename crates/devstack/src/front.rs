//! A proxy behind which a registry has a name of the internet: with TLS, or without. Loopback is
//! always spoken to in plain text, so what certificates decide can be seen only under such a name.
//!
//! Every name leads to the one registry. `CONNECT` is answered with TLS by the given certificate; under
//! a name that begins with `mutual.` only whoever shows a certificate of its own gets on, and under one
//! that begins with `plain.` there is no TLS. Other requests are handed on as they are. A body is handed on
//! by its `Content-Length` alone.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::DevStackError;

/// Bytes of the head of a request: clients of registries send a few hundred, and a token.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How long one side may keep silent.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// With what the proxy answers for the registry.
#[derive(Debug, Clone)]
pub struct FrontOptions {
    /// PEM file with the certificate, for all names that are asked for.
    pub certificate: Utf8PathBuf,
    /// PEM file with its key.
    pub key: Utf8PathBuf,
    /// PEM file with the authorities whose client certificates count.
    pub client_authorities: Utf8PathBuf,
}

/// TLS for names of each kind.
struct Tls {
    usual: Arc<ServerConfig>,
    mutual: Arc<ServerConfig>,
}

/// A running proxy. It runs until the process ends.
#[derive(Debug)]
pub struct Front {
    address: SocketAddr,
}

impl Front {
    /// Starts one before the registry at this address.
    ///
    /// # Errors
    /// A file cannot be read, or does not hold what it should.
    pub fn start(registry: SocketAddr, options: &FrontOptions) -> Result<Self, DevStackError> {
        let tls = Arc::new(Tls {
            usual: Arc::new(server(options, None)?),
            mutual: Arc::new(server(options, Some(&options.client_authorities))?),
        });
        let failed = |error| DevStackError::mint("a port for the proxy", error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let tls = Arc::clone(&tls);
                // A client that goes away is nobody's fault.
                thread::spawn(move || serve(connection, registry, &tls));
            }
        });
        Ok(Self { address })
    }

    /// Where the proxy listens, as `HTTPS_PROXY` wants it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn server(
    options: &FrontOptions,
    client_authorities: Option<&Utf8Path>,
) -> Result<ServerConfig, DevStackError> {
    // Where somebody has installed a provider already, that one serves as well.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let chain = certificates(&options.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&options.key)
        .map_err(|error| DevStackError::mint("the key of a certificate", error))?;
    let builder = match client_authorities {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates(path)?);
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
            let verifier = verifier.map_err(|error| DevStackError::mint("TLS", error))?;
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
    };
    builder.with_single_cert(chain, key).map_err(|error| DevStackError::mint("TLS", error))
}

fn certificates(path: &Utf8Path) -> Result<Vec<CertificateDer<'static>>, DevStackError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    read.map_err(|error| DevStackError::mint("certificates", error))
}

fn serve(mut client: TcpStream, registry: SocketAddr, tls: &Tls) -> io::Result<()> {
    client.set_read_timeout(Some(SILENCE_MAX))?;
    let head = head(&mut client)?;
    let tls = match head.strip_prefix(b"CONNECT ") {
        None => return hand_on(&head, &mut client, registry),
        Some(name) if name.starts_with(b"plain.") => {
            return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
        }
        Some(name) if name.starts_with(b"mutual.") => Arc::clone(&tls.mutual),
        Some(_) => Arc::clone(&tls.usual),
    };
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, client);
    let head = self::head(&mut stream)?;
    hand_on(&head, &mut stream, registry)?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// Everything up to the empty line.
fn head(client: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
        if head.len() > HEAD_BYTES_MAX {
            return Err(io::Error::other("the head of a request is too long"));
        }
    }
    Ok(head)
}

/// One request and its answer, whole; then the connection ends.
fn hand_on(head: &[u8], client: &mut (impl Read + Write), registry: SocketAddr) -> io::Result<()> {
    let text = String::from_utf8_lossy(head);
    let body = body_bytes(&text)?;
    let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
    let mut request = to_origin(lines.next().unwrap_or_default());
    for line in lines.filter(|line| !line.to_ascii_lowercase().starts_with("connection:")) {
        request.push_str("\r\n");
        request.push_str(line);
    }
    request.push_str("\r\nConnection: close\r\n\r\n");
    let mut upstream = TcpStream::connect(registry)?;
    upstream.set_read_timeout(Some(SILENCE_MAX))?;
    upstream.write_all(request.as_bytes())?;
    io::copy(&mut client.take(body), &mut upstream)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    client.write_all(&answer)
}

/// How long the body is that follows a head. Of one that says so in pieces the end would not be found.
fn body_bytes(head: &str) -> io::Result<u64> {
    let field = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    if field("transfer-encoding").is_some() {
        return Err(io::Error::other("a body without a length"));
    }
    match field("content-length") {
        Some(length) => length.parse().map_err(io::Error::other),
        None => Ok(0),
    }
}

/// `GET http://host/path HTTP/1.1`, as proxies are asked, without scheme and host.
fn to_origin(line: &str) -> String {
    let Some((method, rest)) = line.split_once(' ') else { return line.to_owned() };
    let path = rest.strip_prefix("http://").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    format!("{method} {}", path.unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_asked_in_another_way_than_a_registry() {
        for (line, expected, why) in [
            ("GET http://r.acme.test/v2/ HTTP/1.1", "GET /v2/ HTTP/1.1", "as a proxy is asked"),
            ("GET /v2/ HTTP/1.1", "GET /v2/ HTTP/1.1", "as a registry is"),
            ("", "", "nothing"),
        ] {
            assert_eq!(to_origin(line), expected, "{why}");
        }
    }

    #[test]
    fn a_body_is_as_long_as_its_head_says() {
        for (head, expected, why) in [
            ("GET / HTTP/1.1\r\nHost: r\r\n\r\n", Some(0), "none"),
            ("PUT / HTTP/1.1\r\ncontent-length: 12\r\n\r\n", Some(12), "its length, in any case"),
            ("PUT / HTTP/1.1\r\nContent-Length: many\r\n\r\n", None, "no length"),
            ("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", None, "in pieces"),
        ] {
            assert_eq!(body_bytes(head).ok(), expected, "{why}");
        }
    }
}
