//! etcd and the API server. There is no controller-manager and no scheduler: nothing runs, and
//! objects, definitions, rights, watches and tokens are all real.

use aws_lc_rs::encoding::{AsDer as _, EcPrivateKeyRfc5915Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use camino::Utf8Path;

use super::kubeconfig::{self, Access, write_secret};
use super::{Api, Peers, Setup};
use crate::failure::{Context as _, Failure, Outcome};
use crate::program::{Program, Service, free_port};

/// The programs that it consists of.
pub(super) const PARTS: &[&str] = &["etcd", "kube-apiserver"];
/// Letters on a line of a PEM file.
const PEM_LINE: usize = 64;
/// Bytes of chance in a token.
const TOKEN_BYTES: usize = 24;
/// Why a certificate authority cannot be read yet.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Starts both, writes the kubeconfig, and gives the API when it is ready.
pub(super) fn start(peers: &Peers, setup: &Setup, services: &mut Vec<Service>) -> Outcome<Api> {
    let folder = setup.folder;
    let (storage, secure) = (free_port()?, free_port()?);
    let mut etcd = etcd(peers, folder, storage)?.serve(&folder.join("etcd.log"))?;
    etcd.wait_for_port(storage)?;
    services.push(etcd);
    let token = random_token()?;
    write_secret(&folder.join("sa.key"), service_account_key()?.as_bytes())?;
    let admin = format!("{token},admin,admin,system:masters\n");
    write_secret(&folder.join("tokens.csv"), admin.as_bytes())?;
    let server = api_server(peers, folder, storage, secure)?;
    let mut server = server.serve(&folder.join("kube-apiserver.log"))?;
    let mut api = None;
    server.wait_until(|| {
        api = api.take().or_else(|| connect(setup, secure, &token).ok());
        api.as_ref().is_some_and(Api::is_ready)
    })?;
    services.push(server);
    api.ok_or_else(|| Failure::new("the API server is ready, and cannot be asked"))
}

fn etcd(peers: &Peers, folder: &Utf8Path, port: u16) -> Outcome<Program> {
    let (clients, peer) =
        (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{}", free_port()?));
    let cluster = format!("default={peer}");
    Ok(peers.program("etcd")?.args([
        "--data-dir",
        folder.join("etcd").as_str(),
        "--listen-client-urls",
        &clients,
        "--advertise-client-urls",
        &clients,
        "--listen-peer-urls",
        &peer,
        "--initial-advertise-peer-urls",
        &peer,
        "--initial-cluster",
        &cluster,
        // It starts from nothing every time: what a power cut would lose is not missed.
        "--unsafe-no-fsync",
    ]))
}

fn api_server(peers: &Peers, folder: &Utf8Path, storage: u16, port: u16) -> Outcome<Program> {
    let key = folder.join("sa.key");
    Ok(peers.program("kube-apiserver")?.args([
        format!("--etcd-servers=http://127.0.0.1:{storage}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", folder.join("certificates")),
        format!("--service-account-key-file={key}"),
        format!("--service-account-signing-key-file={key}"),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        format!("--token-auth-file={}", folder.join("tokens.csv")),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        // Nobody makes the default service accounts that it would wait for.
        "--disable-admission-plugins=ServiceAccount".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
    ]))
}

/// Writes the kubeconfig as soon as the API server has made its certificate.
fn connect(setup: &Setup, port: u16, token: &str) -> Outcome<Api> {
    let path = setup.folder.join("certificates/apiserver.crt");
    let chain = std::fs::read_to_string(&path).context(|| path.to_string())?;
    let access = Access {
        server: format!("https://127.0.0.1:{port}"),
        certificate_authority: Some(authority(&chain)?.into_bytes()),
        token: Some(token.to_owned()),
    };
    let kubeconfig = kubeconfig::path(setup.folder);
    access.write(&kubeconfig, setup.name)?;
    Api::of(&kubeconfig)
}

/// The last certificate of the chain, which has signed the one before it.
fn authority(chain: &str) -> Outcome<String> {
    match chain.rsplit_once(BEGIN) {
        Some((before, last)) if before.contains(BEGIN) => Ok(format!("{BEGIN}{last}")),
        _ => Err(Failure::new("the API server has not written its certificates yet")),
    }
}

/// A key that the API server signs the tokens of service accounts with: P-256 as SEC 1, the one form
/// of an elliptic key that it also takes the public half from.
fn service_account_key() -> Outcome<String> {
    let unspecified = |_| Failure::new("no key could be made");
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(unspecified)?;
    let der: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().map_err(unspecified)?;
    Ok(pem("EC PRIVATE KEY", der.as_ref()))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(PEM_LINE)
        .map(|at| &text[at..text.len().min(at + PEM_LINE)])
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn random_token() -> Outcome<String> {
    let mut bytes = [0; TOKEN_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Failure::new("no chance to be had"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_the_last_certificate_of_two() {
        let one = format!("{BEGIN}\nb25l\n-----END CERTIFICATE-----\n");
        let two = format!("{BEGIN}\ndHdv\n-----END CERTIFICATE-----\n");
        assert_eq!(authority(&format!("{one}{two}")).unwrap(), two);
        assert!(authority(&one).is_err(), "half of the file has been written");
        assert!(authority("").is_err(), "nothing has been written");
    }

    #[test]
    fn a_key_is_pem_with_short_lines() {
        let key = service_account_key().unwrap();
        assert!(key.starts_with("-----BEGIN EC PRIVATE KEY-----\n"), "{key}");
        assert!(key.lines().all(|line| line.len() <= PEM_LINE));
        assert_ne!(key, service_account_key().unwrap());
    }
}
