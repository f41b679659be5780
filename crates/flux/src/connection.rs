//! The Secrets for the connection to a registry: what is wrong with them ends a reconciliation before
//! anything is asked.

use std::collections::BTreeMap;

use crate::inquiry::{Inquiry, Stop};
use crate::rules;
use crate::secrets::Secret;
use crate::seen::Authorities;
use crate::source::{HelmRepository, OciRepositorySpec, SecretName};

/// The controller's words for the first fault, in its order: credentials, proxy, certificates.
pub(crate) fn fault(
    inquiry: &mut Inquiry<'_>,
    spec: &OciRepositorySpec,
    namespace: &str,
) -> Result<Option<String>, Stop> {
    let mut read =
        |secret: &SecretName| match inquiry.situation.secrets.get(namespace, &secret.name) {
            Secret::Found(entries) => Some(Ok(entries)),
            Secret::Missing => {
                inquiry.met(&rules::CONNECTION_SECRET);
                Some(Err(()))
            }
            Secret::Unreadable(_) => {
                inquiry.met(&rules::CONNECTION_ASSUMED);
                None
            }
        };
    if let Some(secret) = &spec.secret_ref
        && let Some(Err(())) = read(secret)
    {
        let name = &secret.name;
        return Ok(Some(format!(
            "failed to get credential: failed to get secret '{namespace}/{name}': secrets {name:?} not found"
        )));
    }
    if let Some(name) = spec.service_account_name.as_deref().filter(|name| !name.is_empty()) {
        return Err(Stop::Undecided(format!(
            "whether the service account `{namespace}/{name}` is there, with its pull Secrets, was not looked at"
        )));
    }
    if let Some(secret) = &spec.proxy_secret_ref {
        let place = format!("secret '{namespace}/{}'", secret.name);
        let words = match read(secret) {
            Some(Err(())) => Some(format!("{place} not found")),
            Some(Ok(entries)) => proxy_fault(&entries).map(|words| format!("{place}: {words}")),
            None => None,
        };
        if let Some(words) = words {
            return Ok(Some(format!("failed to get proxy address: {words}")));
        }
        return Err(Stop::Undecided(
            "what the controller gets through the proxy cannot be told from here".to_owned(),
        ));
    }
    let provider = spec.provider.as_deref().unwrap_or("generic");
    if !["", "generic"].contains(&provider) && spec.secret_ref.is_none() {
        return Err(Stop::Undecided(format!(
            "whether the controller gets credentials from {provider} cannot be told from here"
        )));
    }
    let certificates = spec.cert_secret_ref.as_ref().filter(|secret| !secret.name.is_empty());
    let Some(secret) = certificates else { return Ok(None) };
    let place = format!("secret '{namespace}/{}'", secret.name);
    let words = match read(secret) {
        Some(Err(())) => Some(format!("{place} not found")),
        Some(Ok(entries)) => certificates_fault(&entries, &place),
        None => None,
    };
    Ok(words.map(|words| format!("failed to generate transport for '{}': {words}", spec.url)))
}

/// The same of a HelmRepository, whose charts have their connection from it.
pub(crate) fn chart_fault(
    inquiry: &mut Inquiry<'_>,
    repository: &HelmRepository,
) -> Result<Option<String>, Stop> {
    let (spec, namespace) = (&repository.spec, &repository.metadata.namespace);
    let certificates = spec.cert_secret_ref.as_ref().map(|secret| (secret, "TLS authentication"));
    let login = spec.secret_ref.as_ref().map(|secret| (secret, "authentication"));
    for (secret, what) in [certificates, login].into_iter().flatten() {
        let name = &secret.name;
        match inquiry.situation.secrets.get(namespace, name) {
            Secret::Missing => {
                inquiry.met(&rules::CONNECTION_SECRET);
                return Ok(Some(format!(
                    "failed to get {what} secret '{namespace}/{name}': secrets {name:?} not found"
                )));
            }
            Secret::Unreadable(_) => inquiry.met(&rules::CONNECTION_ASSUMED),
            Secret::Found(entries) if what == "TLS authentication" => {
                let place = format!("secret '{namespace}/{name}'");
                if let Some(words) = certificates_fault(&entries, &place) {
                    return Ok(Some(format!(
                        "failed to construct Helm client's TLS config: {words}"
                    )));
                }
            }
            Secret::Found(_) => {}
        }
    }
    Ok(None)
}

/// The certificate authorities that a source's `certSecretRef` gives the controller, once nothing is
/// wrong with that Secret.
pub(crate) fn authorities(
    inquiry: &mut Inquiry<'_>,
    secret: Option<&SecretName>,
    namespace: &str,
) -> Result<Authorities, Stop> {
    let Some(secret) = secret.filter(|secret| !secret.name.is_empty()) else {
        return Ok(Authorities::Everybodys);
    };
    match inquiry.situation.secrets.get(namespace, &secret.name) {
        Secret::Missing => Ok(Authorities::Everybodys),
        Secret::Unreadable(_) => {
            inquiry.met(&rules::CONNECTION_ASSUMED);
            Ok(Authorities::Assumed)
        }
        Secret::Found(entries) if certificate(&entries).is_some() => Err(Stop::Undecided(format!(
            "the controller shows the registry the client certificate of Secret \
             `{namespace}/{}`, which is not used from here",
            secret.name
        ))),
        Secret::Found(entries) => Ok(match authority(&entries) {
            Some(pem) => Authorities::Named(String::from_utf8_lossy(pem).into_owned()),
            None => Authorities::Everybodys,
        }),
    }
}

fn authority(entries: &BTreeMap<String, Vec<u8>>) -> Option<&Vec<u8>> {
    entry(entries, "ca.crt", "caFile")
}

fn certificate(entries: &BTreeMap<String, Vec<u8>>) -> Option<&Vec<u8>> {
    entry(entries, "tls.crt", "certFile")
}

/// An entry under its name or the older one; an empty one is none.
fn entry<'a>(
    entries: &'a BTreeMap<String, Vec<u8>>,
    name: &str,
    older: &str,
) -> Option<&'a Vec<u8>> {
    entries.get(name).or_else(|| entries.get(older)).filter(|bytes| !bytes.is_empty())
}

fn proxy_fault(entries: &BTreeMap<String, Vec<u8>>) -> Option<&'static str> {
    match entries.get("address") {
        None => Some("key 'address' not found"),
        Some(address) if address.is_empty() => Some("proxy address is empty"),
        Some(_) => None,
    }
}

fn certificates_fault(entries: &BTreeMap<String, Vec<u8>>, place: &str) -> Option<String> {
    match (certificate(entries), entry(entries, "tls.key", "keyFile"), authority(entries)) {
        (None, None, None) => {
            Some(format!("{place} must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'"))
        }
        (Some(_), None, _) => Some(format!("{place} contains 'tls.crt' but missing 'tls.key'")),
        (None, Some(_), _) => Some(format!("{place} contains 'tls.key' but missing 'tls.crt'")),
        (_, _, Some(pem)) if !pem.windows(10).any(|window| window == b"-----BEGIN") => {
            Some("failed to parse CA certificate".to_owned())
        }
        _ => None,
    }
}
